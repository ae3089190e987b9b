"""Plan against done: the page, its files, and what each figure is made of."""

from __future__ import annotations

import tempfile
import threading
from contextlib import ExitStack

from fastapi import APIRouter, Request, Response
from sqlalchemy import text
from sqlmodel import Session

from central_server.accounts.guard import guard
from central_server.errors import BusyError, InputError, UnavailableError
from central_server.learners.names import given_name_first
from central_server.proof.pack import pack_into
from central_server.proof.stored import StoredEvidence
from central_server.reports.charts import Bar, Mark, columns_chart
from central_server.reports.csv_file import Separator
from central_server.reports.download import SHEETS, Ending, sheet_file
from central_server.reports.period import FIRST_YEAR, LAST_YEAR, Period, day_of, end_of, period, periods_of
from central_server.reports.plan_figures import By
from central_server.reports.plan_report import PlanReport, Which, address, part_of, plan_report, plan_sheet
from central_server.reports.progress import progress
from central_server.reports.reading import course_names, results_at
from central_server.reports.sheet import Column, Row, Sheet, shown
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.description import gives_file
from central_server.web.downloads import FileOnce
from central_server.web.figures import number
from central_server.web.headers import page_language
from central_server.web.written import read_date
from models.language import Language, counted

router = APIRouter(prefix="/reports", dependencies=[guard("see_reports")])
_PEOPLE = text("SELECT id, code, name, birth_year, position, unit FROM learner")
_packing = threading.Lock()
"""One pack at a time: it reads every log."""


def asked_for(of: Services, code: str, as_of: str) -> tuple[Period, int]:
    """The period and the moment that a page was asked for; this year and now by default. Raises InputError."""
    now = of.now()
    try:
        wanted = period(code or f"{day_of(now).year:04d}")
    except ValueError as error:
        raise InputError(
            "Không có kỳ báo cáo này. Hãy chọn lại trên trang báo cáo.",
            "There is no such period. Choose again on the page of reports.",
        ) from error
    day = read_date(as_of) if as_of else day_of(now)
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InputError(
            f"Không hiểu ngày “{as_of[:40]}”. Hãy ghi ngày/tháng/năm, ví dụ 30/11/2026.",
            f"“{as_of[:40]}” is no date. Write day/month/year, such as 30/11/2026.",
        )
    return wanted, min(now, end_of(day))


def report_of(db: Session, of: Services, code: str, as_of: str, by: By) -> PlanReport:
    """The report that was asked for."""
    return plan_report(db, *asked_for(of, code, as_of), by)


@router.get("")
def plan_page(
    request: Request, of: ServicesDep, db: ReadingDep, period: str = "", as_of: str = "", by: By = "unit"
) -> Response:  # fmt: skip
    """The table that an office sends up, this year, as of today or any day before."""
    report, lang = report_of(db, of, period, as_of, by), page_language(request)
    context = {
        "report": report,
        "sheet": plan_sheet(report, lang),
        "query": address(report),
        "as_of": day_of(report.at),
        "periods": [(one.code, one.label(lang == "en")) for year in _years(of, report) for one in periods_of(year)],
        "progress": progress(report),
        "charts": _charts(report, lang),
    }
    return of.pages.page(request, "reports.html", **context)


def _years(of: Services, report: PlanReport) -> list[int]:
    years = {day_of(one.opened).year for one in report.facts.values()} | {report.period.first.year}
    return sorted(years | {day_of(of.now()).year}, reverse=True)


def _charts(report: PlanReport, lang: Language) -> list[tuple[str, object]]:
    """Courses and turns so far, month by month, with the plan as a level."""
    english, months = lang == "en", progress(report)
    if not any(one.courses for one in months):
        return []
    names = (("Số lớp cộng dồn", "Courses so far"), ("Lượt học viên cộng dồn", "Training turns so far"))
    charts: list[tuple[str, object]] = []
    for at, name in enumerate(names):
        planned = (report.figures.total.courses, report.figures.total.turns)[at].planned
        bars = [
            Bar(f"{one.month.first.month:02d}", value, "" if value is None else number(value, lang))
            for one in months
            for value in [(one.courses, one.turns)[at]]
        ]
        mark = None
        if planned:
            said = f"{'plan' if english else 'kế hoạch'} {number(planned, lang)}"
            mark = Mark(planned, said)
        last = next((bar.said for bar in reversed(bars) if bar.value is not None), "0")
        sentence = f"{name[english]}: {last}" + (f" / {mark.said}" if mark else "")
        charts.append((name[english], columns_chart(sentence, bars, mark)))
    return charts


@router.get("/plan.{ending}", response_class=Response, responses=SHEETS)
def plan_file(
    request: Request, ending: Ending, of: ServicesDep, db: ReadingDep, period: str = "", as_of: str = "",
    by: By = "unit", separator: Separator = "semicolon",
) -> Response:  # fmt: skip
    """The same table as a file."""
    return sheet_file(plan_sheet(report_of(db, of, period, as_of, by), page_language(request)), ending, separator)


