"""The part of a form that plans sessions: a series by the week, or one session; and who teaches them where. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from central_server.courses.series import MOST_SESSIONS, DayPart, Pattern, Series, Slot, faults, overlaps, series, slot
from central_server.web.figures import day as day_of
from central_server.web.forms import Form
from central_server.web.written import read_person

WEEKDAYS = (
    ("0", "Thứ Hai", "Monday"), ("1", "Thứ Ba", "Tuesday"), ("2", "Thứ Tư", "Wednesday"), ("3", "Thứ Năm", "Thursday"),
    ("4", "Thứ Sáu", "Friday"), ("5", "Thứ Bảy", "Saturday"), ("6", "Chủ nhật", "Sunday"),
)  # fmt: skip
USUAL = {
    "weekday": ("0", "1", "2", "3", "4"),
    "start": "08:00",
    "end": "11:30",
    "breaks": "09:30–09:45",
    "skip_holidays": "yes",
}
"""What a series' fields hold when nobody has typed."""


@dataclass(frozen=True, slots=True)
class Held:
    """Who teaches and where, as chosen in a form."""

    lecturer: tuple[str, str, str] | None
    """Degree, name, unit."""
    main_point: str | None
    points: tuple[str, ...]
    field_visit: bool


def read_held(form: Form, known: Collection[str]) -> Held:
    """The lecturer and the places in a form. known: ids of bridge points; what else was sent is told as an error."""
    typed = form.words("lecturer", 120)
    degree, name, unit = read_person(typed)
    if typed and not name:
        form.fail("lecturer", "Hãy ghi họ tên giảng viên.", "Write the lecturer's name.")
    visit = form.has("field_visit")
    main = form.value("main_point") or None
    chosen = [] if visit else form.values("point")
    if visit:
        main = None
    if main is not None and main not in chosen:
        chosen = [main, *chosen]
    if any(point not in known for point in chosen):
        form.fail("point", "Có điểm cầu không còn trong danh sách; hãy chọn lại.",
                  "A bridge point is not in the list any more; choose again.")  # fmt: skip
    return Held((degree, name, unit) if name else None, main, tuple(dict.fromkeys(chosen)), visit)


def read_series(form: Form, holidays: Mapping[date, str], taken: Iterable[Slot] = ()) -> Series | None:
    """The series in a form; None with errors in the form. taken: sessions that the course has already."""
    first, last = form.day("first", needed=True), form.day("last")
    count = form.whole("count", 1, MOST_SESSIONS)
    weekdays = frozenset(int(one) for one in form.values("weekday") if one in "0123456" and len(one) == 1)
    if not weekdays:
        form.fail("weekday", "Hãy chọn ít nhất một ngày trong tuần.", "Choose at least one day of the week.")
    if last is None and count is None and not {"last", "count"} & form.errors.keys():
        form.fail("count", "Hãy ghi số buổi, hoặc ngày học cuối.", "Write how many sessions, or the last day.")
    if first and last and last < first:
        form.fail("last", "Ngày cuối nằm trước ngày đầu.", "The last day is before the first.")
    parts = _parts(form)
    if form.errors or first is None or parts is None:
        return None
    off = holidays if form.has("skip_holidays") else {}
    made = series(Pattern(weekdays, first, parts, last, count), off)
    if not made.slots:
        form.fail("first", "Không có ngày nào phù hợp: hãy xem lại các ngày trong tuần, ngày nghỉ và ngày cuối.",
                  "No day fits: look at the weekdays, the holidays and the last day again.")  # fmt: skip
    elif len(made.slots) == MOST_SESSIONS and count != MOST_SESSIONS:
        form.fail("last", f"Nhiều hơn {MOST_SESSIONS} buổi; hãy chia thành nhiều lớp hoặc ghi số buổi.",
                  f"More than {MOST_SESSIONS} sessions; split the course or write how many.")  # fmt: skip
    _free(form, "first", made.slots, taken)
    return None if form.errors else made


def _parts(form: Form) -> tuple[DayPart, ...] | None:
    parts = [_part(form, "")]
    if form.value("start2").strip() or form.value("end2").strip():
        parts.append(_part(form, "2"))
    found = tuple(part for part in parts if part is not None)
    if len(found) < len(parts):
        return None
    if overlaps(slot(date(2026, 1, 1), part) for part in found):
        form.fail("start2", "Buổi thứ hai trùng giờ với buổi thứ nhất.", "The second session overlaps the first.")
        return None
    return found


def _part(form: Form, number: str) -> DayPart | None:
    start, end = form.clock(f"start{number}", needed=True), form.clock(f"end{number}", needed=True)
    breaks = form.breaks(f"breaks{number}")
    if start is None or end is None:
        return None
    part = DayPart(start, end, breaks)
    return part if _possible(form, part, date(2026, 1, 1), number) is not None else None


def _possible(form: Form, part: DayPart, day: date, number: str = "") -> Slot | None:
    if part.end <= part.start:
        form.fail(f"end{number}", "Giờ kết thúc phải sau giờ bắt đầu.", "It must end after it starts.")
        return None
    times = slot(day, part)
    if wrong := faults(times):
        form.fail(f"breaks{number}" if part.breaks else f"end{number}", *wrong)
        return None
    return times


def read_one(form: Form, taken: Iterable[Slot] = ()) -> Slot | None:
    """The times of one session in a form; None with errors in the form. taken: the course's other sessions."""
    day = form.day("first", needed=True)
    start, end = form.clock("start", needed=True), form.clock("end", needed=True)
    breaks = form.breaks("breaks")
    if day is None or start is None or end is None or form.errors:
        return None
    times = _possible(form, DayPart(start, end, breaks), day)
    if times is not None:
        _free(form, "first", (times,), taken)
    return None if form.errors else times


def _free(form: Form, name: str, new: Iterable[Slot], taken: Iterable[Slot]) -> None:
    both = overlaps([*new, *taken])
    if both is not None:
        form.fail(name, f"Trùng giờ với một buổi khác của lớp ngày {day_of(both[0].start)}.",
                  f"At the same time as another session of the course on {day_of(both[0].start)}.")  # fmt: skip
