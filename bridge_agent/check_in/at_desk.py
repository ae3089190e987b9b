"""The desk as it is: what recognition tells and people do there becomes check-ins, confirmations and enrolments.

Check-ins count for the session that is being recorded, which begins `watch_before_minutes` before it does; before that
the desk says when it will. Learners are enrolled at any time for whom a session is planned. All runs on the event loop,
PINs are compared beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bridge_agent.alarms import Alarms
from bridge_agent.check_in.desk import DeskError, DeskView, DutyPerson, Guidance, Outcome, Purpose, Row
from bridge_agent.check_in.desk_view import hour, row, session_view
from bridge_agent.check_in.enrolling import Enrolling, resembling
from bridge_agent.check_in.gallery_store import GalleryStore
from bridge_agent.check_in.witnesses import Duty, Pins
from bridge_agent.errors import AgentError
from bridge_agent.plan import Plan
from bridge_agent.recognition.commands import CloseDesk, Command, OpenDesk
from bridge_agent.recognition.events import (
    CheckedIn,
    DeskLook,
    Event,
    InDoubt,
    PortraitTaken,
    Preview,
    Suspicion,
    TemplateMade,
)
from bridge_agent.server_clock import ClockSample
from bridge_agent.session import Recording
from models.records import CheckInMethod, Flag, Vouch
from models.wire import RosterLearner, SessionPlan

LEFT_ALONE_MS = 60_000
PREVIEW_MS = 2_000
CARD_MS = 120_000
DOUBT_MS = 60_000
SUSPICION_MS = 600_000
LOOK_S = 0.5
"""How often the view is compared while somebody waits for a change."""


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


class AtDesk:
    """See bridge_agent.check_in.desk.Desk, which this is."""

    def __init__(self, around: Surroundings, pins: Pins) -> None:
        self._around = around
        self._pins = pins
        self._duty = Duty()
        self._purpose: Purpose | None = None
        self._enrolling: Enrolling | None = None
        self._guidance: Guidance | None = None
        self._outcome: Outcome | None = None
        self._card: tuple[str, int] | None = None
        """Whose card was read, and when."""
        self._doubt: InDoubt | None = None
        self._preview: Preview | None = None
        self._suspicions: dict[str, int] = {}
        """When each was told."""
        self._looked_at = 0
        self._shown: DeskView | None = None
        self._wake = asyncio.Event()

    # What is shown

    def view(self) -> DeskView:
        """How things stand."""
        self._looked_at = self._now_boot()
        return self._look()

    async def changed(self, version: int, timeout_s: float) -> int:
        """Wait until the view's version is another than `version`, or so many seconds; the version then."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        while (now := self.view().version) == version and (left := end - loop.time()) > 0:
            wake = self._wake
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, LOOK_S)):
                    await wake.wait()
        return now

    def preview(self) -> bytes | None:
        """The newest picture of the desk; None when it is old or the desk is closed."""
        if self._preview is None or self._now_boot() - self._preview.at > PREVIEW_MS:
            return None
        return self._preview.jpeg

    def _look(self) -> DeskView:
        around, recording = self._around, self._around.recording()
        clock = around.sample()
        plan = self._plan()
        sweep = recording.count.now if recording else None
        enrolling = self._enrolling
        card = self._learner(self._card[0]) if self._card else None
        view = DeskView(
            version=0,
            now=0,
            bridge_point=around.bridge_point,
            session=session_view(plan, recording, around.gallery, clock) if plan else None,
            on_duty=self._duty.person,
            may_be_on_duty=tuple(self._people().values()),
            purpose=self._purpose,
            guidance=self._guidance,
            outcome=self._outcome,
            card_shown=self._row(card) if card else None,
            consent=around.gallery.consent,
            enrolling=self._row(enrolling.learner) if enrolling else None,
            portraits=(enrolling.taken, enrolling.needed) if enrolling else (0, 0),
            alarms=around.alarms.standing(),
            sweep_ms=sweep.sweep_ms if sweep else 0,
            slowed=sweep is not None and sweep.sweep_ms > 1.5 * around.sweep_ms,
        )
        before = self._shown
        if before is None or replace(before, version=0) != view:
            self._shown = replace(view, version=before.version + 1 if before else 1)
        shown = self._shown
        assert shown is not None  # noqa: S101 - it has just been set
        return replace(shown, now=around.now())

    # The camera

    @property
    def wants_camera(self) -> bool:
        """The desk is open, or somebody is being enrolled."""
        return self._purpose == "check_in" or self._enrolling is not None

    def open(self, purpose: Purpose) -> None:
        """Use the camera for people before it. For an enrolment it stays off until the learner agreed (`enrol`)."""
        if why := self._around.blind():
            raise DeskError(*why)
        self._enrolling = None
        self._begin(purpose)

    def close(self) -> None:
        """The room only."""
        self._enrolling = None
        self._begin(None)

    def reopen(self) -> None:
        """Recognition was started: it does not know yet what the desk is used for."""
        if self._enrolling is not None:
            self._enrolling = self._enrolling.with_portrait(0, self._enrolling.needed)
            self._around.tell(OpenDesk("enrol", self._enrolling.learner.id))
        elif self._purpose == "check_in":
            self._around.tell(OpenDesk("check_in"))

    def _begin(self, purpose: Purpose | None) -> None:
        self._purpose = purpose
        self._guidance = self._preview = self._doubt = self._card = None
        if self.wants_camera:
            self.reopen()
        else:
            self._around.tell(CloseDesk())
        self._woke()

    # Duty

    async def take_duty(self, who: str, pin: str) -> None:
        """Be on duty from now on."""
        if who not in self._people():
            raise DeskError(
                "Người này không có trong danh sách trực của điểm cầu. Hãy nhờ quản trị hệ thống thêm vào.",
                "This person may not be on duty at this bridge point. Ask the administrator.",
            )
        await self._pins.check(who, pin, self._pin_of(who), self._now_boot())
        if (person := self._people().get(who)) is None:
            return
        self._duty.person = person
        if recording := self._around.recording():
            self.session_began(recording)
            self._around.wrote()
        self._woke()

    def end_duty(self) -> None:
        """Nobody is on duty."""
        self._duty.person = None
        self._card = None
        self._woke()

    def name_deputy(self, learner: str) -> None:
        """A learner who is checked in and has a PIN may be on duty for this session."""
        by = self._duty.witness(learner)
        recording, one = self._recorded(), self._known(learner)
        if self._around.gallery.pin(learner) is None or learner not in recording.attendance.admitted:
            raise DeskError(
                f"{one.name} cần điểm danh và có mã PIN trước khi làm người trực thay.",
                f"{one.name} needs to be checked in and to have a PIN before standing in.",
            )
        recording.attendance.name_deputy(learner, by)
        self._around.wrote()
        self._woke()

    def session_began(self, recording: Recording) -> None:
        """Write down who is on duty in this session."""
        if self._duty.person is not None:
            recording.attendance.on_duty(self._duty.person.id, self._now_boot())

    @property
    def attended(self) -> bool:
        """Somebody is on duty."""
        return self._duty.person is not None

    def tick(self) -> None:
        """Time passes: what is left alone ends."""
        now = self._now_boot()
        person = self._duty.person
        if person is not None and person.id not in self._people():
            self.end_duty()  # the session of a deputy is over, or an account may no more
        if self._purpose is not None and now - self._looked_at > LEFT_ALONE_MS:
            self.close()
        if self._card is not None and now - self._card[1] > CARD_MS:
            self._card = None
        for name in [name for name, at in self._suspicions.items() if now - at > SUSPICION_MS]:
            del self._suspicions[name]
            self._around.alarms.clear(name)

    # Check-in without the face

    async def check_in_by_pin(self, who: str, pin: str) -> Outcome:
        """By the learner's code or id, and PIN. The witness on duty is written into the record."""
        self._recorded()
        key = who.strip().casefold()
        learner = next((one for one in self._learners() if key in (one.code.casefold(), one.id.casefold())), None)
        if learner is None:
            raise DeskError(
                "Không có học viên mang mã này trong buổi học. Hãy xem lại mã.",
                "No learner of this session has this code. Check it.",
            )
        self._duty.witness(learner.id)
        await self._pins.check(learner.id, pin, self._around.gallery.pin(learner.id), self._now_boot())
        return self._admit(learner, "pin", self._duty.witness(learner.id))

    def show_card(self, number: str) -> Row:
        """A card was read; the witness on duty looks whether it is this person's."""
        self._recorded()
        self._duty.witness()
        holder = self._around.gallery.holder(number, [one.id for one in self._learners()])
        if holder is None:
            raise DeskError(
                "Thẻ này không phải của học viên nào trong buổi học. Hãy dùng mã PIN, hoặc nhờ cán bộ kỹ thuật.",
                "This card belongs to no learner of this session. Use the PIN, or ask the technician.",
            )
        self._card = holder, self._now_boot()
        self._woke()
        return self._row(self._known(holder))

    def confirm_card(self, learner: str) -> Outcome:
        """The card is this person's; checks the learner in."""
        self._recorded()
        witness = self._duty.witness(learner)
        if self._card is None or self._card[0] != learner:
            raise DeskError("Hãy đọc lại thẻ của học viên này.", "Read this learner's card again.")
        self._card = None
        return self._admit(self._known(learner), "card", witness)

    def put_card_away(self) -> None:
        """It is not, or nobody answered: the card that is shown is forgotten."""
        self._card = None
        self._woke()

    async def answer_spot_check(self, learner: str, pin: str) -> None:
        """A learner who is asked confirms by PIN."""
        self._asked(learner)
        self._duty.witness()
        await self._pins.check(learner, pin, self._around.gallery.pin(learner), self._now_boot())
        self._confirm(learner, "pin", self._duty.witness())

    def vouch(self, learner: str) -> None:
        """The witness on duty sees a learner who is asked, and says so."""
        self._asked(learner)
        self._confirm(learner, "technician", self._duty.witness(learner))

    def _asked(self, learner: str) -> Recording:
        recording = self._recorded()
        if learner not in recording.attendance.checks.asked:
            raise DeskError(
                "Học viên này không (còn) được gọi xác nhận.", "This learner is not being asked to confirm (any more)."
            )
        return recording

    def _confirm(self, learner: str, method: Vouch, witness: str) -> None:
        self._asked(learner).attendance.answered(learner, self._now_boot(), method, witness)
        self._around.wrote()
        self._woke()

    def _admit(self, learner: RosterLearner, method: CheckInMethod, witness: str) -> Outcome:
        """Check in by card or PIN: also what answers a spot check, or settles a doubt."""
        attendance, at = self._recorded().attendance, self._now_boot()
        doubt, flags = self._doubt, tuple[Flag, ...]()
        if doubt is not None and doubt.learner in (None, learner.id) and at - doubt.at < DOUBT_MS:
            flags = tuple(dict.fromkeys((*doubt.flags, "second_factor")))
            self._doubt = None
        by: Vouch = "card" if method == "card" else "pin"
        if learner.id in attendance.checks.asked:
            attendance.answered(learner.id, at, by, witness)
        return self._came(learner, attendance.admit(learner.id, method, at=at, witness=witness, flags=flags), method, flags)

    # By the face

    def heard(self, event: Event) -> None:
        """Take in what recognition tells of the desk."""
        match event:
            case Preview():
                self._preview = event if self.wants_camera else None
                return
            case DeskLook() if self.wants_camera:
                until = None if event.until is None else self._around.sample().server_time(event.until)
                self._guidance = Guidance(
                    event.stage, event.vi, event.en, event.box, event.prompt, event.step, event.steps, until
                )
            case CheckedIn() if self._purpose == "check_in":
                self._face(event)
            case InDoubt() if self._purpose == "check_in":
                self._doubt = event
                learner = self._learner(event.learner) if event.learner else None
                self._came_to("doubt", learner, None, event.vi, event.en, event.flags)
            case PortraitTaken() if self._enrolling is not None and event.learner == self._enrolling.learner.id:
                self._enrolling = self._enrolling.with_portrait(event.taken, event.needed)
            case TemplateMade() if self._enrolling is not None and event.learner == self._enrolling.learner.id:
                self._template(event, self._enrolling)
            case Suspicion():
                self._suspect(event)
            case _:
                return
        self._woke()

    def _face(self, event: CheckedIn) -> None:
        recording, learner = self._around.recording(), self._learner(event.learner)
        if recording is None or learner is None:
            vi, en = self._not_now() if recording is None else ("Học viên không thuộc buổi học này.", "Not of this session.")
            self._came_to("refused", None, None, vi, en, event.flags)
            return
        new = recording.attendance.admit(
            learner.id, "face", at=event.at, alike=event.score, encoder=recording.eyes.encoder, flags=event.flags
        )
        self._came(learner, new, "face", event.flags)

    def enrol(self, learner: str, text_version: str) -> None:
        """The learner, before the witness on duty, agreed to this text: take portraits."""
        around = self._around
        witness = self._duty.witness(learner)
        if self._duty.person is not None and self._duty.person.deputy:
            raise DeskError(
                "Chỉ cán bộ kỹ thuật được chứng kiến việc đồng ý; người trực thay thì không.",
                "Only a technician may witness a consent, not a deputy.",
            )
        if around.gallery.consent is None or around.gallery.consent.version != text_version:
            raise DeskError(
                "Văn bản đồng ý đã đổi. Hãy cho học viên đọc lại bản mới.",
                "The consent's text has changed. Let the learner read the new one.",
            )
        if why := around.blind():
            raise DeskError(*why)
        self._enrolling = Enrolling(self._known(learner), text_version, around.now(), witness)
        self._begin("enrol")

    def stop_enrolling(self) -> None:
        """Nothing is kept."""
        self._enrolling = None
        self._begin(self._purpose)

    def _template(self, made: TemplateMade, enrolling: Enrolling) -> None:
        around = self._around
        self._enrolling = None
        self._begin(self._purpose)
        try:
            around.gallery.enrolled(enrolling.waiting(made, around.server_key))
        except AgentError as error:
            around.alarms.set("gallery", error.vi, error.en)  # it is in memory, and sent from there
        if recording := around.recording():
            recording.attendance.enrolled(made.learner, made.at, enrolling.witness)
            around.wrote()
        around.enrolled()
        vi, en = resembling(made, {one.id: one for plan in around.plan.sessions for one in plan.learners})
        name = enrolling.learner.name
        said = f"Đã lấy mẫu khuôn mặt của {name}; ảnh đã xóa.{vi}", f"{name}'s face is enrolled; no picture is kept.{en}"
        self._came_to("enrolled", enrolling.learner, "face", *said, ("lookalike",) if made.like else ())

    def _suspect(self, event: Suspicion) -> None:
        names = ", ".join(f"{one.name} ({one.code})" for who in event.learners if (one := self._learner(who)))
        name = f"suspicion: {event.vi} {' '.join(event.learners)}"
        extra = f" ({names})" if names else ""
        self._suspicions[name] = self._now_boot()
        self._around.alarms.set(name, event.vi + extra, event.en + extra)

    # What it came to

    def _came(self, learner: RosterLearner, new: bool, method: CheckInMethod, flags: tuple[Flag, ...]) -> Outcome:
        self._around.wrote()
        if new:
            return self._came_to(
                "admitted", learner, method, f"Đã điểm danh: {learner.name}.", f"Checked in: {learner.name}.", flags
            )
        recording = self._around.recording()
        first = recording.attendance.admitted.get(learner.id) if recording else None
        at = hour(first.at if first else self._around.now())
        return self._came_to(
            "again", learner, method, f"{learner.name} đã điểm danh lúc {at}.", f"{learner.name} checked in at {at}.", flags
        )

    def _came_to(
        self,
        kind: str,
        learner: RosterLearner | None,
        method: CheckInMethod | None,
        vi: str,
        en: str,
        flags: tuple[Flag, ...],
    ) -> Outcome:
        number = self._outcome.number + 1 if self._outcome else 1
        made = Outcome(
            number, self._around.now(), kind, self._row(learner) if learner else None, method, vi, en, flags
        )
        self._outcome = made
        self._woke()
        return made

    # Whom and when

    def _now_boot(self) -> int:
        return self._around.sample().boot

    def _plan(self) -> SessionPlan | None:
        """The session that is recorded, or comes next."""
        recording = self._around.recording()
        plan = self._around.plan.of(recording.session) if recording else None
        return plan or self._around.plan.soonest(self._around.now())

    def _recorded(self) -> Recording:
        recording = self._around.recording()
        if recording is None:
            raise DeskError(*self._not_now())
        return recording

    def _not_now(self) -> tuple[str, str]:
        plan = self._plan()
        if plan is None:
            return "Hôm nay điểm cầu này không còn buổi học nào.", "This bridge point has no session left today."
        return (
            f"Chưa đến giờ điểm danh: buổi học bắt đầu lúc {hour(plan.start)}.",
            f"It is too early to check in: the session begins at {hour(plan.start)}.",
        )

    def _learners(self) -> tuple[RosterLearner, ...]:
        plan = self._plan()
        return plan.learners if plan else ()

    def _learner(self, learner: str) -> RosterLearner | None:
        return next((one for one in self._learners() if one.id == learner), None)

    def _known(self, learner: str) -> RosterLearner:
        if (one := self._learner(learner)) is None:
            raise DeskError("Học viên không thuộc buổi học này.", "This learner is not of this session.")
        return one

    def _row(self, learner: RosterLearner) -> Row:
        return row(learner, self._around.recording(), self._around.gallery, self._around.sample())

    def _people(self) -> dict[str, DutyPerson]:
        """Who may be on duty, by id."""
        people = {
            one.account: DutyPerson(one.account, one.name, False, one.pin is not None)
            for one in self._around.gallery.witnesses
        }
        if recording := self._around.recording():
            for learner in recording.attendance.deputies:
                if (one := self._learner(learner)) is not None:
                    people[learner] = DutyPerson(learner, one.name, True, True)
        return people

    def _pin_of(self, who: str) -> str | None:
        witness = next((one for one in self._around.gallery.witnesses if one.account == who), None)
        return witness.pin if witness else self._around.gallery.pin(who)

    def _woke(self) -> None:
        """Something has changed: whoever waits looks again."""
        self._wake.set()
        self._wake = asyncio.Event()
