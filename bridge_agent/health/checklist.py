"""What must be so before a class begins: nine checks, each good or a sentence with a way to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bridge_agent.health import remedies
from bridge_agent.health.care import LOW_DISK
from bridge_agent.health.remedies import Remedy, Sentence
from bridge_agent.hours import hour
from bridge_agent.streaming.showing import StreamView
from models.clock_trust import ClockTrust
from models.health import Light, Machine, State
from models.language import counted, many

FRESH_MS: Final = 3_600_000
"""What was tried longer ago than this says nothing about now."""
Item = Literal["camera", "faces", "stream", "server", "log", "pc", "duty", "consent", "sound"]
NAMES: Final[Mapping[Item, Sentence]] = {
    "camera": ("Camera", "Camera"),
    "faces": ("Nhận diện", "Faces"),
    "stream": ("Truyền hình", "Stream"),
    "server": ("Máy chủ và đồng hồ", "Server and clock"),
    "log": ("Nhật ký và ổ đĩa", "Log and disk"),
    "pc": ("Nguồn điện, chế độ ngủ", "Power and sleep"),
    "duty": ("Người trực", "On duty"),
    "consent": ("Văn bản đồng ý", "Consent text"),
    "sound": ("Âm thanh", "Sound"),
}


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried: when (server time, ms), and whether it went well."""

    at: int
    good: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What the checks rest on."""

    now: int
    lights: Mapping[str, Light]
    watching: bool
    """The room is watched."""
    pictured: int | None
    """Server time of the newest picture of the room; None: none was seen."""
    blind: Sentence | None
    """Why the room may not be watched."""
    learners: int
    faces: int
    """Of whom a face is known."""
    nothing: int
    """Who can be known by nothing yet."""
    streams: bool
    """The settings want a stream."""
    stream: StreamView | None
    stream_tried: Tried | None
    offset_ms: int | None
    trust: ClockTrust
    machine: Machine | None
    waiting: int
    awake: bool | None
    """The PC is kept from sleeping; None: that is not yet asked for."""
    on_duty: str | None
    consent: bool
    sound: Tried | None
    """In the wizard: microphone and speaker."""
    sound_elsewhere: bool
    """The room's sound goes by another system, the wizard was told."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list."""

    item: Item
    state: State
    said: Sentence
    remedy: Remedy | None = None

    @property
    def name(self) -> Sentence:
        """What is checked."""
        return NAMES[self.item]


def checklist(facts: Facts) -> tuple[Check, ...]:
    """All checks, in the order in which a technician goes about them."""
    return (
        _camera(facts), _faces(facts), _stream(facts), _server(facts), _log(facts), _pc(facts), _duty(facts),
        _consent(facts), _sound(facts),
    )  # fmt: skip


def undone(checks: tuple[Check, ...]) -> int:
    """How many are left to do."""
    return sum(check.state not in ("good", "off") for check in checks)


def _fresh(facts: Facts, at: int | None) -> bool:
    return at is not None and 0 <= facts.now - at < FRESH_MS


def _bad(facts: Facts, item: Item, part: str, remedy: Remedy) -> Check | None:
    """The check of a part whose light says something."""
    light = facts.lights[part]
    if light.state in ("good", "off") or not light.vi:
        return None
    return Check(item, light.severity, (light.vi, light.en), remedy)


def _camera(facts: Facts) -> Check:
    if facts.watching:
        return Check("camera", "good", ("Phòng học đang được theo dõi.", "The room is being watched."))
    light = facts.lights["camera"]
    if light.state == "bad":
        return Check("camera", "bad", (light.vi, light.en), remedies.CHOOSE_CAMERA)
    if facts.pictured is not None and _fresh(facts, facts.pictured):
        at = hour(facts.pictured)
        return Check("camera", "good", (f"Có hình lúc {at}.", f"It gave a picture at {at}."))
    return Check(
        "camera", "attention",
        ("Chưa xem hình của camera hôm nay.", "Its picture was not looked at yet."), remedies.TRY_CAMERA,
    )  # fmt: skip


def _faces(facts: Facts) -> Check:
    if facts.blind is not None:
        return Check("faces", "bad", facts.blind, remedies.CALIBRATE)
    if (bad := _bad(facts, "faces", "faces", remedies.CHOOSE_CAMERA)) is not None:
        return bad
    known = (
        f"{facts.faces}/{facts.learners} học viên có dữ liệu khuôn mặt",
        f"{facts.faces} of {counted(facts.learners, 'learner')} {many(facts.faces, 'has', 'have')} a face on file",
    )
    if facts.nothing:
        return Check(
            "faces", "attention",
            (f"{known[0]}; {facts.nothing} người chưa có cách nào để điểm danh.",
             f"{known[1]}; {facts.nothing} can't check in by anything yet."),
            remedies.SEE_LEARNERS,
        )  # fmt: skip
    return Check("faces", "good", (f"{known[0]}.", f"{known[1]}."))


