"""What the own log's records of learners tell, in sentences, for the audit log. Codes and ids, never names. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from central_server.web.figures import day, day_time
from models.enrolment_records import (
    EnrolmentEnded,
    GuestAdmitted,
    GuestRemoved,
    LearnerKnown,
    Transferred,
    TransferUndone,
)
from models.language import counted
from models.own_records import (
    CardSet,
    ConsentGiven,
    ConsentWithdrawn,
    LookalikesJudged,
    PinErased,
    PinMade,
    TemplateErased,
    TemplateKept,
)

OfLearners: TypeAlias = (
    CardSet
    | ConsentGiven
    | ConsentWithdrawn
    | EnrolmentEnded
    | GuestAdmitted
    | GuestRemoved
    | LearnerKnown
    | LookalikesJudged
    | PinErased
    | PinMade
    | TemplateErased
    | TemplateKept
    | Transferred
    | TransferUndone
)


def sentence_of_learners(record: OfLearners, name: Callable[[str, str], str]) -> tuple[str, str]:
    """What a record tells, in both languages. name: what people call the thing of that kind with that id."""
    if isinstance(record, ConsentWithdrawn):
        return f"ghi nhận rút lại sự đồng ý {record.consent}", f"entered the withdrawal of consent {record.consent}"
    who = name("learner", record.learner)
    match record:
        case LearnerKnown():
            return (
                f"ghi nhận họ tên, mã, đơn vị, năm sinh của học viên {who}",
                f"entered name, code, unit and birth year of learner {who}",
            )
        case ConsentGiven():
            on_screen = record.way == "on_screen"
            way = ("trên màn hình", "on screen") if on_screen else ("bằng phiếu đã ký", "by signed form")
            return (
                f"ghi nhận học viên {who} đồng ý dùng khuôn mặt {way[0]} ngày {day(record.given_at)}",
                f"entered that learner {who} consents to face recognition {way[1]} on {day(record.given_at)}",
            )
        case TemplateKept():
            return (
                f"lưu dữ liệu khuôn mặt của học viên {who} từ {record.portraits} ảnh",
                f"kept a face template of learner {who} from {counted(record.portraits, 'portrait')}",
            )
        case LookalikesJudged():
            other = name("learner", record.other)
            return (
                f"xác nhận học viên {who} và {other} là hai người khác nhau",
                f"said that learners {who} and {other} are two people",
            )
        case PinMade():
            return f"tạo mã PIN cho học viên {who}", f"made a PIN for learner {who}"
        case PinErased():
            return f"xóa mã PIN của học viên {who}", f"erased the PIN of learner {who}"
        case CardSet(card=None):
            return f"bỏ thẻ của học viên {who}", f"took the card of learner {who} away"
        case CardSet():
            return f"đặt số thẻ của học viên {who}", f"set the card of learner {who}"
        case TemplateErased():
            return f"xóa dữ liệu khuôn mặt của học viên {who}", f"erased the face template of learner {who}"
        case GuestAdmitted():
            point = name("bridge_point", record.bridge_point)
            return (
                f"nhập {who} là khách của buổi {record.session} tại {point}",
                f"entered {who} as a guest of session {record.session} at {point}",
            )
        case EnrolmentEnded():
            course = name("course", record.course)
            return f"bỏ học viên {who} khỏi danh sách lớp {course}", f"took learner {who} off the roster of {course}"
        case GuestRemoved():
            return f"bỏ khách {who} của buổi {record.session}", f"took guest {who} out of session {record.session}"
        case Transferred():
            point, course = name("bridge_point", record.bridge_point), name("course", record.course)
            since = f"{day_time(record.since)} {day(record.since)}"
            return (
                f"chuyển học viên {who} của lớp {course} sang điểm cầu {point} từ {since}",
                f"transferred learner {who} of {course} to {point} from {since} on",
            )
        case TransferUndone():
            course = name("course", record.course)
            since = f"{day_time(record.since)} {day(record.since)}"
            return (
                f"hoàn tác việc chuyển điểm cầu từ {since} của học viên {who}, lớp {course}",
                f"undid the transfer from {since} of learner {who} of {course}",
            )
