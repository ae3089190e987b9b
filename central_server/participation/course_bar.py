"""A learner's course as one thin bar: a stretch for each session, in the looks of the presence bar (bar.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from central_server.courses.overview import PlannedRow
from central_server.participation.bar import LOOKS
from central_server.participation.known_by import Value
from central_server.participation.rounding import MINUTE_MS, shown
from central_server.participation.settled import Part
from central_server.participation.wording import WORDS, pick
from central_server.web.figures import day, duration
from models.language import Language, counted

HEIGHT = 20
GAP = 0.15
"""Between two sessions, as a share of a session's width."""

# Thousands of pieces stand on a page, and Markup.format takes most of its time: plain templates, words escaped.
_BAR = '<svg class="bar course-bar" width="100%%" height="%d" role="img" tabindex="0" aria-label="%s">'
_LINE = '<line class="%s" x1="%.2f%%" x2="%.2f%%" y1="3" y2="3" stroke="%s" stroke-width="2"/>'
_PIECE = '<rect class="piece %s" x="%.2f%%" width="%.2f%%" y="%d" height="%d" fill="%s" stroke="%s"/>'
_WHOLE = '<rect class="whole" x="%.2f%%" width="%.2f%%" y="0" height="%d" fill="none" data-evidence="%s"/>'


def course_bar(name: str, sessions: Sequence[PlannedRow], parts: Mapping[str, Part], lang: Language) -> Markup:
    """The bar of a learner. sessions: of the course, in order; parts: the learner's, by session."""
    width = 100 / max(len(sessions), 1)
    inner = width * (1 - GAP)
    drawn = []
    for at, session in enumerate(sessions):
        x = at * width
        drawn.append(_session(session, parts.get(session.id), x, inner, lang))
    count = pick((f"{len(parts)} buổi đến nay", f"{counted(len(parts), 'session')} so far"), lang)
    head = _BAR % (HEIGHT, escape(f"{name}: {count}"))
    return Markup("".join((head, *drawn, "</svg>")))  # noqa: S704 - all words in it were escaped


def _session(session: PlannedRow, part: Part | None, x: float, width: float, lang: Language) -> str:
    colour = "#1B1F24" if part is not None else "#8A9199"
    parts = [_LINE % ("teaching" if part is not None else "break", x, x + width, colour)]
    a_ms = width / max(session.teaching_ms, 1)
    for value, start, end in part.stretches if part is not None else ():
        fill, stroke = LOOKS[value]
        y, height = (7, 12) if value == "seen" else (8, 10)
        parts.append(_PIECE % (value, x + start * a_ms, max((end - start) * a_ms, 0.1), y, height, fill, stroke))
    parts.append(_WHOLE % (x, width, HEIGHT, escape(_evidence(session, part, lang))))
    return "".join(parts)


def _evidence(session: PlannedRow, part: Part | None, lang: Language) -> str:
    name = f"{session.title}, {day(session.start)}"
    if part is None:
        to_come = session.phase == "before"
        words = (
            ("chưa đến", "to come") if to_come else ("học viên không thuộc buổi này", "not expected in this session")
        )
        return f"{name}: {pick(words, lang)}"
    whole = shown(part.totals)
    sums: tuple[tuple[Value, int], ...] = (
        ("seen", whole.seen), ("not_seen", whole.not_seen), ("not_observed", whole.not_observed)
    )  # fmt: skip
    said = (f"{pick(WORDS[value], lang)} {duration(minutes * MINUTE_MS, lang)}" for value, minutes in sums if minutes)
    return f"{name}: {', '.join(said)}"
