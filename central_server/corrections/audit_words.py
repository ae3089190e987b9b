"""What the own log's records of corrections tell, in sentences, for the audit log. Codes and ids, never names. Pure."""

from __future__ import annotations

from collections.abc import Callable

from central_server.corrections.words import CAUSES, LEAVES, SIGNERS
from central_server.web.figures import day, day_time
from models.correction_records import (
    ContestAnswered,
    Contested,
    Corrected,
    CorrectedFor,
    CorrectingRule,
    CorrectionAnswered,
    EvidenceFiled,
    LeaveEntered,
    OfCorrections,
    SheetRevised,
    SheetSigned,
)

_CHANGES = {
    "added": ("thêm thời gian có mặt", "added time"),
    "taken": ("bớt thời gian có mặt", "took time away"),
    "undone": ("hoàn tác một điều chỉnh", "undid a correction"),
}


def sentence_of_corrections(record: OfCorrections, name: Callable[[str, str], str]) -> tuple[str, str]:
    """What a record tells, in both languages. name: what people call the thing of that kind with that id."""
    match record:
        case CorrectingRule():
            course = name("course", record.course)
            second = ("cần người thứ hai", "a second person") if record.second_person else ("một người", "one person")
            return (
                f"đặt quy định điều chỉnh của lớp {course}: {second[0]}, nêu ý kiến trong {record.contest_days} ngày",
                f"set how {course} is corrected: {second[1]}, contests within {record.contest_days} days",
            )
        case EvidenceFiled():
            return f"lưu tệp minh chứng của buổi {record.session}", f"filed evidence about session {record.session}"
        case Corrected():
            vi, en = _CHANGES[record.change]
            sheet = (" theo bảng giấy đã ký", " by a signed sheet") if record.way == "sheet" else ("", "")
            return f"{vi} ở buổi {record.session}{sheet[0]}", f"{en} in session {record.session}{sheet[1]}"
        case CorrectedFor():
            who, when = name("learner", record.learner), f"{day_time(record.start)}–{day_time(record.end)}"
            return (
                f"điều chỉnh cho học viên {who}: {when} {day(record.start)}",
                f"corrected for learner {who}: {when} {day(record.start)}",
            )
        case CorrectionAnswered():
            session = name("correction", record.correction)
            if record.confirmed:
                return f"xác nhận một điều chỉnh ở buổi {session}", f"confirmed a correction in session {session}"
            return f"không chấp nhận một điều chỉnh ở buổi {session}", f"refused a correction in session {session}"
        case LeaveEntered():
            who, leave = name("learner", record.learner), LEAVES[record.leave]
            return (
                f"ghi học viên {who} {leave[0]} ở buổi {record.session}",
                f"entered {leave[1]} for learner {who} in session {record.session}",
            )
        case SheetRevised():
            cause = CAUSES[record.cause]
            return (
                f"lập bản số liệu {record.number} của buổi {record.session}: {cause[0]}",
                f"made revision {record.number} of the sheet of session {record.session}: {cause[1]}",
            )
        case SheetSigned():
            where = (("", "") if record.bridge_point is None else (
                f" (điểm cầu {name('bridge_point', record.bridge_point)})",
                f" ({name('bridge_point', record.bridge_point)})"))  # fmt: skip
            signer = SIGNERS[record.signer]
            return (
                f"ký niêm phong bản {record.revision} của buổi {record.session}, vai trò {signer[0].lower()}{where[0]}",
                f"signed revision {record.revision} of session {record.session} as {signer[1].lower()}{where[1]}",
            )
        case Contested():
            who = name("learner", record.learner)
            return (
                f"học viên {who} nêu ý kiến về buổi {record.session}",
                f"learner {who} contests session {record.session}",
            )
        case ContestAnswered():
            session = name("contest", record.contest)
            if record.correction is None:
                return f"không chấp nhận ý kiến về buổi {session}", f"refused a contest of session {session}"
            return (
                f"chấp nhận ý kiến về buổi {session} bằng một điều chỉnh",
                f"answered a contest of session {session} by a correction",
            )
