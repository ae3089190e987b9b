"""Another camera is chosen while the agent runs: recognition goes over to it, in a session and at the desk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from models.records import Coverage
from tests.bridge_agent.check_in.office import RoomOf, people
from tests.simulation.loop import SimulatedLoop

Play = Callable[[Callable[[], Awaitable[None]]], None]


def test_recognition_goes_over_to_another_camera_within_a_second(
    loop: SimulatedLoop, play: Play, tmp_path: Path
) -> None:
    room = RoomOf(loop, tmp_path, people(2, 3))

    async def morning() -> None:
        await room.switch_on()
        await room.until(50.2)
        assert room.sources == ["0"]
        room.used.use_camera("1", "")
        await room.until(50.25)
        assert room.sources == ["0", "1"] and room.watches()
        room.used.use_camera("1", "the unit at the wall")
        await room.until(50.3)
        assert room.sources == ["0", "1", "1"]
        await room.until(50.5)
        assert room.sources == ["0", "1", "1"]  # the same one is left alone
        await room.switch_off()

    play(morning)
    covered = [one for one in room.office.records() if isinstance(one, Coverage)]
    assert {one.ended_by for one in covered} <= {"stopped", "cut"}  # no fault is on record
