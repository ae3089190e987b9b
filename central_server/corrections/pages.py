"""A session's corrections on the web: figures with what people said; confirming, refusing, undoing, evidence."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, select

from central_server.accounts.guard import ActorDep, Points, SignPointsDep, guard
from central_server.accounts.permission import Actor
from central_server.corrections.acts import answer, undo
from central_server.corrections.contests import contests_of_session
from central_server.corrections.doing import do_in, may_answer, sees_all_of, session_in, signs_as
from central_server.corrections.evidence import GIVES_EVIDENCE, evidence_download, evidence_in, no_file
from central_server.corrections.forms import read_words
from central_server.corrections.listing import corrections_listed
from central_server.corrections.reading import leaves_of_session
from central_server.corrections.rule import correcting_of
from central_server.corrections.sealed_sheet import figures_of, seal_of
from central_server.corrections.sealing import counts, said_of
from central_server.corrections.tables import CorrectionRow
from central_server.corrections.words import CAUSES, CHANGES, LEAVES, SIGNERS, WAYS, WHY
from central_server.courses.changes import Changes
from central_server.courses.tables import CourseSession
from central_server.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from central_server.participation.bar import presence_bar
from central_server.participation.queries import names_of
from central_server.participation.rounding import shown
from central_server.participation.state import part_of
from central_server.participation.wording import damaged_said
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.forms import Form, FormDep
from central_server.web.headers import page_language

router = APIRouter(dependencies=[guard("sign")])
correcting = APIRouter(dependencies=[guard("correct")])
"""What only class managers do."""


REFUSAL = ("Hãy ghi lý do không chấp nhận.", "Write why it is refused.")


@router.get("/sessions/{session}/corrections")
def corrections_page(
    request: Request, session: str, actor: ActorDep, of: ServicesDep, db: ReadingDep, points: SignPointsDep
) -> Response:
    """The session's figures with what people said of them, its seal and its revisions."""
    return session_page(request, session_in(db, session), actor, of, db, points)


def session_page(
    request: Request,
    session: CourseSession,
    actor: Actor,
    of: Services,
    db: Session,
    points: Points,
    problem: ConflictError | InputError | None = None,
) -> Response:
    """The page; problem: why what was asked for was not done."""
    lang = page_language(request)
    # What was odd at check-ins stands on the live page, for whoever may see it there.
    state = part_of(of.books.of(session.id).state(of.now()), points, frozenset())
    here = None if points is None else {who.facts.id for who in state.learners}
    seal, over = seal_of(db, session.id), counts(session) and session.end <= of.now()
    figures = figures_of(db, session) if over else None
    signers = {one.by for one in seal.signatures} | {one.by for one in seal.revisions}
    context = {
        "state": state,
        "rows": [
            (point.facts, learner, shown(learner.participation), presence_bar(state.facts, learner, lang))
            for point in state.points
            for learner in point.learners
        ],
        "leaves": leaves_of_session(db, session.id),
        "corrections": corrections_listed(db, actor, session, here),
        "words": {"changes": CHANGES, "why": WHY, "ways": WAYS, "leaves": LEAVES, "signers": SIGNERS, "causes": CAUSES},
        "contests": [one for one in contests_of_session(db, session.id) if here is None or one.learner in here],
        "corrects": actor.may("correct", course=session.course) and counts(session),
        "seal": seal,
        "said": {one.number: said_of(db, one) for one in seal.revisions} if points is None else {},
        "figures": figures,
        "drifted": figures is not None and seal.drifted(figures),
        "signs": signs_as(actor, session.course),
        "names": names_of(db, {who for who in signers if who is not None}),
        "point_names": {point.facts.id: point.facts.name for point in state.points},
        "second": correcting_of(db, session.course).second_person,
        "problem": problem,
        "damaged": damaged_said([bad for point in state.points for bad in point.damaged]),
    }
    return of.pages.page(request, "session_corrections.html", problem.status if problem else 200, **context)


def done_or_said(
    request: Request, session: CourseSession, actor: Actor, of: Services, db: Session, points: Points, part: str,
    work: Callable[[Changes], object],
) -> Response:  # fmt: skip
    """Do what a button of the page asks for and show that part of it, or the page with the sentence why it can't be."""
    try:
        do_in(of, actor, session, work)
    except (ConflictError, InputError) as error:
        db.rollback()  # this request's view of the database is from before
        return session_page(request, session, actor, of, db, points, error)
    return RedirectResponse(f"/sessions/{session.id}/corrections#{part}", 303)


@router.post("/sessions/{session}/corrections/{correction}/confirm")
def confirm_correction(
    request: Request,
    session: str,
    correction: str,
    actor: ActorDep,
    of: ServicesDep,
    db: ReadingDep,
    points: SignPointsDep,
) -> Response:
    """Confirm a correction as the second person."""
    return _answer(request, session, correction, None, actor, of, db, points)


@router.post("/sessions/{session}/corrections/{correction}/refuse")
def refuse_correction(
    request: Request, session: str, correction: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep,
    points: SignPointsDep,
) -> Response:  # fmt: skip
    """Refuse a correction, with a reason; whoever made it takes it back so."""
    return _answer(request, session, correction, form, actor, of, db, points)


def _answer(
    request: Request, session: str, correction: str, refusal: Form | None, actor: Actor, of: Services, db: Session,
    points: Points,
) -> Response:  # fmt: skip
    found, row = session_in(db, session), correction_in(db, session, correction)
    if not may_answer(db, actor, row, found):
        raise ForbiddenError(
            "Điều chỉnh này do cán bộ quản lý lớp xác nhận.", "A class manager confirms this correction."
        )

    def work(changes: Changes) -> None:
        words = "" if refusal is None else read_words(refusal, REFUSAL)
        answer(changes, correction, refusal is None, words)

    return done_or_said(request, found, actor, of, db, points, "corrections", work)


@correcting.post("/sessions/{session}/corrections/{correction}/undo")
def undo_correction(
    request: Request, session: str, correction: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep,
    points: SignPointsDep,
) -> Response:  # fmt: skip
    """Take a correction back by another one, with a reason."""
    found, row = session_in(db, session), correction_in(db, session, correction)

    def work(changes: Changes) -> None:
        undo(changes, row.id, read_words(form, ("Hãy ghi lý do hoàn tác.", "Write why it is undone.")))

    return done_or_said(request, found, actor, of, db, points, "corrections", work)


def correction_in(db: Session, session: str, correction: str) -> CorrectionRow:
    """A correction of that session. Raises NotFoundError."""
    row = db.get(CorrectionRow, correction)
    if row is None or row.session != session:
        raise NotFoundError("Không có điều chỉnh này.", "There is no such correction.")
    return row


@router.get("/sessions/{session}/evidence/{evidence}", response_class=Response, responses=GIVES_EVIDENCE)
def evidence_file(session: str, evidence: str, actor: ActorDep, of: ServicesDep, db: ReadingDep) -> Response:
    """A file of evidence: for class managers, and for whoever signs for all learners whom its correction is about.

    What came with a leave or a contest is for class managers and the learner (own_pages) alone.
    """
    found, file = session_in(db, session), evidence_in(db, session, evidence)
    if not actor.may("correct", course=found.course):
        rows = db.exec(select(CorrectionRow.id).where(CorrectionRow.evidence == evidence)).all()
        if not rows or not all(sees_all_of(db, actor, row, found) for row in rows):
            raise no_file()
    return evidence_download(of.sealing, file)
