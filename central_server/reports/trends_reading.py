"""Reading what trends are made of: the sessions of a period, and their settled figures."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session, select

from central_server.courses.standing import lecturer_name
from central_server.courses.tables import Lecturer
from central_server.participation.settled import SessionSum, settled_sums
from central_server.reports.period import DAY_MS, Period, end_of, start_of
from central_server.reports.trends import SessionFact

_SESSIONS = text(
    'SELECT s.id, s.course, coalesce(c.programme, \'\') AS programme, coalesce(s.lecturer, \'\') AS lecturer, s.start,'
    ' s."end", c.period_minutes, s.cancelled, coalesce(s.main_point, \'\') AS main_point,'
    " EXISTS (SELECT 1 FROM session_change m WHERE m.session = s.id AND m.change = 'moved') AS moved,"
    " EXISTS (SELECT 1 FROM record r WHERE r.session = s.id) AS has_records,"
    ' (SELECT coalesce(sum(b."end" - b.start), 0) FROM session_break b WHERE b.session = s.id) AS breaks'
    " FROM session s JOIN course c ON c.id = s.course"
    " WHERE s.start >= :first AND s.start < :after AND c.published AND NOT s.field_visit ORDER BY s.start, s.id"
)  # fmt: skip


def sessions_in(db: Session, wanted: Period, now: int) -> list[SessionFact]:
    """The sessions of published courses that begin in a period; field visits are left out, for no camera sees them."""
    return [
        SessionFact(
            row.id, row.course, row.programme, row.lecturer, row.start, row.end - row.start - row.breaks,
            row.period_minutes, row.end <= now, bool(row.cancelled), bool(row.moved), bool(row.has_records),
            row.main_point,
        )
        for row in db.execute(_SESSIONS, {"first": start_of(wanted.first), "after": end_of(wanted.last) + 1})
    ]  # fmt: skip


def sums_in(db: Session, wanted: Period) -> list[SessionSum]:
    """Their settled figures."""
    return settled_sums(db, start_of(wanted.first), start_of(wanted.last) + DAY_MS)


def lecturer_names(db: Session) -> dict[str, str]:
    """Lecturers by id, as people write them."""
    return {one.id: lecturer_name(one) for one in db.exec(select(Lecturer))}
