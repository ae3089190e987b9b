"""A sheet's model, and that its four writers round and break nothing their own way."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from central_server.reports.csv_file import sheet_csv
from central_server.reports.pdf import sheet_pdf, wrapped
from central_server.reports.sheet import Against, Column, Head, Row, Sheet, Signer, of_share, shown, thousandths
from central_server.reports.xlsx import sheet_xlsx
from tests.central_server.reports.opening import pdf_text, xlsx_as_csv

COLUMNS = (
    Column("STT", "plain", 5), Column("Họ và tên", "text", 24), Column("Lớp", "number", 9, "Số lượng"),
    Column("Tiết", "tenths", 9, "Số lượng"), Column("%", "percent", 9), Column("Ngày", "date", 11),
    Column("Ký tên", "sign", 12),
)  # fmt: skip
HEAD = Head("ỦY BAN NHÂN DÂN TỈNH", "TRƯỜNG CHÍNH TRỊ TỈNH", "Bình Lãng",
            (Signer("NGƯỜI LẬP BIỂU", "Đỗ Thị Ngọc Ẩn"), Signer("HIỆU TRƯỞNG")))  # fmt: skip


def a_sheet(count: int) -> Sheet:
    rows = [Row((f"Nhóm có {count} dòng", *[None] * 6), "group")]
    rows += [Row((at, f"Nguyễn Thị Hồng Ánh {at}", 5476, 305, 1115 if at % 2 else None, date(2026, 11, 24), None))
             for at in range(1, count + 1)]  # fmt: skip
    return Sheet("thu", HEAD, "BIỂU THỬ", (("Kỳ", "năm 2026"),), COLUMNS, tuple(rows), ("Ghi chú cuối.",),
                 date(2026, 11, 24), "vi", "Nhóm")  # fmt: skip


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(68, 61, "111,5 %"), (5476, 5250, "104,3 %"), (1, 16, "6,3 %"), (3, 16, "18,8 %"), (0, 7, "0,0 %"), (5, 0, "–")],
)
def test_percentages_are_as_an_office_writes_them(part: int, whole: int, said: str) -> None:
    assert shown(thousandths(part, whole), "percent", "vi") == said


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_thousandths_are_rounded_as_on_paper(part: int, whole: int) -> None:
    exact = (Decimal(part) * 1000 / Decimal(whole)).quantize(Decimal(1), ROUND_HALF_UP)
    assert thousandths(part, whole) == int(exact)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_share_that_was_computed_as_a_double_comes_to_the_same(part: int, whole: int) -> None:
    assert of_share(part / whole) == thousandths(part, whole)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Co", "Cn")), max_size=80),
    st.floats(20, 200),
)
def test_a_wrapped_text_loses_no_letter(text: str, width: float) -> None:
    kept = "".join(unicodedata.normalize("NFC", text).split())
    assert "".join("".join(wrapped(text, width, 9.0)).split()) == kept


def test_all_writers_say_the_same(tmp_path: object) -> None:
    sheet = a_sheet(30)
    wanted = [[shown(cell, column.kind, "vi") for cell, column in zip(row.cells, COLUMNS, strict=True)]
              for row in sheet.rows[1:]]  # fmt: skip
    assert wanted[0] == ["1", "Nguyễn Thị Hồng Ánh 1", "5.476", "30,5", "111,5 %", "24/11/2026", ""]
    in_csv = list(csv.reader(io.StringIO(sheet_csv(sheet).decode("utf-8-sig")), delimiter=";"))
    assert in_csv[0][:4] == ["Nhóm", "STT", "Họ và tên", "Số lượng: Lớp"]
    assert [row[1:] for row in in_csv[1:]] == wanted
    in_excel = xlsx_as_csv(sheet_xlsx(sheet))
    assert [row for row in in_excel if row[0].isdigit()] == wanted
    said = pdf_text(sheet_pdf(sheet))
    for row in wanted:
        assert " ".join(cell for cell in row if cell) in said
    for text in ("ỦY BAN NHÂN DÂN TỈNH", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc",
                 "Bình Lãng, ngày 24 tháng 11 năm 2026", "Đỗ Thị Ngọc Ẩn", "HIỆU TRƯỞNG", "Ghi chú cuối."):  # fmt: skip
        assert text in said


def test_every_page_of_a_pdf_has_the_heading_and_its_number() -> None:
    pdf = sheet_pdf(a_sheet(90))
    pages = pdf_text(pdf).count("Trang ")
    assert pages > 2
    for page in range(1, pages + 1):
        said = pdf_text(pdf, page)
        assert f"Trang {page}/{pages}" in said
        if "Nguyễn" in said:
            assert "Họ và tên" in said
    assert "HIỆU TRƯỞNG" in pdf_text(pdf, pages)


def test_a_row_that_is_taller_than_a_page_goes_on_on_the_next() -> None:
    words = [f"chữ{n}" for n in range(1500)]
    sheet = a_sheet(2)
    tall = Row((3, " ".join(words), 1, 2, 3, date(2026, 1, 1), None))
    pdf = sheet_pdf(replace(sheet, rows=(*sheet.rows, tall, *sheet.rows[1:])))
    pages = pdf_text(pdf).count("Trang ")
    said = [pdf_text(pdf, page) for page in range(1, pages + 1)]
    assert pages > 4 and all("Họ và tên" in page for page in said[:-1])
    found = re.findall(r"chữ\d+", " ".join(said))
    assert found == words, "no word is lost, doubled or out of its order"
    assert all(page.count("chữ") > 10 for page in said[1:-2]), "no page stays empty"
    assert "HIỆU TRƯỞNG" in said[-1]


def test_bars_show_plan_against_done_with_the_figures_beside_them() -> None:
    long = "Ủy ban nhân dân xã " + "rất dài " * 20
    bars = (Against("Xã An Bình", 5250, 5476), Against(long, 10, 0), Against("Xã Không Chỉ Tiêu", 0, 0))
    many = tuple(Against(f"Đơn vị {n}", n, 1) for n in range(60))
    said = pdf_text(sheet_pdf(replace(a_sheet(30), bars_of="Lượt học viên", bars=(*bars, *many))))
    for text in ("Lượt học viên", "Xã An Bình 5.476/5.250 = 104,3 %", "0/10 = 0,0 %", "Xã Không Chỉ Tiêu 0/0",
                 "Đơn vị 59 1/59 = 1,7 %", "HIỆU TRƯỞNG"):  # fmt: skip
        assert text in said
    assert "Ủy ban nhân dân xã rất" in said and "…" in said and long.strip() not in said


def test_who_signs_stands_under_the_title_also_with_a_long_name() -> None:
    name = "Nguyễn Phúc Hoàng Thị Ngọc Bảo Trân Trần Lê Đỗ Phương Quỳnh Như Ý Mỹ Hạnh"
    signers = tuple(Signer(f"CHỨC DANH {n}", f"{name} {n}") for n in range(4))
    said = pdf_text(sheet_pdf(replace(a_sheet(3), head=replace(HEAD, signers=signers))))
    for word in (*name.split(), "CHỨC DANH 3"):
        assert said.count(word) >= (4 if word in name else 1), word


def test_no_row_of_an_excel_file_is_higher_than_excel_takes() -> None:
    tall = Row((1, "chữ " * 2000, 1, 2, 3, date(2026, 1, 1), None))
    page = load_workbook(io.BytesIO(sheet_xlsx(replace(a_sheet(0), rows=(tall,))))).active
    assert page is not None
    assert 400 < max(one.height or 0 for one in page.row_dimensions.values()) <= 409


def test_a_sheet_without_rows_and_letterhead_is_written_too() -> None:
    empty = Sheet("x", Head(), "TRỐNG", (), COLUMNS[:2], (), (), date(2026, 1, 2), "en")
    assert "TRỐNG" in pdf_text(sheet_pdf(empty))
    assert xlsx_as_csv(sheet_xlsx(empty))
    assert sheet_csv(empty).decode("utf-8-sig") == "STT;Họ và tên\r\n"
