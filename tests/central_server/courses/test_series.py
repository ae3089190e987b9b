from __future__ import annotations

from datetime import date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from central_server.courses.holidays import by_law
from central_server.courses.periods import minutes, periods, teaching_ms
from central_server.courses.series import VIETNAM, DayPart, Pattern, Slot, at, faults, overlaps, series, slot

MORNING = DayPart(time(8), time(11, 30), ((time(9, 30), time(9, 45)),))
AFTERNOON = DayPart(time(13, 30), time(17))
MONDAY = date(2026, 11, 23)


def days(pattern: Pattern, holidays: dict[date, str] | None = None) -> list[date]:
    made = series(pattern, holidays or {})
    return [datetime.fromtimestamp(one.start / 1000, VIETNAM).date() for one in made.slots]


def test_a_series_has_its_weekdays_in_order_with_breaks_on_vietnams_clocks() -> None:
    made = series(Pattern(frozenset({0, 2}), MONDAY, (MORNING,), count=3), {})
    first = datetime(2026, 11, 23, 8, tzinfo=VIETNAM).timestamp() * 1000
    assert made.slots[0] == Slot(
        int(first), int(first) + 210 * 60_000, ((int(first) + 90 * 60_000, int(first) + 105 * 60_000),)
    )
    assert days(Pattern(frozenset({0, 2}), MONDAY, (MORNING,), count=3)) == [
        MONDAY, MONDAY + timedelta(days=2), MONDAY + timedelta(days=7)
    ]  # fmt: skip
    assert days(Pattern(frozenset({6}), MONDAY, (MORNING,), last=date(2026, 12, 6))) == [
        date(2026, 11, 29), date(2026, 12, 6)
    ]  # fmt: skip


def test_holidays_are_left_out_with_their_names_and_the_number_of_sessions_is_kept() -> None:
    off = {date(2026, 11, 24): "Ngày Văn hóa Việt Nam", date(2026, 11, 29): "Chủ nhật nào đó"}
    made = series(Pattern(frozenset(range(5)), MONDAY, (MORNING, AFTERNOON), count=5), off)
    assert [(one.day, one.name) for one in made.skipped] == [(date(2026, 11, 24), "Ngày Văn hóa Việt Nam")]
    assert len(made.slots) == 5
    assert days(Pattern(frozenset(range(5)), MONDAY, (MORNING, AFTERNOON), count=3), off) == [
        MONDAY, MONDAY, date(2026, 11, 25)
    ]  # fmt: skip


@given(
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    first=st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    count=st.integers(1, 200),
    off=st.sets(st.dates(date(2024, 1, 1), date(2031, 1, 1)), max_size=30),
)
def test_every_session_of_a_series_is_on_a_day_of_its_pattern(
    weekdays: frozenset[int], first: date, count: int, off: set[date]
) -> None:
    made = series(Pattern(weekdays, first, (MORNING, AFTERNOON), count=count), dict.fromkeys(off, "x"))
    held = [datetime.fromtimestamp(one.start / 1000, VIETNAM).date() for one in made.slots]
    assert held == sorted(held)
    assert overlaps(made.slots) is None
    assert all(day.weekday() in weekdays and day >= first and day not in off for day in held)
    assert all(one.day in off and one.day.weekday() in weekdays for one in made.skipped)
    assert len(held) <= count
    days_of_pattern = (held[-1] - first).days + 1 if held else 0
    expected = [d for n in range(days_of_pattern) if (d := first + timedelta(days=n)).weekday() in weekdays]
    assert set(held) | {one.day for one in made.skipped if not held or one.day <= held[-1]} == set(expected)


def test_a_session_may_run_past_midnight_and_impossible_times_are_told() -> None:
    night = slot(MONDAY, DayPart(time(22), time(1), ((time(23, 50), time(0, 10)),)))
    assert night.end - night.start == 3 * 3_600_000
    assert faults(night) is None
    start = at(MONDAY, time(8))
    hour = 3_600_000
    assert faults(Slot(start, start)) is not None
    assert faults(Slot(start, start + 17 * hour)) is not None
    assert faults(Slot(start, start + 3 * hour, ((start + 2 * hour, start + 4 * hour),))) is not None
    assert (
        faults(Slot(start, start + 3 * hour, ((start + hour, start + 2 * hour), (start + hour, start + 2 * hour))))
        is not None
    )
    assert faults(Slot(start, start + 3 * hour, ((start + hour, start + hour),))) is not None
    assert overlaps([Slot(start, start + hour), Slot(start + hour, start + 2 * hour)]) is None
    assert overlaps([Slot(start + hour - 1, start + 2 * hour), Slot(start, start + hour)]) is not None


def test_breaks_are_no_teaching_and_periods_add_up_from_minutes() -> None:
    made = series(Pattern(frozenset(range(5)), MONDAY, (MORNING,), count=8), {})
    assert teaching_ms(made.slots[0].start, made.slots[0].end, made.slots[0].breaks) == 195 * 60_000
    assert periods(195 * 60_000, 45) == 4.3
    assert periods(made.teaching_ms, 45) == 34.7  # not 8 times 4.3
    assert minutes(4, 45) == 180


def test_the_laws_holidays_of_a_year_are_known_tet_too() -> None:
    found = {one.day: one.name for one in by_law(2027)}
    assert found[date(2027, 9, 2)] == "Quốc khánh"
    assert found[date(2027, 2, 6)] == "Tết Nguyên Đán"
    assert found[date(2027, 11, 24)] == "Ngày Văn hóa Việt Nam"
    assert all(day.year == 2027 for day in found)
