"""A class that is streamed: the agent's real processes but for recognition, which is scripted (streaming_agent)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from models.records import AnyRecord, decode
from tests.central_server.running import Running

ROOT = Path(__file__).parents[2]
SESSION = "K1.1"
LEARNERS = 3
"""At each bridge point."""
SMALL = "width = 320\nheight = 180\nkbit_s = 400\n"


def write_course(path: Path, points: int = 1) -> Path:
    """A class that began two minutes ago, at bridge points DC1, DC2, … with three learners each."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
    rooms = "".join(f'[[bridge_points]]\ncode = "DC{n}"\nname = "Điểm cầu {n}"\n' for n in range(1, points + 1))
    people = "".join(
        f'[[learners]]\ncode = "{code}"\nname = "N {code}"\nunit = "U"\nbridge_point = "DC{point}"\n'
        for point in range(1, points + 1)
        for code in learners(point)
    )
    path.write_text(
        f'[course]\ncode = "K1"\ntitle = "Lớp"\n{rooms}'
        f'[[sessions]]\ncode = "1"\ntitle = "Buổi 1"\nstart = {begin.isoformat()}\n'
        f"end = {(begin + timedelta(hours=1)).isoformat()}\n{people}",
        encoding="utf-8",
    )
    return path


def learners(point: int) -> list[str]:
    """Their codes."""
    return [f"HV{point}{n}" for n in range(1, LEARNERS + 1)]


@contextmanager
def agent(
    folder: Path, server: Running, camera: str, point: int = 1, *, streaming: str = SMALL, address: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    """The agent of a bridge point, from when it joined and was started until it ended in order.

    streaming: that part of its settings. address: of the server, where it is another for the agent.
    """
    portraits = folder / "portraits"
    portraits.mkdir(parents=True)
    for code in learners(point):
        (portraits / f"{code}.jpg").touch()
    settings = folder / "agent.toml"
    settings.write_text(
        f'data = "agent"\nsource = "{camera}"\nportraits = "portraits"\nwithout_profile = true\n'
        "console_port = 0\nsync_seconds = 1\nplan_seconds = 2\nspot_check_minutes = 0\n"
        f"[streaming]\n{streaming}",
        encoding="utf-8",
    )
    token = server.token(f"DC{point}")
    asked = ["join", "--config", str(settings), "--server", address or server.address, "--token", token]
    subprocess.run([sys.executable, "-m", "bridge_agent.cli", *asked], cwd=ROOT, check=True, timeout=60)
    with (folder / "agent.out").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.end_to_end.streaming_agent", settings], cwd=ROOT, stdout=output, stderr=output
        )
    try:
        yield process
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def records(server: Running) -> list[AnyRecord]:
    """All that the server holds, in the order in which it came."""
    with server.services.engine.connect() as connection:
        return [decode(bytes(line)) for (line,) in connection.execute(text("SELECT line FROM record ORDER BY seq"))]
