"""How a course is corrected: whether a second person confirms, and how long learners may contest. Versioned."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from central_server.corrections.tables import CorrectingVersion
from central_server.courses.changes import Changes, digest
from central_server.courses.periods import DAY_MS
from central_server.errors import ConflictError
from models.correction_records import CorrectingRule

CONTEST_DAYS = 7
"""Unless a course says otherwise."""


@dataclass(frozen=True, slots=True)
class Correcting:
    """One version; 0 is how a course begins."""

    version: int = 0
    second_person: bool = False
    contest_days: int = CONTEST_DAYS

    def contested_until(self, end: int) -> int:
        """Until when a session that ended then may be contested (server time, ms)."""
        return end + self.contest_days * DAY_MS


def versions_of(db: Session, course: str) -> list[CorrectingVersion]:
    """All versions, newest first."""
    query = select(CorrectingVersion).where(CorrectingVersion.course == course)
    return list(db.exec(query.order_by(col(CorrectingVersion.version).desc())))


def correcting_of(db: Session, course: str) -> Correcting:
    """The version in force."""
    found = versions_of(db, course)[:1]
    return Correcting(found[0].version, found[0].second_person, found[0].contest_days) if found else Correcting()


def save_correcting(changes: Changes, course: str, rule: Correcting, reason: str) -> None:
    """Make the version after the one that `rule` was made from. Raises ConflictError when there is another by now."""
    before = correcting_of(changes.db, course)
    if before.version != rule.version:
        raise ConflictError(
            f"Quy định đã có phiên bản {before.version} trong lúc đồng chí sửa phiên bản {rule.version}. Hãy mở lại "
            "trang và xem.",
            f"There is version {before.version} by now, and you changed version {rule.version}. Open the page again.",
        )
    version = before.version + 1
    changes.db.add(
        CorrectingVersion(
            course=course, version=version, second_person=rule.second_person, contest_days=rule.contest_days,
            reason=reason, by=changes.by, at=changes.now,
        )
    )  # fmt: skip
    changes.tell(
        CorrectingRule(
            at=changes.now, by=changes.by, course=course, version=version, second_person=rule.second_person,
            contest_days=rule.contest_days, reason=digest(reason),
        )
    )  # fmt: skip
