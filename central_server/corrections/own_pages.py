"""The learner's own page of a course: each session with its minutes and what they are known by; contests; own data."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from sqlmodel import Session, col, select

from central_server.accounts.guard import ActorDep, hidden
from central_server.corrections.contests import ContestFacts, contest, contests_of_learner, open_until
from central_server.corrections.doing import done, filed, session_in
from central_server.corrections.evidence import GIVES_EVIDENCE, evidence_download, evidence_in, no_file, read_upload
from central_server.corrections.forms import WORDS_MOST
from central_server.corrections.own_data import OwnData, own_data
from central_server.corrections.reading import LeaveFacts, leaves_of_course, own_files
from central_server.corrections.words import CHANGES, LEAVES, SIGNERS, STANDINGS, WHY
from central_server.courses.changes import Changes
from central_server.courses.overview import planned_sessions
from central_server.courses.queries import course_of
from central_server.courses.tables import CourseSession
from central_server.errors import ConflictError
from central_server.learners.own_guard import own_guard
from central_server.participation.bar import presence_bar
from central_server.participation.course import counting
from central_server.participation.of_learner import attended, seats
from central_server.participation.one_learner import OneLearner, one_learner
from central_server.participation.outlook_wording import needed, outlook
from central_server.participation.rounding import Shown, shown
from central_server.reports.completion import OUTCOMES
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.description import gives_file
from central_server.web.downloads import download
from central_server.web.figures import day
from central_server.web.forms import Form, FormDep
from central_server.web.headers import page_language

router = APIRouter(dependencies=[own_guard()])


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A session of the learner's, as the page shows it."""

    one: OneLearner
    bar: Markup
    minutes: Shown
    leave: LeaveFacts | None
    contests: tuple[ContestFacts, ...]
    contest_until: int | None
    """Until when it may be contested (server time, ms); None: not now, or one waits already."""


@router.get("/learners/{learner}/own/courses/{course}")
def own_course(request: Request, learner: str, course: str, of: ServicesDep, db: ReadingDep) -> Response:
    """Minutes and share against the need, then the sessions so far with their bars; of a guest the sessions alone."""
    found, now, lang = course_of(db, course), of.now(), page_language(request)
    if not found.published:
        raise hidden()
    mine = attended(db, of.books, of.settling, found, learner, now)
    guest_of = next((seat.guest_of for seat in seats(db, learner) if seat.course.id == course), ())
    if mine is None and not guest_of:
        raise hidden()
    contests = contests_of_learner(db, learner)
    leaves = leaves_of_course(db, course)
    sessions = []
    for row in mine.now.sessions if mine else counting(planned_sessions(db, found, now)):
        one = one_learner(db, of.live, row.id, learner, now) if row.phase != "before" else None
        if one is None:
            continue
        said = tuple(it for it in contests if it.session == row.id)
        waits = any(it.answered_at is None for it in said)
        until = None if waits else open_until(db, session_in(db, row.id), now)
        leave = leaves.get(row.id, {}).get(learner)
        bar = presence_bar(one.facts, one.state, lang)
        sessions.append(OwnSession(one, bar, shown(one.state.participation), leave, said, until))
    it = mine.learner.forecast if mine else None
    context = {
        "course": found,
        "learner": learner,
        "guest_of": guest_of,
        "it": it,
        "rule": mine.now.rule if mine else None,
        "outlook": outlook(it, lang) if it else "",
        "needed": needed(it, lang) if it else "",
        "sessions": sessions[::-1],
        "leave_words": LEAVES,
    }
    return of.pages.page(request, "own_course.html", **context)


def _own_session(of: Services, db: Session, learner: str, session: str) -> tuple[CourseSession, OneLearner]:
    """A session of the learner's, of a course that learners see. Raises NotFoundError."""
    found = session_in(db, session)
    one = one_learner(db, of.live, session, learner, of.now())
    if one is None or not course_of(db, found.course).published:
        raise hidden()
    return found, one


@router.get("/learners/{learner}/own/sessions/{session}/contest")
def contest_form(request: Request, learner: str, session: str, of: ServicesDep, db: ReadingDep) -> Response:
    """The form of a contest, beside the learner's bar."""
    return _contest_page(request, learner, session, of, db, Form({}))


def _contest_page(request: Request, learner: str, session: str, of: Services, db: Session, form: Form) -> Response:
    found, one = _own_session(of, db, learner, session)
    until = open_until(db, found, of.now())
    if until is None and not form.errors:
        raise ConflictError(
            "Buổi này chưa kết thúc, hoặc đã hết hạn nêu ý kiến. Hãy gặp trực tiếp cán bộ quản lý lớp.",
            "This session is not over, or the time to contest it has passed. Speak with the class manager.",
        )
    bar = presence_bar(one.facts, one.state, page_language(request))
    context = {"one": one, "bar": bar, "minutes": shown(one.state.participation), "form": form, "until": until}
    return of.pages.page(request, "own_contest.html", 422 if form.errors else 200, learner=learner, **context)


@router.post("/learners/{learner}/own/sessions/{session}/contest")
def make_contest(
    request: Request, learner: str, session: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep
) -> Response:
    """Contest a session."""
    found, _ = _own_session(of, db, learner, session)
    words, upload = form.words("words", WORDS_MOST, needed=True), read_upload(form, "file")
    if form.errors:
        return _contest_page(request, learner, session, of, db, form)

    def work(changes: Changes) -> None:
        contest(changes, session, learner, words, filed(of, session, upload, changes))

    if not done(of, actor, found, db, form, "words", work):
        return _contest_page(request, learner, session, of, db, form)
    return RedirectResponse(f"/learners/{learner}/own/courses/{found.course}#s-{session}", 303)


@router.get(
    "/learners/{learner}/own/sessions/{session}/evidence/{evidence}",
    response_class=Response, responses=GIVES_EVIDENCE,
)  # fmt: skip
def own_evidence(learner: str, session: str, evidence: str, of: ServicesDep, db: ReadingDep) -> Response:
    """A file that came with the learner's own leave, contest or correction; of a signed sheet's, nobody else's name."""
    _own_session(of, db, learner, session)
    file = evidence_in(db, session, evidence)
    if evidence not in own_files(db, learner):
        raise no_file()
    return evidence_download(of.sealing, file)


_WORDS = {"changes": CHANGES, "why": WHY, "leaves": LEAVES, "signers": SIGNERS, "standings": STANDINGS,
          "outcomes": OUTCOMES}  # fmt: skip


@router.get("/learners/{learner}/own/data")
def data_page(request: Request, learner: str, of: ServicesDep, db: ReadingDep) -> Response:
    """All that is kept of the learner, to be read and printed."""
    data = _data(of, db, learner)
    told = {one.session for one in data.leaves} | {one.session for one in data.signatures}
    told |= {one.session for one in data.contests}
    query = select(CourseSession).where(col(CourseSession.id).in_(told))
    sessions = {one.id: f"{one.title}, {day(one.start)}" for one in db.exec(query)}
    context = {"data": data, "learner": learner, "words": _WORDS, "sessions": sessions}
    return of.pages.page(request, "own_data.html", **context)


@router.get("/learners/{learner}/own/data.json", response_class=Response, responses=gives_file("application/json"))
def data_file(learner: str, of: ServicesDep, db: ReadingDep) -> Response:
    """The same as a file for programs."""
    content = msgspec.json.format(msgspec.json.encode(_data(of, db, learner)), indent=1)
    return download(content, "du-lieu-cua-toi.json", "application/json")


def _data(of: Services, db: Session, learner: str) -> OwnData:
    return own_data(db, of.live, of.sealing, learner, of.now())
