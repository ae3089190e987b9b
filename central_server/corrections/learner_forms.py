"""Correcting one learner's time in a session, and entering a leave, on the web."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from central_server.accounts.guard import ActorDep, guard, hidden
from central_server.corrections.acts import Wanted, correct, enter_leave
from central_server.corrections.contests import ContestFacts, contest_in
from central_server.corrections.doing import do_in, done, filed, session_in
from central_server.corrections.evidence import read_upload
from central_server.corrections.forms import WORDS_MOST, read_change, read_leave, read_part, read_why, whys
from central_server.corrections.reading import leaves_of_session
from central_server.corrections.rule import correcting_of
from central_server.courses.changes import Changes
from central_server.courses.tables import CourseSession
from central_server.participation.bar import presence_bar
from central_server.participation.one_learner import OneLearner, one_learner
from central_server.participation.rounding import shown
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.figures import day_time
from central_server.web.forms import Form, FormDep
from central_server.web.headers import page_language

router = APIRouter(dependencies=[guard("correct")])


def _one(db: Session, of: Services, session: str, learner: str) -> OneLearner:
    found = one_learner(db, of.live, session, learner, of.now())
    if found is None:
        raise hidden()
    return found


def _contest(db: Session, session: str, learner: str, form: Form) -> ContestFacts | None:
    """The contest that a correction is to answer. Raises NotFoundError where it is another learner's."""
    asked = form.value("contest")
    found = contest_in(db, session, asked) if asked else None
    if found is not None and found.learner != learner:
        raise hidden()
    return found


@router.get("/sessions/{session}/learners/{learner}/correction")
def correction_page(
    request: Request, session: str, learner: str, of: ServicesDep, db: ReadingDep,
    contest: Annotated[str, Query(max_length=64)] = "",
) -> Response:  # fmt: skip
    """The form of a correction; contest: the one that it is to answer."""
    found = session_in(db, session)
    form = Form.filled(start=day_time(found.start), end=day_time(found.end), contest=contest, change="added")
    return _correction_page(request, found, learner, of, db, form)


def _correction_page(
    request: Request, session: CourseSession, learner: str, of: Services, db: Session, form: Form
) -> Response:
    lang = page_language(request)
    one = _one(db, of, session.id, learner)
    context = {
        "one": one,
        "bar": presence_bar(one.facts, one.state, lang),
        "minutes": shown(one.state.participation),
        "form": form,
        "whys": [("", "–"), *whys(lang)],
        "second": correcting_of(db, session.course).second_person,
        "contest": _contest(db, session.id, learner, form),
    }
    return of.pages.page(request, "correction.html", 422 if form.errors else 200, **context)


@router.post("/sessions/{session}/learners/{learner}/correction")
def make_correction(
    request: Request, session: str, learner: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep
) -> Response:
    """Make a correction of one learner's time."""
    found = session_in(db, session)
    contest = _contest(db, session, learner, form)
    change, part, why = read_change(form), read_part(form, found, learner), read_why(form)
    words, upload = form.words("words", WORDS_MOST, needed=True), read_upload(form, "file")
    if form.errors or part is None:
        return _correction_page(request, found, learner, of, db, form)

    def work(changes: Changes) -> None:
        evidence, answers = filed(of, session, upload, changes), contest.id if contest else None
        correct(changes, Wanted(session, change, (part,), why, words, evidence, "single", answers))

    if not done(of, actor, found, db, form, "change", work):
        return _correction_page(request, found, learner, of, db, form)
    return RedirectResponse(f"/sessions/{session}/corrections#corrections", 303)


@router.get("/sessions/{session}/learners/{learner}/leave")
def leave_page(request: Request, session: str, learner: str, of: ServicesDep, db: ReadingDep) -> Response:
    """The form of a leave, with what holds."""
    now = leaves_of_session(db, session).get(learner)
    said = {"leave": now.leave, "words": now.words, "approver": now.approver} if now else {"leave": "permitted"}
    return _leave_page(request, session, learner, of, db, Form.filled(**said))


def _leave_page(request: Request, session: str, learner: str, of: Services, db: Session, form: Form) -> Response:
    one, now = _one(db, of, session, learner), leaves_of_session(db, session).get(learner)
    return of.pages.page(request, "leave.html", 422 if form.errors else 200, one=one, form=form, now=now)


@router.post("/sessions/{session}/learners/{learner}/leave")
def save_leave(
    request: Request, session: str, learner: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep
) -> Response:
    """Enter a leave, or take one back."""
    found, leave = session_in(db, session), read_leave(form)
    _one(db, of, session, learner)
    words, upload = form.words("words", WORDS_MOST, needed=True), read_upload(form, "file")
    approver = form.words("approver", needed=leave == "permitted")
    if form.errors:
        return _leave_page(request, session, learner, of, db, form)

    def work(changes: Changes) -> None:
        enter_leave(changes, session, learner, leave, words, approver, filed(of, session, upload, changes))

    do_in(of, actor, found, work)
    return RedirectResponse(f"/sessions/{session}/corrections#l-{learner}", 303)
