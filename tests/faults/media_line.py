"""A room's stream over a bad line: the picture is back within ten seconds, and the log is complete.

The real agent (tests.end_to_end.streaming_agent) reaches the server by a UDP proxy that loses, delays and cuts; a cut
line carries no requests either. A viewer elsewhere asks anew when nothing has come for a while, as the classroom page
does. At last the records at the server are held against what was done to the line, and when.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product
from operator import attrgetter
from pathlib import Path
from typing import Literal

from bridge_agent.clock import boot_ms
from central_server.media.media import Media
from models.records import AnyRecord, Coverage, Link, Presence
from tests.bridge_agent.streaming.room import moving
from tests.central_server.media.peers import SESSION, Peer, Peers, RefusedByServerError, until
from tests.central_server.running import Running, running
from tests.end_to_end.on_site import Wall
from tests.end_to_end.streamed_class import LEARNERS, agent, records, write_course
from tests.faults.loop import Budget, Found, Tally
from tests.mjpeg_camera import filming
from tests.udp_line import Line, line_to

BACK_S = 10.0
PATIENCE_S = 3.0
"""A viewer who got nothing for so long asks anew."""
OUTAGE_S, SHORT_S = 30.0, 8.0
"""How long the line is cut, in all of the loop and in a slice of it: from 5 s on a connection is given up."""
LAG_MS = 1_000
"""Reports come every second, are looked for every 250 ms, and are some round trips old."""
LEAST_RATE = 1.0
"""Pictures a second that a viewer still gets at 10 % and 200 ms."""


What = Literal["cut", "kill"]
WHATS: tuple[What, ...] = ("kill", "cut")


@dataclass(frozen=True, slots=True)
class Harm:
    """What was done, and when, ms of the boot-time clock. until: when a cut line was whole again."""

    what: What
    loss: float
    delay_s: float
    at: int = 0
    until: int = 0


HARMS = tuple(Harm(what, loss, delay) for what, loss, delay in product(WHATS, (0.02, 0.10), (0.0, 0.2)))
"""Both of issue "The class itself" at both of its losses, with its delay and without."""


def order(seed: int) -> list[Harm]:
    """The harms, kills and cuts in turn, so that a slice has both."""
    kills, cuts = ([one for one in HARMS if one.what == what] for what in WHATS)
    rng = random.Random(seed)
    rng.shuffle(kills)
    rng.shuffle(cuts)
    return [one for both in zip(kills, cuts, strict=True) for one in both]


class Viewer:
    """Somebody who watches the room, on a good line, and comes back without touching anything."""

    def __init__(self, room: str, peers: Peers, media: Media) -> None:
        self.peer: Peer | None = None
        self._room, self._peers, self._media = room, peers, media
        self._task = asyncio.ensure_future(self._play())

    async def picture_after(self, moment: float, seconds: float) -> float:
        """Wait until pictures come after that moment (monotonic clock): how long that took. Raises TimeoutError."""
        await until(lambda: self.peer is not None and self.peer.last_at > moment, seconds)
        assert self.peer is not None
        return self.peer.last_at - moment

    async def rate(self, seconds: float) -> float:
        """Pictures a second that come now; 0 when the viewer had to ask anew."""
        peer = self.peer
        before = 0 if peer is None else peer.frames
        await asyncio.sleep(seconds)
        return 0.0 if peer is None or peer is not self.peer else (peer.frames - before) / seconds

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _play(self) -> None:
        while True:
            try:
                peer = self.peer = await self._peers.play(self._room, "camera")
            except RefusedByServerError:  # the relay starts, or nobody publishes yet
                await asyncio.sleep(0.5)
                continue
            begin = time.monotonic()
            while time.monotonic() - max(begin, peer.last_at) < PATIENCE_S:  # noqa: ASYNC110 - counted in a task
                await asyncio.sleep(0.2)
            await peer.close()


async def done(harm: Harm, line: Line, media: Media, outage_s: float) -> tuple[Harm, float]:
    """Do it. The harm with its times, and the moment from which the picture is awaited (monotonic clock)."""
    harm = replace(harm, at=boot_ms())
    if harm.what == "kill":
        assert media.relay_pid is not None
        os.kill(media.relay_pid, signal.SIGKILL)
        moment = time.monotonic() + 0.3  # what was on its way has come
        await asyncio.sleep(0.3)
    else:
        line.cut = True
        await asyncio.sleep(outage_s)
        line.cut = False
        moment = time.monotonic()
    return replace(harm, until=boot_ms()), moment


def wrong_in_log(held: Sequence[AnyRecord], harms: Sequence[Harm]) -> list[str]:
    """What is missing or untrue in the records of a class to whose line this was done."""
    wrong = []
    for name, of_log in groupby(sorted(held, key=attrgetter("log", "seq")), key=attrgetter("log")):
        if [one.seq for one in of_log] != list(range(1, sum(one.log == name for one in held) + 1)):
            wrong.append(f"log {name}: a record is missing")
    coverages = [one for one in held if isinstance(one, Coverage)]
    if len(coverages) != 1:
        wrong.append(f"the room was watched {len(coverages)} times")
    presences = [one for one in held if isinstance(one, Presence)]
    if not len({one.learner for one in presences}) == len(presences) == LEARNERS:
        wrong.append(f"{len(presences)} presences of {len({one.learner for one in presences})} learners")
    for one in presences if len(coverages) == 1 else ():
        if abs(one.start - coverages[0].start) > 2_000 or abs(one.end - coverages[0].end) > 2_000:
            wrong.append(f"seq {one.seq}: present from {one.start} to {one.end}, watched otherwise")
    links = [one for one in held if isinstance(one, Link)]
    if [one.ended_by for one in links] != ["line_lost"] * len(harms) + ["stopped"]:
        wrong.append(f"links ended by {[one.ended_by for one in links]}")
        return wrong
    for harm, before, after in zip(harms, links, links[1:], strict=False):
        if not harm.at - 6_000 <= before.end <= harm.at + LAG_MS:
            wrong.append(f"{harm}: the link before ended {before.end - harm.at} ms after it")
        if after.start < harm.until:
            wrong.append(f"{harm}: the next link began {harm.until - after.start} ms before it was over")
    return wrong


async def _rounds(server: Running, line: Line, seed: int, budget: Budget, tally: Tally) -> list[Harm]:
    media, peers, harms = server.services.media, Peers(server), list[Harm]()
    await until(lambda: media.rooms(SESSION), 90)
    (room,) = media.rooms(SESSION)
    viewer = Viewer(room, peers, media)
    await viewer.picture_after(0, 30)
    for number in budget.rounds(len(HARMS)):
        harm = order(seed)[number]
        line.loss, line.delay_s = harm.loss, harm.delay_s
        await asyncio.sleep(2)
        harm, moment = await done(harm, line, media, OUTAGE_S if budget.seconds is None else SHORT_S)
        harms.append(harm)
        took = await _seconds(lambda m=moment: viewer.picture_after(m, BACK_S * 2))  # type: ignore[misc]
        tally.expect(took < BACK_S, f"{harm}: picture back after {took:.1f} s")
        rate = await viewer.rate(3)
        tally.expect(rate >= LEAST_RATE, f"{harm}: {rate:.1f} pictures a second after it")
        tally.counts[harm.what] += 1
        tally.counts[f"slowest_{harm.what}_ms"] = max(tally.counts[f"slowest_{harm.what}_ms"], round(took * 1000))
        tally.counts["least_rate_tenths"] = min(tally.counts["least_rate_tenths"] or 999, round(rate * 10))
    await viewer.close()
    await peers.close()
    return harms


async def _seconds(wait: Callable[[], Awaitable[float]]) -> float:
    try:
        return await wait()
    except TimeoutError:
        return float("inf")


def loop(folder: Path, seed: int, budget: Budget) -> Found:
    """Another line each round; half a minute without one, or a killed relay; the log at last."""
    tally = Tally()
    with running(folder / "server", Wall()) as server, filming(moving(), fps=15) as camera:
        server.load(write_course(folder / "course.toml"))
        with line_to(server.address) as line:
            with agent(folder / "room", server, camera.address, address=line.address):
                harms = asyncio.run(_rounds(server, line, seed, budget, tally))
            held = records(server)
    tally.counts["records"] = len(held)
    for what in wrong_in_log(held, harms):
        tally.expect(False, what)
    return tally.found()
