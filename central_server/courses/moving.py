"""What becomes of a session: moved, cancelled, held after all, or gone from the plan. Nothing is forgotten."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import text
from sqlmodel import col, func, select

from central_server.courses.changes import Changes, digest
from central_server.courses.tables import CourseSession, SessionBreak, SessionBridgePoint, SessionChange
from central_server.enrolment.tables import Guest
from central_server.errors import ConflictError
from models.own_records import SessionChanged, SessionDropped

Change = Literal["moved", "cancelled", "restored"]
_HAS_RECORDS = text(
    "SELECT EXISTS (SELECT 1 FROM record WHERE session = :session)"
    " OR EXISTS (SELECT 1 FROM correction WHERE session = :session)"
    " OR EXISTS (SELECT 1 FROM leave WHERE session = :session)"
    " OR EXISTS (SELECT 1 FROM contest WHERE session = :session)"
    " OR EXISTS (SELECT 1 FROM sheet_revision WHERE session = :session)"
)


def change_session(changes: Changes, session: CourseSession, change: Change, reason: str) -> None:
    """Keep that a session is about to change, with the times that it has now, and tell the own log."""
    db = changes.db
    last = db.exec(select(func.max(SessionChange.number)).where(col(SessionChange.session) == session.id)).one()
    row = SessionChange(
        session=session.id, number=(last or 0) + 1, change=change, start=session.start, end=session.end,
        reason=reason, by=changes.by, at=changes.now,
    )  # fmt: skip
    db.add(row)
    db.flush()
    told = digest(reason)
    changes.tell(
        SessionChanged(at=changes.now, by=changes.by, session=session.id, number=row.number, change=change, reason=told)
    )


def cancel(changes: Changes, session: CourseSession, reason: str) -> None:
    """Cancel a session: nobody is watched in it any more, and it counts for nothing. Its records stay."""
    if not session.cancelled:
        change_session(changes, session, "cancelled", reason)
        changes.put(session, cancelled=True)


def restore(changes: Changes, session: CourseSession) -> None:
    """Hold a cancelled session after all."""
    if session.cancelled:
        change_session(changes, session, "restored", "")
        changes.put(session, cancelled=False)


def has_records(changes: Changes, session: str) -> bool:
    """Whether any bridge point's log, or a person's correction, leave, contest or signature, speaks of the session."""
    return bool(changes.db.connection().execute(_HAS_RECORDS, {"session": session}).scalar_one())


def drop(changes: Changes, session: CourseSession) -> None:
    """Take a cancelled session out of the plan. Raises ConflictError if it is not cancelled or records speak of it."""
    if has_records(changes, session.id) or not session.cancelled:
        raise ConflictError(
            "Buổi học đã có bản ghi điểm danh, hoặc chưa hủy, nên không xóa được. Buổi đã hủy không tính cho ai.",
            "The session has attendance records, or is not cancelled, so it can't be deleted. A cancelled session "
            "counts for nobody.",
        )
    db = changes.db
    for table in (SessionBreak, SessionBridgePoint, SessionChange, Guest):
        for row in db.exec(select(table).where(table.session == session.id)):
            db.delete(row)
    db.flush()
    db.delete(session)
    changes.tell(SessionDropped(at=changes.now, by=changes.by, session=session.id))
