"""The audit log in sentences: the server's own chained log, newest first; `verify` sees whoever edits it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

import msgspec
from sqlalchemy import Connection, bindparam, text

from central_server.accounts.audit_words import sentence_of_accounts, sentence_of_sign_ins, who_did
from central_server.classroom.audit_words import sentence_of_classrooms
from central_server.corrections.audit_words import sentence_of_corrections
from central_server.courses.audit_words import sentence_of_plans
from central_server.learners.audit_words import sentence_of_learners
from central_server.learners.portrait_words import sentence_of_portraits
from central_server.reports.audit_words import sentence_of_reports
from central_server.web.figures import day, day_time
from models.classroom_records import ClassroomRecord, InClassroom
from models.correction_records import (
    ContestAnswered,
    Contested,
    Corrected,
    CorrectedFor,
    CorrectingRule,
    CorrectionAnswered,
    EvidenceFiled,
    LeaveEntered,
    SheetRevised,
    SheetSigned,
)
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
    GapClosed,
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
    SignedIn,
    SignedOut,
    SignInLinkMade,
    SignInsFailed,
    TakesPart,
    TemplateErased,
    TemplateKept,
    TokenMade,
    decode_own,
)
from models.portrait_records import PortraitLookedAt, PortraitPolicySet, PortraitsErased, PortraitsKept
from models.records import RecordError
from models.report_records import (
    CourseCounted,
    LetterheadKept,
    ResultRecognised,
    TargetsDecided,
    TargetSet,
    UnitNamed,
)
from models.visit_records import LearnerEntered, LearnerLeft, LearnerStayed

PAGE = 100
"""Records on one page."""

GROUPS: dict[str, tuple[tuple[str, str], tuple[type[AnyOwnRecord], ...]]] = {
    "sign-ins": (
        ("đăng nhập", "sign-ins"),
        (SignedIn, SignedOut, SignInsFailed, LearnerEntered, LearnerStayed, LearnerLeft),
    ),
    "accounts": (
        ("tài khoản và quyền", "accounts and permissions"),
        (AccountMade, AccountChanged, Granted, CredentialChanged, SignInLinkMade),
    ),
    "courses": (
        ("lớp, lịch, ghi danh", "courses and enrolment"),
        (
            CourseRule,
            CoursePlanned,
            ProgrammeKept,
            SessionPlanned,
            SessionHeld,
            LecturerBound,
            SessionChanged,
            SessionDropped,
            HolidayMarked,
            TakesPart,
            Enrolled,
            EnrolmentEnded,
            Transferred,
            TransferUndone,
            GuestAdmitted,
            GuestRemoved,
        ),
    ),
    "learners": (
        ("học viên, đồng ý, khuôn mặt", "learners, consent, faces"),
        (
            LearnerKnown,
            ConsentGiven,
            ConsentWithdrawn,
            TemplateKept,
            TemplateErased,
            LookalikesJudged,
            PinMade,
            PinErased,
            CardSet,
            PortraitPolicySet,
            PortraitsKept,
            PortraitsErased,
            PortraitLookedAt,
        ),
    ),
    "corrections": (
        ("điều chỉnh, phép, niêm phong, ý kiến", "corrections, leave, seals, contests"),
        (
            CorrectingRule,
            EvidenceFiled,
            Corrected,
            CorrectedFor,
            CorrectionAnswered,
            LeaveEntered,
            SheetRevised,
            SheetSigned,
            Contested,
            ContestAnswered,
        ),
    ),
    "reports": (
        ("báo cáo, kết quả, chứng chỉ", "reports, results, certificates"),
        (UnitNamed, TargetsDecided, TargetSet, CourseCounted, ResultRecognised, LetterheadKept),
    ),
    "bridge-points": (
        ("điểm cầu và thiết bị", "bridge points and devices"),
        (TokenMade, DeviceJoined, KeyRotated, KeyRevoked),
    ),
    "classrooms": (("trong lớp học", "in classrooms"), get_args(InClassroom)),
    "log": (("nhật ký và sao lưu", "logs and copies"), (ServerKeyKnown, ForkSeen, ForksDropped, GapClosed, Restored)),
}
"""What can be chosen: its words, and the records that belong to it."""

Names = Mapping[tuple[str, str], str]
"""By what an id names (account, course, bridge_point, unit …) and the id: what people call it."""

_NAMES = {
    "account": text("SELECT id, name FROM account WHERE id IN :ids"),
    "course": text("SELECT id, title FROM course WHERE id IN :ids"),
    "bridge_point": text("SELECT id, name FROM bridge_point WHERE id IN :ids"),
    "lecturer": text("SELECT id, name FROM lecturer WHERE id IN :ids"),
    "learner": text("SELECT id, code FROM learner WHERE id IN :ids"),  # an administrator needs no learner's name
    "unit": text("SELECT unit, name FROM unit_version WHERE unit IN :ids ORDER BY version"),  # the newest name stands
    "programme": text("SELECT id, title FROM programme WHERE id IN :ids"),
    "decision": text("SELECT id, number FROM target_decision WHERE id IN :ids"),
    "correction": text("SELECT id, session FROM correction WHERE id IN :ids"),  # both are told by their sessions
    "contest": text("SELECT id, session FROM contest WHERE id IN :ids"),
}
_OF_COURSE = text("SELECT id FROM session WHERE course = :course")


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An act as it is shown."""

    seq: int
    at: int
    who: str
    """Name of the person; empty: a command on the server, a device, or the server itself."""
    what: tuple[str, str]


