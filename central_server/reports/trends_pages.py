"""Trends of quality, and lecturers' teaching against the schedule."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from central_server.accounts.guard import guard
from central_server.learners.names import plain
from central_server.reports.charts import Bar, columns_chart
from central_server.reports.csv_file import Separator
from central_server.reports.download import SHEETS, Ending, sheet_file
from central_server.reports.period import Period, day_of, periods_of
from central_server.reports.plan_pages import asked_for
from central_server.reports.reading import letterhead_at, programme_names
from central_server.reports.sheet import Sheet, shown
from central_server.reports.trends import Trends, trends
from central_server.reports.trends_reading import lecturer_names, sessions_in, sums_in
from central_server.reports.trends_sheet import month_names, trends_sheet
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.headers import page_language
from models.language import Language

router = APIRouter(prefix="/reports", dependencies=[guard("see_reports")])
AT_ONCE = 3
"""Courses that a page settles itself, where the server's settler has not come to them yet."""


def _found(
    db: Session, of: Services, code: str, lang: Language
) -> tuple[Period, Trends, Sheet, dict[str, str]]:  # fmt: skip
    wanted, now = asked_for(of, code, "")
    sessions, sums = sessions_in(db, wanted, now), sums_in(db, wanted)
    known = {one.session for one in sums}
    waiting = dict.fromkeys(one.course for one in sessions
                            if one.over and not one.cancelled and one.has_records and one.id not in known)  # fmt: skip
    if waiting:
        for course in list(waiting)[:AT_ONCE]:
            of.settling.settle(course, now)
        db.rollback()  # or this transaction would not see what was settled
        sums = sums_in(db, wanted)
    names = programme_names(db) | lecturer_names(db)
    found = trends(sessions, sums, {id_: plain(name) for id_, name in names.items()})
    head = letterhead_at(db, now).of("plan")
    said = names | month_names(found, lang == "en")
    return wanted, found, trends_sheet(wanted, found, said, head, now, lang), said


@router.get("/trends")
def trends_page(request: Request, of: ServicesDep, db: ReadingDep, period: str = "") -> Response:
    """By month, programme and lecturer, with a picture of the months."""
    lang = page_language(request)
    wanted, found, sheet, names = _found(db, of, period, lang)
    year = day_of(of.now()).year
    context = {
        "period": wanted,
        "sheet": sheet,
        "found": found,
        "chart": _chart(found, names, lang) if found.months else None,
        "periods": [(one.code, one.label(lang == "en")) for y in (year, year - 1) for one in periods_of(y)],
    }
    return of.pages.page(request, "trends.html", **context)


def _chart(found: Trends, names: dict[str, str], lang: Language) -> object:
    bars = [
        Bar(one.key[5:], None if one.seen is None else one.seen / 1000, shown(one.seen, "percent", lang))
        for one in found.months
    ]
    said = "; ".join(f"{names[one.key]}: {bar.said}" for one, bar in zip(found.months, bars, strict=True))
    title = "Present, share of scheduled time by month" if lang == "en" else "Tỷ lệ có mặt theo tháng"
    return columns_chart(f"{title}: {said}", bars, top=1.0)


@router.get("/trends.{ending}", response_class=Response, responses=SHEETS)
def trends_file(
    request: Request, ending: Ending, of: ServicesDep, db: ReadingDep, period: str = "",
    separator: Separator = "semicolon",
) -> Response:  # fmt: skip
    """The same as a file."""
    return sheet_file(_found(db, of, period, page_language(request))[2], ending, separator)
