"""Transfers between bridge points, and guests of a session: the jobs, told to the own log."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from central_server.courses.changes import Changes, changing
from central_server.courses.tables import CourseSession, Enrolment, SessionBridgePoint
from central_server.database import Job
from central_server.enrolment.tables import Guest, Transfer
from central_server.errors import ConflictError, NotFoundError
from central_server.learners.identity import learner_by_code, put_learner
from central_server.learners.names import plain
from models.enrolment_records import GuestAdmitted, GuestRemoved, Transferred, TransferUndone

_SEEN = text("SELECT EXISTS (SELECT 1 FROM record WHERE session = :session AND learner = :learner)")


def transfer(course: str, learners: Sequence[str], session: str, bridge_point: str, now: int, by: str) -> Job[int]:
    """The job that seats learners at another bridge point from a session on; how many really move.

    Earlier sessions keep the place before. It fails with ConflictError where the bridge point takes no part then.
    """

    def work(changes: Changes) -> int:
        since = _takes_part(changes.db, course, session, bridge_point).start
        moved = 0
        for learner in learners:
            if changes.db.get(Enrolment, (course, learner)) is None:
                continue
            there = changes.db.get(Transfer, (course, learner, since))
            if there is not None and there.bridge_point == bridge_point:
                continue
            row = there or Transfer(course=course, learner=learner, since=since, bridge_point="")
            changes.put(row, bridge_point=bridge_point)
            told = Transferred(
                at=changes.now, by=by, course=course, learner=learner, bridge_point=bridge_point, since=since
            )
            changes.tell(told)
            moved += 1
        return moved

    return changing(work, now, by)


def undo_transfer(course: str, learner: str, since: int, now: int, by: str) -> Job[None]:
    """The job that takes a transfer back."""

    def work(changes: Changes) -> None:
        row = changes.db.get(Transfer, (course, learner, since))
        if row is not None:
            changes.db.delete(row)
            changes.tell(TransferUndone(at=changes.now, by=by, course=course, learner=learner, since=since))

    return changing(work, now, by)


@dataclass(frozen=True, slots=True)
class NewGuest:
    """Who comes to one session."""

    session: str
    bridge_point: str
    name: str
    unit: str
    birth_year: int | None
    code: str
    """Empty: none is known, and one is made."""


def admit_guest(course: str, guest: NewGuest, now: int, by: str) -> Job[str]:
    """The job that lets a guest into a session; the learner's id.

    It fails with ConflictError when the code belongs to somebody else, or the learner is enrolled anyway.
    """

    def work(changes: Changes) -> str:
        db = changes.db
        _takes_part(db, course, guest.session, guest.bridge_point)
        learner = learner_by_code(db, guest.code) if guest.code else None
        if learner is not None and plain(learner.name) != plain(guest.name):
            raise ConflictError(
                f"Mã {guest.code} là của {learner.name}, {learner.unit}. Hãy kiểm tra lại mã hoặc họ tên.",
                f"The code {guest.code} belongs to {learner.name}, {learner.unit}. Check the code or the name.",
            )
        if learner is not None and db.get(Enrolment, (course, learner.id)) is not None:
            raise ConflictError(
                f"{learner.name} đã được ghi danh trong lớp này, không cần nhập là khách.",
                f"{learner.name} is enrolled in this course and needs no guest's place.",
            )
        if learner is None:
            code = guest.code or f"KHACH-{secrets.token_hex(4).upper()}"
            learner, known = put_learner(
                db, None, changes.now, code=code, name=guest.name, unit=guest.unit, birth_year=guest.birth_year, by=by
            )
            if known:
                changes.tell(known)
            db.flush()
        row = db.get(Guest, (guest.session, learner.id))
        if row is None or row.bridge_point != guest.bridge_point:
            row = row or Guest(session=guest.session, learner=learner.id, bridge_point="")
            changes.put(row, bridge_point=guest.bridge_point)
            changes.tell(
                GuestAdmitted(
                    at=changes.now, by=by, session=guest.session, learner=learner.id, bridge_point=guest.bridge_point
                )
            )
        return learner.id

    return changing(work, now, by)


def remove_guest(course: str, session: str, learner: str, now: int, by: str) -> Job[None]:
    """The job that takes a guest's place back. It fails with ConflictError once records speak of the guest."""

    def work(changes: Changes) -> None:
        row = changes.db.get(Guest, (session, learner))
        found = changes.db.get(CourseSession, session)
        if row is None or found is None or found.course != course:
            return
        if changes.db.connection().execute(_SEEN, {"session": session, "learner": learner}).scalar_one():
            raise ConflictError(
                "Khách này đã có bản ghi trong buổi học nên không bỏ được nữa.",
                "There are records of this guest in the session; the place can't be taken back any more.",
            )
        changes.db.delete(row)
        changes.tell(GuestRemoved(at=changes.now, by=by, session=session, learner=learner))

    return changing(work, now, by)


def _takes_part(db: Session, course: str, session: str, bridge_point: str) -> CourseSession:
    found = db.get(CourseSession, session)
    if found is None or found.course != course:
        raise NotFoundError("Lớp này không có buổi học đó.", "This course has no such session.")
    if db.get(SessionBridgePoint, (session, bridge_point)) is None:
        raise ConflictError(
            f"Điểm cầu đã chọn không dự “{found.title}”. Hãy chọn điểm cầu khác, hoặc thêm điểm cầu vào buổi học.",
            f"That bridge point takes no part in “{found.title}”. Choose another, or add it to the session.",
        )
    return found
