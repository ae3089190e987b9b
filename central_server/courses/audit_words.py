"""What the own log's records of courses' plans tell, in sentences, for the audit log. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from models.own_records import (
    CoursePlanned,
    HolidayMarked,
    LecturerBound,
    ProgrammeKept,
    SessionChanged,
    SessionDropped,
    SessionHeld,
)

OfPlans: TypeAlias = (
    CoursePlanned | HolidayMarked | LecturerBound | ProgrammeKept | SessionChanged | SessionDropped | SessionHeld
)
CHANGES = {"moved": ("dời", "moved"), "cancelled": ("hủy", "cancelled"), "restored": ("vẫn tổ chức", "held after all")}


def sentence_of_plans(record: OfPlans, name: Callable[[str, str], str]) -> tuple[str, str]:
    """What a record tells, in both languages. name: what people call the thing of that kind with that id."""
    match record:
        case CoursePlanned():
            course = name("course", record.course)
            state = ("đã công bố", "published") if record.published else ("bản nháp", "a draft")
            return f"đặt kế hoạch lớp {course} ({state[0]})", f"planned the course {course} ({state[1]})"
        case ProgrammeKept():
            return (
                f"ghi chương trình {name('programme', record.programme)}: {record.periods} tiết",
                f"entered the programme {name('programme', record.programme)}: {record.periods} teaching periods",
            )
        case SessionHeld():
            if record.field_visit:
                return f"buổi {record.session} là đi thực tế", f"session {record.session} is a field visit"
            return (
                f"đặt giảng viên và điểm cầu chính của buổi {record.session}",
                f"set lecturer and main bridge point of session {record.session}",
            )
        case LecturerBound(account=str() as account):
            who = name("account", account)
            return (
                f"ghi giảng viên {record.lecturer} đăng nhập bằng tài khoản {who}",
                f"lecturer {record.lecturer} signs in as {who}",
            )
        case LecturerBound():
            return (
                f"bỏ tài khoản của giảng viên {record.lecturer}",
                f"lecturer {record.lecturer} has no account any more",
            )
        case SessionChanged():
            vi, en = CHANGES[record.change]
            return f"{vi} buổi {record.session}", f"{en}: session {record.session}"
        case SessionDropped():
            return f"xóa buổi {record.session} khỏi lịch", f"deleted session {record.session} from the plan"
        case HolidayMarked():
            day = "/".join(reversed(record.day.split("-")))
            if record.off:
                return f"ghi {day} là ngày nghỉ", f"entered {day} as a holiday"
            return f"bỏ ngày nghỉ {day}", f"took the holiday {day} away"
