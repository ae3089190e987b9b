"""Entering a signed sheet on the web: the scan, who was there and when; it counts when another person has confirmed."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from central_server.accounts.guard import ActorDep, Points, SignPointsDep, guard
from central_server.corrections.acts import Part, Wanted, correct
from central_server.corrections.doing import do_in, session_in
from central_server.corrections.evidence import file_evidence, read_upload
from central_server.corrections.forms import WORDS_MOST, read_span, read_why, whys
from central_server.courses.changes import Changes
from central_server.courses.tables import CourseSession
from central_server.errors import ConflictError, InputError, NotFoundError
from central_server.participation.queries import LearnerFacts, SessionFacts, session_facts
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.figures import day_time
from central_server.web.forms import NEEDED, Form, FormDep
from central_server.web.headers import page_language

router = APIRouter(dependencies=[guard("sign")])


@router.get("/sessions/{session}/signed-sheet")
def sheet_page(request: Request, session: str, of: ServicesDep, db: ReadingDep, points: SignPointsDep) -> Response:
    """The form: nobody ticked, everybody's time the whole session."""
    found = session_in(db, session)
    times = {"start": day_time(found.start), "end": day_time(found.end)}
    return _page(request, found, of, db, points, Form.filled(why="camera", **times))


def _page(request: Request, session: CourseSession, of: Services, db: Session, points: Points, form: Form) -> Response:
    facts = session_facts(db, session.id)
    context = {
        "facts": facts,
        "places": [(point, some) for point in facts.points if (some := _here(facts, points, point.id))],
        "form": form,
        "whys": whys(page_language(request)),
    }
    return of.pages.page(request, "signed_sheet.html", 422 if form.errors else 200, **context)


def _here(facts: SessionFacts, points: Points, point: str) -> list[LearnerFacts]:
    if points is not None and point not in points:
        return []
    return [who for who in facts.learners if who.bridge_point == point]


@router.post("/sessions/{session}/signed-sheet")
def enter_sheet(
    request: Request,
    session: str,
    form: FormDep,
    actor: ActorDep,
    of: ServicesDep,
    db: ReadingDep,
    points: SignPointsDep,
) -> Response:
    """Enter the ticked learners; a time of one's own stands in the fields beside a name."""
    found = session_in(db, session)
    facts = session_facts(db, session)
    mine = {who.id for point in facts.points for who in _here(facts, points, point.id)}
    ticked = form.values("learner")
    if not set(ticked) <= mine:
        raise NotFoundError("Học viên không học buổi này ở điểm cầu của đồng chí.", "The learner does not sit there.")
    upload, why = read_upload(form, "file"), read_why(form)
    words = form.words("words", WORDS_MOST, needed=True)
    if upload is None:
        form.fail("file", *NEEDED)
    if not ticked:
        form.fail("learner", "Hãy đánh dấu những học viên có tên và chữ ký trên bảng.",
                  "Tick the learners whose names and signatures stand on the sheet.")  # fmt: skip
    parts = _parts(form, found, ticked)
    if form.errors or upload is None:
        return _page(request, found, of, db, points, form)

    def work(changes: Changes) -> None:
        evidence = file_evidence(changes, of.sealing, session, upload)
        correct(changes, Wanted(session, "added", parts, why, words, evidence, "sheet"))

    try:
        do_in(of, actor, found, work)
    except (ConflictError, InputError) as error:
        db.rollback()
        form.fail("learner", error.vi, error.en)
        return _page(request, found, of, db, points, form)
    return RedirectResponse(f"/sessions/{session}/corrections#corrections", 303)


def _parts(form: Form, session: CourseSession, learners: list[str]) -> list[Part]:
    whole = read_span(form, session)
    parts = []
    for learner in dict.fromkeys(learners):
        fields = f"start-{learner}", f"end-{learner}"
        own = any(form.value(name).strip() for name in fields)
        span = read_span(form, session, *fields) if own else whole
        if span is not None:
            parts.append((learner, *span))
    return parts
