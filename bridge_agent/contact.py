"""The loop that asks the server: its time, today's sessions, by what their learners are known; and tells of enrolments.

While it is away the agent works from what it said last: the plan's file, and the gallery's.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from bridge_agent import key_rotation
from bridge_agent.alarms import Alarms
from bridge_agent.check_in.gallery_store import GalleryStore, Waiting
from bridge_agent.courier import Courier
from bridge_agent.data_folder import DataFolder
from bridge_agent.errors import AgentError, IdentityError, RefusedError, ServerAwayError
from bridge_agent.identity import Identity
from bridge_agent.journal import Journal
from bridge_agent.key_store import KeyStore
from bridge_agent.plan import Plan
from bridge_agent.server import ASKED_S, Server
from bridge_agent.supervisor import TURN_S, turns
from models.errors import DiemdanhError
from models.language import counted
from models.wire import EnrolmentAnswer, Today

GALLERY_EVERY_MS = 300_000
"""A PIN or a consent that changed at the office is known here so soon; a changed roster asks at once. 40 learners are
60 kB, a second of a 512 kbit/s line."""
AWAY_S = 5.0
"""A server that is away is asked again so often."""
_FOR_GOOD = frozenset({"invalid", "too_large", "other"})
"""Reasons for which the same enrolment would be refused again."""
TOLD_MS = 3_600_000
"""What the server said of an enrolment stands for an hour at the desk; the server's own pages show it for longer."""


