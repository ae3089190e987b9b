"""Whether a course keeps the portraits of enrolment, and for how long after its end. Versioned; off unless set."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, col, select

from central_server.courses.changes import Changes, digest
from central_server.courses.tables import Enrolment
from central_server.errors import ConflictError
from central_server.learners.kept_portraits import erase_portraits
from central_server.learners.tables import KeptPortrait, PortraitPolicy
from models.portrait_records import PortraitPolicySet


def versions_of(db: Session, course: str) -> list[PortraitPolicy]:
    """All versions, newest first."""
    query = select(PortraitPolicy).where(PortraitPolicy.course == course)
    return list(db.exec(query.order_by(col(PortraitPolicy.version).desc())))


def days_kept(db: Session, course: str) -> int:
    """For how many days after its end a course keeps portraits; 0: none are kept."""
    found = versions_of(db, course)[:1]
    return found[0].days if found else 0


def days_asked(db: Session, learner: str) -> int:
    """The longest that a course in which the learner is enrolled keeps portraits; 0: none does."""
    courses = db.exec(select(Enrolment.course).where(Enrolment.learner == learner)).all()
    return max((days_kept(db, course) for course in courses), default=0)


def days_by_learner(db: Session, courses: Iterable[str]) -> dict[str, int]:
    """Who is enrolled in one of these courses that keeps portraits, and the longest for which one does."""
    found: dict[str, int] = {}
    for course in courses:
        if days := days_kept(db, course):
            for learner in db.exec(select(Enrolment.learner).where(Enrolment.course == course)):
                found[learner] = max(days, found.get(learner, 0))
    return found


def kept_in(db: Session, learner: str, courses: Iterable[str]) -> list[str]:
    """Those of these courses that keep portraits and in which the learner is enrolled."""
    return [one for one in sorted(courses) if db.get(Enrolment, (one, learner)) and days_kept(db, one)]


def save_policy(changes: Changes, course: str, before: int, days: int, reason: str) -> None:
    """Make the version after version `before`; with 0 days, what is kept is erased at once.

    Raises ConflictError when there is another version by now.
    """
    now = versions_of(changes.db, course)[:1]
    version = now[0].version if now else 0
    if version != before:
        raise ConflictError(
            f"Quy định đã có phiên bản {version} trong lúc đồng chí sửa phiên bản {before}. Hãy mở lại trang và xem.",
            f"There is version {version} by now, and you changed version {before}. Open the page again.",
        )
    changes.db.add(
        PortraitPolicy(course=course, version=version + 1, days=days, reason=reason, by=changes.by, at=changes.now)
    )
    changes.tell(
        PortraitPolicySet(
            at=changes.now, by=changes.by, course=course, version=version + 1, days=days, reason=digest(reason)
        )
    )
    if not days:
        erase_portraits(changes, changes.db.exec(select(KeptPortrait).where(KeptPortrait.course == course)).all())
