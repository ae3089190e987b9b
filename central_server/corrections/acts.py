"""Corrections and leave: each function is work of one job (courses.changes.changing). Nothing is ever overwritten."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from central_server.corrections.rule import correcting_of
from central_server.corrections.sealing import follow
from central_server.corrections.tables import (
    ContestAnswerRow,
    CorrectionAnswerRow,
    CorrectionPart,
    CorrectionRow,
    LeaveRow,
)
from central_server.courses.acts import session_of
from central_server.courses.changes import Changes, digest
from central_server.courses.tables import CourseSession
from central_server.enrolment.places import places_in
from central_server.errors import ConflictError, InputError, NotFoundError
from models.correction_records import (
    Change,
    ContestAnswered,
    Corrected,
    CorrectedFor,
    CorrectionAnswered,
    Leave,
    LeaveEntered,
    Way,
    Why,
)

Part = tuple[str, int, int]
"""Learner, start, end (server time, ms)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A correction as somebody wants it."""

    session: str
    change: Change
    parts: Sequence[Part]
    why: Why
    words: str
    evidence: str | None = None
    way: Way = "single"
    contest: str | None = None


def correct(changes: Changes, wanted: Wanted) -> str:
    """Make a correction; its id. Raises ConflictError or InputError when it can't be."""
    session = session_of(changes, wanted.session)
    _check(changes, session, wanted.parts)
    follow(changes, session.id, "records", None, "")  # what came before this is not its doing
    second = wanted.way == "sheet" or correcting_of(changes.db, session.course).second_person
    id_ = _add(changes, wanted, second, None)
    if wanted.contest is not None:
        answer_contest(changes, wanted.contest, id_, wanted.words)
    if not second:
        follow(changes, session.id, "correction", id_, "")
    return id_


def undo(changes: Changes, correction: str, words: str) -> str:
    """Take a correction back by another one; that one's id. Raises ConflictError, NotFoundError."""
    before = correction_of(changes, correction)
    answer = changes.db.get(CorrectionAnswerRow, correction)
    if before.of is not None or (answer is not None and not answer.confirmed) or (before.second_needed and not answer):
        raise ConflictError(
            "Chỉ hoàn tác được điều chỉnh đang có hiệu lực.", "Only a correction that holds can be undone."
        )
    if _undone(changes, correction):
        raise ConflictError("Điều chỉnh này đã được hoàn tác.", "This correction has been undone already.")
    follow(changes, before.session, "records", None, "")
    second = (
        before.way == "sheet" or correcting_of(changes.db, session_of(changes, before.session).course).second_person
    )
    way: Way = "sheet" if before.way == "sheet" else "single"  # the same people confirm it
    wanted = Wanted(before.session, "undone", (), "other", words, way=way)
    id_ = _add(changes, wanted, second, correction)
    if not second:
        follow(changes, before.session, "correction", id_, "")
    return id_


def _undone(changes: Changes, correction: str) -> bool:
    """Whether a correction is undone, or is about to be."""
    for id_ in changes.db.exec(select(CorrectionRow.id).where(CorrectionRow.of == correction)):
        answer = changes.db.get(CorrectionAnswerRow, id_)
        if answer is None or answer.confirmed:
            return True
    return False


def _add(changes: Changes, wanted: Wanted, second: bool, of: str | None) -> str:
    id_ = f"d-{secrets.token_hex(8)}"
    changes.db.add(
        CorrectionRow(
            id=id_, session=wanted.session, change=wanted.change, way=wanted.way, why=wanted.why, words=wanted.words,
            evidence=wanted.evidence, second_needed=second, contest=wanted.contest, of=of, by=changes.by,
            at=changes.now,
        )
    )  # fmt: skip
    changes.db.flush()
    changes.tell(
        Corrected(
            at=changes.now, by=changes.by, correction=id_, session=wanted.session, change=wanted.change,
            way=wanted.way, why=wanted.why, words=digest(wanted.words), evidence=wanted.evidence,
            second_needed=second, contest=wanted.contest, of=of,
        )
    )  # fmt: skip
    for learner, start, end in wanted.parts:
        changes.db.add(CorrectionPart(correction=id_, learner=learner, start=start, end=end))
        changes.tell(CorrectedFor(at=changes.now, by=changes.by, correction=id_, learner=learner, start=start, end=end))
    changes.db.flush()
    return id_


