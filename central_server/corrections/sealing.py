"""Signing a session's sheet, and making its revisions; each function is work of one job (courses.changes)."""

from __future__ import annotations

import hashlib

from sqlmodel import Session, col, func, select

from central_server.corrections.sealed_sheet import Figures, Revision, figures_of, seal_of
from central_server.corrections.tables import CorrectionRow, SheetRevisionRow, SheetSignature
from central_server.courses.acts import session_of
from central_server.courses.changes import Changes, digest
from central_server.courses.tables import CourseSession
from central_server.errors import ConflictError
from models.correction_records import Cause, SheetRevised, SheetSigned, Signer


def sign(changes: Changes, session: str, signer: Signer, point: str | None, figures: str) -> None:
    """Sign the figures of a session (one bridge point's, or all: None) whose SHA-256 somebody has before him.

    Raises ConflictError when the session is not over, the figures are others by now, the same person has signed in the
    other role, or this is signed already.
    """
    db, found = changes.db, session_of(changes, session)
    check_over(found, changes.now)
    now, seal = figures_of(db, found), seal_of(db, session)
    if now.digest_at(point) != figures:
        raise ConflictError(
            "Số liệu đã thay đổi trong lúc đồng chí xem nên chưa ký. Hãy xem lại số liệu mới rồi ký.",
            "The figures have changed while you looked, so nothing was signed. Look at the new ones, then sign.",
        )
    if seal.last is None:
        _add_revision(changes, session, 0, "sealing", None, now, "")
        seal = seal_of(db, session)
    elif seal.last.figures.digest != now.digest:
        raise ConflictError(
            "Số liệu nay khác bản đã ký. Cán bộ quản lý lớp cần lập bản sửa đổi, ghi lý do, rồi mới ký tiếp.",
            "The figures differ from those signed. The class manager makes a revision with the reason first.",
        )
    last = seal.last
    assert last is not None  # noqa: S101 - made above
    if seal.signed(last, signer, point) is not None:
        raise ConflictError("Bản này đã có chữ ký ấy.", "This has been signed already.")
    if any(one.by == changes.by and one.signer != signer for one in seal.signatures):
        raise ConflictError(
            "Đồng chí đã ký buổi này ở vai trò kia; chữ ký thứ hai phải của người khác.",
            "You have signed this session in the other role; the second signature must be another person's.",
        )
    count = db.exec(select(func.count()).where(col(SheetSignature.session) == session)).one()
    row = SheetSignature(
        session=session, number=count + 1, revision=last.number, signer=signer, bridge_point=point, figures=figures,
        by=changes.by, at=changes.now,
    )  # fmt: skip
    db.add(row)
    db.flush()
    changes.tell(
        SheetSigned(
            at=changes.now, by=changes.by, session=session, number=row.number, revision=last.number, signer=signer,
            bridge_point=point, figures=figures,
        )
    )  # fmt: skip


def revise(changes: Changes, session: str, words: str) -> None:
    """Make a revision of a signed sheet whose figures have become others. Raises ConflictError where there is none."""
    if not follow(changes, session, "records", None, words):
        raise ConflictError("Số liệu không khác bản mới nhất.", "The figures are those of the newest revision.")


def follow(changes: Changes, session: str, cause: Cause, of: str | None, words: str) -> bool:
    """Add a revision where a signed sheet's figures are others now; whether there was anything to add.

    A sheet that nobody has signed has no revisions: what changes before that is in the corrections alone.
    words: of cause `records` alone. What people wrote of one learner stays with the correction or leave, for a
    revision is seen by all who see the session.
    """
    changes.db.flush()
    last = seal_of(changes.db, session).last
    if last is None:
        return False
    now = figures_of(changes.db, session_of(changes, session))
    if now.digest == last.figures.digest:
        return False
    _add_revision(changes, session, last.number + 1, cause, of, now, words)
    return True


def said_of(db: Session, revision: Revision) -> str:
    """What somebody wrote of why a revision was made, for those who see all learners of the session."""
    correction = db.get(CorrectionRow, revision.of) if revision.of is not None else None
    return correction.words if correction is not None else revision.words


def _add_revision(
    changes: Changes, session: str, number: int, cause: Cause, of: str | None, figures: Figures, words: str
) -> None:
    encoded = figures.encoded()
    changes.db.add(
        SheetRevisionRow(
            session=session, number=number, cause=cause, of=of, figures=encoded, words=words, by=changes.by,
            at=changes.now,
        )
    )  # fmt: skip
    changes.db.flush()
    changes.tell(
        SheetRevised(
            at=changes.now, by=changes.by, session=session, number=number, cause=cause, of=of,
            figures=hashlib.sha256(encoded).hexdigest(), words=digest(words),
        )
    )  # fmt: skip


def counts(session: CourseSession) -> bool:
    """Whether the session counts for anybody."""
    return not session.cancelled and not session.field_visit


def check_over(session: CourseSession, now: int) -> None:
    """Raises ConflictError when the session is not over, or does not count."""
    if not counts(session):
        raise ConflictError(
            "Buổi này đã hủy hoặc là đi thực tế nên không có bảng điểm danh để ký.",
            "This session is cancelled or a field visit: there is no sheet to be signed.",
        )
    if session.end > now:
        raise ConflictError("Buổi học chưa kết thúc.", "The session is not over.")
