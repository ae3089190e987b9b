from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.records import Coverage, Presence, Seal, decode
from models.spans import spans, total
from tests.end_to_end.kills import World

pytestmark = pytest.mark.timed

SECONDS = 20


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, SECONDS, seed=1)
    yield made
    made.close()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)


def said(world: World, words: str) -> bool:
    return words in (world.folder / "output.txt").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.timeout(120)
def test_a_class_without_the_server_is_recorded_and_caught_up_with(world: World) -> None:
    world.prepare()
    world.start_agent()
    plan = world.folder / "agent" / "today.json"
    until(plan.exists)
    assert plan.stat().st_mode & 0o777 == 0o600
    assert world.server is not None
    world.server.kill()
    world.server.wait()
    until(lambda: world.agents_log()[1] != [])

    # Told to stop in the middle of the class: everything is closed, nothing is sealed; the next start goes on.
    time.sleep(3)
    assert world.agent is not None
    world.agent.send_signal(signal.SIGTERM)
    assert world.agent.wait(60) == 0
    records = [decode(line) for line in world.agents_log()[1]]
    assert any(isinstance(r, Coverage) and r.ended_by == "stopped" for r in records)
    assert not any(isinstance(r, Seal) for r in records)
    world.start_agent()

    until(lambda: any(isinstance(decode(line), Seal) for line in world.agents_log()[1]))
    until(lambda: not plan.exists())  # with the last session the learners' names go
    acknowledged, lines = world.agents_log()
    assert acknowledged == 0
    world.start_server()
    world.wait_for_seal()
    assert world.servers_log() == lines
    outcome = world.outcome([], 0)
    assert outcome.check_ins == {"HV1": 1, "HV2": 1, "HV3": 1}
    # HV3's 6 s outside are bridged, as a gap under 15 s is, unless the agent was stopped just then.
    assert outcome.invented_ms.pop("HV3") in (0, SECONDS * 300)
    assert max(outcome.invented_ms.values()) == 0


@pytest.fixture
def small_disk(world: World) -> Iterator[Path]:
    folder = world.folder / "agent"
    folder.mkdir()
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("a small disk needs root")
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.timeout(120)
def test_a_disk_that_fills_up_in_class_costs_nothing_once_there_is_room(world: World, small_disk: Path) -> None:
    world.prepare()
    world.start_agent()
    until(lambda: world.agents_log()[1] != [] if (small_disk / "log.db").exists() else False)
    time.sleep(2)
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(bytes(4096))
    until(lambda: said(world, "! The disk is full"))
    time.sleep(2)
    ballast.unlink()
    until(lambda: said(world, "Over: The disk is full"))
    time.sleep(max(0.0, world.end - time.time()))
    world.wait_for_seal()
    records = [decode(line) for line in world.servers_log()]
    (coverage,) = [r for r in records if isinstance(r, Coverage)]  # watched without a break
    assert coverage.ended_by == "stopped"
    outcome = world.outcome([], 0)
    seen = spans([(r.start, r.end) for r in records if isinstance(r, Presence)])
    assert total(seen) > 0
    assert not outcome.log_differs
