"""The words for presence and for what it is known by."""

from __future__ import annotations

from typing import Protocol

from central_server.participation.known_by import Cause, CheckedIn, Seen, Value, doubtful
from central_server.participation.pieces import Piece
from central_server.participation.seals import SealFacts, SealState
from central_server.participation.state import LearnerState, Phase
from central_server.web.figures import day, day_time, number, second_time
from models.language import Language
from models.records import CheckInMethod

WORDS: dict[Value, tuple[str, str]] = {
    "seen": ("có mặt", "present"),
    "not_seen": ("vắng mặt", "absent"),
    "not_observed": ("không xác định", "not observed"),
}
CAUSES: dict[Cause, tuple[str, str]] = {
    "cut": ("chưa có bản ghi tiếp theo", "the next record has not come"),
    "stopped": ("máy ở điểm cầu đã dừng ghi nhận", "the bridge point's PC stopped watching"),
    "camera_gone": ("mất tín hiệu máy quay", "the camera was gone"),
    "frozen": ("hình máy quay bị đứng", "the camera's picture was frozen"),
    "dark": ("hình quá tối", "the picture was too dark"),
    "crashed": ("chương trình ở điểm cầu dừng đột ngột", "the program at the bridge point crashed"),
    "suspended": ("máy ở điểm cầu tạm ngủ", "the bridge point's PC was suspended"),
    "no_news": ("mất kết nối với điểm cầu", "no connection to the bridge point"),
    "not_started": ("điểm cầu chưa bắt đầu ghi nhận", "the bridge point had not begun to watch"),
}
TO_DO: dict[Cause, tuple[str, str]] = {
    "cut": ("Hãy chờ ít phút.", "Wait a few minutes."),
    "stopped": ("Nhờ cán bộ kỹ thuật bật lại ghi nhận.", "Ask the technician to start watching again."),
    "camera_gone": ("Nhờ cán bộ kỹ thuật kiểm tra dây máy quay.", "Ask the technician to check the camera's cable."),
    "frozen": ("Nhờ cán bộ kỹ thuật cắm lại máy quay.", "Ask the technician to plug the camera in again."),
    "dark": ("Nhờ cán bộ kỹ thuật bật đèn.", "Ask the technician to switch the light on."),
    "crashed": ("Chương trình sẽ tự chạy lại; nếu không, gọi cán bộ kỹ thuật.",
                "It starts again by itself; if it doesn't, call the technician."),
    "suspended": ("Nhờ cán bộ kỹ thuật tắt chế độ ngủ của máy.", "Ask the technician to switch its sleep mode off."),
    "no_news": ("Máy ở điểm cầu vẫn tự ghi và sẽ gửi khi có mạng; gọi cán bộ kỹ thuật để kiểm tra đường truyền.",
                "The PC there goes on recording and sends later; call the technician to check the line."),
    "not_started": ("Gọi cán bộ kỹ thuật để bật máy và máy quay.", "Call the technician to start the PC and camera."),
}  # fmt: skip
"""What a class manager can do about it."""
METHODS: dict[CheckInMethod, tuple[str, str]] = {
    "room_camera": ("máy quay phòng học", "room camera"),
    "face": ("khuôn mặt", "face"),
    "card": ("thẻ", "card"),
    "pin": ("mã PIN", "PIN"),
}


def pick(words: tuple[str, str], lang: Language) -> str:
    """Of a Vietnamese and an English wording, the one of the language."""
    return words[1] if lang == "en" else words[0]


SEALS: dict[SealState, tuple[str, str]] = {
    "sealed": ("đã niêm phong", "sealed"),
    "not_sealed": ("chưa niêm phong", "not sealed"),
    "differs": ("khác số liệu niêm phong", "differs from the seal"),
}


DOUBT = ("thời gian cần xem lại", "times to be looked at")
"""What is said where a record's clock can't be believed (models.clock_trust)."""


class Closed(Protocol):
    """What is known of a bridge point's records as a whole: of its state and of its row."""

    @property
    def phase(self) -> Phase:
        """Before, running or over."""

    @property
    def seal(self) -> SealFacts:
        """How the session is closed."""

    @property
    def clock_known(self) -> bool:
        """False: some of its times are only by the PC's own clock."""

    @property
    def misfits(self) -> int:
        """Records that tell of times at which they can't have been made."""


def doubted(learner: LearnerState) -> bool:
    """Whether a person must look at a learner's times: a record of them was made by a clock that can't be believed."""
    check_in = learner.check_in
    return (check_in is not None and doubtful(check_in.clock)) or any(
        doubtful(one.clock) for piece in learner.pieces for one in piece.seen
    )


def short_remarks(point: Closed, lang: Language) -> str:
    """The same as `remarks` in a few words, for a cell."""
    told = [pick(SEALS[point.seal.state], lang)]
    if late := point.seal.late:
        told.append(pick((f"{late} bản ghi sau niêm phong", f"{late} records after the seal"), lang))
    if not point.clock_known:
        told.append(pick(("đồng hồ chưa đối chiếu", "clock not verified"), lang))
    if point.misfits:
        told.append(pick(("có giờ trái với biên nhận", "times contradict receipts"), lang))
    return ", ".join(told)


