"""The words for presence and for what it is known by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from central_server.corrections.words import WAYS, correction_said
from central_server.participation.known_by import (
    Cause,
    CheckedIn,
    Confirmed,
    Counted,
    ProfileState,
    Seen,
    SpotChecked,
    Value,
    doubtful,
)
from central_server.participation.pieces import Piece
from central_server.participation.queries import Damaged
from central_server.participation.seals import SealFacts, SealState
from central_server.participation.state import LearnerState, Phase
from central_server.participation.twice import SeenTwice
from central_server.web.figures import day, day_time, number, second_time
from models.language import Language, counted, many
from models.records import CheckInMethod, Flag, Vouch

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
    "suspended": ("máy ở điểm cầu tạm ngủ hoặc bị treo", "the bridge point's PC was suspended or stood still"),
    "no_news": ("mất kết nối với điểm cầu", "no connection to the bridge point"),
    "not_started": ("điểm cầu chưa bắt đầu ghi nhận", "the bridge point had not begun to watch"),
    "far_seat": ("ngồi xa, máy quay không nhận ra được khuôn mặt ở chỗ này",
                 "a far seat: the camera can't identify a face there"),
    "no_face": ("máy quay không biết mặt học viên này và không có lần xác nhận nào tiếp theo",
                "the camera does not know this learner, and no confirmation followed"),
    "unconfirmed": ("máy quay không biết mặt học viên này; chờ xác nhận tiếp theo bằng thẻ hoặc mã PIN",
                    "the camera does not know this learner; the next confirmation by card or PIN is awaited"),
    "damaged": ("bản ghi về khoảng này bị hỏng trong cơ sở dữ liệu", "the record of this time is damaged"),
}  # fmt: skip
TO_DO: dict[Cause, tuple[str, str]] = {
    "cut": ("Hãy chờ ít phút.", "Wait a few minutes."),
    "stopped": ("Nhờ cán bộ kỹ thuật bật lại ghi nhận.", "Ask the technician to start watching again."),
    "camera_gone": ("Nhờ cán bộ kỹ thuật kiểm tra dây máy quay.", "Ask the technician to check the camera's cable."),
    "frozen": ("Nhờ cán bộ kỹ thuật cắm lại máy quay.", "Ask the technician to plug the camera in again."),
    "dark": ("Nhờ cán bộ kỹ thuật bật đèn.", "Ask the technician to switch the light on."),
    "crashed": ("Chương trình sẽ tự chạy lại; nếu không, gọi cán bộ kỹ thuật.",
                "It starts again by itself; if it doesn't, call the technician."),
    "suspended": (
        "Nhờ cán bộ kỹ thuật tắt chế độ ngủ của máy và xem máy có quá tải không.",
        "Ask the technician to switch its sleep mode off and to see whether it has too much to do.",
    ),
    "no_news": ("Máy ở điểm cầu vẫn tự ghi và sẽ gửi khi có mạng; gọi cán bộ kỹ thuật để kiểm tra đường truyền.",
                "The PC there goes on recording and sends later; call the technician to check the line."),
    "not_started": ("Gọi cán bộ kỹ thuật để bật máy và máy quay.", "Call the technician to start the PC and camera."),
    "far_seat": ("Nhờ cán bộ kỹ thuật cho ngồi gần hơn.", "Ask the technician to seat the learner nearer."),
    "no_face": ("Hãy hỏi cán bộ trực ở điểm cầu.", "Ask who was on duty at the bridge point."),
    "unconfirmed": ("Hãy chờ lần xác nhận tiếp theo.", "Wait for the next confirmation."),
    "damaged": ("Nhờ quản trị hệ thống chạy central-server verify.",
                "Ask the administrator to run central-server verify."),
}  # fmt: skip
"""What a class manager can do about it."""
METHODS: dict[CheckInMethod, tuple[str, str]] = {
    "room_camera": ("máy quay phòng học", "room camera"),
    "face": ("khuôn mặt", "face"),
    "card": ("thẻ", "card"),
    "pin": ("mã PIN", "PIN"),
}
HOW: dict[CheckInMethod, tuple[str, str]] = METHODS | {
    "room_camera": ("máy quay phòng học, không qua thử thách", "room camera, without a challenge"),
    "face": ("khuôn mặt, đã qua thử thách quay đầu", "face, with the challenge of head turns passed"),
}
"""The same with what it rests on."""
VOUCHES: dict[Vouch, tuple[str, str]] = {
    "card": ("bằng thẻ", "by card"),
    "pin": ("bằng mã PIN", "by PIN"),
    "technician": ("người trực nhìn thấy", "seen by whoever was on duty"),
}
FLAGS: dict[Flag, tuple[str, str]] = {
    "moving_background": ("nền chuyển động cùng khuôn mặt, có thể là ảnh giơ lên",
                          "what is behind the face moved with it, as a picture held up does"),
    "bright_frame": ("có khung sáng quanh khuôn mặt, có thể là màn hình",
                     "a lit frame around the face, as a screen has"),
    "lookalike": ("giống một học viên khác", "resembles another learner"),
    "second_factor": ("khuôn mặt chưa chắc chắn, xác nhận thêm bằng thẻ hoặc mã PIN",
                      "the face was in doubt, settled by card or PIN"),
}  # fmt: skip
"""What was odd at a check-in."""
NOBODY = ("một người đã rời hệ thống", "somebody who has left")
"""A witness whose name is not known any more."""


def pick(words: tuple[str, str], lang: Language) -> str:
    """Of a Vietnamese and an English wording, the one of the language."""
    return words[1] if lang == "en" else words[0]


SEALS: dict[SealState, tuple[str, str]] = {
    "sealed": ("đã niêm phong", "sealed"),
    "not_sealed": ("chưa niêm phong", "not sealed"),
    "differs": ("khác số liệu niêm phong", "differs from the seal"),
}


DAMAGED_SHOWN = 5
"""So many damaged records are named."""
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

    @property
    def damaged(self) -> tuple[Damaged, ...]:
        """Records that can't be read."""

    @property
    def profile(self) -> ProfileState:
        """How the bridge point is calibrated."""


