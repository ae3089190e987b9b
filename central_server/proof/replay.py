"""Replaying the server's own log: what its acts made true, to be compared with what the tables say. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import TypeVar

import msgspec

from central_server.proof.classroom import play_classroom
from central_server.proof.evidence import UNTOLD, Plan
from central_server.proof.findings import Finding
from central_server.proof.replay_corrections import play_correction
from central_server.proof.replay_portraits import play_portrait
from central_server.proof.replay_reports import play_report
from models.classroom_records import ClassroomRecord
from models.enrolment_records import (
    Enrolled,
    EnrolmentEnded,
    GuestAdmitted,
    GuestRemoved,
    LearnerKnown,
    Transferred,
    TransferUndone,
)
from models.own_records import (
    AccountChanged,
    AccountMade,
    AnyOwnRecord,
    CardSet,
    ConsentGiven,
    ConsentWithdrawn,
    CoursePlanned,
    CourseRule,
    CredentialChanged,
    DeviceJoined,
    ForksDropped,
    ForkSeen,
    Granted,
    HolidayMarked,
    KeyRevoked,
    KeyRotated,
    LecturerBound,
    LookalikesJudged,
    PinErased,
    PinMade,
    ProgrammeKept,
    Restored,
    ServerKeyKnown,
    SessionChanged,
    SessionDropped,
    SessionHeld,
    SessionPlanned,
    TakesPart,
    TemplateErased,
    TemplateKept,
    TokenMade,
)

T = TypeVar("T")

NAMES = {
    "rules": ("điều kiện hoàn thành của lớp", "the rule of course"),
    "sessions": ("lịch của buổi học", "the times of session"),
    "courses": ("kế hoạch của lớp", "the plan of course"),
    "programmes": ("chương trình", "programme"),
    "held": ("giảng viên và nơi học của buổi học", "lecturer and place of session"),
    "lecturers": ("tài khoản của giảng viên", "the account of lecturer"),
    "cancelled": ("việc hủy buổi học", "the cancelling of session"),
    "changes": ("thay đổi của buổi học", "the change of session"),
    "holidays": ("ngày nghỉ", "the holiday"),
    "places": ("điểm cầu dự buổi học", "the bridge point of session"),
    "enrolled": ("ghi danh", "the enrolment"),
    "ended": ("việc bỏ tên khỏi danh sách", "the end of enrolment"),
    "transfers": ("chuyển điểm cầu", "the transfer"),
    "guests": ("khách của buổi học", "the guest of session"),
    "learners": ("họ tên, mã, đơn vị hoặc năm sinh của học viên", "the name, code, unit or birth year of learner"),
    "consents": ("sự đồng ý", "the consent"),
    "templates": ("dữ liệu đặc trưng khuôn mặt của học viên", "the face template of learner"),
    "lookalikes": ("hai học viên có khuôn mặt giống nhau", "the lookalikes"),
    "pins": ("mã PIN của học viên", "the PIN of learner"),
    "cards": ("thẻ của học viên", "the card of learner"),
    "devices": ("thiết bị", "device"),
    "keys": ("khóa của thiết bị", "the key of device"),
    "tokens": ("mã gia nhập", "join token"),
    "classroom_acts": ("việc trong lớp học", "the act in a classroom"),
    "questions": ("câu hỏi trong buổi học", "the question of session"),
    "tickets_in": ("vé vào lớp học của phòng", "the room's ticket"),
    "accounts": ("tài khoản", "the account"),
    "grants": ("quyền của tài khoản", "the permission of account"),
    "credentials": ("mật khẩu hoặc bước xác thực của tài khoản", "the password or second factor of account"),
    "forks": ("bản nhật ký khác bị từ chối", "the refused version"),
    "correcting": ("quy định điều chỉnh của lớp", "how a course is corrected,"),
    "evidence": ("tệp minh chứng", "the file of evidence"),
    "corrections": ("điều chỉnh", "correction"),
    "corrected_for": ("học viên và thời gian của điều chỉnh", "the learner and time of correction"),
    "correction_answers": ("việc xác nhận điều chỉnh", "the answer to correction"),
    "leaves": ("phép của học viên", "the leave"),
    "contests": ("ý kiến của học viên", "contest"),
    "contest_answers": ("việc trả lời ý kiến", "the answer to contest"),
    "revisions": ("bản số liệu niêm phong của buổi", "the revision of the sheet of session"),
    "signatures": ("chữ ký niêm phong của buổi", "the signature on the sheet of session"),
    "forks_dropped": ("số bản khác bị từ chối mà không giữ lại", "the number of refused versions not kept of"),
    "units": ("tên của đơn vị", "the name of unit"),
    "decisions": ("quyết định giao chỉ tiêu", "the decision on targets"),
    "targets": ("chỉ tiêu", "the target"),
    "counted": ("thông tin báo cáo của lớp", "what reports count of course"),
    "results": ("kết quả đã công nhận", "the recognised result"),
    "portrait_policies": ("quy định giữ ảnh chân dung của lớp", "how long portraits are kept of course"),
    "portraits": ("ảnh chân dung được giữ", "the portrait that is kept"),
    "letterheads": ("tiêu đề và người ký", "the letterhead"),
}


@dataclass(slots=True)
class Acts:
    """What the own log says."""

    plan: Plan = field(default_factory=Plan)
    servers: dict[str, str] = field(default_factory=dict)
    """Id of a key that signed receipts: the public key in hex."""
    restored: list[tuple[int, int]] = field(default_factory=list)
    """Where the log went on after a restore: seq of the record that says so, and server time."""


def replay(records: Iterable[AnyOwnRecord]) -> Acts:
    """Play all acts through."""
    acts = Acts()
    for record in records:
        _play(acts, record)
    return acts


def _play(acts: Acts, record: AnyOwnRecord) -> None:
    plan = acts.plan
    match record:
        case ServerKeyKnown():
            acts.servers[record.server] = record.public_key
        case Restored():
            acts.restored.append((record.seq, record.at))
        case TokenMade():
            plan.tokens[record.token] = (record.bridge_point, record.expires_at, None)
        case DeviceJoined():
            plan.devices[record.device] = record.bridge_point
            plan.keys[record.device, 1] = (record.public_key, record.at, record.expires_at, None, False)
            _, expires, _ = plan.tokens.get(record.token, ("", 0, None))
            plan.tokens[record.token] = (record.bridge_point, expires, record.device)
        case KeyRotated():
            _end(plan, record.device, record.number - 1, record.at, revoked=False)
            plan.keys[record.device, record.number] = (record.public_key, record.at, record.expires_at, None, False)
        case KeyRevoked():
            _end(plan, record.device, record.number, record.at, revoked=True)
        case CourseRule():
            rule = msgspec.json.encode(record.rule).decode()
            plan.rules[record.course, record.rule.version] = (rule, record.by, record.at, record.reason or "")
            plan.courses.setdefault(record.course, UNTOLD)
        case Enrolled():
            plan.enrolled[record.course, record.learner] = record.bridge_point
        case LearnerKnown():
            plan.learners[record.learner] = record.commitment
        case AccountMade() | AccountChanged() | Granted() | CredentialChanged():
            _play_account(plan, record)
        case ClassroomRecord():
            play_classroom(plan, record)
        case ForkSeen():
            plan.forks[record.device, record.log, record.ends, record.head] = record.differs
        case ForksDropped():
            plan.forks_dropped[record.device, record.log, record.session or ""] = record.count
        case _:
            _play_planning(plan, record)


def _play_planning(plan: Plan, record: AnyOwnRecord) -> None:
    match record:
        case CoursePlanned():
            days = (record.starts, record.ends)
            plan.courses[record.course] = (
                record.programme, record.period_minutes, *days, record.published, record.class_rules, record.calendar
            )  # fmt: skip
        case ProgrammeKept():
            plan.programmes[record.programme] = record.periods
        case HolidayMarked():
            _mark(plan.holidays, record.day, record.off)
        case SessionPlanned():
            plan.sessions[record.session] = (record.course, record.start, record.end, record.breaks)
            plan.held.setdefault(record.session, (None, None, False))
        case SessionHeld():
            plan.held[record.session] = (record.lecturer, record.main_point, record.field_visit)
        case LecturerBound(account=str() as account):
            plan.lecturers[record.lecturer] = account
        case LecturerBound():
            plan.lecturers.pop(record.lecturer, None)
        case SessionChanged():
            _, start, end, _ = plan.sessions.get(record.session, ("", 0, 0, ()))
            told = (record.change, start, end, record.reason, record.by, record.at)
            plan.changes[record.session, record.number] = told
            if record.change != "moved":
                _mark(plan.cancelled, record.session, record.change == "cancelled")
        case SessionDropped():
            _drop(plan, record.session)
        case TakesPart():
            _mark(plan.places, (record.session, record.bridge_point), record.takes_part)
        case _:
            _play_learners(plan, record)


def _play_learners(plan: Plan, record: AnyOwnRecord) -> None:
    match record:
        case EnrolmentEnded():
            plan.enrolled.pop((record.course, record.learner), None)
            plan.ended[record.course, record.learner, record.at] = (record.bridge_point, record.reason, record.by)
        case Transferred():
            plan.transfers[record.course, record.learner, record.since] = record.bridge_point
        case TransferUndone():
            plan.transfers.pop((record.course, record.learner, record.since), None)
        case GuestAdmitted():
            plan.guests[record.session, record.learner] = record.bridge_point
        case GuestRemoved():
            plan.guests.pop((record.session, record.learner), None)
        case ConsentGiven():
            given = (record.learner, record.text_version, record.way, record.given_at, record.by, None)
            plan.consents[record.consent] = given
        case ConsentWithdrawn():
            if record.consent in plan.consents:
                plan.consents[record.consent] = (*plan.consents[record.consent][:5], record.at)
        case TemplateKept():
            plan.templates[record.learner, record.encoder] = (record.portraits, record.sealed, record.version)
            _no_longer_alike(plan, record.learner, record.encoder)
            for other in record.lookalikes:
                first, second = sorted((record.learner, other))
                plan.lookalikes[first, second, record.encoder] = None
        case TemplateErased():
            plan.templates.pop((record.learner, record.encoder), None)
            _no_longer_alike(plan, record.learner, record.encoder)
        case LookalikesJudged():
            plan.lookalikes[record.learner, record.other, record.encoder] = (record.by, record.at)
        case PinMade():
            plan.pins[record.learner] = record.sealed
        case PinErased():
            plan.pins.pop(record.learner, None)
        case CardSet(sealed=str() as sealed, card=str() as card):
            plan.cards[record.learner] = (sealed, card)
        case CardSet():
            plan.cards.pop(record.learner, None)
        case _:
            play_correction(plan, record)
            play_report(plan, record)
            play_portrait(plan, record)


def _no_longer_alike(plan: Plan, learner: str, encoder: str) -> None:
    for pair in [key for key in plan.lookalikes if learner in key[:2] and key[2] == encoder]:
        del plan.lookalikes[pair]


def _mark(marks: dict[T, bool], key: T, holds: bool) -> None:
    if holds:
        marks[key] = True
    else:
        marks.pop(key, None)


def _drop(plan: Plan, session: str) -> None:
    for of_session in (plan.sessions, plan.held, plan.cancelled):
        of_session.pop(session, None)
    for place in [key for key in plan.places if key[0] == session]:
        del plan.places[place]
    for guest in [key for key in plan.guests if key[0] == session]:
        del plan.guests[guest]
    for change in [key for key in plan.changes if key[0] == session]:
        del plan.changes[change]


def _play_account(plan: Plan, record: AccountMade | AccountChanged | Granted | CredentialChanged) -> None:
    match record:
        case AccountMade():
            plan.accounts[record.account] = (False, None)
        case AccountChanged():
            plan.accounts[record.account] = (record.disabled, record.learner)
        case Granted():
            key = (record.account, record.role, record.course, record.bridge_point)
            if record.granted:
                plan.grants[key] = True
            else:
                plan.grants.pop(key, None)
        case CredentialChanged():
            if record.digest is not None:
                plan.credentials[record.account, record.what] = record.digest
            else:
                plan.credentials.pop((record.account, record.what), None)


def _end(plan: Plan, device: str, number: int, at: int, *, revoked: bool) -> None:
    before = plan.keys.get((device, number))
    if before is not None:
        plan.keys[device, number] = (*before[:3], at, revoked)


def compare(told: Plan, stored: Plan) -> list[Finding]:
    """Where the tables differ from the acts."""
    findings = []
    for one in fields(Plan):
        acts, tables = getattr(told, one.name), getattr(stored, one.name)
        vi, en = NAMES[one.name]
        for key in sorted(acts.keys() | tables.keys(), key=str):
            if acts.get(key) == tables.get(key):
                continue
            name = " ".join(map(str, key)) if isinstance(key, tuple) else key
            if key not in tables:
                how = ("bị xóa khỏi cơ sở dữ liệu", "was removed from the database")
            elif key not in acts:
                how = ("bị thêm vào cơ sở dữ liệu", "was added to the database")
            else:
                was, now = acts[key], tables[key]
                how = (f"bị sửa: nhật ký ghi {was}, bảng ghi {now}", f"was changed: log {was}, table {now}")
            findings.append(
                Finding(
                    "plan",
                    f"{vi[0].upper()}{vi[1:]} {name} {how[0]}; nhật ký của máy chủ không nói như vậy.",
                    f"{en[0].upper()}{en[1:]} {name} {how[1]}; the server's own log does not say so.",
                    name,
                )
            )
    return findings
