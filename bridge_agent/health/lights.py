"""The lights of an agent: which alarm belongs to which part, and in what words it may leave this PC. Pure.

Only sentences that name nobody go out: an alarm that is not in the table, or may hold a learner's name, is told as
"look at the technician's page".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bridge_agent.redact import without_credentials, without_home
from bridge_agent.streaming.showing import StreamView
from models.health import Light, Part, State
from models.language import counted

LONG_WAIT_MS: Final = 600_000
"""Records that wait longer than this are told: an agent sends every few seconds."""
SENTENCE_LIMIT: Final = 400
"""Characters: models.health.Sentence."""
_ORDER: tuple[State, ...] = ("off", "good", "attention", "bad")
_PARTS: Final[Mapping[str, tuple[Part, State]]] = {
    "trouble camera_gone": ("camera", "bad"),
    "camera_back": ("camera", "attention"),
    "trouble dark": ("camera", "bad"),
    "trouble frozen": ("camera", "bad"),
    "recognition": ("faces", "bad"),
    "trouble no_yunet": ("faces", "attention"),
    "trouble templates": ("faces", "attention"),
    "profile": ("faces", "bad"),
    "stream": ("stream", "bad"),
    "server": ("server", "bad"),
    "contact": ("server", "bad"),
    "key": ("server", "attention"),
    "gallery": ("server", "attention"),
    "gallery_kept": ("server", "attention"),
    "log": ("log", "bad"),
    "log_damaged": ("log", "attention"),
    "log_gone": ("log", "bad"),
    "salvaging": ("log", "attention"),
    "sync": ("log", "bad"),
    "receipt": ("log", "attention"),
    "salvage": ("log", "attention"),
    "clock": ("pc", "attention"),
    "console": ("pc", "attention"),
    "restarted": ("pc", "attention"),
    "disk": ("pc", "bad"),
    "hot": ("pc", "attention"),
    "power": ("pc", "attention"),
}
"""By an alarm's name, the part it belongs to and how bad it is."""
_ABOUT_PEOPLE: Final = frozenset({"lookalike", "suspicion", "enrolment"})
"""Alarms about people, not about this PC."""
_SEE_THERE: Final = (
    "Có cảnh báo trên trang của cán bộ kỹ thuật tại điểm cầu. Hãy xem ở đó.",
    "There is an alarm on the technician's page at the bridge point. Look there.",
)
_WEAK_LINE: Final = (
    "Đang truyền hình, đường truyền yếu: hình tự nhỏ lại, điểm danh vẫn tiếp tục. Nên dùng dây mạng và dừng các việc "
    "tải tệp.",
    "Streaming, the line is weak: the picture gets smaller by itself, attendance goes on. Use a cable and stop "
    "downloads.",
)


@dataclass(frozen=True, slots=True)
class Situation:
    """What the lights are made of. alarms: sentences in both languages by the alarm's name."""

    alarms: Mapping[str, tuple[str, str]]
    in_session: bool
    watching: bool
    """The room is watched."""
    stream: StreamView | None
    """None between sessions."""
    waiting: int
    oldest_ms: int


def about_people(name: str) -> bool:
    """The alarm is about people, not about this PC: it has no light."""
    return name in _ABOUT_PEOPLE


def part_of(name: str) -> tuple[Part, State]:
    """The part that an alarm belongs to, and how bad it is."""
    return _PARTS.get(name, ("faces" if "portraits" in name else "pc", "attention"))


def names() -> frozenset[str]:
    """All alarms that are known by name."""
    return frozenset(_PARTS) | _ABOUT_PEOPLE | {"portraits", "trouble portraits"}


def lights(now: Situation) -> tuple[Light, ...]:
    """One light for each part, in the order in which a technician looks at them."""
    parts: tuple[Part, ...] = ("camera", "faces", "stream", "server", "log", "pc")
    return tuple(_light(part, now) for part in parts)


def _light(part: Part, now: Situation) -> Light:
    state, said = _standing(part, now)
    if said:
        vi, en = (" ".join(words) for words in zip(*said, strict=True))
        return Light(part=part, state=state, vi=_cut(vi), en=_cut(en))
    return _quiet(part, now)


def _standing(part: Part, now: Situation) -> tuple[State, list[tuple[str, str]]]:
    """The alarms of a part, and how bad the worst is."""
    state: State = "good"
    said: list[tuple[str, str]] = []
    for name, sentence in now.alarms.items():
        if about_people(name):
            continue
        of, bad = part_of(name)
        if of == part:
            state = max(state, bad, key=_ORDER.index)
            told = sentence if name in _PARTS else _SEE_THERE
            if told not in said:
                said.append(told)
    return state, said


def _quiet(part: Part, now: Situation) -> Light:
    """The light of a part of which no alarm stands."""
    if part in ("camera", "faces"):
        if not now.in_session:
            return Light(part=part, state="off")
        if not now.watching and part == "camera":
            vi, en = "Phòng học chưa được theo dõi.", "The room is not watched."
            return Light(part=part, state="attention", vi=vi, en=en)
    if part == "stream":
        if now.stream is None or now.stream.light == "off":
            return Light(part=part, state="off")
        if now.stream.light in ("lowered", "down"):
            vi, en = now.stream.why or (_WEAK_LINE if now.stream.light == "lowered" else now.stream.word)
            return Light(part=part, state="attention", vi=_cut(vi), en=_cut(en))
    if part == "log" and now.waiting and now.oldest_ms > LONG_WAIT_MS:
        minutes = now.oldest_ms // 60_000
        return Light(
            part=part,
            state="attention",
            vi=f"{now.waiting} bản ghi chờ gửi, cũ nhất từ {minutes} phút trước. Chúng nằm an toàn trên máy này.",
            en=f"{counted(now.waiting, 'record')} wait to be sent, the oldest for {minutes} min. They are safe here.",
        )
    return Light(part=part, state="good")


def _cut(text: str) -> str:
    text = without_home(without_credentials(text))
    return text if len(text) <= SENTENCE_LIMIT else text[: SENTENCE_LIMIT - 1] + "…"