class Contact:
    """What goes between agent and server beside the log and the live status."""

    def __init__(
        self,
        server: Server,
        identity: Identity,
        keys: KeyStore,
        folder: DataFolder,
        plan: Plan,
        gallery: GalleryStore,
        courier: Courier,
        alarms: Alarms,
        journal: Journal,
        now: Callable[[], int],
        every_s: float,
    ) -> None:
        self._server = server
        self._identity = identity
        self._keys = keys
        self._folder = folder
        self._plan = plan
        self._gallery = gallery
        self._courier = courier
        self._alarms = alarms
        self._journal = journal
        self._now = now
        self._every_s = every_s
        self._gallery_at: int | None = None
        """When the gallery was asked for last."""
        self._told_at: dict[str, int] = {}
        """By alarm, when the server said so of somebody's enrolment."""
        self._hurry = asyncio.Event()
        self.heard_at: int | None = None
        """When the server answered last, server time."""

    def hurry(self) -> None:
        """An enrolment waits."""
        self._hurry.set()

    def away(self, error: ServerAwayError) -> None:
        """Somebody found no server: it is told at once, and asked for again."""
        vi, en = "Việc điểm danh vẫn được ghi trên máy này.", "Attendance is still recorded on this PC."
        self._alarms.set("server", f"{error.vi} {vi}", f"{error.en} {en}")
        self._hurry.set()

    async def run(self) -> None:
        """Until cancelled."""
        away = False
        while True:
            turns(ASKED_S + TURN_S)
            self._hurry.clear()
            try:
                await self._server.measure_clock()
                await self._ask()
            except ServerAwayError as error:
                self.away(error)
                self._hurry.clear()  # it has just been asked for
                away = True
            except AgentError as error:
                self._alarms.set("contact", error.vi, error.en)
                if isinstance(error, IdentityError):
                    await self._mend_key()
            else:
                self.heard_at = self._now()
                self._alarms.clear("server")
                self._alarms.clear("contact")
                if away or self._courier.away:
                    self._courier.server_is_back()  # it may wait up to a minute by now
                away = False
                await self._renew_key()
            self.tried("gallery_kept", self._forget)
            with contextlib.suppress(TimeoutError):
                turns(self._every_s + TURN_S)
                async with asyncio.timeout(min(AWAY_S, self._every_s) if away else self._every_s):
                    await self._hurry.wait()

    def tried(self, name: str, work: Callable[[], object]) -> None:
        """Do what may fail for want of a key or of room: an alarm then, no more."""
        try:
            work()
        except DiemdanhError as error:
            self._alarms.set(name, error.vi, error.en)
        else:
            self._alarms.clear(name)

    async def _ask(self) -> None:
        turns(ASKED_S + TURN_S)
        today = await self._server.today()
        news = self._plan.update(today)
        if news:
            self._journal.note("plan", sessions=len(today.sessions))
        now = self._now()
        self.tried("gallery", lambda: self._gallery.today(today, now))
        await self._send_enrolments()
        due = self._gallery_at is None or now - self._gallery_at >= GALLERY_EVERY_MS
        if (due or news) and _anybody(today):
            await self._fetch(now)

    async def _fetch(self, now: int) -> None:
        turns(ASKED_S + TURN_S)
        try:
            answer = await self._server.gallery()
        except IdentityError:
            raise
        except AgentError as error:  # the plan came: the server is there
            self._alarms.set("gallery", error.vi, error.en)
            return
        self._gallery_at = now
        self.tried("gallery", lambda: self._gallery.take(answer, self._identity.key, now))
        self._journal.note("gallery", learners=len(answer.learners))

    async def _send_enrolments(self) -> None:
        """Tell of the enrolments that wait, one by one, until the server is away."""
        for waiting in self._gallery.outbox:
            turns(ASKED_S + TURN_S)
            answer: EnrolmentAnswer | None = None
            try:
                answer = await self._server.enrol(waiting.request)
            except RefusedError as error:
                if error.refusal.reason not in _FOR_GOOD:
                    raise
                self._tell(f"enrolment: {waiting.request.learner}", error.vi, error.en, self._name(waiting))
                self._journal.note("enrolment_refused", learner=waiting.request.learner)
            else:
                self._journal.note("enrolled", learner=answer.learner, version=answer.version)
                self._warn(waiting, answer)
            taken = answer
            self.tried("gallery", lambda w=waiting, a=taken: self._gallery.sent(w, a, self._now()))  # type: ignore[misc]

    def _forget(self) -> None:
        """Erase whose time is over."""
        for alarm in [alarm for alarm, at in self._told_at.items() if self._now() - at >= TOLD_MS]:
            self._alarms.clear(alarm)
            del self._told_at[alarm]
        if gone := self._gallery.forget(self._now()):
            self._alarms.set(
                "enrolment",
                f"Dữ liệu khuôn mặt của {gone} học viên chưa gửi được về máy chủ đã hết hạn giữ và đã bị xóa ở đây. "
                "Khi có kết nối lại, hãy lấy mẫu lại cho các học viên đó.",
                f"What was enrolled of {counted(gone, 'learner')} never reached the server; its time is over, and "
                "it is erased from this PC. Once the server is reached again, enrol them again.",
            )

    def _warn(self, waiting: Waiting, answer: EnrolmentAnswer) -> None:
        """Name whom a new template resembles among all that the server knows."""
        self._alarms.clear("enrolment")  # of those whose time was over: the server is reached again
        self._alarms.clear(f"enrolment: {answer.learner}")
        if answer.lookalikes:
            names = ", ".join(f"{one.name} ({one.code}, {one.unit})" for one in answer.lookalikes)
            self._tell(
                f"lookalike: {answer.learner}",
                "Khuôn mặt vừa lấy mẫu rất giống người khác đã có dữ liệu: có thể đã lấy mẫu hai lần, hoặc hai người "
                "giống nhau.",
                "The face just enrolled is very like another on file: enrolled twice, or two who look alike.",
                about=f"{self._name(waiting)} – {names}",
            )
        else:
            self._alarms.clear(f"lookalike: {answer.learner}")

    def _tell(self, alarm: str, vi: str, en: str, about: str) -> None:
        self._alarms.set(alarm, vi, en, about=about)
        self._told_at[alarm] = self._now()

    def _name(self, waiting: Waiting) -> str:
        """Of whom an enrolment is, for people at this PC."""
        who = self._plan.learner(waiting.request.learner)
        return f"{who.name}, {who.code}" if who else ""

    async def _mend_key(self) -> None:
        """The server does not know this PC by its key."""
        turns(2 * ASKED_S + TURN_S)
        with contextlib.suppress(AgentError):  # the next contact tries again
            if await key_rotation.mend(self._folder, self._keys, self._identity, self._server):
                self._courier.hurry()
                self._journal.note("key_mended", expires_at=self._identity.membership.key_expires_at)

    async def _renew_key(self) -> None:
        if not key_rotation.is_due(self._identity.membership, self._now()):
            return
        turns(ASKED_S + TURN_S)
        try:
            await key_rotation.rotate(self._folder, self._keys, self._identity, self._server)
        except ServerAwayError:
            return  # the server's own alarm tells it; the next contact tries again
        except AgentError as error:
            self._alarms.set("key", error.vi, error.en)
            return
        self._alarms.clear("key")
        self._courier.hurry()  # an expired key has kept it waiting
        self._gallery_at = None
        self._journal.note("key_rotated", expires_at=self._identity.membership.key_expires_at)


def _anybody(today: Today) -> bool:
    return any(session.learners for session in today.sessions)
