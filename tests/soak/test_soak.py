"""The soak works, and it fails for what grows."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import msgspec
import psutil
import pytest

from tests.faults.loop import Budget
from tests.soak.fast_time import LEAD_MS, FastLoop, SharedTime
from tests.soak.gauge import Sample, grown, measures, read
from tests.soak.slice import FILES, LEAST_S, loop, wrong

MB = 1_000_000


def steady(count: int = 90) -> list[Sample]:
    """A process that warms up and then stays, with pages that come and go."""
    return [
        Sample("agent", 60.0 * n, 100 * MB + 10 * MB * min(n, 20) // 20, 90 * MB, 8 + n % 3, 20 + n % 5, 2 - n % 2,
               objects=1_000, files={"agent.log": n % 7 * 1_000})
        for n in range(count)
    ]  # fmt: skip


def test_a_process_that_stays_is_called_good() -> None:
    found = grown(steady())
    assert (found.threads, found.handles, found.children) == (0, 0, 0)
    assert all(one.ok for one in measures("test", found))
    assert wrong(found, 1.05) == []


@pytest.mark.parametrize("what", ["threads", "handles", "children", "uss", "rss", "agent.log"])
def test_whatever_grows_is_found(what: str) -> None:
    def leaking(number: int, one: Sample) -> Sample:
        """One more every twenty readings; of memory 0.1 % each."""
        if what in ("uss", "rss"):
            return msgspec.structs.replace(one, **{what: round(getattr(one, what) * (1 + number / 500))})
        if what in FILES:
            return msgspec.structs.replace(one, files={what: number * 50_000})
        return msgspec.structs.replace(one, **{what: getattr(one, what) + number // 20})

    found = grown([leaking(number, one) for number, one in enumerate(steady())])
    if what != "agent.log":
        assert not all(one.ok for one in measures("test", found))
    if what != "rss":
        assert len(wrong(found, 1.05)) == 1, "and a slice says so"


def test_sqlites_caches_are_no_growth() -> None:
    filling = [
        msgspec.structs.replace(one, uss=one.uss + n * MB, rss=one.rss + n * MB, sqlite=n * MB)
        for n, one in enumerate(steady())
    ]
    assert grown(filling).uss == pytest.approx(1.0)


def test_a_connection_that_is_sometimes_closed_is_no_growth() -> None:
    """By chance closed in some readings of the first half and in none of the second: a slice once failed for it."""
    samples = [
        msgspec.structs.replace(one, handles=22 - (30 <= n < 60 and n % 7 == 0)) for n, one in enumerate(steady())
    ]
    assert grown(samples).handles == 0


def test_too_few_readings_say_nothing() -> None:
    with pytest.raises(ValueError, match="too few"):
        grown(steady(5))


def test_a_process_is_read(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"x" * 77)
    before = read(psutil.Process(), "this", 1.0, folder=tmp_path)
    with (tmp_path / "log.db").open("rb"):
        after = read(psutil.Process(), "this", 2.0)
    assert before.uss > MB and before.files == {"log.db": 77}
    assert after.handles == before.handles + 1


def test_an_hour_passes_in_a_moment_and_no_child_is_left_behind(tmp_path: Path) -> None:
    """A child lives through the same hour in a thread of its own, and time is never further ahead than its lead."""
    shared = SharedTime(tmp_path / "time", 1_000_000)
    fast, ahead, over = FastLoop(shared, speed=1e6), [0], threading.Event()

    def child() -> None:
        own = SharedTime(tmp_path / "time")
        at = own()
        while not over.is_set():
            ahead[0] = max(ahead[0], own() - at)
            at = min(at + 1_000, own())
            own.reach("recognition", at)
            time.sleep(0)

    fast.await_child("recognition")
    thread = threading.Thread(target=child)
    thread.start()
    try:
        ticks = fast.run_until_complete(_ticks(720, 0.5))
    finally:
        over.set()
        thread.join()
        fast.close()
    assert ticks == 720 and shared() == 1_360_000
    assert ahead[0] <= LEAD_MS + 1_000


def test_a_slice_without_time_ends_and_judges_nothing(tmp_path: Path) -> None:
    found = loop(tmp_path, 1, Budget(1.0))
    assert found.failures == () and found.counts["judged"] == 0
    assert found.counts["class_minutes"] < LEAST_S / 60


async def _ticks(count: int, pause_s: float) -> int:
    done = 0
    for _ in range(count):
        await asyncio.sleep(pause_s)
        done += 1
    return done