def doubted(learner: LearnerState) -> bool:
    """Whether a person must look at a learner's times: a record of them was made by a clock that can't be believed."""
    check_in = learner.check_in
    clocks = [one.clock for piece in learner.pieces for one in piece.seen]
    clocks += [piece.confirmed.clock for piece in learner.pieces if piece.confirmed is not None]
    return (check_in is not None and doubtful(check_in.clock)) or any(map(doubtful, clocks))


def short_remarks(point: Closed, lang: Language) -> str:
    """The same as `remarks` in a few words, for a cell."""
    told = [pick(SEALS[point.seal.state], lang)]
    if late := point.seal.late:
        told.append(pick((f"{late} bản ghi sau niêm phong", f"{counted(late, 'record')} after the seal"), lang))
    if not point.clock_known:
        told.append(pick(("đồng hồ chưa đối chiếu", "clock not verified"), lang))
    if point.misfits:
        told.append(pick(("có giờ trái với biên nhận", "times contradict receipts"), lang))
    if point.damaged:
        told.append(pick(("có bản ghi bị hỏng", "a record is damaged"), lang))
    if point.profile != "good":
        told.append(pick(("hiệu chỉnh chưa tốt", "not well calibrated"), lang))
    return ", ".join(told)


PROFILES: dict[ProfileState, tuple[str, str]] = {
    "missing": (
        "Không có hồ sơ hiệu chỉnh: buổi học này được ghi nhận bằng ngưỡng mặc định, chưa đo máy quay và khuôn mặt ở "
        "phòng này. Nhờ cán bộ kỹ thuật chạy hiệu chỉnh trước buổi sau.",
        "No calibration profile: this session is watched with the default threshold, and neither the camera nor the "
        "faces of this room were measured. Ask the technician to calibrate before the next session.",
    ),
    "outdated": (
        "Hồ sơ hiệu chỉnh đã cũ: máy quay, phòng hoặc danh sách học viên đã khác lúc đo. Nhờ cán bộ kỹ thuật hiệu "
        "chỉnh lại trước buổi sau.",
        "The calibration profile is outdated: the camera, the room or the roster is another than when it was made. Ask "
        "the technician to calibrate again before the next session.",
    ),
}


def at_two_points(one: SeenTwice, lang: Language) -> str:
    """That a learner was seen at two bridge points in the same minute, and what to do, as sentences."""
    when, (here, there) = f"{day_time(one.first)} {day(one.first)}", one.points
    vi_when, en_when = f"lúc {when}", f"at {when}"
    if one.minutes > 1:
        vi_when, en_when = f"lần đầu {vi_when}, tất cả {one.minutes} phút", f"first {en_when}, {one.minutes} min in all"
    vi = (
        f"{one.learner} ({one.unit}) được ghi nhận ở cả {here} và {there} trong cùng một phút, {vi_when}. Hãy gọi cán "
        "bộ kỹ thuật ở cả hai điểm cầu hỏi ai đang ngồi đó; chưa dùng số liệu của học viên này khi chưa rõ."
    )
    en = (
        f"{one.learner} ({one.unit}) was recorded at both {here} and {there} in the same minute, {en_when}. Call the "
        "technicians at both and ask who sits there; don't use this learner's figures before that is clear."
    )
    return pick((vi, en), lang)


