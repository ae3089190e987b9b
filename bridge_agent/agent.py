"""The agent: one process that keeps the plan, records the session that runs, and syncs; everything that writes is here.

    contact   asks the server for its time, today's sessions and by what their learners are known (bridge_agent.contact)
    sessions  watches the session whose time it is, then seals it; serves the desk (bridge_agent.sessions)
    saving    makes what is still open durable, every 2 s
    syncing   sends what waits in the log
    telling   sends the live status, every 2 s and when something changed
    streaming keeps the room's stream up while a session runs (bridge_agent.streaming.room_stream)
    health    looks after the PC, and tells the server every 30 s how all is (bridge_agent.health)
    console   serves the pages of the desk to this PC alone

Each loop is kept running by the supervisor. Nothing that fails stops the recording: faults become alarms.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bridge_agent import heartbeat, supervisor
from bridge_agent.alarms import Alarms
from bridge_agent.check_in.at_desk import AtDesk
from bridge_agent.check_in.desk import Desk
from bridge_agent.check_in.expected import Surroundings
from bridge_agent.check_in.gallery_store import GalleryStore
from bridge_agent.check_in.pins import Pins
from bridge_agent.check_in.sealed_file import SealedFiles
from bridge_agent.check_in.spot_checks import SpotChecks
from bridge_agent.config import Settings
from bridge_agent.contact import AWAY_S, Contact
from bridge_agent.courier import Courier
from bridge_agent.errors import AgentError, RetryableError, ServerAwayError
from bridge_agent.health.acts import Acts, Means
from bridge_agent.health.keeping import Around, HealthWatch, ThisPc
from bridge_agent.health.lights import Situation
from bridge_agent.health.today import Day
from bridge_agent.identity import Identity
from bridge_agent.journal import Journal
from bridge_agent.key_store import KeyStore
from bridge_agent.log import Log
from bridge_agent.plan import Plan
from bridge_agent.profile_state import NOT_NEEDED, ProfileState
from bridge_agent.recordings import Recordings
from bridge_agent.room_watch import RoomWatch
from bridge_agent.server import ASKED_S, SOON_S, Server
from bridge_agent.server_clock import ServerClock
from bridge_agent.session import Recording
from bridge_agent.sessions import TICK_S, Sessions
from bridge_agent.setup.progress import ProgressFile
from bridge_agent.streaming.room_stream import RoomStream
from bridge_agent.streaming.start import StreamTarget, publish
from models.health import Health

SAVE_S = 2.0
"""What a crash costs at most, beside the restart. One small fsync: even a slow disk does it in 30 ms."""
LAST_SYNC_S = 1.2
RESTARTED_MS = 30_000
"""So long the page tells that the agent was started again after an unexpected end; how often is kept by the journal."""
SOONEST_STATUS_S = 0.5
LONGEST_STATUS_S = 15.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What an agent is made of; bridge_agent.cli puts it together."""

    settings: Settings
    identity: Identity
    keys: KeyStore
    log: Log
    server: Server
    clock: ServerClock
    journal: Journal
    watch: supervisor.Watch
    """Keeps recognition running."""
    damaged: tuple[Path, ...] = ()
    """Files that were set aside from the log's place."""
    profile: Callable[[int], ProfileState] = lambda _: NOT_NEEDED
    """With which calibration profile the room would be watched at a server time."""
    console: Callable[[Desk, Alarms, Callable[[], Health] | None], Awaitable[None]] | None = None
    """Serves the desk's pages until cancelled."""
    pc: ThisPc | None = None
    """Looked after and told of; None: neither."""
    streaming: StreamTarget = publish
    """What runs in the streaming process."""


