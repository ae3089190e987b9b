"""Dates, times and names as people here write them in a form, read forgivingly. Pure: None for what can't be read."""

from __future__ import annotations

import re
from datetime import date, time

_DATE = re.compile(r"(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_CLOCK = re.compile(r"(\d{1,2})(?:\s*[:.hg]\s*(\d{1,2})?)?(?:\s*(?:phút|ph|p))?", re.IGNORECASE)
_SPAN = re.compile(r"\s*(?:–|-|—|đến|to)\s*", re.IGNORECASE)


def read_date(text: str) -> date | None:
    """24/11/2026, 24-11-2026, 24.11.2026 or 2026-11-24."""
    text = text.strip()
    if found := _ISO.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif found := _DATE.fullmatch(text):
        day, month, year = map(int, found.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_clock(text: str) -> time | None:
    """8:05, 08.05, 8h, 8h30, 8 giờ 30 phút (+07)."""
    found = _CLOCK.fullmatch(re.sub(r"\s*giờ\s*", "h", text.strip(), flags=re.IGNORECASE))
    if not found:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def read_breaks(text: str) -> tuple[tuple[time, time], ...] | None:
    """Breaks, apart by comma or semicolon: "9:30–9:45, 10h30-10h40"; nothing written is no break."""
    spans = []
    for part in re.split(r"[,;\n]", text):
        if not part.strip():
            continue
        edges = [read_clock(edge) for edge in _SPAN.split(part.strip())]
        if len(edges) != 2 or edges[0] is None or edges[1] is None:
            return None
        spans.append((edges[0], edges[1]))
    return tuple(spans)


_DEGREE = re.compile(r"((?:[A-ZĐ][A-ZĐa-zđ]{0,4}\.\s?)+)(?=\S)")


def read_person(text: str) -> tuple[str, str, str]:
    """Degree, name and unit of "PGS.TS. Nguyễn Văn An, Trường Chính trị tỉnh"."""
    name, _, unit = (" ".join(text.split())).partition(",")
    found = _DEGREE.match(name)
    degree = found[1].strip() if found else ""
    return degree, name[len(found[1]) if found else 0 :].strip(), unit.strip()
