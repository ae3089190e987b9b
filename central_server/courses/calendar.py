"""A course's calendar as iCalendar text (RFC 5545), for Thunderbird, Google and phones. Pure.

No learner is named in it. A session keeps its UID for good; SEQUENCE counts what became of it (moved, cancelled, held
after all), so that a reader that knows an earlier version takes the newer one; a cancelled session stays, marked so.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from icalendar import Calendar, Event, Timezone, TimezoneStandard, vText

from models.language import Language

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CalendarSession:
    """What the calendar tells of a session. Times are ms since 1970 UTC."""

    id: str
    title: str
    start: int
    end: int
    breaks: tuple[tuple[int, int], ...]
    points: tuple[str, ...]
    """Names of the bridge points, the main one first; none for a field visit."""
    field_visit: bool
    lecturer: str
    cancelled: bool
    sequence: int
    changed_at: int | None
    reason: str
    """Of the last change."""


def calendar_key(server: Ed25519PrivateKey, course: str, number: int) -> str:
    """The secret in the address of a course's calendar; nothing of it stands in the database.

    It is drawn from the server's own key, so the address stays the same until `number` is raised.
    """
    said = f"diemdanh calendar 1\n{course}\n{number}".encode()
    return hmac.new(server.private_bytes_raw(), said, hashlib.sha256).hexdigest()[:40]


def calendar_text(
    course: str, title: str, sessions: Sequence[CalendarSession], now: int, lang: Language = "vi"
) -> bytes:
    """The calendar of a course. course: its id, which makes the UIDs unique in the world. now: ms since 1970 UTC."""
    calendar = Calendar()
    calendar.add("prodid", "-//Diem danh//central server//VI")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", vText(title))  # the library escapes no text of properties that it doesn't know
    calendar.add("x-wr-calname", vText(title))
    calendar.add("x-wr-timezone", ZONE.key)
    calendar.add("refresh-interval", HOUR, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    calendar.add_component(_zone())
    for session in sessions:
        calendar.add_component(_event(course, title, session, now, lang))
    return bytes(calendar.to_ical())


def _zone() -> Timezone:
    """Vietnam has had +07 without daylight saving since 1975."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", ZONE.key)
    standard.add("dtstart", datetime(1975, 6, 13))  # noqa: DTZ001 - local time of the zone that is described
    standard.add("tzoffsetfrom", timedelta(hours=7))
    standard.add("tzoffsetto", timedelta(hours=7))
    standard.add("tzname", "+07")
    zone.add_component(standard)
    return zone


def _event(course: str, title: str, session: CalendarSession, now: int, lang: Language) -> Event:
    event = Event()
    event.add("uid", f"{session.id}@{course}.diemdanh")
    event.add("dtstamp", _utc(now))
    event.add("sequence", session.sequence)
    event.add("dtstart", _local(session.start))
    event.add("dtend", _local(session.end))
    cancelled = ("ĐÃ HỦY: ", "CANCELLED: ")[lang == "en"] if session.cancelled else ""
    event.add("summary", f"{cancelled}{session.title} – {title}")
    event.add("status", "CANCELLED" if session.cancelled else "CONFIRMED")
    event.add("description", _description(session, lang))
    if session.points:
        event.add("location", ", ".join(session.points))
    if session.changed_at is not None:
        event.add("last-modified", _utc(session.changed_at))
    return event


def _description(session: CalendarSession, lang: Language) -> str:
    def t(vi: str, en: str) -> str:
        return en if lang == "en" else vi

    lines = []
    if session.reason:
        lines.append(t("Thay đổi vì: ", "Changed because: ") + session.reason)
    if session.lecturer:
        lines.append(t("Giảng viên: ", "Lecturer: ") + session.lecturer)
    if session.field_visit:
        lines.append(t("Đi thực tế, không học tại điểm cầu.", "A field visit, away from the bridge points."))
    lines += [
        t("Giải lao ", "Break ") + f"{_local(start):%H:%M}–{_local(end):%H:%M}"
        for start, end in session.breaks
    ]  # fmt: skip
    return "\n".join(lines)


def _utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC)


def _local(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, ZONE)
