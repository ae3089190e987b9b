"""The pure parts of reports: periods, targets, lists that are pasted, trends."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_server.participation.settled import SessionSum
from central_server.reports.charts import Bar, Mark, columns_chart
from central_server.reports.period import day_of, end_of, period, periods_of, start_of
from central_server.reports.plan_figures import CourseFact, Target, plan_figures, targets_for
from central_server.reports.result_list import read_results, rows_of_text
from central_server.reports.target_list import read_targets
from central_server.reports.trends import SessionFact, trends

DAY = date(2026, 3, 10)


@given(st.integers(2000, 2100))
def test_the_periods_of_a_year_tile_it(year: int) -> None:
    whole, *parts = periods_of(year)
    halves, quarters, months = parts[:2], parts[2:6], parts[6:]
    for tiles in (halves, quarters, months):
        assert tiles[0].first == whole.first and tiles[-1].last == whole.last
        assert all((b.first - a.last).days == 1 for a, b in pairwise(tiles))


@pytest.mark.parametrize("code", ["", "26", "2026-Q5", "2026-13", "2026-H3", "2026-1", "x"])
def test_what_is_no_period_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=code or "^$"):
        period(code)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_day_ends_where_the_next_begins(day: date) -> None:
    assert day_of(start_of(day)) == day_of(end_of(day)) == day
    assert day_of(end_of(day) + 1) > day


def test_the_longest_of_nested_periods_counts() -> None:
    def target(code: str, courses: int) -> Target:
        return Target(code, "u", "p", courses, courses * 10)

    some = [target("2026-Q1", 3), target("2026-01", 1), target("2026-Q2", 4), target("2025", 9)]
    assert targets_for(some, period("2026"))["u", "p"].courses == 7
    assert targets_for([*some, target("2026", 20)], period("2026"))["u", "p"].courses == 20
    assert targets_for(some, period("2026-Q1"))["u", "p"].courses == 3
    assert targets_for(some, period("2026-02")) == {}


def course(id_: str, unit: str = "u", planned: bool = True, learners: str = "abc") -> CourseFact:
    return CourseFact(id_, "p", unit, "", "online", planned, start_of(DAY), True, frozenset(learners),
                      frozenset(learners[:1]), recognised=True)  # fmt: skip


def test_what_is_outside_the_plan_has_a_line_of_its_own() -> None:
    courses = [course("1"), course("2", learners="abd"), course("3", planned=False), course("4", unit="v")]
    found = plan_figures(period("2026"), [Target("2026", "u", "p", 1, 5)], courses, {})
    assert (found.planned.courses.percent, found.planned.turns.percent) == (2000, 1200)
    assert (found.planned.turns.done, found.planned.persons, found.planned.completed) == (6, 4, 2)
    assert [one.made_of for one in found.outside] == [("3",), ("4",)]
    assert (found.total.courses.percent, found.total.persons) == (4000, 4)
    assert found.outside_total.courses.percent is None
    other = plan_figures(period("2026-04"), [], courses, {})
    assert (other.total.courses.done, other.total.courses.percent) == (0, None)


COURSES = st.tuples(st.sampled_from("uvw"), st.sampled_from("pq"), st.booleans(), st.sets(st.sampled_from("abcdef")))


@given(st.lists(COURSES, max_size=12))
def test_parts_add_up_but_for_persons(some: list[tuple[str, str, bool, set[str]]]) -> None:
    courses = [
        CourseFact(str(n), programme, unit, "", "online", planned, start_of(DAY), False, frozenset(who), frozenset(),
                   recognised=False)
        for n, (unit, programme, planned, who) in enumerate(some)
    ]  # fmt: skip
    found = plan_figures(period("2026"), [Target("2026", "u", "p", 2, 9), Target("2026", "v", "q", 1, 4)], courses, {})
    lines = [line for group in found.groups for line in group.lines]
    assert found.planned.turns.done == sum(line.turns.done for line in lines)
    assert found.total.courses.done == len(courses) == found.planned.courses.done + found.outside_total.courses.done
    assert found.total.turns.done == sum(len(who) for *_, who in some)
    assert found.total.persons == len(set().union(*(who for *_, who in some)))
    assert sorted(found.total.made_of) == sorted(one.id for one in courses)


def test_targets_are_read_as_they_are_pasted() -> None:
    units: dict[str, str | None] = {"xa an binh": "u1", "xa binh hoa": "u2"}
    programmes: dict[str, str | None] = {"cv": "g1", "chuyen doi so": "g2"}
    read = read_targets("Xã An Bình\tCV\t12\t1.050\n\nxã bình hòa; Chuyển đổi số; 3; 240", units, programmes)
    assert list(read.lines) == [("u1", "g1", 12, 1050), ("u2", "g2", 3, 240)]
    assert not read.faults
    wrong = read_targets("Xã An Bình;CV;mười;1\nXã Lạ;CV;1;1\nXã An Bình;CV\nXã An Bình;CV;1;1\nxã an bình;cv;2;2",
                         units, programmes)  # fmt: skip
    assert [vi.partition(":")[0] for vi, _ in wrong.faults] == ["Dòng 1", "Dòng 2", "Dòng 3", "Dòng 5"]
    assert read_targets("", units, programmes).faults


def test_results_are_read_with_or_without_headings() -> None:
    codes = {"hv001": "HV001", "hv002": "HV002", "hv003": "HV003"}
    read = read_results(rows_of_text("HV001;Giỏi;CC01;01/26\nhv002\tKhá\tCC02\n HV003 ; ; ; ; không đạt"), codes)
    assert not read.faults
    told = {code: (one.outcome, one.grade, one.certificate, one.book_number) for code, one in read.results.items()}
    assert told == {"HV001": ("completed", "Giỏi", "CC01", "01/26"), "HV002": ("completed", "Khá", "CC02", ""),
                    "HV003": ("not_completed", "", "", "")}  # fmt: skip
    sheet = [["TRƯỜNG CHÍNH TRỊ"], [], ["STT", "Họ và tên", "Mã học viên", "Số hiệu chứng chỉ", "Xếp loại"],
             ["1", "A", "HV001", "CC9", "Khá"], [], ["Ghi chú"], ["", "", "NGƯỜI LẬP"]]  # fmt: skip
    read = read_results(sheet, codes)
    assert not read.faults
    assert read.results["HV001"].certificate == "CC9"
    wrong = read_results(rows_of_text("HV009;Khá\nHV001;Khá\nHV001;Giỏi\nHV002;" + "x" * 90), codes)
    assert [vi.partition(":")[0] for vi, _ in wrong.faults] == ["Dòng 1", "Dòng 3", "Dòng 4"]
    assert read_results([], codes).faults


def test_trends_tell_the_three_values_apart_and_what_a_lecturer_taught() -> None:
    minute = 60_000

    def session(id_: str, **more: object) -> SessionFact:
        told: dict[str, object] = {
            "course": "c", "programme": "g", "lecturer": "t", "start": start_of(DAY), "teaching_ms": 180 * minute,
            "period_minutes": 45, "over": True, "cancelled": False, "moved": False, "has_records": True,
            "main_point": "",
        }  # fmt: skip
        return SessionFact(id_, **(told | more))  # type: ignore[arg-type]  # as the fields are

    def point(id_: str, seen: int, away: int, there: int, watched: int, at: str = "p") -> SessionSum:
        return SessionSum(
            id_, at, 10, 1800 * minute, seen * minute, away * minute, 2, 0, there * minute, watched * minute
        )

    others = (session("b", has_records=False), session("c", cancelled=True), session("d", over=False))
    sessions = [session("a"), *others]
    found = trends(sessions, [point("a", 900, 450, 150, 160), point("a", 900, 0, 90, 170, "q")], {})
    (month,) = found.months
    assert (month.key, month.sessions, month.turns) == ("2026-03", 1, 20)
    assert (month.seen, month.not_seen, month.not_observed, month.late) == (500, 125, 375, 200)
    (taught,) = found.teaching
    assert (taught.sessions, taught.scheduled, taught.held, taught.in_room) == (2, 80, 38, 33), "where it was longest"
    assert taught.cancelled == 1
    assert (found.over, found.recorded, found.settled) == (2, 1, 1)
    main = [session("a", main_point="q"), *others]
    (taught,) = trends(main, [point("a", 900, 450, 150, 160), point("a", 900, 0, 45, 90, "q")], {}).teaching
    assert (taught.scheduled, taught.held, taught.in_room) == (80, 20, 10), "at the main bridge point alone"
    (taught,) = trends(main, [point("a", 900, 450, 150, 160)], {}).teaching
    assert (taught.held, taught.in_room) == (0, 0), "records of another bridge point tell nothing of the lecturer's"


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1))
def test_the_three_shares_of_a_trend_are_all_of_the_time(some: list[tuple[int, int, int]]) -> None:
    session = SessionFact("a", "c", "g", "", start_of(DAY), 1, 45, over=True, cancelled=False, moved=False,
                          has_records=True, main_point="")  # fmt: skip
    sums = [SessionSum("a", "p", 1, sum(parts), parts[0], parts[1], 0, 0, 0, 0) for parts in some]
    (month,) = trends([session], sums, {}).months
    exact = [sum(parts[at] for parts in some) for at in range(3)]
    shares = (month.seen, month.not_seen, month.not_observed)
    if sum(exact) == 0:
        assert shares == (None, None, None)
        return
    assert sum(share or 0 for share in shares) == 1000
    for share, part in zip(shares, exact, strict=True):
        assert abs((share or 0) * sum(exact) - 1000 * part) < sum(exact)


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from((40, 45, 50))), max_size=30))
def test_teaching_is_added_up_before_it_is_rounded(some: list[tuple[int, int]]) -> None:
    sessions = [
        SessionFact(str(n), "c", "g", "t", start_of(DAY), minutes * 60_000, period, over=True, cancelled=False,
                    moved=False, has_records=True, main_point="")
        for n, (minutes, period) in enumerate(some)
    ]  # fmt: skip
    sums = [SessionSum(str(n), "p", 1, 1, 1, 0, 0, 0, *[minutes * 60_000] * 2) for n, (minutes, _) in enumerate(some)]
    exact = sum(Decimal(minutes * 3600) / Decimal(period * 360) for minutes, period in some)
    for one in trends(sessions, sums, {}).teaching:
        for told in (one.scheduled, one.held, one.in_room):
            assert abs(Decimal(told) - exact) <= Decimal("0.500001")


def test_a_chart_can_be_read_without_colour_and_runs_nothing() -> None:
    svg = str(columns_chart("Số lớp <b>", [Bar("01", 3, "3"), Bar("02", None, "")], Mark(5, "kế hoạch & 5")))
    assert 'aria-label="Số lớp &lt;b&gt;"' in svg
    assert "kế hoạch &amp; 5" in svg
    assert svg.count('class="column"') == 1
    assert ">3</text>" in svg
