"""What the own log's records of classrooms tell, in sentences, for the audit log. Pure."""

from __future__ import annotations

from collections.abc import Callable

from models.classroom_records import (
    FloorGiven,
    FloorTaken,
    HandLowered,
    HandRaised,
    InClassroom,
    QuestionAnswered,
    QuestionAsked,
    RoomEntered,
    RoomSpoke,
    RoomTicketMade,
    ScreenShown,
    TurnEnd,
)

_ENDS: dict[TurnEnd, tuple[str, str]] = {
    "taken": ("kết thúc lượt phát biểu của", "took the floor back from"),
    "passed_on": ("chuyển lượt phát biểu khỏi", "passed the floor on from"),
    "given_back": ("phát biểu xong:", "gave the floor back:"),
    "class_over": ("lớp kết thúc khi đang phát biểu:", "the class ended during the turn of"),
}


def sentence_of_classrooms(record: InClassroom, name: Callable[[str, str], str]) -> tuple[str, str]:
    """What a record tells, in both languages. name: what people call the thing of that kind with that id."""
    vi, en = _sentence(record, lambda room: name("bridge_point", room))
    return f"{vi} (buổi {record.session})", f"{en} (session {record.session})"


def _sentence(record: InClassroom, room: Callable[[str], str]) -> tuple[str, str]:
    match record:
        case HandRaised():
            return f"{room(record.bridge_point)} giơ tay", f"{room(record.bridge_point)} raised a hand"
        case HandLowered():
            return f"{room(record.bridge_point)} hạ tay", f"{room(record.bridge_point)} lowered its hand"
        case FloorGiven():
            return f"mời {room(record.bridge_point)} phát biểu", f"gave {room(record.bridge_point)} the floor"
        case FloorTaken():
            how, spoken = _ENDS[record.why], round(record.spoken_ms / 1000)
            where = room(record.bridge_point)
            return f"{how[0]} {where}, đã nói {spoken} giây", f"{how[1]} {where}, which spoke for {spoken} s"
        case QuestionAsked():
            where = room(record.bridge_point)
            return f"{where} gửi câu hỏi số {record.question}", f"{where} sent question {record.question}"
        case QuestionAnswered():
            return f"ghi câu hỏi số {record.question} đã trả lời", f"marked question {record.question} as answered"
        case ScreenShown(shown=True):
            return "chiếu màn hình cho lớp", "showed a screen to the class"
        case ScreenShown():
            return "dừng chiếu màn hình", "stopped showing the screen"
        case RoomSpoke():
            where, spoken = room(record.bridge_point), round(record.spoken_ms / 1000)
            return f"{where} đã nói {spoken} giây", f"{where} spoke for {spoken} s"
        case RoomTicketMade():
            where = room(record.bridge_point)
            return (
                f"thiết bị {record.device} xin vé vào lớp cho {where}",
                f"device {record.device} asked to let {where} in",
            )
        case RoomEntered():
            return f"{room(record.bridge_point)} vào lớp bằng vé", f"{room(record.bridge_point)} entered by its ticket"
