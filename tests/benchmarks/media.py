"""The relay: processor time per viewer, the delay it adds, a new viewer's first picture, memory over joins and leaves.

The peers run in this process and a second one, the relay in its own as it does under a server; what is measured is its
processor time alone. Pictures are encoded once before (VP8 480p15 at 0.4 Mbit/s, H.264 720p25 at 0.9 Mbit/s) and
published packet by packet, so that the publisher costs as good as nothing; viewers count frames and decode none. Beside
it, in the same run, the same relay re-encodes by aiortc's MediaRelay, at those numbers of viewers at which every frame
still arrives. A viewer's cost is the slope over the numbers of viewers.

A machine that does other work besides makes delays longer and loses frames; processor times it hardly changes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import psutil

from central_server.clock import wall_clock
from central_server.config import MediaSettings
from central_server.media.media import Media
from central_server.media.tokens import MediaTokens
from tests.benchmarks.measure import Measure, cpu_seconds
from tests.benchmarks.media_peers import ENCODINGS, Elsewhere, Encoded, Encoding, Watcher, publish, watch
from tests.central_server.media.peers import Painted

MEASURE_S = 6.0
JOIN_APART_S = 0.7
POINT_S = 90.0
"""Whatever has not come to its end by then never will."""
FEW, MANY = (1, 4, 8), (40, 60)
ARRIVED = 0.97
"""The least share of frames that counts as all: the first and the last of a run may fall outside."""
GOALS = {"VP8": 1 / 20, "H264": 1 / 40}
DELAY_GOAL_MS, FIRST_GOAL_MS, MEMORY_GOAL = 20.0, 300.0, 1.05
JOINS_S, WARM_S = 20.0, 15.0
"""Of the short run; media_joins takes 20 minutes."""


@dataclass(frozen=True)
class Point:
    """What was measured at one number of viewers."""

    viewers: int
    cores: float
    arrived: float
    delays_ms: list[float]


def run() -> Iterator[Measure]:
    """Takes about four minutes."""
    for encoding in ENCODINGS:
        yield from asyncio.run(_of(encoding))
    yield asyncio.run(_first_picture())
    yield asyncio.run(memory(JOINS_S, WARM_S))


def media(pass_packets: bool = True) -> Media:
    """A relay of its own, without a server around it."""
    return Media(MediaTokens(b"b" * 32), MediaSettings(pass_packets=pass_packets), b"", wall_clock)


async def _of(encoding: Encoding) -> list[Measure]:
    ours = [await _point(encoding, viewers) for viewers in FEW]
    theirs: list[Point] = []
    for viewers in FEW:
        point = await _point(encoding, viewers, pass_packets=False)
        if point.arrived < ARRIVED:
            break
        theirs.append(point)
    return _costs(encoding, ours, [await _point(encoding, viewers) for viewers in MANY], theirs)


def _costs(encoding: Encoding, ours: list[Point], many: list[Point], theirs: list[Point]) -> list[Measure]:
    name, goal = encoding.name, GOALS[encoding.codec]
    cost, base = slope(ours), slope(theirs) if len(theirs) > 1 else theirs[0].cores if theirs else None
    ratio = None if base is None else cost / base
    ok = ratio is not None and ratio <= goal and all(one.arrived >= ARRIVED for one in ours)
    found = [Measure(f"media {name}: relay's cores per viewer", cost, "cores", base, ratio, goal, ok)]
    for one in many:
        found.append(Measure(f"media {name}: cores per viewer, {one.viewers}", one.cores / one.viewers, "cores"))
        found.append(Measure(f"media {name}: frames arrived, {one.viewers} viewers", one.arrived, "share"))
    delay = float(np.percentile([ms for one in ours for ms in one.delays_ms], 95))
    found.append(Measure(f"media {name}: delay p95", delay, "ms", goal=DELAY_GOAL_MS, ok=delay <= DELAY_GOAL_MS))
    return found


def slope(points: list[Point]) -> float:
    """Cores per viewer."""
    return float(np.polyfit([one.viewers for one in points], [one.cores for one in points], 1)[0])


async def _point(encoding: Encoding, viewers: int, *, pass_packets: bool = True) -> Point:
    async with asyncio.timeout(POINT_S):
        return await _measured(encoding, viewers, pass_packets)


async def _measured(encoding: Encoding, viewers: int, pass_packets: bool) -> Point:
    """Cost, share of frames and delays with so many viewers; half of many watch from a second process."""
    one, track = media(pass_packets), Encoded(encoding)
    publisher = await publish(one, track, encoding.codec)
    here = viewers if viewers <= max(FEW) else viewers // 2
    watchers = [await watch(one, track) for _ in range(here)]
    elsewhere = Elsewhere(viewers - here) if viewers > here else None
    if elsewhere is not None:
        await elsewhere.join(one)
    await asyncio.gather(*(watcher.until(5) for watcher in watchers))
    relay = one.relay_pid
    assert relay is not None

    async def counted() -> list[int]:
        there = await elsewhere.counted() if elsewhere is not None else []
        return [len(watcher.frames) for watcher in watchers] + there

    before, sent, begin, used = await counted(), track.sent, time.monotonic(), cpu_seconds(relay)
    for watcher in watchers:
        watcher.delays.clear()
    await asyncio.sleep(MEASURE_S)
    cores = (cpu_seconds(relay) - used) / (time.monotonic() - begin)
    got = [now - was for now, was in zip(await counted(), before, strict=True)]
    arrived = float(np.mean(got)) / max(1, track.sent - sent)
    if elsewhere is not None:
        elsewhere.end()
    await asyncio.gather(publisher.close(), *(watcher.close() for watcher in watchers))
    await one.end()
    return Point(viewers, cores, arrived, [delay * 1000 for watcher in watchers for delay in watcher.delays])


async def _first_picture(tries: int = 12) -> Measure:
    """From a viewer's offer to the last packet of its first key frame, the publisher encoding live.

    Viewers come JOIN_APART_S apart: of those who come at once, the relay asks one key frame for all every 0.3 s.
    """
    one = media()
    publisher = await publish(one, Painted(640, 480, 15))
    await (await watch(one)).until(10)
    times = []
    for _ in range(tries):
        begin = time.monotonic()
        watcher = await watch(one)
        await watcher.until(1)
        times.append((watcher.frames[0][1] - begin) * 1000)
        await watcher.close()
        await asyncio.sleep(JOIN_APART_S)
    await publisher.close()
    await one.end()
    median = float(np.median(times))
    name = "media: first picture of a new viewer, median"
    return Measure(name, median, "ms", goal=FIRST_GOAL_MS, ok=median < FIRST_GOAL_MS)


async def memory(seconds: float, warm_s: float) -> Measure:
    """The relay's resident memory after joins and leaves, against after a first while of them."""
    one = media()
    publisher = await publish(one, Encoded(ENCODINGS[0]))
    assert one.relay_pid is not None
    process, begin, warm, joins = psutil.Process(one.relay_pid), time.monotonic(), 0, 0
    while time.monotonic() - begin < warm_s + seconds:
        watchers: list[Watcher] = list(await asyncio.gather(*(watch(one) for _ in range(4))))
        await asyncio.gather(*(watcher.until(2) for watcher in watchers))
        await asyncio.gather(*(watcher.close() for watcher in watchers))
        joins += len(watchers)
        if not warm and time.monotonic() - begin > warm_s:
            await asyncio.sleep(1)
            warm = process.memory_info().rss
    await asyncio.sleep(2)
    grown = process.memory_info().rss / warm
    await publisher.close()
    await one.end()
    name = f"media: relay's memory after {joins} joins and leaves"
    return Measure(name, grown, "times", goal=MEMORY_GOAL, ok=grown <= MEMORY_GOAL)
