"""What the page of the day says: verdict, phase of the day, a figure for each light. A pure reading of the view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from bridge_agent.check_in.desk import DeskView, Presence, Row
from bridge_agent.console.words import Sentence, day_time, moment, seconds
from bridge_agent.health.checklist import undone
from bridge_agent.health.day import Planned
from models.health import State
from models.language import counted, many

HOUR_MS: Final = 3_600_000
Phase = Literal["none", "far", "near", "class", "ended"]
"""No session is known; the next one is hours away; within the hour; one runs; one has just ended."""
Level = Literal["good", "attention", "failure"]
VERDICTS: Final[dict[Level, Sentence]] = {
    "good": ("Tốt", "Good"),
    "attention": ("Cần chú ý", "Attention"),
    "failure": ("Lỗi", "Failure"),
}
PARTS: Final[dict[str, Sentence]] = {
    "camera": ("Camera", "Camera"),
    "faces": ("Nhận diện", "Faces"),
    "stream": ("Truyền hình", "Stream"),
    "server": ("Máy chủ", "Server"),
    "log": ("Nhật ký", "Log"),
    "pc": ("Máy tính", "PC"),
}
STATES: Final[dict[State, Sentence]] = {
    "off": ("chưa dùng", "not in use"),
    "good": ("tốt", "good"),
    "attention": ("cần chú ý", "attention"),
    "bad": ("lỗi", "failure"),
}
PEOPLE: Final[Sentence] = ("Học viên", "Learners")
TROUBLE_FIRST: Final[dict[Presence, int]] = {"away": 0, "unobserved": 1, "not_yet": 2, "vouched": 3, "present": 4}
WEEKDAYS: Final[tuple[Sentence, ...]] = (
    ("thứ Hai", "Monday"), ("thứ Ba", "Tuesday"), ("thứ Tư", "Wednesday"), ("thứ Năm", "Thursday"),
    ("thứ Sáu", "Friday"), ("thứ Bảy", "Saturday"), ("Chủ nhật", "Sunday"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the room stands, in a word and the sentence why."""

    level: Level
    why: Sentence

    @property
    def word(self) -> Sentence:
        """The verdict's word."""
        return VERDICTS[self.level]


@dataclass(frozen=True, slots=True)
class Figure:
    """A light's number. since: a moment whose age is told after it, running; None: none."""

    said: Sentence
    since: int | None = None


def phase(view: DeskView) -> Phase:
    """Where in its day the bridge point is."""
    session = view.session
    if session is not None and session.start <= view.now:
        return "class"
    if session is not None and session.start - view.now <= HOUR_MS:
        return "near"
    if (last := ended(view)) is not None and view.now - last.end < HOUR_MS:
        return "ended"
    return "none" if session is None else "far"


def ended(view: DeskView) -> Planned | None:
    """The session that ended last today."""
    return max((one for one in view.day.sessions if one.is_over), key=lambda one: one.end, default=None)


def when(ms: int, now: int) -> Sentence:
    """hôm nay lúc 08:00; thứ Ba 24/11 lúc 08:00"""
    there, here = moment(ms), moment(now)
    if there.date() == here.date():
        return f"hôm nay lúc {day_time(ms)}", f"today at {day_time(ms)}"
    vi, en = WEEKDAYS[there.weekday()]
    return f"{vi} {there:%d/%m} lúc {day_time(ms)}", f"on {en} {there:%d/%m} at {day_time(ms)}"


def verdict(view: DeskView) -> Verdict:
    """The first of the troubles that a technician should go after, or that all is well."""
    session, faults, now = view.session, view.day.faults, phase(view)
    if now == "class" and session is not None and not session.watching:
        return Verdict("failure", (
            "Đã đến giờ học nhưng phòng học chưa được theo dõi. Hãy xem camera và việc cần làm bên dưới.",
            "The session has begun and the room is not watched. Look at the camera and at what is to be done below.",
        ))  # fmt: skip
    if bad := [one for one in faults if one.state == "bad"]:
        return Verdict("failure", _where(tuple(one.part for one in bad)))
    if faults:
        return Verdict("attention", _where(tuple(one.part for one in faults)))
    if now == "near" and session is not None and (left := undone(view.day.checks)):
        start = day_time(session.start)
        return Verdict("attention", (
            f"Còn {left} việc phải làm trước buổi học lúc {start}, xem danh sách kiểm tra.",
            f"{counted(left, 'thing')} {many(left, 'is', 'are')} left to do before the session at {start}: see the "
            "checklist.",
        ))  # fmt: skip
    if now in ("near", "class") and view.on_duty is None:
        return Verdict("attention", (
            "Chưa có ai trực. Thẻ, mã PIN và ghi danh khuôn mặt đều cần người trực làm chứng.",
            "Nobody is on duty. Cards, PINs and face enrolment all need a witness on duty.",
        ))  # fmt: skip
    if session is not None and session.watching and session.unknown:
        count = session.unknown
        return Verdict("attention", (
            f"Trong phòng có {count} người không có trong những người đã biết. Hãy xem đó là ai.",
            f"{counted(count, 'person', 'people')} in the room {many(count, 'matches', 'match')} nobody. See who "
            f"{many(count, 'it is', 'they are')}.",
        ))  # fmt: skip
    return Verdict("good", _well(view, now))