def _stream(facts: Facts) -> Check:
    if not facts.streams:
        return Check("stream", "off", ("Tắt trong tệp cấu hình.", "Switched off in the settings."))
    if facts.stream is not None and facts.stream.light in ("good", "lowered"):
        return Check("stream", "good", ("Phòng học đang được truyền hình.", "The room is being streamed."))
    if (bad := _bad(facts, "stream", "stream", remedies.TEST_NETWORK)) is not None:
        return bad
    tried = facts.stream_tried
    if tried is None or not _fresh(facts, tried.at):
        said = "Chưa thử nơi nhận hình của lớp học.", "Where the stream goes was not tried yet."
        return Check("stream", "attention", said, remedies.TRY_STREAM)
    at = hour(tried.at)
    if not tried.good:
        said = f"Nơi nhận hình không trả lời lúc {at}.", f"Where the stream goes did not answer at {at}."
        return Check("stream", "bad", said, remedies.TEST_NETWORK)
    return Check("stream", "good", (f"Nơi nhận hình trả lời lúc {at}.", f"Where it goes answered at {at}."))


def _server(facts: Facts) -> Check:
    if (bad := _bad(facts, "server", "server", remedies.TRY_SERVER)) is not None:
        return bad
    if facts.offset_ms is None or facts.trust == "unmeasured":
        said = "Chưa hỏi được giờ của máy chủ.", "The server's time is not known yet."
        return Check("server", "attention", said, remedies.TRY_SERVER)
    if facts.trust != "good":
        said = "Đồng hồ máy này lệch so với máy chủ.", "This PC's clock differs from the server's."
        return Check("server", "attention", said, remedies.REMEDIES["clock"])
    return Check("server", "good", ("Máy chủ trả lời, đồng hồ đúng.", "The server answers, the clock is right."))


def _log(facts: Facts) -> Check:
    if (bad := _bad(facts, "log", "log", remedies.SEND_NOW)) is not None:
        return bad
    if facts.machine is None:
        return Check("log", "good", ("Nhật ký ghi được.", "The log can be written."))
    free = facts.machine.disk_free
    left = f"{free / 1e9:.0f} GB" if free >= 10e9 else f"{free / 1e9:.1f} GB"
    said = f"Ổ đĩa còn {left.replace('.', ',')} trống.", f"{left} of the disk are free."
    if free < LOW_DISK:
        return Check("log", "bad", said, remedies.LOOK_AGAIN)
    return Check("log", "good", said)


def _pc(facts: Facts) -> Check:
    if facts.machine is not None and facts.machine.plugged is False:
        said = "Máy đang chạy bằng pin: hãy cắm điện.", "The PC runs on its battery: plug it in."
        return Check("pc", "bad", said, remedies.LOOK_AGAIN)
    if facts.awake is False:
        said = (
            "Chưa giữ được cho máy khỏi ngủ: hãy tắt chế độ ngủ trong cài đặt nguồn.",
            "The PC can't be kept from sleeping: switch sleep off in its power settings.",
        )
        return Check("pc", "attention", said, remedies.LOOK_AGAIN)
    if facts.awake is None:
        return Check("pc", "good", ("Nguồn điện tốt.", "Power is good."))
    return Check("pc", "good", ("Máy có điện và được giữ cho khỏi ngủ.", "The PC has power and is kept awake."))


def _duty(facts: Facts) -> Check:
    if facts.on_duty is None:
        said = "Chưa có ai trực.", "Nobody is on duty."
        return Check("duty", "attention", said, remedies.TAKE_DUTY)
    return Check("duty", "good", (f"{facts.on_duty} đang trực.", f"{facts.on_duty} is on duty."))


def _consent(facts: Facts) -> Check:
    if not facts.consent:
        said = (
            "Máy chủ chưa gửi văn bản đồng ý nên chưa ghi danh khuôn mặt được.",
            "The server sent no consent text, so no face can be enrolled.",
        )
        return Check("consent", "attention", said, remedies.TRY_SERVER)
    return Check("consent", "good", ("Sẵn sàng cho học viên đọc.", "Ready for learners to read."))


def _sound(facts: Facts) -> Check:
    if facts.sound_elsewhere:
        said = "Tiếng của phòng đi qua hệ thống họp khác.", "The room's sound goes by another system."
        return Check("sound", "off", said)
    if facts.sound is None or not _fresh(facts, facts.sound.at):
        said = "Chưa thử micro và loa cho buổi này.", "Microphone and speaker were not tried for this session."
        return Check("sound", "attention", said, remedies.TRY_SOUND)
    at = hour(facts.sound.at)
    if not facts.sound.good:
        said = f"Lần thử lúc {at} chưa nghe thấy tiếng.", f"Nothing was heard when it was tried at {at}."
        return Check("sound", "attention", said, remedies.TRY_SOUND)
    return Check("sound", "good", (f"Đã thử lúc {at}.", f"Tried at {at}."))
