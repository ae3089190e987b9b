"""Answering a contest on the web: by a correction, whose form opens filled, or by a refusal with its reason."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from central_server.accounts.guard import ActorDep, guard, hidden
from central_server.corrections.acts import answer_contest
from central_server.corrections.contests import ContestFacts, contest_in
from central_server.corrections.doing import done, session_in
from central_server.corrections.forms import WORDS_MOST
from central_server.courses.changes import Changes
from central_server.courses.tables import CourseSession
from central_server.participation.bar import presence_bar
from central_server.participation.one_learner import one_learner
from central_server.participation.rounding import shown
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.forms import Form, FormDep
from central_server.web.headers import page_language

router = APIRouter(dependencies=[guard("correct")])


@router.get("/sessions/{session}/contests/{contest}")
def contest_page(request: Request, session: str, contest: str, of: ServicesDep, db: ReadingDep) -> Response:
    """What the learner says beside what the figures say, and the answer."""
    return _page(request, session_in(db, session), contest_in(db, session, contest), of, db, Form({}))


def _page(
    request: Request, session: CourseSession, contest: ContestFacts, of: Services, db: Session, form: Form
) -> Response:
    one = one_learner(db, of.live, session.id, contest.learner, of.now())
    if one is None:
        raise hidden()
    bar, minutes = presence_bar(one.facts, one.state, page_language(request)), shown(one.state.participation)
    context = {"one": one, "bar": bar, "minutes": minutes, "contest": contest, "form": form}
    return of.pages.page(request, "contest.html", 422 if form.errors else 200, **context)


@router.post("/sessions/{session}/contests/{contest}/refuse")
def refuse_contest(
    request: Request, session: str, contest: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep
) -> Response:
    """Refuse it, with a reason that the learner reads."""
    found, asked = session_in(db, session), contest_in(db, session, contest)
    words = form.words("words", WORDS_MOST, needed=True)

    def work(changes: Changes) -> None:
        answer_contest(changes, contest, None, words)

    if not form.errors and done(of, actor, found, db, form, "words", work):
        return RedirectResponse(f"/sessions/{session}/corrections#contests", 303)
    return _page(request, found, asked, of, db, form)
