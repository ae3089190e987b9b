"""Reading what an attendance sheet tells beside the state of its session."""

from __future__ import annotations

from sqlmodel import Session

from central_server.corrections.reading import leaves_of_session
from central_server.courses.queries import course_of
from central_server.participation.state import SessionState
from central_server.reports.attendance_sheet import Beside, attendance_sheet
from central_server.reports.reading import letterhead_at
from central_server.reports.sheet import Sheet
from models.language import Language


def attendance_of(db: Session, state: SessionState, lang: Language) -> Sheet:
    """The attendance sheet of a session as it stands."""
    minutes = course_of(db, state.facts.course).period_minutes
    head = letterhead_at(db, state.now).of("attendance")
    return attendance_sheet(state, Beside(minutes, leaves_of_session(db, state.facts.id), head), lang)
