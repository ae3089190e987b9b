"""A learner's course as one thin bar: a stretch for each session, in the looks of the presence bar (bar.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from central_server.courses.overview import PlannedRow
from central_server.participation.bar import LOOKS
from central_server.participation.rounding import MINUTE_MS, shown
from central_server.participation.state import LearnerState, Value
from central_server.participation.wording import WORDS, pick
from central_server.web.figures import day, duration
from models.language import Language

HEIGHT = 20
GAP = 0.15
"""Between two sessions, as a share of a session's width."""

_BAR = Markup('<svg class="bar course-bar" width="100%" height="{}" role="img" tabindex="0" aria-label="{}">')
_LINE = Markup('<line class="{}" x1="{:.2f}%" x2="{:.2f}%" y1="3" y2="3" stroke="{}" stroke-width="2"/>')
_PIECE = Markup('<rect class="piece {}" x="{:.2f}%" width="{:.2f}%" y="{}" height="{}" fill="{}" stroke="{}"/>')
_WHOLE = Markup('<rect class="whole" x="{:.2f}%" width="{:.2f}%" y="0" height="{}" fill="none" data-evidence="{}"/>')


def course_bar(name: str, sessions: Sequence[PlannedRow], parts: Mapping[str, LearnerState], lang: Language) -> Markup:
    """The bar of a learner. sessions: of the course, in order; parts: the learner's, by session."""
    width = 100 / max(len(sessions), 1)
    inner = width * (1 - GAP)
    drawn = []
    for at, session in enumerate(sessions):
        x = at * width
        drawn.append(_session(session, parts.get(session.id), x, inner, lang))
    count = pick((f"{len(parts)} buổi đến nay", f"{len(parts)} sessions so far"), lang)
    return Markup("").join((_BAR.format(HEIGHT, f"{name}: {count}"), *drawn, Markup("</svg>")))


def _session(session: PlannedRow, state: LearnerState | None, x: float, width: float, lang: Language) -> Markup:
    colour = "#1B1F24" if state is not None else "#8A9199"
    parts = [_LINE.format("teaching" if state is not None else "break", x, x + width, colour)]
    for piece in state.pieces if state is not None else ():
        start, end = (x + _taught(session, at) / max(session.teaching_ms, 1) * width for at in (piece.start, piece.end))
        fill, stroke = LOOKS[piece.value]
        y, height = (7, 12) if piece.value == "seen" else (8, 10)
        parts.append(_PIECE.format(piece.value, start, max(end - start, 0.1), y, height, fill, stroke))
    parts.append(_WHOLE.format(x, width, HEIGHT, _evidence(session, state, lang)))
    return Markup("").join(parts)


def _taught(session: PlannedRow, at: int) -> int:
    """Scheduled ms before a moment: breaks take no room here, where a gap means another session."""
    rests = sum(max(min(at, end) - start, 0) for start, end in session.breaks)
    return min(max(at, session.start), session.end) - session.start - rests


def _evidence(session: PlannedRow, state: LearnerState | None, lang: Language) -> str:
    name = f"{session.title}, {day(session.start)}"
    if state is None:
        to_come = session.phase == "before"
        words = (
            ("chưa đến", "to come") if to_come else ("học viên không thuộc buổi này", "not expected in this session")
        )
        return f"{name}: {pick(words, lang)}"
    whole = shown(state.participation)
    sums: tuple[tuple[Value, int], ...] = (
        ("seen", whole.seen), ("not_seen", whole.not_seen), ("not_observed", whole.not_observed)
    )  # fmt: skip
    said = (f"{pick(WORDS[value], lang)} {duration(minutes * MINUTE_MS, lang)}" for value, minutes in sums if minutes)
    return f"{name}: {', '.join(said)}"
