"""Doing what a page asks for, so that the next page shows it; and who may do what in a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlmodel import Session, select

from central_server.accounts.permission import Actor
from central_server.corrections.evidence import Upload, file_evidence
from central_server.corrections.tables import CorrectionPart, CorrectionRow
from central_server.courses.changes import Changes
from central_server.courses.doing import do
from central_server.courses.tables import CourseSession
from central_server.enrolment.places import places_in
from central_server.errors import ConflictError, InputError, NotFoundError
from central_server.services import Services
from central_server.web.forms import Form
from models.correction_records import Signer

T = TypeVar("T")


def do_in(of: Services, actor: Actor, session: CourseSession, work: Callable[[Changes], T]) -> T:
    """Do work about a session in one transaction; its figures are read anew by whoever asks next.

    What of the session has not been settled is settled before, so that the one writer is not kept busy with it.
    """
    if session.end <= of.now():
        with Session(of.engine) as db:
            of.settling.figures(db, session.course, frozenset({session.id}))
    result = do(of, actor, work)
    of.books.of(session.id).forget_plan()
    of.watches.of(session.id).forget_plan()
    return result


def done(
    of: Services, actor: Actor, session: CourseSession, db: Session, form: Form, field: str,
    work: Callable[[Changes], object],
) -> bool:  # fmt: skip
    """Do what a form asks for; whether it was done. Where it can't be, that is said at the field, and nothing is kept.

    db: the request's view of the database, which is from before.
    """
    try:
        do_in(of, actor, session, work)
    except (ConflictError, InputError) as error:
        db.rollback()
        form.fail(field, error.vi, error.en)
        return False
    return True


def filed(of: Services, session: str, upload: Upload | None, changes: Changes) -> str | None:
    """Keep a file that was sent, where there is one; its id."""
    return file_evidence(changes, of.sealing, session, upload) if upload is not None else None


def session_in(db: Session, session: str) -> CourseSession:
    """Raises NotFoundError."""
    found = db.get(CourseSession, session)
    if found is None:
        raise NotFoundError("Không có buổi học này.", "There is no such session.")
    return found


def signs_as(actor: Actor, course: str) -> dict[Signer, frozenset[str] | None]:
    """In which roles somebody may sign in a course, and for which bridge points (ids; None: all)."""
    found: dict[Signer, frozenset[str] | None] = {}
    if actor.may("correct", course=course):
        found["class_manager"] = None
    places = [one.bridge_point for one in actor.grants if one.role == "technician" and one.course in (None, course)]
    if places:
        found["technician"] = None if None in places else frozenset(place for place in places if place is not None)
    return found


def may_answer(db: Session, actor: Actor, row: CorrectionRow, session: CourseSession) -> bool:
    """Whether somebody may confirm or refuse a correction: a class manager; for a signed sheet also a technician of
    all bridge points at which its learners sit; whoever made it may withdraw it.
    """  # fmt: skip
    if actor.may("correct", course=session.course) or row.by == actor.account:
        return True
    if row.way != "sheet":
        return False
    return sees_all_of(db, actor, row.of or row.id, session)


def sees_all_of(db: Session, actor: Actor, correction: str, session: CourseSession) -> bool:
    """Whether all learners of a correction sit where the actor may sign."""
    points = actor.points("sign", session.course)
    if points is None:
        return True
    places, _ = places_in(db, session)
    learners = db.exec(select(CorrectionPart.learner).where(CorrectionPart.correction == correction))
    return all(places.get(who) in points for who in learners)
