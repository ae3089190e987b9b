"""How a session stands: who teaches it and where, whether it is held, and what became of it since it was planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from central_server.bridge_points.tables import BridgePoint
from central_server.courses.tables import Course, CourseSession, Lecturer, SessionChange


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What became of a session, with the times that it had before."""

    number: int
    change: str
    start: int
    end: int
    reason: str
    at: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What a session's own page tells beside its times."""

    lecturer: str = ""
    main_point: str = ""
    """Name of the bridge point where the lecturer teaches."""
    field_visit: bool = False
    cancelled: bool = False
    published: bool = True
    moved: ChangeRow | None = None
    cancelling: ChangeRow | None = None


def standing_of(db: Session, session: CourseSession, course: Course) -> Standing:
    """How a session stands."""
    query = select(SessionChange).where(SessionChange.session == session.id).order_by(col(SessionChange.number))
    changes = [change_row(row) for row in db.exec(query)]
    lecturer = db.get(Lecturer, session.lecturer) if session.lecturer else None
    main = db.get(BridgePoint, session.main_point) if session.main_point else None
    return Standing(
        lecturer=lecturer_name(lecturer) if lecturer else "",
        main_point=main.name if main else "",
        field_visit=session.field_visit,
        cancelled=session.cancelled,
        published=course.published,
        moved=last_move(changes, session.start, session.end),
        cancelling=last_cancelling(changes, session.cancelled),
    )


def change_row(row: SessionChange) -> ChangeRow:
    """What the table keeps of one change."""
    return ChangeRow(row.number, row.change, row.start, row.end, row.reason, row.at)


def last_move(changes: Sequence[ChangeRow], start: int, end: int) -> ChangeRow | None:
    """The last move of a session that is held from start to end now; None when it was planned so first."""
    moves = [one for one in changes if one.change == "moved"]
    return moves[-1] if moves and (moves[0].start, moves[0].end) != (start, end) else None


def last_cancelling(changes: Sequence[ChangeRow], cancelled: bool) -> ChangeRow | None:
    """Why a session is cancelled; None when it is not."""
    return next((one for one in reversed(changes) if cancelled and one.change == "cancelled"), None)


def lecturer_name(lecturer: Lecturer) -> str:
    """TS. Nguyễn Văn An, as people write and say it."""
    return f"{lecturer.degree} {lecturer.name}".strip()