def sentence(record: AnyOwnRecord, name: Callable[[str, str], str]) -> tuple[str, str]:
    """What a record tells, in both languages. name: what people call the thing of that kind with that id."""
    match record:
        case AccountMade() | AccountChanged() | Granted() | CredentialChanged() | SignInLinkMade():
            return sentence_of_accounts(record, name)
        case SignedIn() | SignedOut() | SignInsFailed():
            return sentence_of_sign_ins(record, name)
        case CourseRule():
            course = name("course", record.course)
            return f"đặt điều kiện hoàn thành của lớp {course}", f"set the rule of the course {course}"
        case SessionPlanned():
            vi = f"đặt lịch buổi {record.session}: {day_time(record.start)}–{day_time(record.end)} {day(record.start)}"
            return vi, vi.replace("đặt lịch buổi", "planned the session")
        case TakesPart():
            point = name("bridge_point", record.bridge_point)
            if record.takes_part:
                return (
                    f"cho điểm cầu {point} dự buổi {record.session}", f"{point} takes part in session {record.session}",
                )  # fmt: skip
            return (
                f"điểm cầu {point} không dự buổi {record.session} nữa",
                f"{point} no longer takes part in session {record.session}",
            )
        case Enrolled():
            who, course = name("learner", record.learner), name("course", record.course)
            point = name("bridge_point", record.bridge_point)
            return (
                f"ghi danh học viên {who} vào lớp {course} tại {point}",
                f"enrolled learner {who} in {course} at {point}",
            )
        case (
            LearnerKnown() | ConsentGiven() | ConsentWithdrawn() | TemplateKept() | TemplateErased()
            | LookalikesJudged() | PinMade() | PinErased()
            | CardSet() | GuestAdmitted() | GuestRemoved() | Transferred()
            | TransferUndone() | EnrolmentEnded()
        ):  # fmt: skip
            return sentence_of_learners(record, name)
        case (
            CoursePlanned() | ProgrammeKept() | SessionHeld() | SessionChanged() | SessionDropped() | HolidayMarked()
            | LecturerBound()
        ):  # fmt: skip
            return sentence_of_plans(record, name)
        case (
            CorrectingRule() | EvidenceFiled() | Corrected() | CorrectedFor() | CorrectionAnswered() | LeaveEntered()
            | SheetRevised() | SheetSigned() | Contested() | ContestAnswered()
        ):  # fmt: skip
            return sentence_of_corrections(record, name)
        case (
            UnitNamed() | TargetsDecided() | TargetSet() | CourseCounted() | ResultRecognised() | LetterheadKept()
        ):  # fmt: skip
            return sentence_of_reports(record, name)
        case LearnerEntered() | LearnerStayed() | LearnerLeft():
            point = name("bridge_point", record.bridge_point)
            if isinstance(record, LearnerStayed):
                return f"xem tiếp trang của mình ở điểm cầu {point}", f"went on reading the own pages at {point}"
            if isinstance(record, LearnerLeft) and record.by != record.learner:
                who = name("learner", record.learner)
                return (
                    f"mở trang của mình ở điểm cầu {point}, nên lượt xem của {who} kết thúc",
                    f"opened the own pages at {point}, which ended the visit of {who}",
                )
            if isinstance(record, LearnerLeft):
                return f"xem xong trang của mình ở điểm cầu {point}", f"left the own pages at {point}"
            return (
                f"mở trang của mình bằng mã PIN ở điểm cầu {point}",
                f"opened the own pages by PIN at {point}",
            )
        case PortraitPolicySet() | PortraitsKept() | PortraitsErased() | PortraitLookedAt():
            return sentence_of_portraits(record, name)
        case TokenMade():
            point = name("bridge_point", record.bridge_point)
            return f"tạo mã gia nhập cho điểm cầu {point}", f"made a join token for {point}"
        case DeviceJoined():
            point = name("bridge_point", record.bridge_point)
            return f"thiết bị {record.device} gia nhập điểm cầu {point}", f"device {record.device} joined {point}"
        case KeyRotated():
            return (
                f"thiết bị {record.device} đổi sang khóa số {record.number}",
                f"device {record.device} rotated to key {record.number}",
            )
        case KeyRevoked():
            return (
                f"thu hồi khóa số {record.number} của thiết bị {record.device}",
                f"revoked key {record.number} of device {record.device}",
            )
        case ServerKeyKnown():
            return f"dùng khóa máy chủ {record.server}", f"the server's key is {record.server}"
        case ForkSeen():
            return (
                f"thiết bị {record.device} gửi một bản nhật ký khác (từ bản ghi {record.differs}); cả hai được giữ",
                f"device {record.device} sent another history (from record {record.differs}); both are kept",
            )
        case ForksDropped():
            session = record.session or "?"
            return (
                f"thiết bị {record.device} vẫn gửi bản nhật ký khác (buổi {session}): {record.count} bản nữa bị từ "
                "chối, không giữ lại",
                f"device {record.device} goes on sending other histories (session {session}): {record.count} more were "
                "refused and are not kept",
            )
        case GapClosed():
            return (
                f"thiết bị {record.device} gửi lại các bản ghi {record.first}–{record.last} còn thiếu",
                f"device {record.device} sent the missing records {record.first}–{record.last} again",
            )
        case ClassroomRecord():
            return sentence_of_classrooms(record, name)
        case Restored():
            return "khôi phục cơ sở dữ liệu từ bản sao", "restored the database from a copy"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which acts are asked for; empty: all."""

    group: str = ""
    person: str = ""
    """An account's id: acts of it and on it."""
    course: str = ""
    before: int = 0
    """Only records with a smaller seq; 0: from the newest on."""


