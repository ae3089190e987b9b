"""`bridge-agent report`: one zip with all that support asks for first. It names nobody and opens nothing.

What goes in is chosen field by field; nothing is copied whole but the journal's lines, which hold no names and lose
their learners' ids here. Keys, templates, PINs, cards, portraits, the day's roster and the records stay on this PC.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import json
import platform
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from bridge_agent import identity
from bridge_agent.capture.cameras import cameras
from bridge_agent.config import Settings
from bridge_agent.data_folder import DataFolder
from bridge_agent.errors import FinalError
from bridge_agent.health.machine import Gauge
from bridge_agent.heartbeat import kept_words
from bridge_agent.journal import KEPT_FILES
from bridge_agent.redact import without_credentials, without_home
from bridge_agent.setup import choices
from bridge_agent.setup.progress import ProgressFile
from calibration.profile import ProfileUnreadableError
from calibration.profile import read as read_profile
from models.errors import DiemdanhError
from models.language import both
from models.reasons import reason

PACKAGES: Final = (
    "diemdanh", "aiortc", "av", "dlib-bin", "httpx", "msgspec", "numpy", "opencv-python-headless", "openvino", "psutil",
    "starlette", "uvicorn",
)  # fmt: skip
ABOUT_PEOPLE: Final = frozenset({"learner", "learners_ids", "who"})
"""Facts of the journal that stay here."""
WHAT_IT_IS: Final = """\
Báo cáo hỗ trợ của Điểm danh / Điểm danh support report

Trong tệp này: phiên bản, cấu hình (đã bỏ mật khẩu), camera, số liệu của máy, kết quả đo, nhật ký chương trình.
KHÔNG có: họ tên, mã học viên, ảnh, dữ liệu khuôn mặt, mã PIN, thẻ, khóa, bản ghi điểm danh.

In this file: versions, settings (without passwords), cameras, the PC's figures, measurements, the program's journal.
NOT in it: names, learners' codes or ids, pictures, face templates, PINs, cards, keys, attendance records.
"""


def write(settings: Settings, out: Path | None) -> int:
    """Write the report to `out`, or to a file named after this moment. Raises FinalError when it can't be written."""
    path = out or Path(time.strftime("bao-cao-diem-danh-%Y%m%d-%H%M%S.zip"))
    packed_now = packed(settings)
    try:
        path.write_bytes(packed_now)
    except OSError as error:
        raise FinalError(
            f"Không ghi được {path} ({reason(error).vi}). Hãy chọn chỗ khác bằng --out.",
            f"{path} cannot be written ({reason(error).en}). Choose another place with --out.",
        ) from error
    print(
        both(
            f"Báo cáo: {path.absolute()} ({len(packed_now) // 1000} kB). Trong đó không có họ tên, khuôn mặt, mã PIN "
            "hay khóa; hãy gửi tệp này cho người hỗ trợ.",
            f"The report: {path.absolute()} ({len(packed_now) // 1000} kB). It holds no names, faces, PINs or keys; "
            "send it to whoever helps you.",
        )
    )
    return 0