def _well(view: DeskView, now: Phase) -> Sentence:
    session, last = view.session, ended(view)
    if now == "ended" and last is not None and (last.left or last.kept is None):
        return (
            f"Buổi học đã xong. Hãy để máy bật đến khi gửi hết ({view.day.waiting} bản ghi còn chờ).",
            f"The session is over. Leave the PC on until all is sent ({counted(view.day.waiting, 'record')} waiting).",
        )
    if session is None:
        return (
            "Không có việc gì cần làm. Chưa có buổi học nào trong 24 giờ tới; trang tự hiện khi máy chủ gửi lịch.",
            "Nothing is to be done. No session is planned for the next 24 hours; the page shows it as soon as it is.",
        )
    vi, en = when(session.start, view.now)
    if now == "class":
        return "Phòng học đang được theo dõi.", "The room is being watched."
    if now == "near":
        return (
            f"Sẵn sàng cho buổi học lúc {day_time(session.start)}.",
            f"Ready for the session at {day_time(session.start)}.",
        )
    return f"Không có việc gì cần làm. Buổi học tới: {vi}.", f"Nothing is to be done. The next session is {en}."


def _where(parts: tuple[str | None, ...]) -> Sentence:
    """Which parts need somebody; each once."""
    names = list(dict.fromkeys(PEOPLE if part is None else PARTS[part] for part in parts))
    vi, en = ", ".join(vi for vi, _ in names), ", ".join(en for _, en in names)
    return f"{vi}: xem việc cần làm bên dưới.", f"{en}: see what is to be done below."


def figure(part: str, view: DeskView) -> Figure:
    """The number beside a light."""
    session, day, stream = view.session, view.day, view.stream
    match part:
        case "camera":
            if session is None or not session.watching or not view.sweep_ms:
                return Figure(("", ""))
            vi, en = seconds(view.sweep_ms, "vi"), seconds(view.sweep_ms, "en")
            return Figure((f"xem lại mỗi {vi} giây", f"a look every {en} s"))
        case "faces":
            if session is None:
                return Figure(("", ""))
            total = len(session.rows)
            return Figure((f"{day.faces}/{total} có khuôn mặt", f"{day.faces} of {total} on file"))
        case "stream":
            if stream is None:
                return Figure(("", ""))
            if stream.since is None:
                return Figure(stream.word)
            return Figure(
                (f"{stream.kbit_s} kbit/giây, {stream.fps} hình/giây", f"{stream.kbit_s} kbit/s, {stream.fps} fps")
            )
        case "server":
            if day.heard_at is None:
                return Figure(("chưa trả lời lần nào", "never answered yet"))
            at = day_time(day.heard_at)
            return Figure((f"trả lời lúc {at}", f"answered at {at}"))
        case "log":
            said = f"{day.waiting} bản ghi chờ gửi", f"{counted(day.waiting, 'record')} waiting"
            return Figure(said, day.oldest_at)
        case _:  # the PC
            if day.machine is None:
                return Figure(("", ""))
            free = f"{day.machine.disk_free / 1e9:.0f} GB"
            return Figure((f"ổ đĩa còn {free}", f"{free} of disk free"))


def trouble_first(rows: tuple[Row, ...]) -> list[Row]:
    """The learners, those first whom somebody should look for; then as people here sort names, by the given one."""
    return sorted(rows, key=lambda row: (TROUBLE_FIRST[row.presence], row.name.split()[-1:], row.name))


def duration(ms: int) -> Sentence:
    """3 giờ 28 phút"""
    minutes = ms // 60_000
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} phút", f"{minutes} min"
    return f"{hours} giờ {rest:02} phút", f"{hours} h {rest:02} min"
