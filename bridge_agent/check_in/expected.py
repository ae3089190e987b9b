"""What the desk needs of the agent, and whom it expects: the learners of the session that is recorded or comes next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bridge_agent.alarms import Alarms
from bridge_agent.check_in.desk import DeskError, Row
from bridge_agent.check_in.desk_view import row
from bridge_agent.check_in.gallery_store import GalleryStore
from bridge_agent.health.day import DayView
from bridge_agent.health.remedies import Act
from bridge_agent.hours import hour
from bridge_agent.plan import Plan
from bridge_agent.recognition.commands import Command
from bridge_agent.server_clock import ClockSample
from bridge_agent.session import Recording
from bridge_agent.streaming.showing import StreamView
from models.wire import RosterLearner, SessionPlan


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the desk needs of the agent."""

    bridge_point: str
    server_key: Ed25519PublicKey
    sample: Callable[[], ClockSample]
    now: Callable[[], int]
    """Server wall time, ms."""
    plan: Plan
    gallery: GalleryStore
    alarms: Alarms
    sweep_ms: int
    """Asked for between two looks at the room."""
    before_ms: int
    """So long before a session its check-in opens."""
    recording: Callable[[], Recording | None]
    """The session that is recorded now."""
    tell: Callable[[Command], None]
    """Tells recognition, if it runs."""
    blind: Callable[[], tuple[str, str] | None]
    """Why there is no recognition, in both languages; None when there is."""
    wrote: Callable[[], None]
    """Something was recorded: make it durable and tell the server."""
    enrolled: Callable[[], None]
    """An enrolment waits to be sent."""
    classroom: Callable[[str], Awaitable[str]]
    """Asks the server for the address that opens a session's classroom for this room. Raises AgentError."""
    own_page: Callable[[str, str], Awaitable[str]]
    """Asks the server, by code and PIN, for the address that opens a learner's own pages here. Raises AgentError."""
    day: Callable[[str | None, int | None], DayView]
    """The page of the day, given who is on duty and when the newest picture of the room was taken (server time)."""
    do: Callable[[Act], Awaitable[tuple[str, str]]]
    """Does what was pressed there. Raises DeskError."""
    stream: Callable[[], StreamView | None] = lambda: None
    """How the room's stream is."""

    @property
    def boot(self) -> int:
        """The boot-time clock, ms."""
        return self.sample().boot


class Expected:
    """Whom the desk expects now."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def plan(self) -> SessionPlan | None:
        """The session that is recorded, or comes next."""
        recording = self._around.recording()
        plan = self._around.plan.of(recording.session) if recording else None
        return plan or self._around.plan.soonest(self._around.now())

    def learners(self) -> tuple[RosterLearner, ...]:
        """Its learners."""
        plan = self.plan()
        return plan.learners if plan else ()

    def find(self, learner: str) -> RosterLearner | None:
        """One of them by id."""
        return next((one for one in self.learners() if one.id == learner), None)

    def known(self, learner: str) -> RosterLearner:
        """One of them by id. Raises DeskError."""
        if (one := self.find(learner)) is None:
            raise DeskError("Học viên không thuộc buổi học này.", "This learner is not of this session.")
        return one

    def by_code(self, who: str) -> RosterLearner:
        """One of them by the office's code, or by id. Raises DeskError."""
        key = who.strip().casefold()
        for one in self.learners():
            if key in (one.code.casefold(), one.id.casefold()):
                return one
        raise DeskError(
            "Không có học viên mang mã này trong buổi học. Hãy xem lại mã.",
            "No learner of this session has this code. Check it.",
        )

    def recording(self) -> Recording:
        """The session that is recorded. Raises DeskError, saying when one will be."""
        if (recording := self._around.recording()) is None:
            raise DeskError(*self.not_now())
        return recording

    def not_now(self) -> tuple[str, str]:
        """Why nobody can check in while nothing is recorded."""
        plan = self.plan()
        if plan is None:
            return "Hôm nay điểm cầu này không còn buổi học nào.", "This bridge point has no session left today."
        if self._around.now() >= plan.start:
            return "Buổi học đang được mở. Hãy thử lại sau giây lát.", "The session is being opened. Try again."
        start, opens = hour(plan.start), hour(plan.start - self._around.before_ms)
        return (
            f"Chưa đến giờ điểm danh: mở lúc {opens}, buổi học bắt đầu lúc {start}.",
            f"It is too early to check in: that opens at {opens}, the session begins at {start}.",
        )

    def row(self, learner: RosterLearner) -> Row:
        """How things stand with a learner."""
        return row(learner, self._around.recording(), self._around.gallery, self._around.sample())
