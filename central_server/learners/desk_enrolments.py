"""An enrolment that a bridge point sends: consent, template, and portraits if the learner agreed that they are kept.

Kept together or not at all, the same one only once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, or_, select

from central_server.courses.changes import Changes, changing
from central_server.database import Job
from central_server.errors import InvalidError
from central_server.learners.alike import Alike, Templates, vector_of
from central_server.learners.consent_text import days_agreed_at_desk, text_of
from central_server.learners.consents import give
from central_server.learners.kept_portraits import keep_portraits
from central_server.learners.portrait_policy import kept_in
from central_server.learners.portraits_child import Made
from central_server.learners.queries import learners_of
from central_server.learners.sealing import SealingKey
from central_server.learners.tables import Consent, DeskEnrolment, Lookalike
from central_server.learners.templates_kept import keep_template
from models.wire import PORTRAIT_BYTES, REQUEST_TIME_LIMIT_MS, EnrolmentAnswer, EnrolmentRequest
from models.wire import Lookalike as ToldLookalike

JPEG = b"\xff\xd8\xff"
"""How one begins. It is not opened here: hostile pictures stay out of the server."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an enrolment comes from, and who is there: asked inside the transaction that keeps it."""

    device: str
    learners: Callable[[Session], frozenset[str]]
    """Whom the bridge point has expected since the consent was given."""
    technicians: Callable[[Session], frozenset[str]]
    """Accounts that may be on duty there."""
    courses: Callable[[Session], frozenset[str]]
    """Of its sessions since then."""


def check_request(asked: EnrolmentRequest, vector: bytes, pictures: Sequence[bytes], now: int) -> None:
    """Raises InvalidError where the request alone shows that it can't be kept. pictures: opened."""
    if text_of(asked.text_version) is None:
        raise InvalidError(
            f"Máy chủ không có bản đồng ý {asked.text_version}. Chưa lưu gì; hãy đồng bộ lại máy điểm cầu rồi ghi nhận "
            "lại sự đồng ý.",
            f"The server has no consent text {asked.text_version}. Nothing was kept; let the agent fetch today's list "
            "again and ask for the consent anew.",
        )
    if pictures and not days_agreed_at_desk(asked.text_version):
        raise InvalidError(
            f"Theo bản đồng ý {asked.text_version}, điểm cầu không được gửi ảnh chân dung. Chưa lưu gì; hãy ghi nhận "
            "lại theo bản cho giữ ảnh, hoặc không gửi ảnh.",
            f"By the consent text {asked.text_version} a bridge point sends no portraits. Nothing was kept; enrol anew "
            "by the text that lets them be kept, or send none.",
        )
    if not all(one.startswith(JPEG) and len(one) <= PORTRAIT_BYTES for one in pictures):
        raise InvalidError(
            "Ảnh chân dung phải là JPEG, tối đa 96 KB mỗi ảnh. Chưa lưu gì; hãy cập nhật máy điểm cầu rồi ghi nhận "
            "lại.",
            "Portraits are JPEGs of at most 96 KB each. Nothing was kept; update the agent and enrol again.",
        )
    if asked.consented_at > now + REQUEST_TIME_LIMIT_MS:
        raise InvalidError(
            "Thời điểm đồng ý ở tương lai so với đồng hồ máy chủ. Chưa lưu gì; hãy đo lại giờ máy chủ.",
            "The consent lies in the future by the server's clock. Nothing was kept; measure the server's time anew.",
        )
    if vector_of(asked.encoder, vector) is None:
        raise InvalidError(
            f"Dữ liệu khuôn mặt không phải của bộ mã hóa {asked.encoder} mà máy chủ biết. Chưa lưu gì; hãy cập nhật "
            "máy điểm cầu hoặc máy chủ.",
            f"The template is none of an encoder {asked.encoder} that the server knows. Nothing was kept; update the "
            "agent or the server.",
        )


