"""A whole small desk in memory, which obeys the rules of the protocol; a test scripts what the camera comes to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from bridge_agent.alarms import Fault
from bridge_agent.check_in.desk import (
    DeskError,
    DeskView,
    DutyPerson,
    Guidance,
    Outcome,
    Presence,
    Purpose,
    RoomView,
    Row,
    SessionView,
)
from bridge_agent.health.checklist import Facts, checklist
from bridge_agent.health.day import DayView, faults_of
from bridge_agent.health.lights import Situation, lights
from bridge_agent.health.remedies import Act
from bridge_agent.streaming.showing import StreamView
from models.health import Machine
from models.records import CheckInMethod, Flag
from models.wire import ConsentText

START = 1_795_482_000_000
"""24/11/2026 08:00:00 in Vietnam."""
MINUTE = 60_000
CONSENT = ConsentText(
    version="2026-11",
    vi=(
        "Nhà trường xin phép dùng dữ liệu đặc trưng khuôn mặt của đồng chí để điểm danh trong lớp bồi dưỡng này.",
        "Ảnh chụp được xoá ngay sau khi tạo dữ liệu. Khuôn mặt không khớp với ai bị bỏ đi tức thì.",
        "Đồng chí có thể không đồng ý và điểm danh bằng thẻ hoặc mã PIN, nhanh như nhau.",
    ),
    en=(
        "The school asks to use a template of your face to record attendance in this course.",
        "The pictures are deleted as soon as the template is made. Faces that match nobody are dropped at once.",
        "You may refuse and check in by card or PIN, as quickly.",
    ),
)
KEEPING = ConsentText(
    version="2026-11.k90",
    vi=(CONSENT.vi[0], "Ảnh khuôn mặt được mã hoá và lưu đến hết 90 ngày sau khi lớp kết thúc.", CONSENT.vi[2]),
    en=(CONSENT.en[0], "Pictures of the face are kept encrypted until 90 days after the course's end.", CONSENT.en[2]),
)
"""The same where the course keeps portraits."""
NAMES = (
    "Nguyễn Thị Phương Thảo", "Trần Văn Bình", "Lê Hoàng Anh", "Phạm Minh Đức", "Trần Văn Bình", "Vũ Thị Hạnh",
    "Đặng Quốc Khánh", "Bùi Thu Trang",
)  # fmt: skip
UNITS = ("Sở Nội vụ", "UBND thành phố Thuận An", "Sở Tài chính", "Ban Quản lý dự án đầu tư xây dựng tỉnh")


def rows(count: int = len(NAMES)) -> tuple[Row, ...]:
    """Learners: the third has a card and no face, the fourth nothing but a PIN, the others a face and a PIN."""
    return tuple(
        Row(
            learner=f"l{number}", code=f"CC-{number + 141:04d}", name=NAMES[number % len(NAMES)],
            unit=UNITS[number % len(UNITS)], birth_year=1970 + number, presence="not_yet", since=None,
            checked_in_at=None, method=None, face=number not in (2, 3), card=number == 2, pin=number != 2,
            spot_check_until=None,
        )
        for number in range(count)
    )  # fmt: skip


MACHINE = Machine(
    disk_free=42_000_000_000, cpu=0.3, pc_cpu=0.4, memory=300_000_000, memory_free=2_000_000_000,
    memory_total=8_000_000_000, plugged=True, battery=0.9,
)  # fmt: skip
FACTS = Facts(
    now=START, lights={}, watching=True, pictured=None, blind=None, learners=len(NAMES), faces=6, nothing=0,
    streams=True, stream=None, stream_tried=None, offset_ms=40, trust="good", machine=MACHINE, waiting=0, awake=True,
    on_duty=None, consent=True, sound=None, sound_elsewhere=False,
)  # fmt: skip
WELL = Situation(alarms={}, in_session=True, watching=True, stream=StreamView("good"), waiting=0, oldest_ms=0)


class ScriptedDesk:
    """The desk. PINs: a learner's code's figures; the witness's 2468."""

    def __init__(self) -> None:
        self.now = START + 5 * MINUTE
        self.pins = {row.learner: row.code[-4:] for row in rows() if row.pin} | {"kt-1": "2468"}
        self.cards = {"9900112233": "l2"}
        self._card = ""
        """Whose card was read."""
        self._cards = 0
        self.picture: bytes | None = picture()
        self.calls: list[tuple[str, ...]] = []
        """What was asked for, without PINs."""
        self.enrolled: list[tuple[str, str, str]] = []
        self.refuses_camera = False
        self.room_picture: RoomView | None = None
        self.refuses: dict[Act, DeskError] = {}
        """What can't be done, of what is pressed."""
        self._faults: dict[str, Fault] = {}
        self._situation = WELL
        self._facts = FACTS
        self.classroom = "http://127.0.0.1:9/classroom/enter#none"
        """Where the button leads."""
        self.own_page = "http://127.0.0.1:9/own/enter#none"
        self._view = DeskView(
            version=1, now=self.now, bridge_point="Thuận An",
            session=SessionView("K1.1", "Bồi dưỡng quản lý nhà nước ngạch chuyên viên, khoá 3",
                                "Buổi 1: Tổng quan về nền hành chính", START, START + 210 * MINUTE, True, 0, 0, 0,
                                rows()),
            on_duty=None,
            may_be_on_duty=(DutyPerson("kt-1", "Hoàng Văn Kỹ", False, True),
                            DutyPerson("kt-2", "Ngô Thị Mai", False, False)),
            purpose=None, guidance=None, outcome=None, card_read=0, card_shown=None, consent=CONSENT, enrolling=None,
            portraits=(0, 0), day=self._day(), sweep_ms=1000, slowed=False,
        )  # fmt: skip
        self._changed = asyncio.Event()

    # What a test scripts

    def set(self, **changes: object) -> None:
        """Change the view."""
        self._view = replace(self._view, version=self._view.version + 1, **changes)  # type: ignore[arg-type]  # by name
        self._changed.set()
        self._changed = asyncio.Event()

    def alarm(self, name: str, vi: str, en: str, minutes: int = 1) -> None:
        """An alarm stands for so long."""
        self._faults[name] = Fault(name, vi, en, self.now - minutes * MINUTE)
        self.set_day()

    def over(self, name: str) -> None:
        """An alarm has passed."""
        del self._faults[name]
        self.set_day()

    def situation(self, **changes: object) -> None:
        """Change what the lights are made of, but for the alarms."""
        self._situation = replace(self._situation, **changes)  # type: ignore[arg-type]  # by name
        self.set_day()

    def facts(self, **changes: object) -> None:
        """Change what the checklist rests on."""
        self._facts = replace(self._facts, **changes)  # type: ignore[arg-type]  # by name
        self.set_day()

    def set_day(self, **changes: object) -> None:
        """Change the page of the day."""
        self.set(day=replace(self._day(), **changes))  # type: ignore[arg-type]  # by name

    def _day(self) -> DayView:
        alarms = {one.name: (one.vi, one.en) for one in self._faults.values()}
        shining = lights(replace(self._situation, alarms=alarms))
        return DayView(
            lights=shining, faults=faults_of(tuple(self._faults.values()), shining), sessions=(),
            checks=checklist(replace(self._facts, now=self.now, lights={one.part: one for one in shining})),
            waiting=self._situation.waiting,
            oldest_at=self.now - self._situation.oldest_ms if self._situation.waiting else None,
            machine=MACHINE, heard_at=self.now, faces=self._facts.faces,
        )  # fmt: skip

    def set_session(self, **changes: object) -> None:
        """Change the session."""
        assert self._view.session
        self.set(session=replace(self._view.session, **changes))  # type: ignore[arg-type]  # by name

    def set_row(self, learner: str, **changes: object) -> Row:
        """Change a learner; how he or she is then."""
        assert self._view.session
        old = self._row(learner)
        new = replace(old, **changes)  # type: ignore[arg-type]  # by name
        self.set_session(rows=tuple(new if row is old else row for row in self._view.session.rows))
        return new

    def seen(self, learner: str, presence: Presence, since: int) -> None:
        """A learner's presence."""
        self.set_row(learner, presence=presence, since=since)

    def guide(self, stage: str, vi: str, en: str, **more: object) -> None:
        """What the person before the camera is told."""
        fields: dict[str, object] = {"box": (0.35, 0.2, 0.3, 0.5), "prompt": None, "step": 0, "steps": 0, "until": None}
        self.set(guidance=Guidance(stage, vi, en, **(fields | more)))  # type: ignore[arg-type]  # by name

    def on_duty(self) -> None:
        """The technician took duty."""
        self.set(on_duty=self._view.may_be_on_duty[0])

    def face(self, learner: str, *flags: Flag) -> Outcome:
        """The camera admitted a learner."""
        return self._check_in(learner, "face", flags)

    def doubt(self, learner: str | None) -> Outcome:
        """The camera was not sure."""
        row = None if learner is None else self._row(learner)
        return self.outcome("doubt", row, None, "Chưa nhận ra chắc chắn.", "Not sure it is you.")

    def portrait(self, taken: int) -> None:
        """So many portraits are good; after the last the template is made."""
        self.set(portraits=(taken, 3))
        if taken < 3 or self._view.enrolling is None:
            return
        row = self.set_row(self._view.enrolling.learner, face=True)
        self.set(enrolling=None, portraits=(0, 0), guidance=None)
        self.outcome(
            "enrolled", row, None,
            "Đã ghi danh khuôn mặt. Khuôn mặt này giống Trần Văn Bình (Sở Nội vụ, 1974).",
            "The face is enrolled. It resembles Trần Văn Bình (Sở Nội vụ, 1974).",
            ("lookalike",),
        )  # fmt: skip

    def outcome(
        self,
        kind: str,
        row: Row | None,
        method: CheckInMethod | None,
        vi: str,
        en: str,
        flags: tuple[Flag, ...] = (),
    ) -> Outcome:
        """Something came of a try."""
        number = self._view.outcome.number + 1 if self._view.outcome else 1
        made = Outcome(number, self.now, kind, row, method, vi, en, flags)  # type: ignore[arg-type]  # a kind
        self.set(outcome=made)
        return made

    # The protocol

    def view(self) -> DeskView:
        return replace(self._view, now=self.now)

    async def until(self, fits: Callable[[DeskView], bool]) -> None:
        """Wait until the view fits."""
        while not fits(view := self.view()):
            await self.changed(view.version, 10)

    async def changed(self, version: int, timeout_s: float) -> int:
        if self._view.version == version:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._changed.wait()
            except TimeoutError:
                pass
        return self._view.version

    def preview(self) -> bytes | None:
        return self.picture

    def room(self) -> RoomView | None:
        return self.room_picture

    async def do(self, act: Act) -> tuple[str, str]:
        self.calls.append(("do", act))
        await asyncio.sleep(0)
        if act in self.refuses:
            raise self.refuses[act]
        return f"Đã làm xong: {act}.", f"Done: {act}."

    def open(self, purpose: Purpose) -> None:
        if self.refuses_camera:
            raise DeskError("Máy quay đang bận.", "The camera is busy.")
        self.calls.append(("open", purpose))
        self.set(purpose=purpose)

    def close(self) -> None:
        self.calls.append(("close",))
        self.set(purpose=None, guidance=None)

    async def take_duty(self, who: str, pin: str) -> None:
        await self._check(who, pin)
        person = next((one for one in self._view.may_be_on_duty if one.id == who), None)
        if person is None:
            raise DeskError("Người này không nhận trực được ở đây.", "This person can't be on duty here.")
        self.calls.append(("take_duty", who))
        self.set(on_duty=person)

    def end_duty(self) -> None:
        self.calls.append(("end_duty",))
        self.set(on_duty=None)

    async def name_deputy(self, learner: str, pin: str) -> None:
        await self._check(self._witness().id, pin)
        row = self._row(learner)
        if not row.pin or row.checked_in_at is None:
            raise DeskError("Học viên này cần điểm danh và có mã PIN.", "This learner needs a check-in and a PIN.")
        self.calls.append(("name_deputy", learner))
        self.set(may_be_on_duty=(*self._view.may_be_on_duty, DutyPerson(learner, row.name, True, True)))

    async def check_in_by_pin(self, who: str, pin: str) -> Outcome:
        self._witness()
        row = next((row for row in self._rows() if who in (row.learner, row.code)), None)
        await self._check("" if row is None else row.learner, pin)
        assert row
        self.calls.append(("check_in_by_pin", row.learner))
        return self._check_in(row.learner, "pin", ())

    def show_card(self, number: str) -> None:
        self._witness()
        if number not in self.cards:
            raise DeskError(
                "Thẻ hoặc mã này không phải của học viên nào trong buổi học.",
                "This card or code is no learner's of this session.",
            )
        self._card = self._row(self.cards[number]).learner
        self.calls.append(("show_card", self._card))
        self._cards += 1
        self.set(card_read=self._cards, card_shown=None)

    async def prove_card(self, pin: str) -> Row:
        await self._check(self._witness().id, pin)
        if not self._view.card_read:
            raise DeskError("Không có thẻ nào chờ xác nhận.", "No card is waiting.")
        self.calls.append(("prove_card",))
        self.set(card_shown=self._row(self._card))
        return self._row(self._card)

    def confirm_card(self, learner: str) -> Outcome:
        self._witness()
        if self._view.card_shown is None or self._view.card_shown.learner != learner:
            raise DeskError("Thẻ này không còn chờ xác nhận.", "This card is not waiting any more.")
        self.calls.append(("confirm_card", learner))
        self.set(card_read=0, card_shown=None)
        return self._check_in(learner, "card", ())

    def put_card_away(self) -> None:
        self.calls.append(("put_card_away",))
        self.set(card_read=0, card_shown=None)

    async def answer_spot_check(self, learner: str, pin: str) -> None:
        self._asked(learner)
        await self._check(learner, pin)
        self.calls.append(("answer_spot_check", learner))
        self.set_row(learner, spot_check_until=None)

    async def vouch(self, learner: str, pin: str) -> None:
        self._asked(learner)
        await self._check(self._witness().id, pin)
        self.calls.append(("vouch", learner))
        self.set_row(learner, spot_check_until=None, presence="vouched", since=self.now)

    async def enrol(self, learner: str, text_version: str, pin: str) -> None:
        witness = self._witness()
        assert self._view.consent
        if witness.deputy:
            raise DeskError("Chỉ cán bộ kỹ thuật được chứng kiến.", "Only a technician may witness.")
        keeping = self._view.keeping.get(learner)
        if text_version not in (self._view.consent.version, keeping.version if keeping else None):
            raise DeskError("Nội dung đồng ý đã thay đổi.", "The consent text was changed.")
        await self._check(witness.id, pin)
        self.enrolled.append((learner, text_version, witness.id))
        keeps = keeping is not None and text_version == keeping.version
        self.set(purpose="enrol", enrolling=self._row(learner), portraits=(0, 3), keeps=keeps)

    def stop_enrolling(self) -> None:
        self.calls.append(("stop_enrolling",))
        self.set(enrolling=None, portraits=(0, 0), guidance=None)

    async def open_own_page(self, who: str, pin: str) -> str:
        row = next((row for row in self._rows() if who in (row.learner, row.code)), None)
        await self._check("" if row is None else row.learner, pin)
        self.calls.append(("open_own_page", who))
        return self.own_page

    async def open_classroom(self) -> str:
        if self.view().session is None:
            raise DeskError("Hôm nay điểm cầu này không còn buổi học nào.", "No more sessions today.")
        return self.classroom

    def _rows(self) -> tuple[Row, ...]:
        return self._view.session.rows if self._view.session else ()

    def _row(self, learner: str) -> Row:
        found = next((row for row in self._rows() if row.learner == learner), None)
        if found is None:
            raise DeskError("Học viên không có trong buổi học.", "The learner is not in this session.")
        return found

    def _witness(self) -> DutyPerson:
        if self._view.on_duty is None:
            raise DeskError("Chưa có ai trực. Hãy nhận trực trước.", "Nobody is on duty. Take duty first.")
        return self._view.on_duty

    def _asked(self, learner: str) -> None:
        if self._row(learner).spot_check_until is None:
            raise DeskError("Học viên này không còn được hỏi.", "This learner is not asked any more.")

    async def _check(self, who: str, pin: str) -> None:
        await asyncio.sleep(0)
        if self.pins.get(who) != pin:
            raise DeskError("Mã học viên hoặc mã PIN không đúng.", "The code or the PIN is wrong.")

    def _check_in(self, learner: str, method: CheckInMethod, flags: tuple[Flag, ...]) -> Outcome:
        if self._row(learner).checked_in_at is not None:
            return self.outcome("again", self._row(learner), method, "Đã điểm danh trước đó.", "Checked in before.")
        row = self.set_row(
            learner, checked_in_at=self.now, method=method, presence="present" if method == "face" else "vouched",
            since=self.now,
        )  # fmt: skip
        return self.outcome("admitted", row, method, "Đã điểm danh lúc 08:05.", "Checked in at 08:05.", flags)


def picture(shade: int = 120) -> bytes:
    """A person, drawn: 640 x 480, JPEG."""
    frame = np.full((480, 640, 3), (150, 160, 165), np.uint8)
    cv2.ellipse(frame, (320, 520), (210, 190), 0, 0, 360, (110, 80, 50), -1)
    cv2.ellipse(frame, (320, 230), (95, 125), 0, 0, 360, (120, 150, 60 + shade), -1)
    cv2.ellipse(frame, (320, 150), (105, 75), 0, 180, 360, (30, 30, 30), -1)
    for x in (285, 355):
        cv2.circle(frame, (x, 215), 9, (40, 40, 40), -1)
    cv2.putText(frame, "L", (40, 80), cv2.FONT_HERSHEY_SIMPLEX, 2, (40, 40, 40), 4)
    good, data = cv2.imencode(".jpg", frame)
    assert good
    return data.tobytes()