def remarks(point: Closed, lang: Language) -> list[str]:
    """What a class manager must know of a bridge point's records: its seal and its clock, and what to do."""
    seal, told = point.seal, []
    at = "" if seal.sealed_at is None else f" {day_time(seal.sealed_at)}"
    if seal.state == "differs":
        told.append(
            (
                "Khác số liệu niêm phong: bản ghi máy chủ đang giữ không khớp với số liệu mà điểm cầu đã niêm phong. "
                "Hãy giữ nguyên máy ở điểm cầu và báo quản trị hệ thống đối chiếu nhật ký trước khi dùng số liệu này.",
                "Differs from the seal: the records that the server holds are not what the bridge point sealed. "
                "Leave that PC as it is and have the administrator compare the logs before these figures are used.",
            )
        )
    elif seal.state == "sealed":
        told.append((f"Đã niêm phong lúc{at}.", f"Sealed at{at}."))
    elif point.phase == "over":
        told.append(
            (
                "Chưa niêm phong: điểm cầu có thể còn bản ghi chưa gửi. Nhờ cán bộ kỹ thuật để máy chạy và nối mạng.",
                "Not sealed: the bridge point may hold records not sent yet. Ask the technician to keep its PC running "
                "and online.",
            )
        )
    if seal.late:
        told.append(
            (
                f"Có {number(seal.late, lang)} bản ghi được tạo sau niêm phong; vẫn được tính. "
                "Hãy hỏi cán bộ kỹ thuật vì sao máy còn ghi, rồi mới dùng số liệu này.",
                f"Records made after the seal: {number(seal.late, lang)}; they count. "
                "Ask the technician why the PC went on recording before these figures are used.",
            )
        )
    if not point.clock_known:
        told.append(
            (
                "Đồng hồ chưa được đối chiếu: giờ của điểm cầu là giờ của máy ở đó. Nhờ cán bộ kỹ thuật nối mạng cho "
                "máy; máy chủ sẽ tự sửa giờ.",
                "Clock not verified: this bridge point's times are by its PC's own clock. Ask the technician to bring "
                "it online; the server then mends the times by itself.",
            )
        )
    if point.misfits:
        told.append(
            (
                f"Có {number(point.misfits, lang)} bản ghi mang giờ mà lúc đó không thể được tạo, theo biên nhận của "
                "máy chủ; vẫn được tính. Hãy xem giờ của từng học viên được đánh dấu và hỏi cán bộ kỹ thuật trước khi "
                "dùng số liệu này.",
                f"Records with times at which they can't have been made, by the server's receipts: "
                f"{number(point.misfits, lang)}; they count. Look at the times of the learners who are marked, and ask "
                "the technician, before these figures are used.",
            )
        )
    return [pick(words, lang) for words in told]


def evidence(piece: Piece, lang: Language) -> str:
    """How a piece is known, as a sentence."""
    when = f"{second_time(piece.start)}–{second_time(piece.end)} {pick(WORDS[piece.value], lang)}"
    if piece.value == "seen":
        return f"{when}: {_sightings(piece, lang)}"
    if piece.cause is not None:
        return f"{when}: {pick(CAUSES[piece.cause], lang)}"
    watched = pick(
        ("máy quay ghi nhận, không nhìn thấy học viên", "the camera watched and did not see the learner"), lang
    )
    return f"{when}: {watched}"


def _sightings(piece: Piece, lang: Language) -> str:
    recorded = [one for one in piece.seen if not one.live]
    told = []
    if recorded:
        times = sum(one.sightings or 0 for one in recorded)
        best = max(one.best_score or 0.0 for one in recorded)
        encoders = ", ".join(sorted({one.encoder for one in recorded}))
        score = f"{number(best, lang, 2)} ({encoders})"
        vi = f"nhìn thấy {number(times, lang)} lần trong {len(recorded)} bản ghi, giống nhất {score}"
        en = f"seen {number(times, lang)} times in {len(recorded)} records, best match {score}"
        told.append(pick((vi, en), lang))
    if any(one.live for one in piece.seen):
        told.append(pick(("đang được nhìn thấy, chưa thành bản ghi", "being seen, not a record yet"), lang))
    told += dict.fromkeys(doubt(one, lang) for one in piece.seen if doubtful(one.clock))
    return "; ".join(told)


def check_in_evidence(check_in: CheckedIn, lang: Language) -> str:
    """When and how a learner was matched, as a sentence."""
    said = (
        f"{second_time(check_in.at)} {pick(('điểm danh', 'checked in'), lang)}: {pick(METHODS[check_in.method], lang)}"
    )
    return f"{said}; {doubt(check_in, lang)}" if doubtful(check_in.clock) else said


def _dated(ms: int) -> str:
    return f"{second_time(ms)} {day(ms)}"


def doubt(known_by: Seen | CheckedIn, lang: Language) -> str:
    """Why a time is to be looked at."""
    made = known_by.made
    if made is None:
        why = ("đồng hồ máy ở điểm cầu sai hoặc chưa đối chiếu", "the PC's clock was wrong or not verified")
    elif known_by.clock == "backdated":
        after, before = _dated(made.after), _dated(made.before)
        why = (
            f"theo biên nhận, bản ghi được tạo từ {after} đến {before}",
            f"by the receipts, the record was made between {after} and {before}",
        )
    else:
        before = _dated(made.before)
        why = (f"máy chủ đã nhận bản ghi lúc {before}", f"the server received the record at {before}")
    return f"{pick(DOUBT, lang)} ({pick(why, lang)})"