def packed(settings: Settings) -> bytes:
    """The zip. The agent may be running: its files are only read."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("README.txt", WHAT_IT_IS)
        for name, made in _parts(settings):
            pack.writestr(f"{name}.json", json.dumps(_clean(made), ensure_ascii=False, indent=1))
        for path in _journals(settings.folder.journal):
            pack.writestr(path.name, "".join(_lines(path)))
    return file.getvalue()


def _parts(settings: Settings) -> Iterator[tuple[str, Any]]:
    yield (
        "versions",
        {
            "packages": {name: _version(name) for name in PACKAGES},
            "python": platform.python_version(),
            "system": platform.platform(),
            "machine": platform.machine(),
        },
    )
    yield "settings", {"file": settings.path, **msgspec.to_builtins(settings.config)}
    yield "setup", _setup(settings)
    yield "membership", _membership(settings)
    yield "cameras", [msgspec.to_builtins(one) for one in cameras() or ()]
    yield "pc", msgspec.to_builtins(Gauge(_nearest(settings.folder.path)).read())
    yield "log", _log(settings.folder.log)
    yield "calibration", _calibration(settings.folder.profile)
    yield "health", running_health(settings.config.console_port)
    yield "doctor", _json(settings.folder.doctor)
    yield "hung", _where_it_hung(settings.folder)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _setup(settings: Settings) -> dict[str, Any]:
    """What the wizard's steps came to, and what was chosen there instead of what the settings file says. Without the
    name of the microphone that a browser heard: a headset is often named after a person.
    """  # fmt: skip
    progress = ProgressFile(settings.folder.setup).read()
    return {
        "guided": progress.guided,
        "steps": {
            step: {
                "light": result.light, "accepted": result.accepted, "at": result.at,
                "figures": {name: value for name, value in result.figures.items() if name != "microphone"},
            }
            for step, result in progress.results.items()
        },
        "chosen": msgspec.to_builtins(choices.read(settings)),
        "written": asdict(settings.written),
    }  # fmt: skip


def _membership(settings: Settings) -> dict[str, Any]:
    try:
        member = identity.membership(settings.folder)
    except DiemdanhError as error:
        return {"joined": False, "why": error.en}
    return {
        "joined": True, "server": member.server, "device": member.device, "bridge_point": member.bridge_point,
        "key_expires_at": member.key_expires_at,
    }  # fmt: skip


def _log(path: Path) -> dict[str, Any]:
    """Figures of the log: how many records of which kind, and how far the server has it."""
    if not path.exists():
        return {"there": False}
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as db:
            kinds = dict(db.execute("select kind, count(*) from records group by kind").fetchall())
            first, last = db.execute("select min(seq), max(seq) from records").fetchone()
            acknowledged = db.execute("select max(seq) from acknowledged").fetchone()[0]
    except sqlite3.Error as error:
        return {"there": True, "error": type(error).__name__}
    return {
        "there": True, "bytes": path.stat().st_size, "kinds": kinds, "first": first, "last": last,
        "acknowledged": acknowledged, "set_aside": [one.name for one in path.parent.glob(f"{path.name}.*")],
    }  # fmt: skip


def _calibration(path: Path) -> dict[str, Any] | None:
    """The profile without whom it is about."""
    try:
        found = read_profile(path)
    except ProfileUnreadableError as error:
        return {"error": error.en}
    if found is None:
        return None
    profile, name = found
    faces = profile.faces
    return {
        "id": name,
        "made_at": profile.made_at,
        "camera": msgspec.to_builtins(profile.camera),
        "clock": msgspec.to_builtins(profile.clock),
        "faces": None if faces is None else {
            "made_at": faces.made_at, "encoder": faces.encoder, "detector": faces.detector, "learners": faces.learners,
            "threshold": faces.threshold, "strict_threshold": faces.strict_threshold,
        },
    }  # fmt: skip


def running_health(port: int) -> Any:
    """What the agent that runs on this PC says of itself; None while none does."""
    if port == 0:
        return None
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=2, trust_env=False).raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        return None


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _where_it_hung(folder: DataFolder) -> list[str] | None:
    """The lines of code at which the agent stood when its loop hung last; None: it never did."""
    for path in (folder.hung, kept_words(folder.hung)):
        with contextlib.suppress(OSError):
            return path.read_text(encoding="utf-8", errors="replace").splitlines()
    return None


def _journals(path: Path) -> list[Path]:
    """The journal's files, the oldest first."""
    files = [path.with_name(f"{path.name}.{number}") for number in range(KEPT_FILES, 0, -1)]
    return [one for one in (*files, path) if one.exists()]


def _lines(path: Path) -> Iterator[str]:
    """The lines of a journal's file, without facts about people. What is no line of the journal is left out."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        try:
            facts = json.loads(line)
        except ValueError:
            continue
        if isinstance(facts, dict):
            yield json.dumps(_clean({k: v for k, v in facts.items() if k not in ABOUT_PEOPLE})) + "\n"


def _clean(value: Any) -> Any:
    """The value with all its texts safe to leave this PC."""
    match value:
        case str():
            return without_home(without_credentials(value))
        case Path():
            return _clean(str(value))
        case dict():
            return {str(key): _clean(one) for key, one in value.items()}
        case list() | tuple():
            return [_clean(one) for one in value]
        case _:
            return value


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest above it that is there: a PC that has not joined has no data folder."""
    return next(one for one in (folder, *folder.absolute().parents) if one.exists())
