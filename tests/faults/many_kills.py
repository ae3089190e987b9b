"""Short classes in which agent and server are killed with -9 as fast as they come up again, or faster.

Unlike tests.end_to_end.kills' long class it asks nothing of the presence that each kill costs, for a program may be
killed before it has begun to watch; only that nothing acknowledged is lost, nothing comes twice, and both are up soon.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from pathlib import Path

from bridge_agent.clock import boot_ms
from models.records import Coverage, decode
from tests.end_to_end.kills import World
from tests.faults.loop import Budget, Found, Tally, round_seed

KILLS = 1_000
CLASS_S = 60
AROUND_S = 22
"""What a class takes beside itself: joining before, the seal after."""
SHORTEST_S = 15
UP_WITHIN_S = 10.0
SEAL_S = 90
"""An agent that found no server for long waits up to a minute before it tries again."""
STEP_S = 0.02


@dataclass(slots=True)
class Program:
    """When one of the two programs was started, killed, and up again."""

    next_kill: float
    started: float = 0.0
    up: bool = True
    kills: int = 0
    slowest_s: float = 0.0
    """Longest from a start until it was up, of those that were left alone so long."""
    late: int = 0
    """Starts after which it was not up in time although nobody killed it."""
    killed_at: list[int] = field(default_factory=list)
    """Boot-time clock, ms."""

    def seen(self, now: float, up: bool) -> None:
        """Note how it does now."""
        if self.up:
            return
        took = now - self.started
        if up:
            self.slowest_s = max(self.slowest_s, took)
            self.late += took > UP_WITHIN_S
        self.up = up


class KilledClass:
    """One class. Kills come at random moments, at times while a program still starts."""

    def __init__(self, folder: Path, seconds: float, seed: int) -> None:
        self.world = World(folder, seconds, seed)
        self.rng = random.Random(seed)
        now = time.monotonic()
        self.agent, self.server = Program(now), Program(now)

    def play(self) -> list[str]:
        """Play it; what was wrong, a sentence each."""
        world = self.world
        world.prepare()
        world.start_agent()
        time.sleep(max(0.0, world.end - world.seconds - time.time()))
        self.agent.next_kill, self.server.next_kill = self._soon(0.2, 3.0), self._soon(0.2, 6.0)
        while time.time() < world.end - 1:
            time.sleep(STEP_S)
            now = time.monotonic()
            self.server.seen(now, world.serves())
            if now >= self.server.next_kill:
                self._kill_server(now)
            if now >= self.agent.next_kill:
                self.agent.killed_at.append(boot_ms())
                self.agent.kills += 1
                world.kill_agent()
                world.start_agent()
                self.agent.next_kill = self._soon(0.1, 2.5)
        world.wait_for_server()
        world.wait_for_seal(SEAL_S)
        return self._wrong()

    def _soon(self, shortest: float, longest: float) -> float:
        return time.monotonic() + self.rng.uniform(shortest, longest)

    def _kill_server(self, now: float) -> None:
        world = self.world
        assert world.server is not None
        world.server.kill()
        world.server.wait()
        world.start_server()
        self.server.kills += 1
        self.server.started, self.server.up = now, False
        # Some times it has no chance to come up, mostly it has.
        self.server.next_kill = self._soon(0.5, 2.0) if self.rng.random() < 0.3 else self._soon(4.0, 12.0)

    def _wrong(self) -> list[str]:
        outcome = self.world.outcome(self.agent.killed_at, self.server.kills)
        self._when_up()
        wrong = {
            "acknowledged records lost": outcome.acknowledged_lost,
            "records twice": outcome.twice,
            "the server's log differs from the agent's": outcome.log_differs,
            f"seals, {outcome.seals} instead of one": outcome.seals != 1,
            "ms of presence invented": max(outcome.invented_ms.values()),
            "check-ins twice": sum(count - 1 for count in outcome.check_ins.values()),
        }
        return [f"{what}: {int(count)}" for what, count in wrong.items() if count]

    def _when_up(self) -> None:
        """The agent is up when the room is watched again; a kill before that leaves nothing to measure."""
        starts = sorted(r.start for line in self.world.servers_log() if isinstance(r := decode(line), Coverage))
        for at, following in zip(self.agent.killed_at, [*self.agent.killed_at[1:], boot_ms()], strict=True):
            again = next((start for start in starts if start > at), None)
            if again is not None and again < following:
                self.agent.slowest_s = max(self.agent.slowest_s, (again - at) / 1000)
                self.agent.late += again - at > UP_WITHIN_S * 1000
            elif following - at > UP_WITHIN_S * 1000:
                self.agent.late += 1


def loop(folder: Path, seed: int, budget: Budget) -> Found:
    """One class after the other until there were enough kills."""
    tally, number, slowest = Tally(), 0, {"agent": 0.0, "server": 0.0}
    while tally.counts["kills of the agent"] + tally.counts["kills of the server"] < KILLS and not budget.over:
        left = budget.left(float("inf")) - AROUND_S
        if number and left < SHORTEST_S:
            break
        place = folder / str(number)
        place.mkdir()
        one = KilledClass(place, round(min(CLASS_S, max(SHORTEST_S, left))), round_seed(seed, number))
        try:
            tally.failures += [f"class {number}: {wrong}" for wrong in one.play()]
        except (TimeoutError, AssertionError) as error:
            tally.failures.append(f"class {number}: {error}")
        finally:
            one.world.close()
        tally.counts["kills of the agent"] += one.agent.kills
        tally.counts["kills of the server"] += one.server.kills
        late = one.agent.late + one.server.late
        tally.counts[f"starts of over {UP_WITHIN_S:g} s"] += late
        if budget.seconds is None:  # a slice shares its machine with whatever else runs: there it is only counted
            tally.expect(not late, f"class {number}: a program was up only after more than {UP_WITHIN_S:g} s")
        slowest["agent"] = max(slowest["agent"], one.agent.slowest_s)
        slowest["server"] = max(slowest["server"], one.server.slowest_s)
        number += 1
    counts = {**tally.counts, "classes": number, **{f"{who} up after, at most, s": s for who, s in slowest.items()}}
    return Found(counts, tuple(tally.failures))