def heads(count: Counted, lang: Language) -> str:
    """A headcount against the roster, as a sentence."""
    people, known, unknown, roster = (
        number(one, lang) for one in (count.people, count.known, count.unknown, count.roster)
    )
    vouched = number(count.vouched, lang)
    by = pick((f" (có {vouched} bằng thẻ hoặc mã PIN)", f" ({vouched} of them by card or PIN)"), lang)
    vi = f"{people} người, {known} đã biết{by if count.vouched else ''}, {unknown} không quen; danh sách {roster}."
    heads = many(count.people, "person", "people")
    en = f"{people} {heads}, {known} known{by if count.vouched else ''}, {unknown} unknown; roster {roster}."
    return pick((vi, en), lang)


def strangers_stay(since: int, lang: Language) -> str:
    """That somebody unknown has been in a room for some time, and what to do."""
    when = day_time(since)
    vi = (
        f"Có người không quen trong phòng từ {when}. Nhờ cán bộ kỹ thuật hỏi tên: học viên của lớp thì điểm danh bằng "
        "thẻ hoặc mã PIN, hoặc ghi danh khuôn mặt vào giờ giải lao; người ngoài thì mời ra."
    )
    en = (
        f"Somebody unknown has been in the room since {when}. Ask the technician for the name: a learner checks in by "
        "card or PIN, or enrols a face in the break; anybody else is asked to leave."
    )
    return pick((vi, en), lang)


def remarks(point: Closed, lang: Language) -> list[str]:
    """What a class manager must know of a bridge point's records: its seal and its clock, and what to do."""
    seal, told = point.seal, []
    if point.profile != "good":
        told.append(PROFILES[point.profile])
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
    told += damaged_said(point.damaged)
    return [pick(words, lang) for words in told]


def damaged_said(some: Sequence[Damaged]) -> list[tuple[str, str]]:
    """That records can't be read, which, and what to do; nothing where all can."""
    if not some:
        return []
    vi = "; ".join(f"máy {one.device}, nhật ký {one.log}, số {one.seq}" for one in some[:DAMAGED_SHOWN])
    en = "; ".join(f"device {one.device}, log {one.log}, seq {one.seq}" for one in some[:DAMAGED_SHOWN])
    more = len(some) - DAMAGED_SHOWN
    vi, en = (f"{vi} và {more} bản ghi khác", f"{en} and {more} more") if more > 0 else (vi, en)
    return [
        (
            f"Có bản ghi bị hỏng trong cơ sở dữ liệu ({vi}): không được tính, khoảng thời gian đó là không xác định. "
            "Nhờ quản trị hệ thống chạy central-server verify trước khi dùng số liệu này.",
            f"Records are damaged in the database ({en}): they are left out, and their time is not observed. Ask the "
            "administrator to run central-server verify before these figures are used.",
        )
    ]


def evidence(piece: Piece, lang: Language, names: Mapping[str, str] | None = None) -> str:
    """How a piece is known, as a sentence. names: of those who vouched, by id."""
    when = f"{second_time(piece.start)}–{second_time(piece.end)} {pick(WORDS[piece.value], lang)}"
    if piece.confirmed is not None:
        return f"{when}: {_confirmed(piece.confirmed, lang, names or {})}"
    if piece.corrected is not None:
        return f"{when}: {correction_said(piece.corrected, lang, names or {})}"
    if piece.value == "seen":
        return f"{when}: {_sightings(piece, lang)}"
    if piece.cause is not None:
        return f"{when}: {pick(CAUSES[piece.cause], lang)}"
    watched = pick(
        ("máy quay ghi nhận, không nhìn thấy học viên", "the camera watched and did not see the learner"), lang
    )
    return f"{when}: {watched}"


def _confirmed(one: Confirmed, lang: Language, names: Mapping[str, str]) -> str:
    said = f"{pick(('xác nhận', 'confirmed'), lang)} {_way(one, lang, names)}"
    return f"{said}; {doubt(one, lang)}" if doubtful(one.clock) else said


