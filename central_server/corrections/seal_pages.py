"""Sealing a session's sheet on the web: signing, making a revision, and each revision as a page to be printed."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from central_server.accounts.guard import ActorDep, SignPointsDep, guard
from central_server.corrections.doing import do_in, session_in, signs_as
from central_server.corrections.forms import read_words
from central_server.corrections.pages import session_page
from central_server.corrections.sealed_sheet import LearnerRow, Revision, Seal, Signature, seal_of
from central_server.corrections.sealing import revise, said_of, sign
from central_server.corrections.words import CAUSES, LEAVES, SIGNERS
from central_server.courses.overview import point_names
from central_server.courses.queries import course_of
from central_server.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from central_server.learners.names import given_name_first
from central_server.learners.queries import learners_of
from central_server.learners.tables import Learner
from central_server.participation.queries import names_of
from central_server.services import ReadingDep, ServicesDep
from central_server.web.forms import FormDep
from models.correction_records import Signer

router = APIRouter(dependencies=[guard("sign")])
revising = APIRouter(dependencies=[guard("correct")])
"""What only class managers do."""


@router.post("/sessions/{session}/seal")
def seal_sheet(
    request: Request,
    session: str,
    form: FormDep,
    actor: ActorDep,
    of: ServicesDep,
    db: ReadingDep,
    points: SignPointsDep,
) -> Response:
    """Sign the figures that the page shows: as technician of one bridge point or of all, or as class manager."""
    found = session_in(db, session)
    signer: Signer | None = next((role for role in SIGNERS if role == form.value("as")), None)
    if signer is None:
        raise InputError("Hãy chọn vai trò ký.", "Choose the role in which you sign.")
    point = form.value("point") or None
    roles = signs_as(actor, found.course)
    allowed = roles.get(signer, frozenset())
    whole = point is None and allowed is None
    part = point is not None and signer == "technician" and (allowed is None or point in allowed)
    if not whole and not (part and point in seal_of(db, session).points):
        raise ForbiddenError(
            "Đồng chí không ký được ở vai trò này, hoặc cho điểm cầu này.",
            "You can't sign in this role, or for this bridge point.",
        )
    try:
        do_in(of, actor, found, lambda changes: sign(changes, session, signer, point, form.value("figures")))
    except (ConflictError, InputError) as error:
        db.rollback()
        return session_page(request, found, actor, of, db, points, error)
    return RedirectResponse(f"/sessions/{session}/corrections#seal", 303)


@revising.post("/sessions/{session}/revise")
def revise_sheet(
    request: Request,
    session: str,
    form: FormDep,
    actor: ActorDep,
    of: ServicesDep,
    db: ReadingDep,
    points: SignPointsDep,
) -> Response:
    """Make a revision of a signed sheet whose figures are others now, with the reason."""
    found = session_in(db, session)
    try:
        words = read_words(form, ("Hãy ghi lý do của bản sửa đổi.", "Write why the revision is made."))
        do_in(of, actor, found, lambda changes: revise(changes, session, words))
    except (ConflictError, InputError) as error:
        db.rollback()
        return session_page(request, found, actor, of, db, points, error)
    return RedirectResponse(f"/sessions/{session}/corrections#seal", 303)


@dataclass(frozen=True, slots=True)
class RevisedRow:
    """A learner in a revision, and as the one before has it where that differs."""

    learner: Learner | None
    point: str
    now: LearnerRow | None
    before: LearnerRow | None
    changed: bool


@router.get("/sessions/{session}/revisions/{number}")
def revision_page(
    request: Request, session: str, number: int, of: ServicesDep, db: ReadingDep, points: SignPointsDep
) -> Response:
    """A revision: its figures, what changed against the one before and why, and who signed it."""
    found, seal = session_in(db, session), seal_of(db, session)
    revision = next((one for one in seal.revisions if one.number == number), None)
    if revision is None:
        raise NotFoundError("Không có bản số liệu này.", "There is no such revision.")
    before = next((one for one in seal.revisions if one.number == number - 1), None)
    context = {
        "session": found,
        "course": course_of(db, found.course),
        "revision": revision,
        "said": said_of(db, revision) if points is None else "",
        "before": before,
        "last": seal.last,
        "rows": _rows(db, revision, before, points),
        "signatures": _signatures(db, seal, revision),
        "by": names_of(db, [revision.by] if revision.by else []).get(revision.by or "", ""),
        "words": {"causes": CAUSES, "leaves": LEAVES, "signers": SIGNERS},
    }
    return of.pages.page(request, "revision.html", **context)


def _rows(db: Session, revision: Revision, before: Revision | None, points: frozenset[str] | None) -> list[RevisedRow]:
    places = {row.learner: point for one in (before, revision) if one for point, some in one.figures.points.items()
              for row in some}  # fmt: skip
    then, now = before.figures.rows() if before else {}, revision.figures.rows()
    names = point_names(db, set(places.values()))
    people = {one.id: one for one in learners_of(db, places)}
    rows = [
        RevisedRow(people.get(who), names.get(point, point), now.get(who), then.get(who),
                   before is not None and now.get(who) != then.get(who))
        for who, point in places.items()
        if points is None or point in points
    ]  # fmt: skip
    return sorted(rows, key=lambda one: (one.point, given_name_first(one.learner.name) if one.learner else ("",)))


def _signatures(db: Session, seal: Seal, revision: Revision) -> list[tuple[Signer, str, Signature | None, str]]:
    """In which role, for which bridge point (name), who (name); None: not signed."""
    names = point_names(db, seal.points)
    people = names_of(db, {one.by for one in seal.signatures if one.by is not None})
    wanted: list[tuple[Signer, str | None]] = [
        ("technician", point) for point in seal.points if revision.figures.points.get(point)
    ]
    out = []
    for signer, point in [*wanted, ("class_manager", None)]:
        one = seal.signed(revision, signer, point)
        by = people.get(one.by or "", "") if one else ""
        out.append((signer, names.get(point or "", ""), one, by))
    return out
