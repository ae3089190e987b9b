"""A year of a district: page, Excel, PDF and CSV agree to the last digit; past month ends come out as they did."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import pytest
from sqlalchemy import text
from sqlmodel import Session

from central_server.proof.evidence import Plan
from central_server.proof.findings import Finding
from central_server.proof.replay import compare, replay
from central_server.proof.replay_reports import read_reports
from central_server.proof.stored import StoredEvidence
from central_server.reports.period import end_of, period, start_of
from central_server.reports.plan_figures import By
from central_server.reports.plan_report import plan_report, plan_sheet
from central_server.reports.sheet import Sheet, shown
from models.own_records import decode_own
from tests.central_server.reports.district import COURSES, OUTSIDE, TURNS, YEAR, District, district, play
from tests.central_server.reports.opening import pdf_text, xlsx_as_csv
from tests.central_server.running import Clock, Running, running

ORDERS: tuple[tuple[str, By], ...] = (("{:%Y}", "unit"), ("{:%Y-%m}", "programme"))
MONTH_ENDS = [one.last for one in period(f"{YEAR}").months()]


@dataclass
class Year:
    server: Running
    made: District
    then: dict[date, tuple[Sheet, ...]]
    """By month end: the reports as they were made on that day."""


def reports(server: Running, day: date) -> tuple[Sheet, ...]:
    """The year's report by unit, and the month's by programme, as of a day."""
    with Session(server.services.engine) as db:
        return tuple(
            plan_sheet(plan_report(db, period(code.format(day)), end_of(day), by), "vi")
            for code, by in ORDERS
        )  # fmt: skip


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    clock = Clock()
    clock.ms = start_of(date(YEAR + 1, 1, 4))
    with running(tmp_path_factory.mktemp("district") / "data", clock) as server:
        made, done, then = district(), 0, {}
        for day in MONTH_ENDS:
            done = play(made, server.services.writer, done, end_of(day))
            then[day] = reports(server, day)
        assert done == len(made.acts)
        yield Year(server, made, then)


def rows_of(sheet: Sheet) -> list[list[str]]:
    """The table as it is shown, without the rows of groups."""
    return [
        [shown(cell, column.kind, sheet.lang) for cell, column in zip(row.cells, sheet.columns, strict=True)]
        for row in sheet.rows
        if row.style != "group"
    ]


def test_the_figures_of_the_year_are_the_districts(year: Year) -> None:
    page = year.server.get(f"/reports?period={YEAR}").text
    plain = re.sub(r"<[^>]+>", " ", page)
    for said in ("68/61", "111,5 %", "5.476/5.250", "104,3 %"):
        assert said in plain, said
    with Session(year.server.services.engine) as db:
        report = plan_report(db, period(f"{YEAR}"), end_of(date(YEAR, 12, 31)))
    whole, inside = report.figures.total, report.figures.planned
    assert (whole.courses.done, whole.turns.done) == (COURSES, TURNS)
    assert whole.persons < TURNS, "somebody was in two courses: one person, two turns"
    assert (inside.courses.done, inside.courses.percent) == (COURSES - len(OUTSIDE), 1033)
    assert len(report.figures.outside_total.made_of) == len(OUTSIDE)
    assert any("103,3 % số lớp" in note and "111,5 % số lớp" in note for note in year.then[date(YEAR, 12, 31)][0].notes)


def test_page_excel_pdf_and_csv_say_the_same_to_the_last_digit(year: Year) -> None:
    asked = f"period={YEAR}&as_of={YEAR}-12-31"
    page = year.server.get(f"/reports?{asked}").text
    got = {ending: year.server.get(f"/reports/plan.{ending}?{asked}").content for ending in ("xlsx", "pdf", "csv")}
    wanted = rows_of(year.then[date(YEAR, 12, 31)][0])
    assert len(wanted) > 40

    body = page.split("<tbody>")[1].split("</tbody>")[0]
    on_page = []
    for row in re.findall(r'<tr class="(?:plain|total)">(.*?)</tr>', body, re.S):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)
        said = (re.sub(r'<span class="away">.*?</span>', "", cell) for cell in cells)
        on_page.append([html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in said])
    assert on_page == wanted

    in_csv = list(csv.reader(io.StringIO(got["csv"].decode("utf-8-sig")), delimiter=";"))
    assert [row[1:] for row in in_csv[1:]] == wanted

    in_excel = xlsx_as_csv(got["xlsx"])
    (head,) = [at for at, row in enumerate(in_excel) if row[0] == "STT"]
    table = [row[: len(wanted[0])] for row in in_excel[head + 2 :] if row[1] or row[0].isdigit()]
    assert table[: len(wanted)] == wanted

    in_pdf = pdf_text(got["pdf"])
    for row in wanted:
        figures = " ".join(cell for cell in row[4:] if cell)
        assert figures in in_pdf, row
    assert "Trang 1/" in in_pdf
    assert "UBND" not in in_pdf, "nobody has entered a letterhead"


def test_every_past_month_end_comes_out_as_it_did_then(year: Year) -> None:
    """Names, merges, targets, results, corrected presence, a consent withdrawn, cancelled and withdrawn courses came
    later; the reports are those of then."""
    with year.server.services.engine.connect() as db:
        (withdrawn,) = db.execute(text("SELECT withdrawn_at FROM consent")).scalars()
        corrected = db.execute(text("SELECT count(*), min(start), max(at) FROM correction_part p JOIN correction c"
                                    " ON c.id = p.correction")).one()  # fmt: skip
    assert end_of(date(YEAR, 7, 31)) < withdrawn < end_of(date(YEAR, 8, 31))
    assert corrected[0] > 5 and corrected[1] < end_of(date(YEAR, 1, 31)) < end_of(date(YEAR, 8, 31)) < corrected[2]
    for day in MONTH_ENDS:
        for before, again in zip(year.then[day], reports(year.server, day), strict=True):
            assert replace(again, rows=(), notes=()) == replace(before, rows=(), notes=())
            assert rows_of(again) == rows_of(before), day
            assert again.rows == before.rows, day
            assert again.notes == before.notes, day


def test_a_unit_keeps_the_name_that_it_had(year: Year) -> None:
    def groups(day: date) -> set[object]:
        return {row.cells[0] for row in year.then[day][0].rows if row.style == "group"}

    assert "Xã An Bình" in groups(date(YEAR, 5, 31))
    assert "Phường An Bình" in groups(date(YEAR, 6, 30))
    assert "Xã Định An" in groups(date(YEAR, 7, 31)), "the merge was entered in August"
    assert "Xã Định An (nhập vào Xã Đức Lập từ 01/07/2026)" in groups(date(YEAR, 8, 31))


def test_a_figure_opens_down_to_its_courses_and_turns(year: Year) -> None:
    page = year.server.get(f"/reports?period={YEAR}").text
    link = html.unescape(re.findall(r'<a href="(/reports/courses\?[^"#]*which=plan[^"#]*unit=[^"#]*)"', page)[0])
    courses = year.server.get(link).text
    ids = set(re.findall(r'href="/courses/(c-[0-9a-f]+)"', courses))
    turns = year.server.get(link.replace("/reports/courses", "/reports/learners.csv")).text.splitlines()
    count, people = (int(one.replace(".", "")) for one in re.findall(r"<b>([\d.]+)</b>", courses)[:2])
    assert (len(ids), len(turns) - 1) == (count, people)
    assert year.server.get(f"/courses/{ids.pop()}/completion").status_code == 200


TABLES = ("units", "decisions", "targets", "counted", "results", "letterheads")
EDITS = (
    "UPDATE target_line SET turns = turns + 1 WHERE rowid = (SELECT min(rowid) FROM target_line)",
    "UPDATE target_decision SET number = 'khác' WHERE period = '2026'",
    "UPDATE unit_version SET name = 'Xã khác' WHERE version = 2",
    "UPDATE course_count SET audience = 'khác' WHERE rowid = (SELECT min(rowid) FROM course_count)",
    "UPDATE course_result SET certificate = 'CC-giả' WHERE rowid = (SELECT min(rowid) FROM course_result)",
    "DELETE FROM course_result WHERE version = 2",
)


def test_an_edit_behind_the_programs_back_is_found(year: Year) -> None:
    with year.server.services.engine.connect() as connection:
        told = replay(decode_own(row.line) for row in StoredEvidence(connection).own()).plan
        acts = Plan()
        for name in TABLES:
            setattr(acts, name, getattr(told, name))

        def findings() -> list[Finding]:
            tables = Plan()
            with Session(connection, join_transaction_mode="create_savepoint") as db:
                read_reports(db, tables)
            return compare(acts, tables)

        assert findings() == []
        assert len(acts.results) > 3000
        for edit in EDITS:
            with connection.begin_nested() as savepoint:
                assert connection.execute(text(edit)).rowcount, edit
                assert findings(), edit
                savepoint.rollback()
        assert findings() == []
