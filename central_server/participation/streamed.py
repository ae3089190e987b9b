"""A room's stream: how it is now, and when it was lost and back, by its link records and its live status. Pure.

It says nothing of anybody's presence: a lost line costs no sighting.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from central_server.participation.live import LiveReport
from central_server.participation.rounding import MINUTE_MS
from central_server.web.figures import day_time, number, second_time
from models.language import Language

CLOCKS_MS = 2_000
"""Two records that follow each other without a break may differ by this: each has its own offset to server time."""
SHOWN = 5
"""So many losses are told one by one, the last ones."""

WHY: dict[str, tuple[str, str]] = {
    "line_lost": ("mất đường truyền", "the line was lost"),
    "no_picture": ("máy quay không có hình", "no picture from the camera"),
    "crashed": ("chương trình truyền hình dừng đột ngột", "the streaming program crashed"),
    "suspended": ("máy tạm ngủ hoặc bị treo", "the PC was suspended or stood still"),
    "cut": ("chưa có bản ghi tiếp theo", "the next record has not come"),
}
"""How a link record ends (bridge_agent.streaming.link), but for `stopped`, which loses nothing."""


@dataclass(frozen=True, slots=True)
class Linked:
    """The room's stream was up, by a link record. Times are server time, ms."""

    start: int
    end: int
    ended_by: str


@dataclass(frozen=True, slots=True)
class Loss:
    """The stream was lost, until it was back (None: it is not)."""

    start: int
    end: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Streams:
    """What the link records of a session come to."""

    losses: tuple[Loss, ...] = ()
    until: int | None = None
    """Until when it was up, as far as records tell; None: it never was."""


NO_STREAMS = Streams()


@dataclass(frozen=True, slots=True)
class StreamNow:
    """How the stream is now, by the live status. since: of `good` and `weak` to the minute; None: it was never up."""

    value: Literal["good", "weak", "lost"]
    since: int | None


def streams_of(links: Iterable[Linked], start: int, end: int) -> Streams:
    """What the link records come to: the losses of which something is in the session, from `start` to `end`."""
    losses: list[Loss] = []
    last: Linked | None = None
    for one in sorted(links, key=lambda one: (one.start, one.end)):
        if last is None or one.end > last.end:
            slack = CLOCKS_MS if last is not None and last.ended_by == "cut" else 0
            if last is not None and one.start > last.end + slack:
                losses.append(Loss(last.end, one.start, last.ended_by))
            last = one
    if last is None:
        return NO_STREAMS
    if last.ended_by != "cut":
        losses.append(Loss(last.end, None, last.ended_by))
    inside = (one for one in losses if one.start < end and (one.end is None or one.end > start))
    return Streams(tuple(one for one in inside if one.why != "stopped"), last.end)


def stream_now(streams: Streams, reports: Sequence[LiveReport], now: int) -> StreamNow | None:
    """How the stream is now; None where nothing was heard of it a moment ago, or the room streams nothing."""
    told = [one.status.stream for one in reports if one.fresh(now) and one.status.stream is not None]
    up = [one for one in told if one.up_since is not None]
    if up:
        since = min(one.up_since for one in up if one.up_since is not None)
        return StreamNow("weak" if all(one.lowered for one in up) else "good", since - since % MINUTE_MS)
    return StreamNow("lost", streams.until) if told else None


def losses_now(streams: Streams, reports: Sequence[LiveReport], now: int) -> tuple[Loss, ...]:
    """The losses, the last one ended where the live status says that the stream is back."""
    up = [one.status.stream.up_since for one in reports if one.fresh(now) and one.status.stream is not None]
    back = max((since for since in up if since is not None), default=None)
    if back is None or not streams.losses or streams.losses[-1].end is not None:
        return streams.losses
    last = streams.losses[-1]
    return (*streams.losses[:-1], replace(last, end=max(last.start, back - back % 1000)))


def said(stream: StreamNow, lang: Language) -> str:
    """How the stream is, in words: tốt, lên hình từ 08:03; đứt từ 08:14."""
    english = lang == "en"
    if stream.since is None:
        return "not up yet" if english else "chưa có hình"
    word = {"good": ("tốt, lên hình", "good, up"), "weak": ("yếu, lên hình", "weak, up"), "lost": ("đứt", "lost")}
    return f"{word[stream.value][english]} {'since' if english else 'từ'} {day_time(stream.since)}"


def losses_said(losses: Sequence[Loss], lang: Language) -> str:
    """When the stream was lost and back, and why, as a sentence; empty where it was not."""
    if not losses:
        return ""
    english = lang == "en"
    parts = [_part(one, english) for one in losses[-SHOWN:]]
    count = number(len(losses), lang)
    more = (", the last ones:" if english else ", gần nhất:") if len(losses) > SHOWN else ":"
    head = f"The stream was lost {count} times" if english else f"Truyền hình đứt {count} lần"
    if english and len(losses) == 1:
        head = "The stream was lost once"
    return f"{head}{more} {'; '.join(parts)}. {'Attendance went on.' if english else 'Việc điểm danh vẫn tiếp tục.'}"


def _part(one: Loss, english: bool) -> str:
    begin, end = day_time(one.start), None if one.end is None else day_time(one.end)
    if one.end is not None and begin == end:  # within one minute
        begin, end = second_time(one.start), second_time(one.end)
    why = WHY.get(one.why, ("", ""))[english]
    when = f"{begin}–{end}" if end else (f"since {begin}" if english else f"từ {begin}")
    return f"{when} ({why})" if why else when
