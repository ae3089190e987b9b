from __future__ import annotations

from pathlib import Path

import pytest

from tests.central_server.running import running, write_course
from tests.faults.bad_line import FATES, compare, send_over


@pytest.mark.timeout(100)
async def test_a_bad_line_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        server.load(write_course(tmp_path / "course.toml", learners=3))
        outcome = await send_over(server, tmp_path, 150, seed=20261124)
    assert set(outcome.fates) >= set(FATES) - {"stalled"}  # which is rare: it takes long
    assert (outcome.lost, outcome.twice, outcome.falsely_acknowledged) == (0, 0, 0)
    assert outcome.alarms == set()


def test_what_is_lost_changed_or_doubled_is_counted() -> None:
    assert compare([b"1", b"2", b"3"], [b"1", b"2", b"3"]) == (0, 0)
    assert compare([b"1", b"2", b"3"], [b"1", b"2"]) == (1, 0)
    assert compare([b"1", b"2", b"3"], [b"1", b"x", b"3"]) == (1, 0)
    assert compare([b"1", b"2"], [b"1", b"2", b"2"]) == (0, 2)
