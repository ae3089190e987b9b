"""A course's results: what the system proposes, recognising them, and the list of those who completed."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select
from starlette.concurrency import run_in_threadpool

from central_server.accounts.guard import ActorDep, guard
from central_server.accounts.permission import Actor
from central_server.courses.attention import before_results
from central_server.courses.doing import do
from central_server.courses.queries import course_of
from central_server.courses.situation import situation_of
from central_server.courses.tables import Course, Enrolment, Programme
from central_server.enrolment.faults import RosterError
from central_server.enrolment.reading import read_apart
from central_server.errors import ConflictError
from central_server.health.reading import heard_by
from central_server.learners.names import plain
from central_server.learners.tables import Learner
from central_server.participation.course import course_participation
from central_server.participation.wording import damaged_said
from central_server.reports.acts import Result, count_course, recognise
from central_server.reports.completion import OUTCOMES, Completion, Finisher, completion_sheet, figures_of
from central_server.reports.csv_file import Separator
from central_server.reports.download import SHEETS, Ending, sheet_file
from central_server.reports.period import day_of
from central_server.reports.plan_report import HELD_WORDS
from central_server.reports.reading import counted_at, letterhead_at, results_at, units_at
from central_server.reports.result_list import read_results, rows_of_grid, rows_of_text
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.forms import NEEDED, Form, FormDep
from central_server.web.headers import page_language
from models.report_records import HELD

router = APIRouter()
LIST_MOST = 200_000
"""Characters of a pasted list: 5,000 lines of 40."""
FIELDS = ("grade", "certificate", "book")
"""What is typed beside a result; each with the learner's id behind it."""


def completion_of(db: Session, of: Services, course: Course) -> Completion:
    """A course with everybody's result, as it is known now."""
    at = of.now()
    now = course_participation(db, of.books, of.settling, course, at)
    results = results_at(db, at, [course.id]).get(course.id, {})
    query = select(Learner.id, Learner.position).join(Enrolment, col(Enrolment.learner) == Learner.id)
    positions = dict(db.exec(query.where(Enrolment.course == course.id)).all())
    learners = [
        Finisher(
            one.facts, positions.get(one.facts.id, ""), figures_of(one.forecast.done, course.period_minutes),
            one.forecast.done.verdict, results.get(one.facts.id),
        )
        for one in now.learners
    ]  # fmt: skip
    programme = db.get(Programme, course.programme) if course.programme else None
    held = [day_of(one.start) for one in now.sessions]
    first, last = min(held, default=None), max(held, default=None)
    head = letterhead_at(db, at).of("completion")
    return Completion(course.code, course.title, programme.title if programme else "", first, last, learners, at, head,
                      now.damaged)  # fmt: skip


def _page(
    request: Request, of: ServicesDep, db: Session, actor: Actor, course: Course, form: Form | None = None,
    status: int = 200, /, **more: object,
) -> Response:  # fmt: skip
    whole, at = completion_of(db, of, course), of.now()
    counted = counted_at(db, at).get(course.id)
    units = units_at(db, at, day_of(at))
    context = {
        "course": course,
        "learners": whole.learners,
        "form": form or _filled(whole),
        "facts_form": Form.filled(
            unit=(counted.unit if counted else None) or "", audience=counted.audience if counted else "",
            held=counted.held if counted else "online", planned="yes" if counted is None or counted.planned else "no",
        ),
        "units": sorted(units.names.items(), key=lambda one: plain(one[1])),
        "unit_words": units,
        "held_words": HELD_WORDS,
        "outcomes": OUTCOMES,
        "grades": letterhead_at(db, at).grades,
        "manages": actor.may("manage_course", course=course.id),
        "open": before_results(situation_of(db, course, at, heard_by(db, of))),
        "recognised": sum(one.result is not None for one in whole.learners),
        "completed": sum(one.result is not None and one.result.outcome == "completed" for one in whole.learners),
        "faults": (),
        "damaged": damaged_said(whole.damaged),
        "filled": 0,
        "saved": None,
        "list_text": "",
    }  # fmt: skip
    return of.pages.page(request, "completion.html", status, **(context | more))


def _filled(whole: Completion) -> Form:
    values: dict[str, str] = {}
    for one in whole.learners:
        got, id_ = one.result, one.who.id
        values[f"version-{id_}"] = str(got.version if got else 0)
        values[f"outcome-{id_}"] = got.outcome if got else ""
        values[f"grade-{id_}"] = got.grade if got else ""
        values[f"certificate-{id_}"] = got.certificate if got else ""
        values[f"book-{id_}"] = got.book_number if got else ""
    return Form.filled(**values)


@router.get("/courses/{course}/completion", dependencies=[guard("see_course")])
def completion_page(
    request: Request, course: str, actor: ActorDep, of: ServicesDep, db: ReadingDep, saved: int | None = None
) -> Response:
    """Everybody's periods and result. saved: how many results were just recognised."""
    return _page(request, of, db, actor, course_of(db, course), saved=saved)


