from __future__ import annotations

import csv
import io
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from central_server.errors import OutputError
from central_server.reports.written_file import write_file
from models.receipts import Receipt
from tests.central_server.reports.opening import pdf_text
from tests.central_server.running import MINUTE, START, Agent, Running

END = START + 210 * MINUTE


@pytest.fixture
def filled(server: Running, agent: Agent, course_file: Path) -> Running:
    """One learner late and gone early, one absent, one unobserved; one with a name that a spreadsheet would run."""
    text = course_file.read_text(encoding="utf-8").replace("Nguyễn Văn B1", "=HYPERLINK(1)")
    course_file.write_text(text, encoding="utf-8")
    server.load(course_file)
    people = [who.id for who in agent.today().sessions[0].learners]
    server.clock.ms = END
    agent.coverage("K1.1", START, END)
    agent.presence("K1.1", people[0], START + 12 * MINUTE, START + 180 * MINUTE)
    assert isinstance(agent.send_all(), Receipt)
    return server


def test_the_excel_sheet_holds_numbers_times_and_texts(filled: Running) -> None:
    got = filled.manager().get("/sessions/K1.1/sheet.xlsx")
    assert "diem-danh-K1.1.xlsx" in got.headers["content-disposition"]
    page = load_workbook(io.BytesIO(got.content)).active
    assert page is not None
    rows = list(page.iter_rows())
    (head,) = [at for at, row in enumerate(rows) if row[0].value == "STT"]
    titles = [str(lower.value or upper.value) for upper, lower in zip(rows[head], rows[head + 1], strict=True)]
    people = {row[1].value: dict(zip(titles, row, strict=True)) for row in rows[head + 2 :] if row[1].value}
    first = people["Nguyễn Văn A0"]
    came = first["Giờ vào"].value
    assert isinstance(came, datetime)
    assert came.isoformat(timespec="seconds") == "2026-11-24T08:12:00"
    assert first["Giờ vào"].number_format == "hh:mm"
    assert [first[name].value for name in ("Có mặt", "Vắng", "Không xác định")] == [153, 42, 0]
    assert first["Tỷ lệ"].value == 0.785
    assert first["Tỷ lệ"].number_format == '0.0" "%'
    assert first["Ghi chú"].value == "đến muộn 12 phút, về sớm 30 phút"
    assert first["Năm sinh"].value == 1970
    formula = people["=HYPERLINK(1)"]["Họ và tên"]
    assert formula.data_type == "s"
    assert people["Nguyễn Văn C2"]["Không xác định"].value == 195
    assert people["Nguyễn Văn C2"]["Ghi chú"].value in (None, "")
    assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
    assert page.print_title_rows == f"${head + 1}:${head + 2}"
    assert first["Họ và tên"].font.name == "Times New Roman"
    with zipfile.ZipFile(io.BytesIO(got.content)) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_the_csv_opens_in_excel_and_runs_nothing(filled: Running) -> None:
    content = filled.manager().get("/sessions/K1.1/sheet.csv").content
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert [row["Họ và tên"] for row in rows] == ["Nguyễn Văn C2", "'=HYPERLINK(1)", "Nguyễn Văn A0"]
    assert [row["Điểm cầu"].partition(":")[0] for row in rows] == ["Bến Cát", "Thủ Dầu Một", "Thủ Dầu Một"]
    assert rows[2]["Số phút: Có mặt"] == "153,0"
    assert rows[2]["Tỷ lệ"] == "78,5 %"
    assert rows[2]["Mã học viên"] == "HV000"
    assert rows[2]["Giờ vào"] == "08:12"
    commas = filled.manager().get("/sessions/K1.1/sheet.csv?separator=comma").content.decode("utf-8-sig")
    assert list(csv.DictReader(io.StringIO(commas)))[2] == rows[2]


def test_the_page_and_the_pdf_say_what_the_csv_says(filled: Running) -> None:
    page = filled.get("/sessions/K1.1/sheet").text
    pdf = filled.manager().get("/sessions/K1.1/sheet.pdf").content
    said = pdf_text(pdf)
    for text in ("DANH SÁCH ĐIỂM DANH", "153,0", "78,5 %", "08:12", "Nguyễn Văn A0", "đến muộn 12 phút"):
        assert text in page
        assert text in said
    assert "4,3 tiết" in page


def test_a_bridge_points_sheet_has_its_learners_only(filled: Running) -> None:
    point = filled.services.engine.connect().exec_driver_sql("SELECT id FROM bridge_point WHERE code = 'BC'").scalar()
    rows = filled.get(f"/sessions/K1.1/sheet.csv?point={point}").text.splitlines()
    assert len(rows) == 2
    assert "Nguyễn Văn C2" in rows[1]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    write_file(path, b"one")
    write_file(path, b"two")
    assert path.read_bytes() == b"two"
    with pytest.raises(OutputError, match="nowhere"):
        write_file(tmp_path / "nowhere" / "sheet.csv", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError):
        write_file(tmp_path / "folder", b"x")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "sheet.csv"]
