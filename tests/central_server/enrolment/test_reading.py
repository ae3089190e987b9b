"""Good rosters, as offices write them; and that reading happens apart, bounded in time and memory."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_server.enrolment.dates import birth_year
from central_server.enrolment.faults import RosterError
from central_server.enrolment.files import read_file
from central_server.enrolment.grid import Cell, Grid, address
from central_server.enrolment.headings import find_headings
from central_server.enrolment.legacy_fonts import writing_of
from central_server.enrolment.reading import read_apart
from central_server.enrolment.rows import Roster, read_rows, tidy
from central_server.enrolment.table import find_table
from tests.central_server.enrolment.files import (
    GIVEN,
    HEAD,
    broken_zip_bomb,
    decomposed,
    people,
    same,
    text_rows,
    with_members,
    xlsx,
)

TITLES = ("SỞ NỘI VỤ TỈNH", "DANH SÁCH HỌC VIÊN", "Lớp bồi dưỡng ngạch chuyên viên, đơn vị: các sở")


def read(data: bytes) -> Roster:
    grids = read_file(data)
    sheet, headings = find_table(grids)
    return read_rows(grids[sheet], headings, 2026)


def grid(*rows: tuple[str | None, ...]) -> Grid:
    return Grid("", tuple(tuple(Cell("text", one) if one else None for one in row) for row in rows))


FORMATS: dict[str, Callable[[], bytes]] = {
    "xlsx": lambda: xlsx(people()),
    "titles above": lambda: xlsx(people(), titles=TITLES),
    "macros": lambda: with_members(xlsx(people()), same, xl__vbaProject_dot_bin=b"\xd0\xcf\x11\xe0macro"),
    "utf-8": lambda: text_rows(people()).encode(),
    "utf-8 with a mark, semicolons": lambda: text_rows(people(), separator=";").encode("utf-8-sig"),
    "utf-16, tabs": lambda: text_rows(people(), separator="\t").encode("utf-16"),
    "utf-16 without a mark": lambda: text_rows(people()).encode("utf-16-le"),
    "windows-1258": lambda: _cp1258(text_rows(people())),
    "decomposed letters": lambda: xlsx(decomposed(people())),
    "Excel's sep= line": lambda: b"sep=;\r\n" + text_rows(people(), separator=";").encode(),
    "blanks around": lambda: xlsx([[f" {v}  " if isinstance(v, str) else v for v in row] for row in people()]),
    "columns turned round": lambda: xlsx([row[::-1] for row in people()], HEAD[::-1]),
    "no diacritics in the headings": lambda: xlsx(
        people(), ("TT", "MA HOC VIEN", "HO TEN", "NAM SINH", "CO QUAN", "CHUC VU", "DIEM CAU", "DAN TOC")
    ),
    "English headings": lambda: xlsx(
        people(), ("No.", "Code", "Full name", "Date of birth", "Unit", "Position", "Bridge point", "Ethnicity")
    ),
    "empty rows between": lambda: xlsx([row for one in people() for row in (one, list[Any]())]),
    "a row of column numbers": lambda: xlsx([[f"({n})" for n in range(1, 9)], *people()]),
}


def _cp1258(text: str) -> bytes:
    """As Windows wrote Vietnamese before Unicode: the tone marks follow their letters."""
    out = b""
    for letter in text:
        for part in _halves(letter):
            out += part.encode("cp1258")
    return out


def _halves(letter: str) -> str:
    for mark in "\u0300\u0301\u0303\u0309\u0323":
        apart = unicodedata.normalize("NFD", letter)
        if mark in apart:
            return unicodedata.normalize("NFC", apart.replace(mark, "")) + mark
    return letter


@pytest.mark.parametrize("name", FORMATS)
def test_a_good_roster_is_read_from_every_format(name: str) -> None:
    roster = read(FORMATS[name]())
    assert roster.faults == ()
    assert [(row.code, row.name, row.birth_year, row.unit, row.bridge_point) for row in roster.rows] == [
        (f"CB{n:04d}", f"Nguyễn Thị {GIVEN[n % 10]}", 1970 + n, "Sở Nội vụ", "Bến Cát" if n % 3 == 0 else "TDM")
        for n in range(1, 5)
    ]


def test_names_in_two_columns_under_one_merged_heading() -> None:
    rows = [[n, f"CB{n}", "Trần Văn", "Tú", 1980, "Sở Y tế", "TDM"] for n in range(3)]
    head = ("STT", "Mã HV", "Họ và tên", "", "Năm sinh", "Đơn vị", "Điểm cầu")
    assert {row.name for row in read(xlsx(rows, head)).rows} == {"Trần Văn Tú"}
    head = ("STT", "Mã HV", "Họ và tên đệm", "Tên", "Năm sinh", "Đơn vị", "Điểm cầu")
    assert {row.name for row in read(xlsx(rows, head)).rows} == {"Trần Văn Tú"}


def test_years_of_men_and_women_in_two_columns() -> None:
    rows: list[list[Any]] = [
        ["", "", "", "Nam", "Nữ", "", ""],
        [1, "A1", "Lê Văn Ba", 1980, None, "Sở Y tế", "TDM"],
        [2, "A2", "Lê Thị Tư", None, "05/1985", "Sở Y tế", "TDM"],
    ]
    roster = read(xlsx(rows, ("STT", "Mã số", "Họ và tên", "Năm sinh", "", "Cơ quan", "Điểm cầu")))
    assert [row.birth_year for row in roster.rows] == [1980, 1985]


def test_group_titles_totals_and_signatures_are_named_not_enrolled() -> None:
    rows: list[list[Any]] = [
        ["I", None, "Khối sở ngành"],
        *people(2),
        ["Tổng số: 2 học viên"],
        [],
        [None, None, "GIÁM ĐỐC"],
    ]
    roster = read(xlsx(rows))
    assert len(roster.rows) == 2
    assert [(one.line, one.text) for one in roster.passed] == [
        (2, "I Khối sở ngành"), (5, "Tổng số: 2 học viên"), (7, "GIÁM ĐỐC"),
    ]  # fmt: skip


def test_two_of_one_name_are_two_learners() -> None:
    rows = people(2)
    rows[1][2] = rows[0][2]
    assert len(read(xlsx(rows)).rows) == 2


def test_unused_and_missing_columns_are_named() -> None:
    headings = find_headings(grid(("STT", "Họ và tên", "Mã số", "Email", "Ghi chú"), ("1", "Lê Văn A", "1", "x", None)))
    assert headings is not None
    assert headings.missing == ("unit", "bridge_point")
    assert headings.unused == ("Email", "Ghi chú")


def test_a_saved_openpyxl_file_whose_formulas_nobody_computed_is_named_cell_by_cell() -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(HEAD)
    page.append([1, "A1", '=CONCATENATE("Lê ","Văn Ba")', 1980, "Sở Y tế", "", "TDM", ""])
    page.append([2, "A2", "Lê Thị Tư", "=1985", "Sở Y tế", "", "TDM", ""])
    out = io.BytesIO()
    book.save(out)
    assert [(fault.address, fault.column) for fault in read(out.getvalue()).faults] == [
        ("C2", "Họ và tên"), ("D3", "Ngày sinh"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text", "year"),
    [
        ("text", "1980", 1980), ("text", "12/05/1980", 1980), ("text", "5-12-1980", 1980), ("text", "1980-05-12", 1980),
        ("text", "ngày 12 tháng 5 năm 1980", 1980), ("text", "05/1980", 1980), ("text", "05/25/1980", 1980),
        ("number", "1980", 1980), ("number", "29353", 1980), ("date", "1980-05-12", 1980),
    ],
)  # fmt: skip
def test_a_year_of_birth_is_read_however_it_is_written(kind: Any, text: str, year: int) -> None:
    assert birth_year(Cell(kind, text), 2026) == year


@given(st.text(), st.sampled_from(["text", "error", "formula"]))
def test_any_text_is_a_year_or_a_sentence(text: str, kind: Any) -> None:
    found = birth_year(Cell(kind, text), 2026)
    assert (isinstance(found, int) and 1926 <= found <= 2012) or (isinstance(found, tuple) and found[0].endswith("."))


@given(st.binary(max_size=400))
def test_any_bytes_are_a_roster_or_a_sentence(data: bytes) -> None:
    try:
        read(data)
    except RosterError as error:
        assert error.vi


@given(st.lists(st.lists(st.one_of(st.none(), st.text(max_size=20)), max_size=8), max_size=8))
def test_any_cells_below_good_headings_are_learners_faults_or_passed(rows: list[list[str | None]]) -> None:
    table = grid(HEAD, *(tuple(row) for row in rows))
    headings = find_headings(table)
    assert headings is not None
    try:
        roster = read_rows(table, headings, 2026)
    except RosterError:
        return
    told = (
        {row.row for row in roster.rows} | {one.row for one in roster.faults} | {one.line - 1 for one in roster.passed}
    )
    filled = {
        at for at, row in enumerate(table.rows) if at >= headings.first and any(c and c.text.strip() for c in row)
    }
    assert filled - {headings.first} <= told <= filled


@pytest.mark.parametrize("name", ["Nguyễn Thị Hoà", "Trần Quốc Tuấn", "ĐÃ NGHĨA", "Y Xuân Huê", "Bùi Thuỳ Uyên"])
def test_unicode_names_are_not_taken_for_old_fonts(name: str) -> None:
    assert writing_of(name) is None
    assert writing_of(unicodedata.normalize("NFC", name.upper())) is None


def test_addresses_are_excels() -> None:
    assert [address(6, 1), address(0, 25), address(0, 26), address(9, 701), address(9, 702)] == [
        "B7", "Z1", "AA1", "ZZ10", "AAA10",
    ]  # fmt: skip


def test_texts_are_kept_composed_without_invisible_signs() -> None:
    assert tidy(" Nguye\u0302\u0303n \u200b  An\ufeff ") == "Nguyễn An"


def test_ten_thousand_learners_are_read_apart() -> None:
    (sheet,) = read_apart(xlsx(people(10_000)))
    headings = find_headings(sheet)
    assert headings is not None
    assert len(read_rows(sheet, headings, 2026).rows) == 10_000


def test_a_childs_refusal_is_said_here() -> None:
    with pytest.raises(RosterError, match="giải nén"):
        read_apart(broken_zip_bomb())


def test_a_child_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(RosterError, match="giây"):
        read_apart(xlsx(people()), seconds=0.01)