@router.get("/courses")
def courses_page(
    request: Request, of: ServicesDep, db: ReadingDep, period: str = "", as_of: str = "", by: By = "unit",
    unit: str = "", programme: str = "", which: Which = "",
) -> Response:  # fmt: skip
    """The courses behind a figure, each with its turns and results as of that day."""
    report, lang = report_of(db, of, period, as_of, by), page_language(request)
    ids, names = part_of(report, unit, programme, which), course_names(db)
    rows = [(report.facts[id_], *names.get(id_, ("?", "?"))) for id_ in ids]
    context = {
        "report": report,
        "rows": rows,
        "query": address(report),
        "own_query": address(report, unit=unit, programme=programme, which=which),
        "as_of": day_of(report.at),
        "unit": unit,
        "programme": programme,
        "which": which,
        "turns": sum(len(one.learners) for one, _, _ in rows),
        "persons": len(set().union(*(one.learners for one, _, _ in rows))),
        "completed": sum(len(one.completed) for one, _, _ in rows),
        "english": lang == "en",
    }
    return of.pages.page(request, "report_courses.html", **context)


@router.get("/learners.{ending}", response_class=Response, responses=SHEETS)
def learners_file(
    request: Request, ending: Ending, of: ServicesDep, db: ReadingDep, period: str = "", as_of: str = "",
    by: By = "unit", unit: str = "", programme: str = "", which: Which = "", separator: Separator = "semicolon",
) -> Response:  # fmt: skip
    """Every training turn behind a figure: who, in which course, with what result."""
    report = report_of(db, of, period, as_of, by)
    ids = part_of(report, unit, programme, which)
    return sheet_file(turns_sheet(db, report, ids, page_language(request)), ending, separator)


def turns_sheet(db: Session, report: PlanReport, courses: tuple[str, ...], lang: Language) -> Sheet:
    """The turns of some courses as a sheet. Names and units are those of today, results those of the report's day."""

    def t(vi: str, en: str) -> str:
        return en if lang == "en" else vi

    wanted = {who for id_ in courses for who in report.facts[id_].learners}
    people = {row.id: tuple(row)[1:] for row in db.execute(_PEOPLE) if row.id in wanted}
    results, names = results_at(db, report.at, courses), course_names(db)
    columns = (
        Column(t("STT", "No."), "plain", 6), Column(t("Họ và tên", "Name"), "text", 26),
        Column(t("Mã học viên", "Learner code"), "centred", 11), Column(t("Năm sinh", "Born"), "plain", 7),
        Column(t("Chức vụ", "Position"), "text", 16), Column(t("Đơn vị", "Unit"), "text", 26),
        Column(t("Kết quả", "Result"), "centred", 14), Column(t("Xếp loại", "Grade"), "centred", 11),
        Column(t("Số hiệu chứng chỉ", "Certificate"), "centred", 14),
    )  # fmt: skip
    said = {"completed": t("hoàn thành", "completed"), "not_completed": t("không hoàn thành", "not completed")}
    rows: list[Row] = []
    at = 0
    for id_ in courses:
        code, title = names.get(id_, ("?", "?"))
        rows.append(Row((f"{title} ({code})", *[None] * 8), "group"))
        mine = [(people[who], who) for who in report.facts[id_].learners if who in people]
        for (learner_code, name, born, position, unit), who in sorted(
            mine, key=lambda one: (given_name_first(one[0][1]), one[0][0])
        ):
            at += 1
            got = results.get(id_, {}).get(who)
            told = (said.get(got.outcome, ""), got.grade, got.certificate) if got else ("", "", "")
            rows.append(Row((at, name, learner_code, born, got.position if got else position,
                             got.unit if got else unit, *told)))  # fmt: skip
    about = (
        (t("Kỳ báo cáo", "Period"), report.period.label(lang == "en")),
        (t("Số liệu tính đến", "Figures as of"), shown(day_of(report.at), "date", lang)),
    )
    notes = (
        t(f"{number(at, lang)} lượt, {number(len(wanted), lang)} người. Kết quả là kết quả vào ngày báo cáo, với đơn "
          "vị và chức vụ khi được công nhận; tên lớp và họ tên là tên hiện nay.",
          f"{counted(at, 'turn')}, {counted(len(wanted), 'person')}. Results are those of the report's day, with "
          "unit and position as they were recognised; courses and learners have their names of today."),
    )  # fmt: skip
    return Sheet(
        f"luot-hoc-vien-{report.period.code}-{day_of(report.at):%Y%m%d}", report.head.of("plan"),
        t("DANH SÁCH LƯỢT HỌC VIÊN", "TRAINING TURNS"), about, columns, tuple(rows), notes, day_of(report.at), lang,
        grouped_by=t("Lớp", "Course"),
    )  # fmt: skip


proving = APIRouter(prefix="/reports", dependencies=[guard("export_proof")])


@proving.get("/proof.zip", response_class=Response, responses=gives_file("application/zip"))
def proof_pack(of: ServicesDep) -> Response:
    """The proof pack: every log and plan, ids only, which `central-server verify --pack` checks on any PC.

    Raises BusyError while another one is made, UnavailableError where the disk has no room for it.
    """
    if not _packing.acquire(blocking=False):
        raise BusyError(
            "Đang tạo một gói bằng chứng khác. Hãy thử lại sau ít phút.",
            "Another proof pack is being made. Try again in some minutes.",
        )
    try:
        with ExitStack() as stack:
            file = stack.enter_context(tempfile.TemporaryFile(dir=of.config.data_folder))
            with of.engine.connect() as connection, connection.begin():
                pack_into(file, StoredEvidence(connection), [], of.server_key, of.now())
            stack.pop_all()  # whoever sends it closes it
    except OSError as error:
        raise UnavailableError(
            "Máy chủ không còn chỗ cho gói bằng chứng. Hãy báo quản trị hệ thống.",
            "The server has no room for the proof pack. Tell the administrator.",
        ) from error
    finally:
        _packing.release()
    return FileOnce(file, f"bang-chung-{day_of(of.now()):%Y%m%d}.zip", "application/zip")
