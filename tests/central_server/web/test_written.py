from __future__ import annotations

from datetime import date, time

import pytest

from central_server.web.forms import Form
from central_server.web.written import read_breaks, read_clock, read_date, read_person


@pytest.mark.parametrize("text", ["24/11/2026", "24-11-2026", " 24.11.2026 ", "2026-11-24", "24 / 11 / 2026"])
def test_dates_are_read_as_people_write_them(text: str) -> None:
    assert read_date(text) == date(2026, 11, 24)


@pytest.mark.parametrize("text", ["", "31/11/2026", "24/11", "11/24/2026", "24/11/26", "hôm nay", "1/1/1/2026"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("text", "clock"),
    [("8:05", time(8, 5)), ("08.05", time(8, 5)), ("8h", time(8)), ("8h30", time(8, 30)), ("13g15", time(13, 15)),
     ("8 giờ 30 phút", time(8, 30)), ("17", time(17)), ("24:00", None), ("8:60", None), ("sáng", None), ("", None)],
)  # fmt: skip
def test_times_are_read_as_people_write_them(text: str, clock: time | None) -> None:
    assert read_clock(text) == clock


def test_breaks_may_be_none_one_or_several() -> None:
    one, two = (time(9, 30), time(9, 45)), (time(10, 30), time(10, 40))
    assert read_breaks("") == ()
    assert read_breaks("9:30–9:45") == (one,)
    assert read_breaks("9h30 - 9h45, 10:30 đến 10:40;") == (one, two)
    assert read_breaks("9:30") is None
    assert read_breaks("9:30-9:45-10:00") is None
    assert read_breaks("giữa giờ") is None


@pytest.mark.parametrize(
    ("text", "person"),
    [("PGS.TS. Nguyễn Văn An,  Trường Chính trị tỉnh", ("PGS.TS.", "Nguyễn Văn An", "Trường Chính trị tỉnh")),
     ("ThS. Đỗ Thị Bình", ("ThS.", "Đỗ Thị Bình", "")), ("Lê Văn C", ("", "Lê Văn C", "")),
     ("TS. Trần D, Sở Nội vụ, phòng 2", ("TS.", "Trần D", "Sở Nội vụ, phòng 2")), (", Sở Y tế", ("", "", "Sở Y tế"))],
)  # fmt: skip
def test_a_lecturers_degree_name_and_unit_are_told_apart(text: str, person: tuple[str, str, str]) -> None:
    assert read_person(text) == person


def test_a_form_keeps_what_was_typed_and_says_what_is_wrong_at_the_field() -> None:
    form = Form.filled(title="  Lớp \t A ", first="31/02/2026", count="1.000", start="9 giờ", day="1/1/1999")
    assert form.words("title") == "Lớp A"
    assert form.day("first") is None
    assert form.whole("count", 1, 200) is None
    assert form.clock("start") == time(9)
    assert form.day("day") is None
    assert form.words("unit", needed=True) == ""
    assert set(form.errors) == {"first", "count", "day", "unit"}
    assert form.value("first") == "31/02/2026"
    assert "24/11/2026" in form.error("first", "vi")
    assert "1 to 200" in form.error("count", "en")
