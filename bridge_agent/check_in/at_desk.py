"""The desk as it is: what recognition tells and people do there becomes check-ins, confirmations and enrolments.

Check-ins count for the session that is being recorded, which begins `watch_before_minutes` before it does; before that
the desk says when it will. Learners are enrolled at any time for whom a session is planned. All runs on the event loop;
PINs are compared beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

from bridge_agent.check_in.desk import DeskError, DeskView, Guidance, Outcome, Purpose, RoomView, Row
from bridge_agent.check_in.desk_view import session_view
from bridge_agent.check_in.duty import Duty
from bridge_agent.check_in.enrolling import Enrolling, resembling
from bridge_agent.check_in.expected import Expected, Surroundings
from bridge_agent.check_in.outcomes import Outcomes
from bridge_agent.check_in.pins import Pins
from bridge_agent.check_in.without_face import WithoutFace
from bridge_agent.errors import AgentError
from bridge_agent.health.remedies import Act
from bridge_agent.recognition.commands import CloseDesk, OpenDesk, ShowRoom
from bridge_agent.recognition.events import (
    CheckedIn,
    DeskLook,
    Event,
    InDoubt,
    PortraitTaken,
    Preview,
    RoomPicture,
    Suspicion,
    TemplateMade,
)
from bridge_agent.session import Recording
from models.language import counted, many
from models.records import Flag

LEFT_ALONE_MS = 60_000
PREVIEW_MS = 2_000
SUSPICION_MS = 600_000
"""So long the technician is shown one."""
ROOM_MS = 600_000
"""So long the newest picture of the room is kept, with its age."""
ROOM_EVERY_MS = 900
"""However many pages ask."""
TRY_MS = 60_000
"""So long the camera is used to see whether it works."""
LOOK_S = 0.5
"""How often the view is compared while somebody waits for a change."""


class AtDesk:
    """See bridge_agent.check_in.desk.Desk, which this is."""

    def __init__(self, around: Surroundings, pins: Pins) -> None:
        self._around = around
        self._expected = Expected(around)
        self._duty = Duty(around, self._expected, pins)
        self._outcomes = Outcomes(around, self._expected)
        self._without_face = WithoutFace(around, self._expected, self._duty, self._outcomes, pins)
        self._purpose: Purpose | None = None
        self._enrolling: Enrolling | None = None
        self._guidance: Guidance | None = None
        self._preview: Preview | None = None
        self._room: RoomPicture | None = None
        self._room_asked = -ROOM_EVERY_MS
        self._trying_until = 0
        self._suspicions: dict[str, int] = {}
        """When each was told, by its alarm."""
        self._looked_at = 0
        self._shown: DeskView | None = None
        self._wake = asyncio.Event()

    # What is shown

    def view(self) -> DeskView:
        """How things stand."""
        self._looked_at = self._around.boot
        view, before = self._look(), self._shown
        if before is None or replace(before, version=0) != view:
            self._shown = replace(view, version=before.version + 1 if before else 1)
        version = self._shown.version if self._shown else 0
        return replace(view, version=version, now=self._around.now())

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
        if self._preview is None or self._around.boot - self._preview.at > PREVIEW_MS:
            return None
        return self._preview.jpeg

    def room(self) -> RoomView | None:
        """The newest picture of the room, if there is one of the last ten minutes; a newer one is asked for."""
        now = self._around.boot
        if now - self._room_asked >= ROOM_EVERY_MS:
            self._room_asked = now
            self._around.tell(ShowRoom())
        if self._room is None:
            return None
        return RoomView(self._around.sample().server_time(self._room.at), self._room.jpeg)

    @property
    def _pictured(self) -> int | None:
        """In which minute the newest picture of the room was taken, server time."""
        at = None if self._room is None else self._around.sample().server_time(self._room.at)
        return None if at is None else at - at % 60_000

    def try_camera(self) -> None:
        """Use the camera for a minute, to see whether it gives pictures. Raises DeskError."""
        if why := self._around.blind():
            raise DeskError(*why)
        if self._expected.plan() is None:
            raise DeskError(
                "Chưa có buổi học nào sắp tới nên máy chưa mở camera. Hãy thử camera ở trang cài đặt.",
                "No session is planned, so the camera stays closed. Try it on the set-up page.",
            )
        self._trying_until = self._around.boot + TRY_MS
        self._room_asked = -ROOM_EVERY_MS
        self._woke()

    async def do(self, act: Act) -> tuple[str, str]:
        """Do what was pressed on the page of the day. Raises DeskError."""
        try:
            return await self._around.do(act)
        finally:
            self._woke()

    def _look(self) -> DeskView:
        """The view but for its version and its time."""
        around, expected = self._around, self._expected
        recording, plan, clock = around.recording(), expected.plan(), around.sample()
        sweep = recording.count.now if recording else None
        enrolling, card = self._enrolling, self._without_face.card_shown
        return DeskView(
            version=0,
            now=0,
            bridge_point=around.bridge_point,
            session=session_view(plan, recording, around.gallery, clock) if plan else None,
            on_duty=self._duty.person,
            may_be_on_duty=tuple(self._duty.people().values()),
            purpose=self._purpose,
            guidance=self._guidance,
            outcome=self._outcomes.last,
            card_read=self._without_face.card_read,
            card_shown=expected.row(card) if card else None,
            consent=around.gallery.consent,
            keeping=around.gallery.keeping,
            enrolling=expected.row(enrolling.learner) if enrolling else None,
            keeps=enrolling is not None and enrolling.keep,
            portraits=(enrolling.taken, enrolling.needed) if enrolling else (0, 0),
            day=around.day(self._duty.person.name if self._duty.person else None, self._pictured),
            sweep_ms=sweep.sweep_ms if sweep else 0,
            slowed=sweep is not None and sweep.sweep_ms > 1.5 * around.sweep_ms,
            stream=around.stream(),
        )

    def _woke(self) -> None:
        """Something has changed: whoever waits looks again."""
        self._wake.set()
        self._wake = asyncio.Event()

    # The camera

    @property
    def wants_camera(self) -> bool:
        """The desk is open, somebody is being enrolled, or the camera is tried."""
        return self._serves or self._around.boot < self._trying_until

    @property
    def _serves(self) -> bool:
        """Somebody may stand before the camera."""
        return self._purpose == "check_in" or self._enrolling is not None

    def open(self, purpose: Purpose) -> None:
        """Use the camera for people before it. For an enrolment it stays off until the learner agreed (`enrol`); for
        check-in while nobody can check in, which is said before anybody turns the head for nothing."""
        if why := self._around.blind():
            raise DeskError(*why)
        if purpose == "check_in":
            self._expected.recording()
        self._looked_at = self._around.boot
        self._use_for(purpose)

    def close(self) -> None:
        """The room only."""
        self._trying_until = 0
        self._use_for(None)

    def reopen(self) -> None:
        """Recognition was started: it does not know yet what the desk is used for."""
        if self._enrolling is not None:
            self._enrolling = self._enrolling.with_portrait(0, self._enrolling.needed)
            self._around.tell(OpenDesk("enrol", self._enrolling.learner.id, self._enrolling.keep))
        elif self._purpose == "check_in":
            self._around.tell(OpenDesk("check_in"))

    def _use_for(self, purpose: Purpose | None, enrolling: Enrolling | None = None) -> None:
        self._purpose, self._enrolling = purpose, enrolling
        self._guidance = self._preview = None
        self._outcomes.forget_doubt()
        if self._serves:
            self.reopen()
        else:
            self._around.tell(CloseDesk())
        self._woke()

    def tick(self) -> None:
        """Time passes: what is left alone ends."""
        now = self._around.boot
        self._duty.tick()
        over = self._purpose == "check_in" and self._enrolling is None and self._around.recording() is None
        if self._purpose is not None and (over or now - self._looked_at > LEFT_ALONE_MS):
            self.close()
        if self._room is not None and now - self._room.at > ROOM_MS:
            self._room = None
        for name in [name for name, at in self._suspicions.items() if now - at > SUSPICION_MS]:
            del self._suspicions[name]
            self._around.alarms.clear(name)

    # Duty

    @property
    def attended(self) -> bool:
        """Somebody is on duty."""
        return self._duty.person is not None

    async def take_duty(self, who: str, pin: str) -> None:
        """Be on duty from now on."""
        await self._duty.take(who, pin)
        self._woke()

    def end_duty(self) -> None:
        """Nobody is on duty."""
        self._duty.person = None
        self._without_face.put_card_away()
        self._woke()

    async def name_deputy(self, learner: str, pin: str) -> None:
        """A learner who is checked in and has a PIN may be on duty for this session."""
        await self._duty.name_deputy(learner, pin)
        self._woke()

    def session_began(self, recording: Recording) -> None:
        """Write down who is on duty in this session."""
        self._duty.session_began(recording)

    # The class itself

    async def open_classroom(self) -> str:
        """The address that opens the classroom for this room: of the session that is recorded, or comes next."""
        plan = self._expected.plan()
        if plan is None:
            raise DeskError(
                "Hôm nay điểm cầu này không còn buổi học nào.", "This bridge point has no more sessions today."
            )
        try:
            return await self._around.classroom(plan.session)
        except AgentError as error:
            raise DeskError(error.vi, error.en) from error

    async def open_own_page(self, who: str, pin: str) -> str:
        """The address that opens a learner's own pages on this PC."""
        return await self._without_face.own_page(who, pin)

    # Without the face

    async def check_in_by_pin(self, who: str, pin: str) -> Outcome:
        """By the learner's code or id, and PIN. The witness on duty is written into the record."""
        outcome = await self._without_face.by_pin(who, pin)
        self._woke()
        return outcome

    def show_card(self, number: str) -> None:
        """A card was read; whose it is nobody is told before the witness's PIN."""
        self._without_face.show_card(number)
        self._woke()

    async def prove_card(self, pin: str) -> Row:
        """Whose card was read, for whoever is on duty and typed the PIN."""
        shown = await self._without_face.prove_card(pin)
        self._woke()
        return shown

    def confirm_card(self, learner: str) -> Outcome:
        """It is this person's, says whoever is on duty; checks the learner in."""
        outcome = self._without_face.confirm_card(learner)
        self._woke()
        return outcome

    def put_card_away(self) -> None:
        """It is not, or nobody answered: the card that is shown is forgotten."""
        self._without_face.put_card_away()
        self._woke()

    async def answer_spot_check(self, learner: str, pin: str) -> None:
        """A learner who is asked confirms by PIN."""
        await self._without_face.answer(learner, pin)
        self._woke()

    async def vouch(self, learner: str, pin: str) -> None:
        """The witness on duty sees a learner who is asked, and says so by the PIN."""
        await self._without_face.vouch(learner, pin)
        self._woke()

    # By the face

    def heard(self, event: Event) -> None:
        """Take in what recognition tells of the desk."""
        enrolling = self._enrolling
        match event:
            case RoomPicture():
                self._room = event  # a page asks for pictures by itself
                return
            case Preview() if self._serves:
                self._preview = event  # a page asks for pictures by itself
                return
            case DeskLook() if self._serves:
                until = None if event.until is None else self._around.sample().server_time(event.until)
                self._guidance = Guidance(
                    event.stage, event.vi, event.en, event.box, event.prompt, event.step, event.steps, until
                )
            case CheckedIn() if self._purpose == "check_in":
                self._held_up(event.at, event.flags, (event.learner,))
                self._face(event)
            case InDoubt() if self._purpose == "check_in":
                self._held_up(event.at, event.flags, ())  # whom a face in doubt resembles is nobody's name to show
                self._outcomes.in_doubt(event)
            case PortraitTaken() if enrolling is not None and event.learner == enrolling.learner.id:
                self._enrolling = enrolling.with_portrait(event.taken, event.needed)
            case TemplateMade() if enrolling is not None and event.learner == enrolling.learner.id:
                self._template(event, enrolling)
            case Suspicion():
                self._suspect(event)
            case _:
                return
        self._woke()

    def _face(self, event: CheckedIn) -> None:
        recording, learner = self._around.recording(), self._expected.find(event.learner)
        if recording is None:
            self._outcomes.came_to("refused", *self._expected.not_now(), flags=event.flags)
        elif learner is None:
            vi, en = "Học viên không thuộc buổi học này.", "This learner is not of this session."
            self._outcomes.came_to("refused", vi, en, flags=event.flags)
        else:
            new = recording.attendance.admit(
                learner.id, "face", at=event.at, alike=event.score, encoder=recording.eyes.encoder, flags=event.flags
            )
            self._outcomes.checked_in(learner, "face", new=new, flags=event.flags)

    async def enrol(self, learner: str, text_version: str, pin: str) -> None:
        """The learner agreed to this text before the witness on duty, who typed the PIN: take portraits."""
        self._may_enrol(learner, text_version)
        await self._duty.prove(pin)
        agreed = self._may_enrol(learner, text_version)  # while the PIN was compared, things may have changed
        self._looked_at = self._around.boot
        self._use_for("enrol", agreed)

    def _may_enrol(self, learner: str, text_version: str) -> Enrolling:
        """Consent as it would be given now. Raises DeskError."""
        around = self._around
        witness = self._duty.technician(learner)
        keeping = around.gallery.keeping.get(learner)
        keep = keeping is not None and keeping.version == text_version
        if not keep and (around.gallery.consent is None or around.gallery.consent.version != text_version):
            raise DeskError(
                "Văn bản đồng ý đã đổi. Hãy cho học viên đọc lại bản mới.",
                "The consent's text has changed. Let the learner read the new one.",
            )
        if why := around.blind():
            raise DeskError(*why)
        return Enrolling(self._expected.known(learner), text_version, around.now(), witness, keep)

    def stop_enrolling(self) -> None:
        """Nothing is kept."""
        self._use_for(self._purpose)

    def _template(self, made: TemplateMade, enrolling: Enrolling) -> None:
        around = self._around
        self._use_for(self._purpose)
        try:
            around.gallery.enrolled(enrolling.waiting(made, around.server_key))
        except AgentError as error:
            around.alarms.set("gallery", error.vi, error.en)  # it is in memory, used and sent from there
        if recording := around.recording():
            recording.attendance.enrolled(made.learner, made.at, enrolling.witness)
            around.wrote()
        around.enrolled()
        vi, en = resembling(made, {one.id: one for plan in around.plan.sessions for one in plan.learners})
        name, count = enrolling.learner.name, len(made.pictures) if enrolling.keep else 0
        pictures_vi, pictures_en = "ảnh đã xóa", "no picture is kept"
        if count:
            pictures_vi = f"{count} ảnh khuôn mặt được mã hóa, gửi về máy chủ rồi xóa khỏi máy này"
            pictures_en = (
                f"{counted(count, 'picture')} of the face, encrypted, {many(count, 'goes', 'go')} to the server "
            )
            pictures_en += "and will be deleted here"
        self._outcomes.came_to(
            "enrolled",
            f"Đã lấy mẫu khuôn mặt của {name}; {pictures_vi}.{vi}",
            f"{name}'s face is enrolled; {pictures_en}.{en}",
            enrolling.learner,
            flags=("lookalike",) if made.like else (),
        )

    def _held_up(self, at: int, flags: tuple[Flag, ...], learners: tuple[str, ...]) -> None:
        """What looked like a picture is told for a while, not only until the next person comes."""
        if {"moving_background", "bright_frame"} & {*flags}:
            self._suspect(
                Suspicion(
                    at, learners,
                    "Có thể ai đó đã giơ ảnh hoặc màn hình trước camera điểm danh. Hãy nhìn tận mặt người đó.",
                    "Somebody may have held a picture or a screen before the check-in camera. Look at the person.",
                )
            )  # fmt: skip

    def _suspect(self, event: Suspicion) -> None:
        about = [one for who in event.learners if (one := self._expected.find(who))]
        names = ", ".join(f"{one.name}, {one.code}" for one in about)
        alarm = f"suspicion: {event.vi} {' '.join(event.learners)}"
        self._suspicions[alarm] = self._around.boot
        self._around.alarms.set(alarm, event.vi, event.en, about=names)
