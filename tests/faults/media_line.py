"""Streams over a bad line and through a relay that is killed: the picture is back within ten seconds.

A publisher and a viewer reach the relay over a UDP proxy that loses, delays and cuts; both ask anew when nothing has
come for a while, as the agent and the classroom page do. A cut line carries no requests either.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from pathlib import Path

from central_server.media.media import Media
from tests.central_server.media.bad_line import Line
from tests.central_server.media.peers import SESSION, Painted, Peer, Peers, RefusedByServerError, Ticking, until
from tests.central_server.running import Running, running, write_course
from tests.faults.loop import Budget, Found, Tally, round_seed

ROUNDS = 40
BACK_S = 10.0
PATIENCE_S = 3.0
"""A peer that got nothing for so long asks anew."""
OUTAGE_S = 30.0


class Loyal:
    """A publisher and a viewer who come back by themselves."""

    def __init__(self, peers: Peers, media: Media) -> None:
        self.viewer: Peer | None = None
        self.asked = 0
        """How often either asked anew."""
        self._peers, self._media = peers, media
        self._tasks = [asyncio.ensure_future(self._publish()), asyncio.ensure_future(self._play())]

    @property
    def last_picture(self) -> float:
        """When the last picture came, seconds of the monotonic clock."""
        return self.viewer.last_at if self.viewer is not None else 0.0

    async def picture_after(self, moment: float, seconds: float) -> float:
        """Wait until pictures come again after that moment: how long that took."""
        await until(lambda: self.last_picture > moment + 0.05, seconds)
        return self.last_picture - moment

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    async def _publish(self) -> None:
        """Publish again when the relay's reports stay away."""
        while True:
            peer = await self._ask(lambda: self._peers.publish("r1", "camera", Painted(320, 240, 15)))
            heard, reports = time.monotonic(), ""
            while time.monotonic() - heard < PATIENCE_S:
                await asyncio.sleep(0.2)
                told = [
                    f"{one.timestamp}"
                    for one in (await peer.connection.getStats()).values()
                    if one.type == "remote-inbound-rtp"
                ]
                if "".join(told) != reports:
                    heard, reports = time.monotonic(), "".join(told)
            await peer.close()

    async def _play(self) -> None:
        while True:
            peer = self.viewer = await self._ask(lambda: self._peers.play("r1", "camera"))
            begin = time.monotonic()
            while time.monotonic() - max(begin, peer.last_at) < PATIENCE_S:  # noqa: ASYNC110 - counted in a task
                await asyncio.sleep(0.2)
            await peer.close()

    async def _ask(self, ask: object) -> Peer:
        assert callable(ask)
        while True:
            self.asked += 1
            line = self._peers.line
            try:
                if line is None or not line.down:
                    peer = await ask()
                    assert isinstance(peer, Peer)
                    return peer
            except RefusedByServerError:
                pass  # the relay starts, or nobody publishes yet
            await asyncio.sleep(0.5)


async def cut(loyal: Loyal, line: Line, seconds: float) -> float:
    """Cut the line: how long after its return the picture was back."""
    line.down = True
    await asyncio.sleep(seconds)
    line.down = False
    return await loyal.picture_after(time.monotonic(), BACK_S * 2)


async def kill(loyal: Loyal, media: Media) -> float:
    """Kill the relay: how long the picture was away."""
    assert media.relay_pid is not None
    os.kill(media.relay_pid, signal.SIGKILL)
    now = time.monotonic()
    await asyncio.sleep(0.3)  # what was on its way has come
    return await loyal.picture_after(now + 0.3, BACK_S * 2) + 0.3


async def rate(loyal: Loyal, seconds: float) -> float:
    """Pictures a second that come now."""
    assert loyal.viewer is not None
    viewer, before = loyal.viewer, loyal.viewer.frames
    await asyncio.sleep(seconds)
    return (viewer.frames - before) / seconds if viewer is loyal.viewer else 0.0


async def _round(server: Running, rng: random.Random, tally: Tally) -> None:
    line = Line(rng.choice((0.0, 0.02, 0.10)), rng.choice((0.0, 0.2)), seed=rng.getrandbits(32))
    peers, media = Peers(server, line=line), server.services.media
    loyal, where = Loyal(peers, media), f"loss {line.loss}, delay {line.delay_s} s"
    took = await loyal.picture_after(time.monotonic(), BACK_S * 2)
    tally.expect(took < BACK_S, f"{where}: first picture after {took:.1f} s")
    what = rng.choice(("cut", "cut", "kill"))
    took = await (cut(loyal, line, OUTAGE_S) if what == "cut" else kill(loyal, media))
    tally.expect(took < BACK_S, f"{where}: picture back {took:.1f} s after {what}")
    tally.counts[what] += 1
    tally.counts["slowest_s"] = max(tally.counts["slowest_s"], round(took))
    tally.expect(await rate(loyal, 3) > 0.5, f"{where}: hardly a picture after {what}")
    await loyal.close()
    await peers.close()
    await until(lambda: not media.rooms(SESSION), 20)


def loop(folder: Path, seed: int, budget: Budget) -> Found:
    """Another line each round; a cut of half a minute, or a killed relay."""
    tally = Tally()
    with running(folder / "data", Ticking()) as server:
        server.load(write_course(folder / "course.toml"))
        for number in budget.rounds(ROUNDS):
            rng = random.Random(round_seed(seed, number))
            try:
                asyncio.run(_round(server, rng, tally))
            except TimeoutError:
                tally.expect(False, f"round {number}: no picture in time")
            tally.counts["rounds"] += 1
    return tally.found()
