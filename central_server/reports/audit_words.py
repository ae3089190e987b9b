"""What the own log's records of reports tell, in sentences, for the audit log. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from models.language import counted
from models.report_records import (
    CourseCounted,
    LetterheadKept,
    OfReports,
    ResultRecognised,
    TargetsDecided,
    TargetSet,
    UnitNamed,
)


def sentence_of_reports(record: OfReports, name: Callable[[str, str], str]) -> tuple[str, str]:
    """What a record tells, in both languages. name: what people call the thing of that kind with that id."""
    match record:
        case UnitNamed():
            unit, since = name("unit", record.unit), f"{date.fromisoformat(record.since):%d/%m/%Y}"
            if record.into is not None:
                into = name("unit", record.into)
                return f"nhập đơn vị {unit} vào {into} từ {since}", f"merged the unit {unit} into {into} from {since}"
            return f"đặt tên đơn vị {unit} từ {since}", f"named the unit {unit} from {since}"
        case TargetsDecided():
            number = name("decision", record.decision)
            return (
                f"nhập quyết định giao chỉ tiêu {number}, kỳ {record.period}",
                f"entered the decision on targets {number} for {record.period}",
            )
        case TargetSet():
            number, unit = name("decision", record.decision), name("unit", record.unit)
            programme = name("programme", record.programme)
            return (
                f"chỉ tiêu theo {number}, {unit}, {programme}: {record.courses} lớp, {record.turns} lượt",
                f"targets by {number}, {unit}, {programme}: {counted(record.courses, 'course')}, "
                f"{counted(record.turns, 'turn')}",
            )
        case CourseCounted():
            course = name("course", record.course)
            plan = ("trong kế hoạch", "within the plan") if record.planned else ("ngoài kế hoạch", "outside the plan")
            return f"ghi thông tin báo cáo của lớp {course} ({plan[0]})", f"said what {course} counts as ({plan[1]})"
        case ResultRecognised():
            course, learner = name("course", record.course), name("learner", record.learner)
            result = ("hoàn thành", "completed") if record.outcome == "completed" else (
                "không hoàn thành", "not completed")  # fmt: skip
            return (
                f"công nhận kết quả của {learner} ở lớp {course}: {result[0]}",
                f"recognised the result of {learner} in {course}: {result[1]}",
            )
        case LetterheadKept():
            return f"lưu mẫu biểu, phiên bản {record.version}", f"kept the letterhead, version {record.version}"