def _check(changes: Changes, session: CourseSession, parts: Sequence[Part]) -> None:
    if session.cancelled or session.field_visit:
        raise ConflictError(
            "Buổi này đã hủy hoặc là đi thực tế, không tính cho ai, nên không có gì để điều chỉnh.",
            "This session is cancelled or a field visit and counts for nobody: there is nothing to correct.",
        )
    if not parts:
        raise InputError("Chưa chọn học viên nào.", "No learner was chosen.")
    places, _ = places_in(changes.db, session)
    if not {learner for learner, _, _ in parts} <= places.keys():
        raise NotFoundError("Học viên không học buổi này.", "The learner is not expected in this session.")
    if not all(session.start <= start < end <= session.end for _, start, end in parts):
        raise InputError(
            "Thời gian điều chỉnh phải nằm trong giờ của buổi học.", "The time must lie within the session."
        )
    if max(end for _, _, end in parts) > changes.now:
        raise ConflictError(
            "Chỉ điều chỉnh được thời gian đã qua.", "Only time that has gone by can be corrected."
        )  # fmt: skip


def answer(changes: Changes, correction: str, confirmed: bool, words: str) -> None:
    """Confirm a correction as the second person, or refuse it (whoever made it may withdraw it so).

    Raises ConflictError when it is settled already, or the same person confirms that made it.
    """
    row = correction_of(changes, correction)
    if not row.second_needed or changes.db.get(CorrectionAnswerRow, correction) is not None:
        raise ConflictError("Điều chỉnh này không chờ xác nhận.", "This correction does not wait for an answer.")
    if confirmed and row.by == changes.by:
        raise ConflictError(
            "Người xác nhận phải khác người lập điều chỉnh. Hãy nhờ một đồng chí khác.",
            "Another person than the one who made it must confirm it. Ask somebody else.",
        )
    follow(changes, row.session, "records", None, "")
    changes.db.add(
        CorrectionAnswerRow(correction=correction, confirmed=confirmed, words=words, by=changes.by, at=changes.now)
    )
    changes.tell(
        CorrectionAnswered(
            at=changes.now, by=changes.by, correction=correction, confirmed=confirmed, words=digest(words)
        )
    )  # fmt: skip
    if confirmed:
        follow(changes, row.session, "correction", correction, "")


def answer_contest(changes: Changes, contest: str, correction: str | None, words: str) -> None:
    """Answer a contest by a correction, or refuse it (None). Raises ConflictError when it has its answer."""
    if changes.db.get(ContestAnswerRow, contest) is not None:
        raise ConflictError("Ý kiến này đã được trả lời.", "This contest has been answered already.")
    changes.db.add(ContestAnswerRow(contest=contest, correction=correction, words=words, by=changes.by, at=changes.now))
    changes.db.flush()
    told = digest(words)
    changes.tell(
        ContestAnswered(at=changes.now, by=changes.by, contest=contest, correction=correction, words=told)
    )  # fmt: skip


def enter_leave(
    changes: Changes, session: str, learner: str, leave: Leave, words: str, approver: str, evidence: str | None
) -> None:
    """Enter that a learner was away with or without leave, or take that back. It changes no presence.

    evidence: a file that comes with it; without one, the file of the entry that holds so far stays.
    """
    found = session_of(changes, session)
    places, _ = places_in(changes.db, found)
    if learner not in places:
        raise NotFoundError("Học viên không học buổi này.", "The learner is not expected in this session.")
    follow(changes, session, "records", None, "")
    of_learner = (col(LeaveRow.session) == session, col(LeaveRow.learner) == learner)
    last = changes.db.exec(select(LeaveRow).where(*of_learner).order_by(col(LeaveRow.number).desc())).first()
    number = last.number + 1 if last else 1
    if evidence is None and last is not None and "none" not in (leave, last.leave):
        evidence = last.evidence
    changes.db.add(
        LeaveRow(
            session=session, learner=learner, number=number, leave=leave, words=words, approver=approver,
            evidence=evidence, by=changes.by, at=changes.now,
        )
    )  # fmt: skip
    changes.tell(
        LeaveEntered(
            at=changes.now, by=changes.by, session=session, learner=learner, number=number, leave=leave,
            words=digest(words), approver=digest(approver), evidence=evidence,
        )
    )  # fmt: skip
    follow(changes, session, "leave", None, "")


def correction_of(changes: Changes, correction: str) -> CorrectionRow:
    """Raises NotFoundError."""
    found = changes.db.get(CorrectionRow, correction)
    if found is None:
        raise NotFoundError("Không có điều chỉnh này.", "There is no such correction.")
    return found
