"""What the own log's records of portraits tell, in sentences, for the audit log. Codes and ids, never names. Pure."""

from __future__ import annotations

from collections.abc import Callable

from models.language import counted
from models.portrait_records import OfPortraits, PortraitLookedAt, PortraitPolicySet, PortraitsErased, PortraitsKept


def sentence_of_portraits(record: OfPortraits, name: Callable[[str, str], str]) -> tuple[str, str]:
    """What a record tells, in both languages. name: what people call the thing of that kind with that id."""
    course = name("course", record.course)
    match record:
        case PortraitPolicySet(days=0):
            return f"đặt: lớp {course} không giữ ảnh chân dung", f"set that {course} keeps no portraits"
        case PortraitPolicySet():
            return (
                f"đặt: lớp {course} giữ ảnh chân dung đến {record.days} ngày sau khi kết thúc",
                f"set that {course} keeps portraits until {counted(record.days, 'day')} after its end",
            )
        case PortraitsKept():
            who, count = name("learner", record.learner), len(record.sealed)
            return (
                f"giữ {count} ảnh chân dung của học viên {who}, lớp {course}",
                f"kept {counted(count, 'portrait')} of learner {who} of {course}",
            )
        case PortraitsErased():
            who = name("learner", record.learner)
            return (
                f"xóa ảnh chân dung của học viên {who}, lớp {course}",
                f"erased the portraits of learner {who} of {course}",
            )
        case PortraitLookedAt():
            who = name("learner", record.learner)
            return (
                f"xem ảnh chân dung số {record.number} của học viên {who}, lớp {course}",
                f"looked at portrait {record.number} of learner {who} of {course}",
            )
