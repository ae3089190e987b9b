"""Units with their names, and the decisions that set targets for them."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from central_server.accounts.guard import ActorDep, guard
from central_server.accounts.tables import Account
from central_server.courses.doing import do
from central_server.courses.tables import Programme
from central_server.errors import ConflictError
from central_server.learners.names import plain
from central_server.reports.acts import Decision, UnitName, decide_targets, name_unit
from central_server.reports.period import day_of, period, periods_of
from central_server.reports.reading import programme_names, units_at
from central_server.reports.tables import TargetDecision, TargetLine, UnitVersion
from central_server.reports.target_list import known_as, read_targets
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.forms import Form, FormDep
from central_server.web.headers import page_language

router = APIRouter(prefix="/reports", dependencies=[guard("set_targets")])


def _units_page(
    request: Request, of: Services, db: Session, form: Form, status: int = 200, problem: tuple[str, str] | None = None
) -> Response:  # fmt: skip
    names = units_at(db, of.now(), day_of(of.now()))
    query = select(UnitVersion).order_by(col(UnitVersion.unit), col(UnitVersion.version))
    history: dict[str, list[UnitVersion]] = {}
    for row in db.exec(query):
        history.setdefault(row.unit, []).append(row)
    context = {
        "form": form,
        "rows": sorted(((unit, names.said(unit, page_language(request) == "en"), history[unit]) for unit in history),
                       key=lambda one: plain(one[1])),
        "names": sorted(names.names.items(), key=lambda one: plain(one[1])),
        "all_names": names.names,
        "problem": problem,
    }  # fmt: skip
    return of.pages.page(request, "units.html", status, **context)


@router.get("/units")
def units_page(request: Request, of: ServicesDep, db: ReadingDep) -> Response:
    """All units with the names that they had."""
    return _units_page(request, of, db, Form.filled(since=f"{day_of(of.now()):%d/%m/%Y}"))


@router.post("/units")
def save_unit(request: Request, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep) -> Response:
    """Add a unit, give one another name from a day on, or merge it into another."""
    known = set(db.exec(select(UnitVersion.unit)))
    unit, into = form.value("unit") or None, form.value("into") or None
    since, decision = form.day("since", needed=True), form.words("decision", 120)
    name = form.words("name", 160)
    if unit is not None and unit not in known:
        form.fail("unit", "Đơn vị này không còn; hãy chọn lại.", "That unit is gone; choose again.")
    if into is not None and (into not in known or into == unit or unit is None):
        form.fail("into", "Hãy chọn đơn vị bị nhập, rồi một đơn vị nhận khác.",
                  "Choose the unit that is merged, then another one that takes it.")  # fmt: skip
    if not name and unit in known:
        name = units_at(db, of.now(), since or day_of(of.now())).entered[unit]
    if not name:
        form.fail("name", "Hãy điền tên đơn vị.", "Write the unit's name.")
    if form.errors or since is None:
        return _units_page(request, of, db, form, 422)
    named = UnitName(name, since, decision, into)
    try:
        do(of, actor, lambda changes: name_unit(changes, unit, named))
    except ConflictError as error:
        return _units_page(request, of, db, form, 409, (error.vi, error.en))
    return RedirectResponse("/reports/units", 303)


def _targets_page(
    request: Request, of: Services, db: Session, form: Form, status: int = 200, faults: object = ()
) -> Response:  # fmt: skip
    lang, now = page_language(request), of.now()
    units, programmes = units_at(db, now, day_of(now)), programme_names(db)
    lines: dict[str, list[TargetLine]] = {}
    for line in db.exec(select(TargetLine)):
        lines.setdefault(line.decision, []).append(line)
    query = (
        select(TargetDecision, Account.name)
        .join(Account, col(Account.id) == TargetDecision.by, isouter=True)
        .order_by(col(TargetDecision.day).desc(), col(TargetDecision.at).desc())
    )
    rows = []
    for decision, by in db.exec(query):
        mine = sorted(lines.get(decision.id, ()), key=lambda one: plain(units.names.get(one.unit, "")))
        rows.append((decision, by, period(decision.period).label(lang == "en"), mine))
    year = day_of(now).year
    context = {
        "form": form,
        "rows": rows,
        "units": units,
        "programmes": programmes,
        "codes": list(db.exec(select(Programme.code, Programme.title).order_by(col(Programme.title)))),
        "periods": [(one.code, one.label(lang == "en")) for y in (year + 1, year, year - 1) for one in periods_of(y)],
        "faults": faults,
        "english": lang == "en",
    }  # fmt: skip
    return of.pages.page(request, "targets.html", status, **context)


@router.get("/targets")
def targets_page(request: Request, of: ServicesDep, db: ReadingDep) -> Response:
    """All decisions with their lines, newest first."""
    today = day_of(of.now())
    return _targets_page(request, of, db, Form.filled(period=f"{today.year}", day=f"{today:%d/%m/%Y}"))


@router.post("/targets")
def save_targets(request: Request, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep) -> Response:
    """Enter a decision: all of its lines or none."""
    number, note, day = form.words("number", 80, needed=True), form.words("note", 300), form.day("day", needed=True)
    code = form.value("period")
    try:
        period(code)
    except ValueError:
        form.fail("period", "Hãy chọn kỳ.", "Choose a period.")
    programmes = known_as((name, one.id) for one in db.exec(select(Programme)) for name in (one.title, one.code))
    read = read_targets(form.text("lines", 200_000), _units_known(db, of), programmes)
    if read.faults:
        form.fail("lines", "Có dòng chưa đọc được, xem bên trên.", "Some lines can't be read, see above.")
    if form.errors or day is None:
        return _targets_page(request, of, db, form, 422, read.faults)
    decision = Decision(code, number, day, note, read.lines)
    do(of, actor, lambda changes: decide_targets(changes, decision))
    return RedirectResponse("/reports/targets", 303)


def _units_known(db: Session, of: Services) -> dict[str, str | None]:
    """Units by every name that they have or had; what one is called today is nobody else's old name."""
    old = known_as((row.name, row.unit) for row in db.exec(select(UnitVersion)))
    now = units_at(db, of.now(), day_of(of.now()))
    alike = known_as((name, unit) for unit, name in now.entered.items())
    return old | alike | known_as((name, unit) for unit, name in now.names.items())
