"""Contests: a learner says that a day is not as the figures have it, and gets an answer. Both are recorded."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, text
from sqlmodel import Session, select

from central_server.corrections.reading import STANDING, Standing
from central_server.corrections.rule import correcting_of
from central_server.corrections.tables import ContestAnswerRow, ContestRow
from central_server.courses.acts import session_of
from central_server.courses.changes import Changes, digest
from central_server.courses.tables import CourseSession
from central_server.enrolment.places import places_in
from central_server.errors import ConflictError, NotFoundError
from models.correction_records import Contested

_ROWS = (
    "SELECT t.id, t.session, s.title, t.learner, l.name, l.unit, l.birth_year, t.words, t.evidence, t.at,"  # noqa: S608 - constants
    f" a.at AS answered_at, a.words AS answer, a.correction, {STANDING}"
    " FROM contest AS t JOIN session AS s ON s.id = t.session"
    " JOIN learner AS l ON l.id = t.learner LEFT JOIN contest_answer AS a ON a.contest = t.id"
    " LEFT JOIN correction AS c ON c.id = a.correction"
    " LEFT JOIN correction_answer AS d ON d.correction = a.correction WHERE "
)
_OF_SESSION = text(_ROWS + "t.session = :session ORDER BY t.at")
_OF_LEARNER = text(_ROWS + "t.learner = :learner ORDER BY t.at")
_WAITING = text(
    "SELECT s.course, t.session, s.title FROM contest AS t JOIN session AS s ON s.id = t.session"
    " LEFT JOIN contest_answer AS a ON a.contest = t.id WHERE a.contest IS NULL AND s.course IN :courses ORDER BY t.at"
).bindparams(bindparam("courses", expanding=True))


@dataclass(frozen=True, slots=True)
class ContestFacts:
    """A contest and its answer. Times are server time, ms."""

    id: str
    session: str
    title: str
    learner: str
    name: str
    unit: str
    birth_year: int | None
    words: str
    evidence: str | None
    at: int
    answered_at: int | None
    answer: str | None
    correction: str | None
    """The correction that answers it; None: refused, or not answered yet."""
    standing: Standing | None
    """How that correction stands: it may need a second person, or be undone later."""
    against: str | None
    """What was said when it was refused or undone."""


def contests_of_session(db: Session, session: str) -> list[ContestFacts]:
    """All contests of a session, in order of time."""
    return [ContestFacts(*row) for row in db.execute(_OF_SESSION, {"session": session})]


def contests_of_learner(db: Session, learner: str) -> list[ContestFacts]:
    """All contests of a learner, in order of time."""
    return [ContestFacts(*row) for row in db.execute(_OF_LEARNER, {"learner": learner})]


def contest_in(db: Session, session: str, contest: str) -> ContestFacts:
    """A contest of that session. Raises NotFoundError."""
    found = next((one for one in contests_of_session(db, session) if one.id == contest), None)
    if found is None:
        raise NotFoundError("Không có ý kiến này.", "There is no such contest.")
    return found


def waiting_in_courses(db: Session, courses: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """By course, the sessions (id, title) of contests that wait for an answer, the oldest first."""
    found: dict[str, list[tuple[str, str]]] = {course: [] for course in courses}
    for course, session, title in db.execute(_WAITING, {"courses": list(courses)}):
        found[course].append((session, title))
    return found


def open_until(db: Session, session: CourseSession, now: int) -> int | None:
    """Until when a session may be contested (server time, ms); None: not now."""
    until = correcting_of(db, session.course).contested_until(session.end)
    held = not session.cancelled and not session.field_visit
    return until if held and session.end <= now <= until else None


def contest(changes: Changes, session: str, learner: str, words: str, evidence: str | None) -> str:
    """Contest a session; the contest's id. Raises ConflictError when it is too late, or one waits already."""
    db, found = changes.db, session_of(changes, session)
    places, _ = places_in(db, found)
    if learner not in places:
        raise NotFoundError("Đồng chí không học buổi này.", "You were not expected in this session.")
    if open_until(db, found, changes.now) is None:
        raise ConflictError(
            "Buổi này chưa kết thúc, hoặc đã hết hạn nêu ý kiến. Hãy gặp trực tiếp cán bộ quản lý lớp.",
            "This session is not over, or the time to contest it has passed. Speak with the class manager.",
        )
    for one in db.exec(select(ContestRow).where(ContestRow.session == session, ContestRow.learner == learner)):
        if db.get(ContestAnswerRow, one.id) is None:
            raise ConflictError(
                "Đồng chí đã có một ý kiến về buổi này đang chờ trả lời.",
                "A contest of yours about this session waits for its answer.",
            )
    id_ = f"y-{secrets.token_hex(8)}"
    row = ContestRow(
        id=id_, session=session, learner=learner, words=words, evidence=evidence, by=changes.by, at=changes.now
    )
    db.add(row)
    db.flush()
    told = digest(words)
    changes.tell(
        Contested(
            at=changes.now, by=changes.by, contest=id_, session=session, learner=learner, words=told, evidence=evidence
        )
    )  # fmt: skip
    return id_