def _way(one: Confirmed, lang: Language, names: Mapping[str, str]) -> str:
    who = names.get(one.witness) or pick(NOBODY, lang)
    if one.method == "technician":
        return pick((f"vì {who} trực và nhìn thấy", f"by {who}, on duty, who saw the learner"), lang)
    return f"{pick(VOUCHES[one.method], lang)}, {pick(('người trực', 'on duty'), lang)}: {who}"


def _sightings(piece: Piece, lang: Language) -> str:
    recorded = [one for one in piece.seen if not one.live]
    told = []
    if recorded:
        times = sum(one.sightings or 0 for one in recorded)
        best = max(one.best_score or 0.0 for one in recorded)
        encoders = ", ".join(sorted({one.encoder for one in recorded}))
        score = f"{number(best, lang, 2)} ({encoders})"
        vi = f"nhìn thấy {number(times, lang)} lần trong {len(recorded)} bản ghi, giống nhất {score}"
        en = f"seen {counted(times, 'time')} in {counted(len(recorded), 'record')}, best match {score}"
        told.append(pick((vi, en), lang))
    if any(one.live for one in piece.seen):
        told.append(pick(("đang được nhìn thấy, chưa thành bản ghi", "being seen, not a record yet"), lang))
    told += dict.fromkeys(doubt(one, lang) for one in piece.seen if doubtful(one.clock))
    return "; ".join(told)


def check_in_evidence(check_in: CheckedIn, lang: Language, names: Mapping[str, str] | None = None) -> str:
    """When and how a learner was matched and who vouched, as a sentence. names: of those who vouched, by id."""
    how = [pick(HOW[check_in.method], lang)]
    if check_in.witness is not None:
        who = (names or {}).get(check_in.witness) or pick(NOBODY, lang)
        how.append(f"{pick(('người trực', 'on duty'), lang)}: {who}")
    said = f"{second_time(check_in.at)} {pick(('điểm danh', 'checked in'), lang)}: {', '.join(how)}"
    told = [said, *flags_of(check_in, lang)]
    if doubtful(check_in.clock):
        told.append(doubt(check_in, lang))
    return "; ".join(told)


def flags_of(check_in: CheckedIn | None, lang: Language) -> list[str]:
    """What was odd at a check-in."""
    return [pick(FLAGS[flag], lang) for flag in check_in.flags] if check_in else []


def spot_check_evidence(one: SpotChecked, lang: Language) -> str:
    """What became of a spot check, as a sentence."""
    said = f"{second_time(one.at)} {pick(('kiểm tra ngẫu nhiên', 'spot check'), lang)}"
    asked = second_time(one.asked)
    if one.method is None:
        vi = f"được hỏi lúc {asked}, không trả lời trong thời hạn; không làm thay đổi số phút"
        en = f"asked at {asked}, not answered in time; it changes no minutes"
        return f"{said}: {pick((vi, en), lang)}"
    how = pick(VOUCHES[one.method], lang)
    return f"{said}: {pick((f'được hỏi lúc {asked}, đã xác nhận {how}', f'asked at {asked}, confirmed {how}'), lang)}"


def spot_checks(learner: LearnerState, lang: Language) -> str:
    """How many spot checks a learner answered and missed; empty where there was none."""
    missed = sum(one.method is None for one in learner.spot_checks)
    answered = len(learner.spot_checks) - missed
    if not learner.spot_checks:
        return ""
    vi = f"kiểm tra ngẫu nhiên: {answered} lần trả lời, {missed} lần không"
    en = f"spot checks: {answered} answered, {missed} missed"
    return pick((vi, en), lang)


def known_by(learner: LearnerState, lang: Language) -> str:
    """How a learner was checked in, in a few words: where there was no check-in, by what correction; or empty."""
    check_in = learner.check_in
    if check_in is None:
        ways = {piece.corrected.way for piece in learner.pieces if piece.corrected and piece.value == "seen"}
        return ", ".join(pick(WAYS[way], lang) for way in sorted(ways))
    said = f"{pick(METHODS[check_in.method], lang)} {day_time(check_in.at)}"
    if check_in.witness is None:
        return said
    who = learner.names.get(check_in.witness) or pick(NOBODY, lang)
    return f"{said}, {pick(('người trực', 'on duty'), lang)}: {who}"


def _dated(ms: int) -> str:
    return f"{second_time(ms)} {day(ms)}"


def doubt(known_by: Seen | CheckedIn | Confirmed, lang: Language) -> str:
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