@router.post("/courses/{course}/completion", dependencies=[guard("manage_course")])
def save_results(
    request: Request, course: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep
) -> Response:
    """Recognise the results that are filled in; those without one are left as they are."""
    found = course_of(db, course)
    whole = completion_of(db, of, found)
    results: list[Result] = []
    for one in whole.learners:
        outcome = form.value(f"outcome-{one.who.id}")
        grade, certificate, book = (form.words(f"{name}-{one.who.id}", 60) for name in FIELDS)
        before = form.whole(f"version-{one.who.id}", 0, 10**9) or 0
        if outcome in OUTCOMES:
            result = one.to_recognise(outcome, grade, certificate, book, before, refresh=form.has("refresh"))
            if one.brings_other_periods(result) and form.value(f"seen-{one.who.id}") not in ("", one.seen):
                form.fail(
                    f"outcome-{one.who.id}",
                    "Số tiết đã đổi trong lúc đồng chí xem. Hãy xem số mới rồi công nhận.",
                    "The periods have changed while you looked. Look at the new ones, then recognise.",
                )
            results.append(result)
        elif grade or certificate or book:
            form.fail(f"outcome-{one.who.id}", "Hãy chọn kết quả.", "Choose a result.")
    if not results and not form.errors:
        form.fail("results", "Hãy chọn kết quả cho ít nhất một học viên.", "Choose a result for one learner at least.")
    if form.errors:
        return _page(request, of, db, actor, found, form, 422)
    try:
        count = do(of, actor, lambda changes: recognise(changes, course, results))
    except ConflictError as error:
        db.rollback()  # this request's view of the database is from before
        return _page(request, of, db, actor, found, form, 409, faults=((error.vi, error.en),))
    return RedirectResponse(f"/courses/{course}/completion?saved={count}", 303)


@router.post("/courses/{course}/completion/list", dependencies=[guard("manage_course")])
async def read_list(
    request: Request, course: str, form: FormDep, actor: ActorDep, of: ServicesDep
) -> Response:  # fmt: skip
    """Fill the form from a pasted or sent list; nothing is saved before somebody has looked at it."""
    file, text = form.files.get("file"), form.text("list", LIST_MOST)
    faults = tuple(form.errors.values())
    rows: list[list[str]] = rows_of_text(text)
    if file is not None:
        try:
            data = await file.read()
            async with of.rosters.reading:
                grids = await run_in_threadpool(read_apart, data)
            rows = rows_of_grid(grids[0])
        except RosterError as error:
            faults = ((error.vi, error.en),)
    return await run_in_threadpool(_look, request, of, actor, course, rows, faults, text)


def _look(
    request: Request, of: Services, actor: Actor, course: str, rows: list[list[str]],
    faults: tuple[tuple[str, str], ...], text: str,
) -> Response:  # fmt: skip
    with Session(of.engine) as db:
        found = course_of(db, course)
        whole = completion_of(db, of, found)
        codes = {plain(one.who.code): one.who.code for one in whole.learners}
        read = read_results([] if faults else rows, codes)
        values = {name: _filled(whole).value(name) for name in _filled(whole).names()}
        for one in whole.learners:
            listed = read.results.get(one.who.code)
            if listed is None:
                continue
            id_ = one.who.id
            values[f"outcome-{id_}"] = listed.outcome or one.proposed or ""
            values[f"grade-{id_}"] = listed.grade or values[f"grade-{id_}"]
            values[f"certificate-{id_}"] = listed.certificate or values[f"certificate-{id_}"]
            values[f"book-{id_}"] = listed.book_number or values[f"book-{id_}"]
        wrong = faults or read.faults
        return _page(request, of, db, actor, found, Form.filled(**values), 422 if wrong else 200,
                     faults=wrong, filled=len(read.results), list_text=text)  # fmt: skip


@router.post("/courses/{course}/counting", dependencies=[guard("manage_course")])
def save_counting(
    request: Request, course: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep
) -> Response:
    """What the course counts as in reports."""
    found = course_of(db, course)
    unit, held = form.value("unit") or None, next((one for one in HELD if one == form.value("held")), None)
    if unit is not None and unit not in units_at(db, of.now(), day_of(of.now())).names:
        form.fail("unit", "Không có đơn vị này. Hãy chọn lại.", "There is no such unit. Choose again.")
    if held is None:
        form.fail("held", *NEEDED)
    audience, planned = form.words("audience", 120), form.value("planned") != "no"
    if form.errors or held is None:
        return _page(request, of, db, actor, found, None, 422, facts_form=form)
    do(of, actor, lambda changes: count_course(changes, found.id, unit, audience, held, planned=planned))
    return RedirectResponse(f"/courses/{course}/completion#counting", 303)


@router.get(
    "/courses/{course}/completion.{ending}", dependencies=[guard("see_course")], response_class=Response,
    responses=SHEETS,
)  # fmt: skip
def completion_file(
    request: Request, course: str, ending: Ending, of: ServicesDep, db: ReadingDep, everybody: bool = False,
    separator: Separator = "semicolon",
) -> Response:  # fmt: skip
    """The list of those who completed, or of everybody with the result."""
    whole = completion_of(db, of, course_of(db, course))
    return sheet_file(completion_sheet(whole, page_language(request), everybody=everybody), ending, separator)


@router.get("/courses/{course}/completion/sheet", dependencies=[guard("see_course")])
def completion_print(request: Request, course: str, of: ServicesDep, db: ReadingDep) -> Response:
    """The list of those who completed, as it will be printed."""
    found = course_of(db, course)
    sheet = completion_sheet(completion_of(db, of, found), page_language(request))
    return of.pages.page(request, "completion_sheet.html", sheet=sheet, course=found)
