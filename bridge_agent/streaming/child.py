"""The streaming process: what capture encoded goes to the server's relay, and how that fares to the agent's parent.

Parts: Inlet (capture's packets), Publication (one connection after the other), Adaptation (how much the line carries).
It holds aiortc, which nothing else of the agent does, and lives for one session. It ends when its pipe does.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Final

import httpx
from aiortc import RTCRtpSender

from bridge_agent.capture.outlet import Given, NotEncoded, Packet, Rate, Still, WantKeyFrame, WantStill
from bridge_agent.clock import boot_ms
from bridge_agent.streaming import passing
from bridge_agent.streaming.adaptation import Adaptation, Report
from bridge_agent.streaming.inlet import Inlet
from bridge_agent.streaming.link import known_until
from bridge_agent.streaming.messages import (
    NoPass,
    Pass,
    Stop,
    StreamAssignment,
    StreamCommand,
    StreamEvent,
    StreamState,
    Trouble,
    WantPass,
)
from bridge_agent.streaming.publication import NoLeaveError, Publication, Stream
from bridge_agent.streaming.sound import Microphone, SoundTrack
from bridge_agent.streaming.whip import Whip
from models.child_process import read_into, write_from
from models.wire import Source

TELL_S: Final = 1.0
LEAVE_S: Final = 6.0
"""The parent answers within this time, or there is no leave now."""
FRESH_S: Final = 60.0
"""A pass that is good for less is asked for anew."""
PICTURE_MS: Final = 5_000
"""Without a picture from capture for so long the stream is not up, whatever the line does."""
LEAST_S: Final = 0.5
"""A rate is reckoned over no less: bytes are counted four times a second."""
KEY_EVERY_S: Final = 0.3
"""Key frames are asked for no more often: each is ten times as large as another picture."""
_TROUBLES: Final[dict[str, Trouble]] = {
    "no_leave": "no_leave", "refused": "refused", "unreachable": "line", "never_connected": "no_way",
    "ice_failed": "line", "no_reports": "line", "stuck": "line", "closed": "line", "replaced": "replaced",
    "failed": "failed",
}  # fmt: skip


def main(conn: Connection, assignment: StreamAssignment) -> None:
    """The process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    for name in ("aiortc", "aioice", "httpx"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    asyncio.run(_main(conn, assignment))
    os._exit(0)  # a thread that waits for capture or for a microphone must not keep it


async def _main(conn: Connection, assignment: StreamAssignment) -> None:
    commands: asyncio.Queue[StreamCommand | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    events = queue.SimpleQueue[StreamEvent | None]()
    threading.Thread(target=read_into, args=(conn, loop, commands.put_nowait), daemon=True).start()
    writing = threading.Thread(target=write_from, args=(conn, events), daemon=True)
    writing.start()
    # A connection kept from before an outage would swallow the first request after it.
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(follow_redirects=True, limits=limits) as http:
        streaming = Streaming(assignment, Whip(http, assignment.server), events.put)
        await streaming.run(commands)
    events.put(None)
    writing.join(0.2)


class Streaming:
    """All that one process does. tell: takes each event for the parent."""

    def __init__(self, assignment: StreamAssignment, whip: Whip, tell: Callable[[StreamEvent], None]) -> None:
        self._assignment, self._tell = assignment, tell
        self._reencodes = "; ".join(passing.missing())
        settings = assignment.out.settings
        self._adaptation = Adaptation(settings.kbit_s, settings.fps)
        self._inlet = Inlet(assignment.out, self._came, self._tell_rate)
        self._leave = _Leave(assignment, tell)
        self._track: passing.PacketTrack | None = None
        self._given_at: int | None = None
        """When capture last gave a picture, ms of the boot-time clock."""
        self._not_encoded: NotEncoded | None = None
        self._key_at = float("-inf")
        self._lost = 0.0
        self._frames = 0
        self._fps, self._bytes_s = Meter(time.monotonic()), Meter(time.monotonic())
        self._camera = Publication(
            Stream(assignment.session, "camera", self._new_track, self._on_sender, self._reported, self._changed),
            whip, self._leave.ask,
        )  # fmt: skip
        self._publications = [self._camera]
        self._microphone: Microphone | None = None
        if assignment.sound is not None:
            self._publications.append(self._sound(whip, assignment.sound))

    async def run(self, commands: asyncio.Queue[StreamCommand | None]) -> None:
        """Until told to stop, or the parent is gone. What ends one part unforeseen ends the process, as its error: the
        parent tells of it and starts another.
        """  # fmt: skip
        try:
            await self._run(commands)
        finally:
            self._inlet.close()

    async def _run(self, commands: asyncio.Queue[StreamCommand | None]) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one.run()) for one in self._publications]
            tasks.append(group.create_task(self._telling()))
            while True:
                match await commands.get():
                    case Pass() | NoPass() as answer:
                        self._leave.answered(answer)
                    case WantStill() as wish:
                        self._inlet.ask(wish)
                    case Stop() | None:
                        break
            for task in tasks:
                task.cancel()

    def _sound(self, whip: Whip, device: str) -> Publication:
        microphone = self._microphone = Microphone(device)

        def new_track() -> SoundTrack:
            track = SoundTrack()
            microphone.give = track.push
            return track

        return Publication(
            Stream(
                self._assignment.session, "sound", new_track, lambda sender: None, lambda report: None, lambda: None
            ),
            whip, self._leave.ask,
        )  # fmt: skip

    # The picture

    def _new_track(self) -> passing.PacketTrack:
        kind = passing.DecodedTrack if self._reencodes else passing.PacketTrack
        self._track = kind(self._want_key)
        return self._track

    def _on_sender(self, sender: RTCRtpSender) -> None:
        if not self._reencodes:
            passing.on_key_frame_wanted(sender, self._want_key)

    def _came(self, what: Given) -> None:
        match what:
            case Still():
                self._tell(what)
            case NotEncoded():
                self._not_encoded = what
            case Packet():
                self._given_at, self._not_encoded = boot_ms(), None
                self._frames += 1
                if self._track is not None:
                    self._track.push(what)

    def _want_key(self) -> None:
        now = time.monotonic()
        if now - self._key_at >= KEY_EVERY_S:
            self._key_at = now
            self._inlet.ask(WantKeyFrame())

    # The line

    def _reported(self, report: Report) -> None:
        self._lost = report.lost
        if self._adaptation.report(report):
            self._tell_rate()

    def _changed(self) -> None:
        if not self._camera.connected and self._adaptation.lost_line(time.monotonic()):
            self._tell_rate()
        # At once: the next connection may stand before the second is over, and the link record must tell of the break.
        self._tell(self._state())

    def _tell_rate(self) -> None:
        step = self._adaptation.step
        self._inlet.ask(Rate(step.kbit_s, step.fps))

    # The parent

    async def _telling(self) -> None:
        while True:
            await asyncio.sleep(TELL_S)
            self._tell(self._state())

    def _state(self) -> StreamState:
        now, camera, given = boot_ms(), self._camera, self._given_at
        pictures = given is not None and now - given < PICTURE_MS
        up = camera.connected_at is not None and pictures
        at = now
        if up and camera.connected_at is not None and given is not None:
            at = known_until(camera.connected_at, camera.reported_at, given)
        return StreamState(
            at, up, round(self._bytes_s.read(camera.sent_bytes, camera.counted_at) / 125),
            round(self._fps.read(self._frames, time.monotonic())), self._adaptation.place, self._lost,
            *self._trouble(pictures), self._reencodes,
        )  # fmt: skip

    def _trouble(self, pictures: bool) -> tuple[Trouble | None, str, str]:
        camera = self._camera
        if not camera.connected and camera.why is not None:
            return _TROUBLES[camera.why], *camera.said
        if self._not_encoded is not None:
            return "not_encoded", self._not_encoded.vi, self._not_encoded.en
        if not pictures:
            return "no_picture", "", ""
        if self._microphone is not None and self._microphone.trouble is not None:
            return "microphone", *self._microphone.trouble
        return None, "", ""