def keep_enrolment(
    asked: EnrolmentRequest, vector: bytes, pictures: Sequence[bytes], desk: Desk, key: SealingKey,
    templates: Templates, now: int,
) -> Job[EnrolmentAnswer]:  # fmt: skip
    """The job that keeps an enrolment whose request was checked. It fails with InvalidError, and then nothing changed.

    vector: the opened template, float32 little-endian. pictures: the opened portraits; dropped where no course of the
    learner's keeps any by now.
    """

    def work(changes: Changes) -> EnrolmentAnswer:
        db = changes.db
        before = db.get(DeskEnrolment, asked.id)
        if before is not None:
            if before.learner != asked.learner or before.device != desk.device:
                raise InvalidError(
                    "Mã lần ghi nhận này đã dùng cho người khác. Chưa lưu gì; hãy ghi nhận lại.",
                    "This enrolment's id was used for somebody else. Nothing was kept; enrol again.",
                )
            return _answer(db, asked.learner, before.version, _found(db, asked.learner, before.encoder))
        _check_people(db, asked, desk)
        give(changes, asked.learner, "on_screen", asked.consented_at, asked.witness, asked.text_version)
        view = templates.view(db.connection(), asked.encoder)
        made = Made(asked.learner, asked.portraits, vector)
        version, alike = keep_template(changes, key, view, made, asked.encoder)
        if pictures:
            for course in kept_in(db, asked.learner, desk.courses(db)):
                days = days_agreed_at_desk(asked.text_version)
                keep_portraits(changes, key, course, asked.learner, pictures, days)
        changes.put(
            DeskEnrolment(
                id=asked.id, learner=asked.learner, device=desk.device, encoder=asked.encoder, version=version,
                at=changes.now,
            )
        )  # fmt: skip
        return _answer(db, asked.learner, version, alike)

    return changing(work, now, asked.witness)


def _check_people(db: Session, asked: EnrolmentRequest, desk: Desk) -> None:
    if asked.learner not in desk.learners(db):
        raise InvalidError(
            "Học viên này không có trong danh sách của điểm cầu từ lúc đồng ý đến nay (tính trong một tuần). Chưa lưu "
            "gì; hãy đồng bộ lại danh sách.",
            "This learner has not been on the bridge point's roster since the consent (a week is looked at). Nothing "
            "was kept; fetch the list again.",
        )
    if asked.witness not in desk.technicians(db):
        raise InvalidError(
            "Người chứng kiến không phải cán bộ kỹ thuật của điểm cầu; người trực thay không chứng kiến việc đồng ý. "
            "Chưa lưu gì; hãy để cán bộ kỹ thuật nhận trực rồi ghi nhận lại.",
            "The witness is no technician of the bridge point; a deputy may not witness a consent. Nothing was kept; "
            "let a technician take duty and enrol again.",
        )
    withdrawn = db.exec(
        select(Consent).where(Consent.learner == asked.learner, col(Consent.withdrawn_at) >= asked.consented_at)
    ).first()
    if withdrawn is not None:
        raise InvalidError(
            "Sau lần đồng ý này học viên đã rút lại sự đồng ý, nên dữ liệu khuôn mặt không được lưu. Máy điểm cầu hãy "
            "xóa dữ liệu đó; nếu học viên muốn, hãy hỏi lại sự đồng ý.",
            "The learner withdrew the consent after it was given here, so the template was not kept. Erase it on the "
            "agent; ask for the consent again if the learner wishes.",
        )


def _found(db: Session, learner: str, encoder: str) -> tuple[Alike, ...]:
    query = select(Lookalike).where(
        Lookalike.encoder == encoder, or_(col(Lookalike.learner) == learner, col(Lookalike.other) == learner)
    )
    pairs = db.exec(query.order_by(col(Lookalike.score).desc())).all()
    return tuple(Alike(one.other if one.learner == learner else one.learner, one.score) for one in pairs)


def _answer(db: Session, learner: str, version: int, alike: tuple[Alike, ...]) -> EnrolmentAnswer:
    people = {one.id: one for one in learners_of(db, [one.learner for one in alike])}
    told = tuple(
        ToldLookalike(
            learner=one.learner, code=people[one.learner].code, name=people[one.learner].name,
            unit=people[one.learner].unit, score=one.score,
        )
        for one in alike
    )  # fmt: skip
    return EnrolmentAnswer(learner=learner, version=version, lookalikes=told)