class Agent:
    """One agent. Call `run` once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log = parts.log
        self._journal = parts.journal
        self._clock = parts.clock
        self._alarms = Alarms(parts.journal, parts.clock.clocks.boot)
        self._plan = Plan(parts.settings.folder.plan)
        config = parts.settings.config
        every_ms = round(config.sync_seconds * 1000)
        self._courier = Courier(
            parts.log, parts.server, parts.identity, every_ms, self._alarms, parts.journal, list(parts.damaged)
        )
        self._changed = asyncio.Event()
        self._recordings = Recordings(
            parts.log, parts.clock, self._alarms, parts.journal, self._courier.hurry, self._checks
        )
        folder = parts.settings.folder
        self._gallery = GalleryStore(SealedFiles(parts.keys, folder.gallery_key), folder.gallery, folder.outbox)
        self._contact = Contact(
            parts.server, parts.identity, parts.keys, folder, self._plan, self._gallery, self._courier, self._alarms,
            parts.journal, self._recordings.now, config.plan_seconds,
        )  # fmt: skip
        self._stream = RoomStream(
            config.streaming,
            parts.streaming,
            parts.server,
            self._recordings,
            self._alarms,
            parts.journal,
            self._wrote,
            lambda: parts.settings.config.streaming.microphone(),
        )
        self._room = RoomWatch(
            parts.settings, parts.watch, self._gallery, self._alarms, parts.journal, self._profile, self._stream.out
        )
        self._pins = Pins()
        self._acts = Acts(self._means())
        self.desk = AtDesk(self._surroundings(), self._pins)
        self._sessions = Sessions(
            self._plan, self._recordings, self._room, self.desk, parts.clock, self._alarms, parts.journal,
            round(config.watch_before_minutes * 60_000), self._changed.set,
        )  # fmt: skip
        self._health = None if parts.pc is None else HealthWatch(
            Around(
                parts.server, self._courier, self._recordings, self._plan, self._situation, self._alarms,
                parts.journal, parts.clock.clocks, parts.pc,
            )
        )  # fmt: skip

    def _situation(self) -> Situation:
        """What the lights are made of, for the server and for the page of the day alike."""
        recording, oldest = self._recordings.current, self._courier.oldest()
        return Situation(
            alarms=self._alarms.named(),
            in_session=recording is not None,
            watching=recording is not None and recording.watching,
            stream=self._stream.view(),
            waiting=self._courier.waiting,
            oldest_ms=0 if oldest is None else max(0, self._recordings.now() - oldest),
        )

    def _day(self) -> Day:
        return Day(
            self._alarms, self._clock.sample, self._recordings, self._plan, self._courier, self._gallery,
            self._parts.settings.config.streaming.enabled, self._situation, lambda: self._health, self._room.blind,
            self._contact, self._acts, ProgressFile(self._parts.settings.folder.setup).read,
        )  # fmt: skip

    def _means(self) -> Means:
        def pictured() -> int | None:
            view = self.desk.room()
            return None if view is None else view.at

        return Means(
            self._room, self._stream, self._courier, self._contact, self._parts.server, self._recordings,
            self._alarms, self._clock, self._journal, lambda: self._health, lambda: self.desk.try_camera(), pictured,
            _stream_answers,
        )  # fmt: skip

    def _surroundings(self) -> Surroundings:
        parts, member = self._parts, self._parts.identity.membership
        return Surroundings(
            bridge_point=member.bridge_point_name,
            server_key=Ed25519PublicKey.from_public_bytes(bytes.fromhex(member.server_key)),
            sample=parts.clock.sample,
            now=self._recordings.now,
            plan=self._plan,
            gallery=self._gallery,
            alarms=self._alarms,
            sweep_ms=round(parts.settings.config.sweep_seconds * 1000),
            before_ms=round(parts.settings.config.watch_before_minutes * 60_000),
            recording=lambda: self._recordings.current,
            tell=self._room.tell,
            blind=self._room.blind,
            wrote=self._wrote,
            enrolled=self._contact.hurry,
            classroom=parts.server.classroom,
            own_page=functools.partial(parts.server.own_page, console_port=parts.settings.config.console_port),
            day=self._day().view,
            do=self._acts.do,
            stream=self._stream.view,
        )

    def _checks(self, again: Sequence[str]) -> SpotChecks:
        mean_ms = round(self._parts.settings.config.spot_check_minutes * 60_000)
        return SpotChecks(mean_ms, SystemRandom(), again)

    def _profile(self) -> ProfileState:
        return self._parts.profile(self._recordings.now())

    def _wrote(self) -> None:
        self._recordings.flush()
        self._changed.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then close what is open, try one last sync, and return within some 2 s."""
        began_at = self._clock.clocks.boot()
        self._start()
        loops: dict[str, Callable[[], Awaitable[None]]] = {
            "contact": self._contact.run,
            "sessions": self._sessions.run,
            "saving": functools.partial(self._saving, began_at),
            "syncing": self._syncing,
            "telling": self._telling,
            "streaming": self._stream.run,
        }
        if (health := self._health) is not None:
            loops |= {"health": health.telling, "care": health.caring}
        if (console := self._parts.console) is not None:
            loops["console"] = functools.partial(console, self.desk, self._alarms, health.now if health else None)
        watched = heartbeat.watched_loop(self._parts.settings.folder.hung)
        tasks = [asyncio.create_task(supervisor.keep(name, loop, self._journal)) for name, loop in loops.items()]
        try:
            with watched:
                await stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._recordings.flush()
            await self._last_words()
            self._pins.close()
            self._stream.close()
            self._journal.note("stopped", last_seq=self._log.last_seq, waiting=self._log.waiting)

    def _start(self) -> None:
        """Close what a crash left open, and take the plan that is kept on disk."""
        member = self._parts.identity.membership
        self._journal.say(
            "started",
            f"Điểm cầu {member.bridge_point_name}, máy chủ {self._parts.server.url}.",
            f"Bridge point {member.bridge_point_name}, server {self._parts.server.url}.",
            device=member.device,
            log=self._log.id,
            last_seq=self._log.last_seq,
            waiting=self._log.waiting,
        )
        hung = heartbeat.take_last_words(self._parts.settings.folder.hung)
        if self._journal.ended_badly:
            self._journal.lost("agent", "hung" if hung else "ended unexpectedly")
            self._alarms.set(
                "restarted",
                "Chương trình điểm danh vừa bị ngắt đột ngột và đã tự chạy lại. Những gì đã ghi vẫn còn nguyên, quãng "
                "ngắt không tính vắng cho ai. Nếu việc này lặp lại, hãy lưu báo cáo hỗ trợ và báo quản trị hệ thống.",
                "The attendance program ended unexpectedly and was started again. What was recorded is whole, and the "
                "break counts as nobody's absence. If it happens again, save a report and tell the administrator.",
            )
        if damage := self._log.damage:
            self._alarms.set(
                "log_damaged",
                f"Tệp nhật ký bị hỏng, đã được giữ nguyên tại {damage.kept_at}; hệ thống ghi tiếp vào nhật ký mới. "
                "Hãy báo quản trị hệ thống.",
                f"The log file was damaged; it is kept whole at {damage.kept_at}, and a new log was begun. "
                "Tell the administrator.",
            )
        elif files := self._courier.damaged:
            self._alarms.set(
                "salvaging",
                f"Phần còn nguyên của nhật ký hỏng {files[0]} đang được gửi về máy chủ. Hãy báo quản trị hệ thống.",
                f"What is intact of the damaged log {files[0]} is being sent to the server. Tell the administrator.",
            )
        self._recordings.write(lambda: None)
        now = self._recordings.now()
        self._plan.load(now)
        self._contact.tried("gallery", lambda: self._gallery.load(now))

    # The log

    async def _saving(self, began_at: int) -> None:
        while True:
            supervisor.turns()
            if self._clock.clocks.boot() - began_at > RESTARTED_MS:
                self._alarms.clear("restarted")
            await asyncio.sleep(SAVE_S)
            self._recordings.flush()
            self._look_for_the_log()
            self._alarms.clock(self._clock.sample())

    def _look_for_the_log(self) -> None:
        if self._log.in_place:
            self._alarms.clear("log_gone")
            return
        self._alarms.set(
            "log_gone",
            "Tệp nhật ký log.db đã bị xóa hoặc bị thay trong thư mục dữ liệu. Bản ghi vẫn được gửi về máy chủ, nhưng "
            "sẽ mất nếu chương trình dừng trước khi gửi hết. Hãy giữ mạng, đợi hết bản ghi chờ rồi khởi động lại "
            "chương trình.",
            "The log file log.db was deleted or replaced in the data folder. Records still go to the server, but are "
            "lost if the program ends before all are sent. Keep the network up, wait until no record waits, then "
            "restart the program.",
        )

    # The server

    async def _syncing(self) -> None:
        while True:
            supervisor.turns(ASKED_S + supervisor.TURN_S)
            sent = await self._courier.once(self._clock.clocks.boot())
            await asyncio.sleep(0 if sent else TICK_S)

    async def _last_words(self) -> None:
        """One last sync and status: a second at most, for the person at the PC waits."""
        self._courier.hurry()
        with contextlib.suppress(TimeoutError, AgentError):
            async with asyncio.timeout(LAST_SYNC_S):
                while await self._courier.once(self._clock.clocks.boot()):
                    pass
                if self._recordings.current is not None:
                    await self._tell(self._recordings.current)

    async def _telling(self) -> None:
        usual = self._parts.settings.config.status_seconds
        wait, told = usual, self._recordings.current
        while True:
            supervisor.turns(max(usual, LONGEST_STATUS_S) + 2 * SOON_S)
            # A session that has just ended is told of once more: that nobody watches.
            recording = self._recordings.current or told
            if recording is not None:
                try:
                    await self._tell(recording)
                    wait, told = usual, self._recordings.current
                except RetryableError as error:
                    if isinstance(error, ServerAwayError):
                        self._contact.away(error)
                    wait = min(wait * 2, max(usual, AWAY_S))
                except AgentError as error:
                    self._alarms.set("contact", error.vi, error.en)
                    wait = LONGEST_STATUS_S
            await asyncio.sleep(SOONEST_STATUS_S)
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, wait - SOONEST_STATUS_S)):
                    await self._changed.wait()

    async def _tell(self, recording: Recording) -> None:
        alarms, stream = self._alarms, self._stream.live()
        await self._parts.server.send_status(
            recording.status(
                self._courier.waiting, alarms.for_manager(), stream, self._courier.held, alarms.suspicions()
            )
        )


async def _stream_answers(url: str) -> bool:
    from bridge_agent.support.measuring import stream_answers  # only whoever asks pays for it

    return await stream_answers(url)
