"""What the own log's records of reports tell, in sentences, for the audit log. Pure."""

from __future__ import annotations

from collections.abc import Callable

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
        case UnitNamed(into=str()):
            return f"nhập đơn vị {record.unit} vào {record.into}", f"merged the unit {record.unit} into {record.into}"
        case UnitNamed():
            return f"đặt tên đơn vị {record.unit}", f"named the unit {record.unit}"
        case TargetsDecided():
            return (
                f"nhập quyết định giao chỉ tiêu {record.decision}, kỳ {record.period}",
                f"entered the decision on targets {record.decision} for {record.period}",
            )
        case TargetSet():
            return (
                f"chỉ tiêu theo {record.decision}: {record.courses} lớp, {record.turns} lượt",
                f"targets by {record.decision}: {record.courses} courses, {record.turns} turns",
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