class Meter:
    """So much a second of what is counted, over the time that passed between two readings."""

    def __init__(self, now: float) -> None:
        self._count, self._at = 0, now
        self._rate = 0.0

    def read(self, count: int, at: float) -> float:
        """The rate, with a count of all so far made at `at`, seconds of a steady clock."""
        if at - self._at >= LEAST_S:
            self._rate = (count - self._count) / (at - self._at)
            self._count, self._at = count, at
        return self._rate


class _Leave:
    """The server's leave to publish, by way of the parent: one for all that is published, kept while it is fresh."""

    def __init__(self, assignment: StreamAssignment, tell: Callable[[StreamEvent], None]) -> None:
        self._sources: tuple[Source, ...] = ("camera",) if assignment.sound is None else ("camera", "sound")
        self._tell = tell
        self._kept: tuple[Pass, float] | None = None
        self._answer: asyncio.Future[Pass | NoPass] | None = None

    async def ask(self, anew: bool) -> Pass:
        """The pass. Raises NoLeaveError, TimeoutError."""
        now = time.monotonic()
        if self._kept is not None and not anew and self._kept[1] - now > FRESH_S:
            return self._kept[0]
        if self._answer is None or self._answer.done():
            self._answer = asyncio.get_running_loop().create_future()
            self._tell(WantPass(self._sources))
        async with asyncio.timeout(LEAVE_S):
            answer = await asyncio.shield(self._answer)
        if isinstance(answer, NoPass):
            raise NoLeaveError(answer.vi, answer.en)
        self._kept = answer, now + answer.good_for_s
        return answer

    def answered(self, answer: Pass | NoPass) -> None:
        """The parent's answer."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)
