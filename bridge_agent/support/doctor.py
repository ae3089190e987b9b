"""`bridge-agent doctor`: measures this PC and its line within a minute, and says what that means for a class."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from typing import Final

import msgspec

from bridge_agent import identity
from bridge_agent.config import Settings
from bridge_agent.data_folder import write_private
from bridge_agent.errors import AgentError, FinalError, IdentityError
from bridge_agent.health.machine import Gauge
from bridge_agent.key_store import KeyStore
from bridge_agent.server import Server
from bridge_agent.server_clock import ServerClock, this_pc
from bridge_agent.support import measuring
from bridge_agent.support.measuring import FaceSpeed, LineSpeed
from bridge_agent.support.report import running_health
from bridge_agent.support.verdict import Light, Measured, findings, headline
from models.errors import DiemdanhError
from models.language import both

SIGNS: Final[dict[Light, tuple[str, str]]] = {
    "good": ("[tốt]      ", "[good]      "),
    "attention": ("[cần chú ý]", "[attention] "),
    "bad": ("[lỗi]      ", "[fault]     "),
    "unknown": ("[chưa đo]  ", "[unmeasured]"),
}


def examine(settings: Settings, keys: KeyStore, share: float = 1.0) -> int:
    """Measure, tell, and keep the figures for the report. 0: good; 1: something needs attention.

    share: of the usual time, to measure for; less is less sure.

    Raises FinalError while a session is recorded, which measuring would slow down.
    """
    running = running_health(settings.config.console_port)
    if running and running.get("session"):
        raise FinalError(
            "Máy này đang ghi nhận một buổi học; đo lúc này sẽ làm chậm việc đó. Hãy đo sau giờ học.",
            "This PC is recording a session, which measuring would slow down. Measure after the class.",
        )
    began = time.monotonic()
    settings.folder.make()
    measured = _measure(settings, keys, share)
    told = findings(measured)
    print(both(*headline(measured)))
    for one in told:
        print(f"{both(*SIGNS[one.light])} {both(one.vi, one.en)}")
    with contextlib.suppress(AgentError):  # a disk that can't be written was told above
        kept = {"measured": measured, "findings": told, "seconds": round(time.monotonic() - began, 1)}
        write_private(settings.folder.doctor, msgspec.json.encode(kept))
    return 1 if any(one.light in ("attention", "bad") for one in told) else 0


def _measure(settings: Settings, keys: KeyStore, share: float) -> Measured:
    gauge = Gauge(settings.folder.path)
    _say(1, "máy tính và ổ đĩa", "the PC and its disk")
    fsync: float | None = None
    with contextlib.suppress(OSError):
        fsync = measuring.fsync_ms(settings.folder.path, 3 * share)
    _say(2, "nhận diện khuôn mặt", "recognition")
    faces: FaceSpeed | None = None
    why: tuple[str, str] | None = None
    try:
        faces = measuring.face_speed(settings.config.faces, 5 * share)
    except DiemdanhError as error:
        why = error.vi, error.en
    _say(3, "nén hình", "encoding")
    x264 = measuring.stream_speed(3 * share)
    _say(4, "máy chủ và đường truyền", "the server and the line")
    line = asyncio.run(_line(settings, keys, 6 * share))
    return Measured(
        cores=len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1,
        machine=gauge.read(),
        faces=faces,
        faces_why=why,
        x264_fps=x264,
        fsync_ms=fsync,
        line=line,
    )


async def _line(settings: Settings, keys: KeyStore, seconds: float) -> LineSpeed | None:
    """None: this PC has not joined."""
    try:
        who = identity.load(settings.folder, keys)
    except IdentityError:
        return None
    clock = ServerClock(this_pc())
    async with Server(settings.config.server or who.membership.server, clock, who) as server:
        return await measuring.line_speed(server, clock, seconds)


def _say(step: int, vi: str, en: str) -> None:
    print(both(f"({step}/4) Đang đo {vi}…", f"({step}/4) Measuring {en}…"), file=sys.stderr, flush=True)
