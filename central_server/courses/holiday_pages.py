"""The days without classes: taken over from the law for a year, pasted as a list, entered one by one, mended."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from central_server.accounts.guard import ActorDep, guard
from central_server.courses.acts import mark_holidays, unmark_holiday
from central_server.courses.doing import do
from central_server.courses.holidays import FIRST_YEAR, LAST_YEAR, by_law
from central_server.courses.tables import Holiday
from central_server.services import ReadingDep, ServicesDep
from central_server.web.figures import moment
from central_server.web.forms import Form, FormDep
from central_server.web.written import read_date

router = APIRouter(prefix="/admin/holidays", dependencies=[guard("administer")])
MOST_LINES = 400


def _page(request: Request, of: ServicesDep, db: Session, form: Form, status: int = 200) -> Response:
    years: dict[int, list[Holiday]] = {}
    for one in db.exec(select(Holiday).order_by(col(Holiday.day))):
        years.setdefault(one.day.year, []).append(one)
    this = moment(of.now()).year
    context = {"form": form, "years": dict(sorted(years.items(), reverse=True)), "offered": (this, this + 1)}
    return of.pages.page(request, "holidays.html", status, **context)


@router.get("")
def holidays_page(request: Request, of: ServicesDep, db: ReadingDep) -> Response:
    """All days without classes, newest year first."""
    return _page(request, of, db, Form.filled())


@router.post("/take-over")
def take_over(request: Request, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep) -> Response:
    """Enter the public holidays of a year; what somebody entered already stays as it is."""
    year = form.whole("year", FIRST_YEAR, LAST_YEAR)
    if year is None:
        form.fail(
            "year", f"Hãy ghi năm, từ {FIRST_YEAR} đến {LAST_YEAR}.", f"Write a year, {FIRST_YEAR} to {LAST_YEAR}."
        )
        return _page(request, of, db, form, 422)
    days = [(one.day, one.name, True) for one in by_law(year)]
    do(of, actor, lambda changes: mark_holidays(changes, days))
    return RedirectResponse(f"/admin/holidays#y{year}", 303)


@router.post("")
def enter(request: Request, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep) -> Response:
    """Enter days, one to a line: the date, then its name. All of them or none."""
    days = _lines(form)
    if form.errors:
        return _page(request, of, db, form, 422)
    do(of, actor, lambda changes: mark_holidays(changes, days))
    return RedirectResponse(f"/admin/holidays#y{days[0][0].year}", 303)


def _lines(form: Form) -> list[tuple[date, str, bool]]:
    days = []
    for number, line in enumerate(form.text("days", 40_000).splitlines(), 1):
        first, _, name = line.replace(";", ",").replace("\t", ",").strip().partition(",")
        if not line.strip():
            continue
        if not name.strip():
            first, _, name = line.strip().partition(" ")
        day = read_date(first)
        if day is None or not name.strip() or len(name) > 100:
            form.fail("days", f"Dòng {number}, “{line[:40]}”: hãy ghi ngày, dấu phẩy, rồi tên ngày nghỉ.",
                      f"Line {number}, “{line[:40]}”: write the date, a comma, then the holiday's name.")  # fmt: skip
            continue
        days.append((day, " ".join(name.split()), False))
    if not days or len(days) > MOST_LINES:
        form.fail("days", f"Hãy ghi từ 1 đến {MOST_LINES} ngày.", f"Write 1 to {MOST_LINES} days.")
    return days


@router.post("/remove")
def remove(form: FormDep, actor: ActorDep, of: ServicesDep) -> Response:
    """There is class on that day after all."""
    day = read_date(form.value("day"))
    if day is not None:
        do(of, actor, lambda changes: unmark_holiday(changes, day))
    return RedirectResponse("/admin/holidays", 303)
