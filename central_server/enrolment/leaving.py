"""Taking a learner off a course's roster: the job, told to the own log, and who was taken off."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, select

from central_server.accounts.tables import Account
from central_server.courses.changes import Changes, changing, digest
from central_server.courses.tables import CourseSession, Enrolment, SessionBridgePoint
from central_server.database import Job
from central_server.enrolment.places import place_at
from central_server.enrolment.tables import EndedEnrolment, Guest, Transfer
from central_server.errors import ConflictError
from central_server.learners.kept_portraits import erase_portraits, kept_of
from central_server.learners.tables import Learner
from central_server.reports.tables import CourseResult
from models.enrolment_records import EnrolmentEnded, GuestAdmitted, TransferUndone


def end_enrolments(course: str, learners: Collection[str], reason: str, now: int, by: str) -> Job[None]:
    """The job that takes learners off a course's roster.

    What was recorded stays: in each session that has begun by now the learner keeps the place, as a guest, so the
    sheets that were signed say what they said. It fails with ConflictError, nothing done, for a learner who is not on
    the roster, and for one whose completion was recognised.
    """

    def work(changes: Changes) -> None:
        for learner in dict.fromkeys(learners):
            row = changes.db.get(Enrolment, (course, learner))
            if row is None:
                raise ConflictError(
                    "Có người đã chọn không còn trong danh sách lớp nên chưa bỏ ai. Hãy tải lại trang rồi chọn lại.",
                    "Somebody whom you chose is not on the roster any more, so nobody was taken off. Load the page "
                    "again and choose again.",
                )
            _end(changes, row, reason)

    return changing(work, now, by)


def _end(changes: Changes, row: Enrolment, reason: str) -> None:
    db, course, learner = changes.db, row.course, row.learner
    _check_result(db, course, learner)
    transfers = db.exec(select(Transfer).where(Transfer.course == course, Transfer.learner == learner)).all()
    moves = [(one.since, one.bridge_point) for one in transfers]
    sessions = db.exec(select(CourseSession).where(CourseSession.course == course)).all()
    begun = [one for one in sessions if one.start <= changes.now]
    for one in transfers:
        db.delete(one)
        changes.tell(TransferUndone(at=changes.now, by=changes.by, course=course, learner=learner, since=one.since))
    for session in begun:
        point = place_at(row.bridge_point, moves, session.start)
        takes_part = db.get(SessionBridgePoint, (session.id, point)) is not None
        if takes_part and db.get(Guest, (session.id, learner)) is None:
            db.add(Guest(session=session.id, learner=learner, bridge_point=point))
            told = GuestAdmitted(
                at=changes.now, by=changes.by, session=session.id, learner=learner, bridge_point=point
            )  # fmt: skip
            changes.tell(told)
    erase_portraits(changes, [one for one in kept_of(db, learner) if one.course == course])
    ended = EndedEnrolment(
        course=course, learner=learner, at=changes.now, bridge_point=row.bridge_point, reason=reason, by=changes.by
    )  # fmt: skip
    db.add(ended)
    db.delete(row)
    changes.tell(
        EnrolmentEnded(
            at=changes.now, by=changes.by, course=course, learner=learner, bridge_point=row.bridge_point,
            reason=digest(reason),
        )
    )  # fmt: skip


def _check_result(db: Session, course: str, learner: str) -> None:
    query = select(CourseResult).where(CourseResult.course == course, CourseResult.learner == learner)
    result = db.exec(query.order_by(col(CourseResult.version).desc())).first()
    if result is not None and result.outcome == "completed":
        name = db.get_one(Learner, learner).name
        raise ConflictError(
            f"{name} đã được công nhận hoàn thành lớp này nên chưa bỏ ai khỏi danh sách. Nếu công nhận nhầm, hãy sửa "
            "kết quả ở trang Kết quả, chứng chỉ trước.",
            f"{name}'s completion of this course was recognised, so nobody was taken off. If that was a mistake, "
            "change the result on the page Results, certificates first.",
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """Who was taken off, why, by whom and when (server time, ms)."""

    learner: str
    name: str
    unit: str
    reason: str
    by: str
    at: int


def ended_in(db: Session, course: str) -> list[Ended]:
    """Who was taken off a course's roster, the latest first."""
    query = select(EndedEnrolment, Learner, Account).join(Learner, col(Learner.id) == EndedEnrolment.learner)
    query = query.outerjoin(Account, col(Account.id) == EndedEnrolment.by).where(EndedEnrolment.course == course)
    return [
        Ended(who.id, who.name, who.unit, one.reason, account.name if account else "", one.at)
        for one, who, account in db.exec(query.order_by(col(EndedEnrolment.at).desc()))
    ]
