"""A class that is streamed: server, relay, agent, capture and streaming are real; recognition is scripted."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from models.records import CheckIn, Coverage, Link, Presence, decode
from tests.bridge_agent.streaming.room import moving
from tests.central_server.media.peers import Peers, until
from tests.central_server.running import Running, running
from tests.end_to_end.on_site import Wall
from tests.mjpeg_camera import filming

ROOT = Path(__file__).parents[2]
LEARNERS = ("HV1", "HV2", "HV3")
SESSION = "K1.1"
pytestmark = pytest.mark.alone


def write_course(path: Path) -> Path:
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
    people = "".join(
        f'[[learners]]\ncode = "{code}"\nname = "N {code}"\nunit = "U"\nbridge_point = "DC1"\n' for code in LEARNERS
    )
    path.write_text(
        '[course]\ncode = "K1"\ntitle = "Lớp"\n[[bridge_points]]\ncode = "DC1"\nname = "Điểm cầu 1"\n'
        f'[[sessions]]\ncode = "1"\ntitle = "Buổi 1"\nstart = {begin.isoformat()}\n'
        f"end = {(begin + timedelta(hours=1)).isoformat()}\n{people}",
        encoding="utf-8",
    )
    return path


def join(settings: Path, server: Running) -> None:
    asked = ["join", "--config", settings, "--server", server.address, "--token", server.token("DC1")]
    subprocess.run([sys.executable, "-m", "bridge_agent.cli", *map(str, asked)], cwd=ROOT, check=True, timeout=60)


def started(settings: Path) -> subprocess.Popen[bytes]:
    with settings.with_suffix(".out").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.end_to_end.streaming_agent", settings], cwd=ROOT, stdout=output, stderr=output
        )


def records(server: Running) -> list[object]:
    with server.services.engine.connect() as connection:
        return [decode(bytes(line)) for (line,) in connection.execute(text("SELECT line FROM record ORDER BY seq"))]


@pytest.mark.timeout(180)
async def test_the_class_is_seen_while_its_attendance_is_recorded(tmp_path: Path) -> None:
    with running(tmp_path / "server", Wall()) as server, filming(moving(), fps=15) as camera:
        server.load(write_course(tmp_path / "course.toml"))
        portraits = tmp_path / "portraits"
        portraits.mkdir()
        for code in LEARNERS:
            (portraits / f"{code}.jpg").touch()
        settings = tmp_path / "agent.toml"
        settings.write_text(
            f'data = "agent"\nsource = "{camera.address}"\nportraits = "portraits"\nwithout_profile = true\n'
            "console_port = 0\nsync_seconds = 1\nplan_seconds = 2\nspot_check_minutes = 0\n"
            "[streaming]\nwidth = 320\nheight = 180\nkbit_s = 400\n",
            encoding="utf-8",
        )
        await asyncio.to_thread(join, settings, server)
        agent = started(settings)
        peers = Peers(server)
        try:
            media = server.services.media
            await until(lambda: media.rooms(SESSION), 90)
            (room,) = media.rooms(SESSION)
            viewer = await peers.play(room, "camera")
            await viewer.until(30, 30)
            await until(lambda: len([r for r in records(server) if isinstance(r, CheckIn)]) == 3, 20)
            await until(lambda: server.services.pictures.get(SESSION, room, server.clock()), 20)
            await asyncio.sleep(3)
        finally:
            agent.terminate()
            ended = agent.wait(15)
            await peers.close()
        assert ended == 0
        held = records(server)
        (coverage,) = [one for one in held if isinstance(one, Coverage)]
        (link,) = [one for one in held if isinstance(one, Link)]
        presences = [one for one in held if isinstance(one, Presence)]
        assert len({one.learner for one in presences}) == 3
        for one in presences:  # a sighting a second: nobody lost more than that at either end
            assert abs(one.start - coverage.start) <= 2_000 and abs(one.end - coverage.end) <= 2_000
        assert link.ended_by == "stopped" and link.end - link.start >= 3_000
        assert coverage.start - 10_000 <= link.start < link.end <= coverage.end + 3_000
