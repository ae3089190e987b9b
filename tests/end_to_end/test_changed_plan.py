"""A session that is moved or cancelled while it runs: the real agent and server follow within the agent's polling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge_agent.clock import wall_ms
from central_server.commands import change
from central_server.config import Config
from central_server.courses.acts import session_of
from central_server.courses.changes import changing
from central_server.courses.course_file import read_course
from central_server.courses.loading import load
from central_server.courses.moving import cancel
from models.records import Coverage, Seal, decode
from tests.end_to_end.kills import World
from tests.end_to_end.test_agent_alone import until

pytestmark = pytest.mark.timed


@pytest.mark.timeout(240)
def test_a_moved_session_is_let_go_and_taken_up_again_and_a_cancelled_one_is_sealed(tmp_path: Path) -> None:
    world = World(tmp_path, 90, seed=1)
    config = Config(data=str(tmp_path / "server"))

    def of(kind: type[Coverage] | type[Seal]) -> list[Coverage | Seal]:
        records = [decode(line) for line in world.agents_log()[1]]
        return [record for record in records if isinstance(record, kind)]

    def move(begin: datetime) -> None:
        world.write_course(begin)
        change(config, load(read_course(tmp_path / "course.toml"), wall_ms()))

    try:
        world.prepare()
        world.start_agent()
        until((tmp_path / "agent" / "today.json").exists)
        until(lambda: world.agents_log()[1] != [])  # somebody was checked in: it is watched
        move(datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3))
        until(lambda: len(of(Coverage)) == 1)
        assert of(Seal) == []
        move(datetime.now(UTC).replace(microsecond=0))
        until(lambda: "Watching" in _after_first(tmp_path))
        change(config, changing(lambda c: cancel(c, session_of(c, "K.b1"), "mất điện"), wall_ms()))
        until(lambda: len(of(Seal)) == 1)
        assert len(of(Coverage)) == 2
        world.wait_for_seal()
    finally:
        world.close()


def _after_first(folder: Path) -> str:
    return (folder / "output.txt").read_text(encoding="utf-8").partition("Watching")[2]