def read_audit(connection: Connection, wanted: Wanted, limit: int = PAGE) -> list[AuditRow]:
    """The newest acts that are asked for. An id is looked for in the raw line, where it stands in quotes."""
    conditions, values = ["1 = 1"], dict[str, object]()
    if wanted.before > 0:
        conditions.append("seq < :before")
        values["before"] = wanted.before
    if wanted.group in GROUPS:
        conditions.append("kind IN :kinds")
        values["kinds"] = [kind.__struct_config__.tag for kind in GROUPS[wanted.group][1]]
    if wanted.person:
        conditions.append("instr(line, :person) > 0")
        values["person"] = f'"{wanted.person}"'.encode()
    if wanted.course:
        sessions = connection.execute(_OF_COURSE, {"course": wanted.course}).scalars()
        needles = {f"course{at}": f'"{one}"'.encode() for at, one in enumerate([wanted.course, *sessions])}
        conditions.append("(" + " OR ".join(f"instr(line, :{name}) > 0" for name in needles) + ")")
        values |= needles
    # The conditions are put together from the fixed texts above; all that was typed goes in as values.
    sql = f"SELECT line FROM own_record WHERE {' AND '.join(conditions)} ORDER BY seq DESC LIMIT :limit"  # noqa: S608
    query = text(sql)
    if "kinds" in values:
        query = query.bindparams(bindparam("kinds", expanding=True))
    rows = connection.execute(query, values | {"limit": limit})
    records = [record for row in rows if (record := _decoded(bytes(row.line))) is not None]
    names = names_of(connection, records)

    def name(kind: str, thing: str) -> str:
        return names.get((kind, thing), thing)

    return [
        AuditRow(one.seq, one.at, name(who_did(one.by), one.by) if one.by else "", sentence(one, name))
        for one in records
    ]  # fmt: skip


def names_of(connection: Connection, records: Iterable[AnyOwnRecord]) -> Names:
    """What people call the things that the records name by their ids."""
    ids: dict[str, set[str]] = {kind: set() for kind in _NAMES}
    for record in records:
        for field, value in msgspec.structs.asdict(record).items():
            if not isinstance(value, str):
                continue
            kind = {"by": who_did(value), "account": who_did(value), "other": "learner", "into": "unit"}.get(
                field, field
            )
            if kind in ids:
                ids[kind].add(value)
    return {
        (kind, row[0]): row[1]
        for kind, query in _NAMES.items()
        for row in connection.execute(query.bindparams(bindparam("ids", expanding=True)), {"ids": sorted(ids[kind])})
    }


def _decoded(line: bytes) -> AnyOwnRecord | None:
    try:
        return decode_own(line)
    except RecordError:  # a line that was tampered with is for `verify` to find, not for this page to fall over
        return None
