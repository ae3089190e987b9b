"""What the demo's server and agent are told: settings, a course with one session, portraits. All in the data folder."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

HANOI = timezone(timedelta(hours=7))
BRIDGE_POINT = "demo"
SESSION = "DEMO.1"


def write_server_settings(folder: Path, port: int) -> Path:
    """server.toml; port 0 lets the system choose."""
    path = folder / "server.toml"
    path.write_text(f'host = "127.0.0.1"\nport = {port}\ndata = "server"\n', encoding="utf-8")
    return path


def write_agent_settings(folder: Path, address: str, source: str, portraits: Path, console_port: int) -> Path:
    """agent.toml; strings are written as JSON strings, which TOML's basic strings hold as they are."""
    path = folder / "agent.toml"
    lines = {"data": "agent", "server": address, "source": source, "portraits": str(portraits.resolve())}
    text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items())
    # A camera of the demo is nobody's room: it was never calibrated, and its log says so.
    path.write_text(
        text + f"plan_seconds = 1\nwithout_profile = true\nconsole_port = {console_port}\n", encoding="utf-8"
    )
    return path


def write_course(folder: Path, learners: list[str], start: datetime, seconds: float) -> Path:
    """course.toml: one course, one session from `start` for `seconds`, the learners at the demo's bridge point.

    No gap is bridged, so that the table shows each absence as it was.
    """
    path = folder / "course.toml"
    end = start + timedelta(seconds=seconds)
    text = f"""\
[course]
code = "DEMO"
title = "Lớp thử Điểm danh"
rule = {{ gap_tolerance_s = 0 }}

[[bridge_points]]
code = "{BRIDGE_POINT}"
name = "Điểm cầu thử"

[[sessions]]
code = "1"
title = "Buổi thử"
start = {start.astimezone(HANOI).isoformat(timespec="seconds")}
end = {end.astimezone(HANOI).isoformat(timespec="seconds")}
"""
    for number, name in enumerate(learners, 1):
        text += f"""
[[learners]]
code = "HV{number:03d}"
name = {json.dumps(name, ensure_ascii=False)}
unit = "Phòng Thử nghiệm"
bridge_point = "{BRIDGE_POINT}"
"""
    path.write_text(text, encoding="utf-8")
    return path


def copy_portraits(folder: Path, name: str, pictures: list[Path]) -> None:
    """Put a learner's portraits into folder/NAME/."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        shutil.copyfile(picture, folder / name / picture.name)
