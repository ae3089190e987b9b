"""The presence bar: the one picture of this product, as SVG. The same function draws it on pages and in reports.

Above, the schedule with its breaks; below, presence in three looks that do not need colour: seen is a filled bar, not
seen an open one, not observed a hatched one; where somebody vouched, and the camera did not see, the filled bar has a
line through it; what a person corrected has a thick line below. The check-in is a tick, a spot check a dot, open where
it was missed. Each piece carries its evidence as a sentence (`data-evidence`), which static/bar.js shows under the
pointer and for the arrow keys.

x is in percent of the session and y in px, so nothing is distorted at any width. Colours are attributes, so that the
picture stands on its own; a page's style sheet may change them by class. A page needs HATCH once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup, escape

from central_server.participation.known_by import CheckedIn, SpotChecked, Value
from central_server.participation.pieces import Piece
from central_server.participation.queries import SessionFacts
from central_server.participation.rounding import MINUTE_MS, shown
from central_server.participation.state import LearnerState
from central_server.participation.wording import WORDS, check_in_evidence, evidence, pick, spot_check_evidence
from central_server.web.figures import day_time, duration
from models.language import Language

HEIGHT = 30
CLASS_HEIGHT = 64
LOOKS: dict[Value, tuple[str, str]] = {
    "seen": ("#1E7B34", "none"),
    "not_seen": ("#FFFFFF", "#B3261E"),
    "not_observed": ("url(#hatch)", "#8A9199"),
}
"""Fill and stroke of the three values."""

_CLASS_BAR = Markup('<svg class="class-bar" width="100%" height="{}" role="img" aria-label="{}">')
_MARK = Markup('<text class="mark" x="{:.2f}%" y="{}" text-anchor="{}" font-size="12" fill="#4A525B">{}</text>')
_SLICE = Markup('<rect class="slice {}" x="{:.2f}%" width="{:.2f}%" y="{:.1f}" height="{:.1f}" fill="{}" stroke="{}"/>')
HATCH = Markup(
    '<svg width="0" height="0" class="defs" aria-hidden="true" focusable="false"><defs>'
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="hatch-ground" width="6" height="6" fill="#EDEEEF"/>'
    '<rect class="hatch-line" width="2" height="6" fill="#8A9199"/></pattern></defs></svg>'
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Where moments lie: percent of the session from its start to its end."""

    start: int
    end: int

    def x(self, at: int) -> float:
        """0 to 100; outside moments lie at the edge."""
        return min(max((at - self.start) / (self.end - self.start), 0.0), 1.0) * 100


def presence_bar(session: SessionFacts, state: LearnerState, lang: Language) -> Markup:
    """A learner's session as a bar."""
    scale = Scale(session.start, session.end)
    whole = shown(state.participation)
    sums: tuple[tuple[Value, int], ...] = (
        ("seen", whole.seen), ("not_seen", whole.not_seen), ("not_observed", whole.not_observed)
    )  # fmt: skip
    said = (f"{pick(WORDS[value], lang)} {duration(minutes * MINUTE_MS, lang)}" for value, minutes in sums)
    label = f"{state.facts.name}: {', '.join(said)}"
    parts = [
        Markup('<svg class="bar" width="100%" height="{}" role="img" tabindex="0" aria-label="{}">').format(
            HEIGHT, label
        ),
        schedule_line(session, lang),
        *(_piece(scale, piece, lang, state.names) for piece in state.pieces),
    ]
    if state.check_in is not None:
        parts.append(_tick(scale, state.check_in, lang, state.names))
    parts += [_dot(scale, one, lang) for one in state.spot_checks if session.start <= one.at <= session.end]
    return Markup("").join((*parts, Markup("</svg>")))


def schedule_line(session: SessionFacts, lang: Language) -> Markup:
    """The schedule above a bar: a line for teaching, dots for breaks."""
    scale = Scale(session.start, session.end)
    edges = [session.start, *(edge for one in session.breaks for edge in one), session.end]
    teaching = zip(edges[::2], edges[1::2], strict=True)
    lines = [_line("teaching", scale, start, end, pick(("theo lịch", "scheduled"), lang)) for start, end in teaching]
    lines += [_line("break", scale, start, end, pick(("giải lao", "break"), lang)) for start, end in session.breaks]
    return Markup("").join(lines)


def _line(name: str, scale: Scale, start: int, end: int, words: str) -> Markup:
    colour, dash = ("#1B1F24", "none") if name == "teaching" else ("#8A9199", "1 4")
    return Markup(  # noqa: S704 - figures and our own words
        f'<line class="{name}" x1="{scale.x(start):.2f}%" x2="{scale.x(end):.2f}%" y1="4" y2="4" stroke="{colour}"'
        f' stroke-width="3" stroke-dasharray="{dash}"'
        f' data-evidence="{day_time(start)}–{day_time(end)} {escape(words)}"/>'
    )


def _piece(scale: Scale, piece: Piece, lang: Language, names: Mapping[str, str]) -> Markup:
    x, end = scale.x(piece.start), scale.x(piece.end)
    fill, stroke = LOOKS[piece.value]
    y, height = (11, 17) if piece.value == "seen" else (12, 15)
    told = escape(evidence(piece, lang, names))
    more = ""
    if piece.confirmed is not None:
        more = (
            f'<line class="vouched" x1="{x:.2f}%" x2="{end:.2f}%" y1="19.5" y2="19.5" stroke="#FFFFFF"'
            ' stroke-width="2" stroke-dasharray="5 3" pointer-events="none"/>'
        )
    if piece.corrected is not None:
        more = (
            f'<line class="corrected" x1="{x:.2f}%" x2="{end:.2f}%" y1="25" y2="25" stroke="#0B5D66"'
            ' stroke-width="5" pointer-events="none"/>'
        )
    # Written out, not Markup.format, which takes ten times as long; a page may hold thousands of pieces.
    return Markup(  # noqa: S704 - figures and our own words; the sentence is escaped
        f'<rect class="piece {piece.value}" x="{x:.2f}%" width="{max(end - x, 0.15):.2f}%" y="{y}" height="{height}"'
        f' fill="{fill}" stroke="{stroke}" data-evidence="{told}"/>{more}'
    )


def _dot(scale: Scale, one: SpotChecked, lang: Language) -> Markup:
    """A spot check: filled where it was answered."""
    fill = "#FFFFFF" if one.method is None else "#0B5D66"
    return Markup(  # noqa: S704 - figures and our own words; the sentence is escaped
        f'<circle class="spot-check {"missed" if one.method is None else "answered"}" cx="{scale.x(one.at):.2f}%"'
        f' cy="19.5" r="4.5" fill="{fill}" stroke="#0B5D66" stroke-width="2"'
        f' data-evidence="{escape(spot_check_evidence(one, lang))}"/>'
    )


def _tick(scale: Scale, check_in: CheckedIn, lang: Language, names: Mapping[str, str]) -> Markup:
    return Markup(
        '<svg class="tick" x="{:.2f}%" y="0" width="1" height="{}" overflow="visible" data-evidence="{}">'
        '<path d="M-5 0H5L0 7Z" fill="#0B5D66"/><path d="M0 5V{}" stroke="#0B5D66" stroke-width="2"/></svg>'
    ).format(scale.x(check_in.at), HEIGHT, check_in_evidence(check_in, lang, names), HEIGHT)


def class_bar(session: SessionFacts, slices: Sequence[Slice], lang: Language) -> Markup:
    """The whole class over the session: in each slice of time, which share of the learners had which value."""
    label = pick(("Tỷ lệ có mặt của cả lớp theo thời gian", "Share of the class present over time"), lang)
    parts = [_CLASS_BAR.format(CLASS_HEIGHT + 22, label), schedule_line(session, lang)]
    parts += [_slice(*one) for one in slices]
    scale = Scale(session.start, session.end)
    for at in _marks(session):
        anchor = "start" if at == session.start else "end" if at == session.end else "middle"
        parts.append(_MARK.format(scale.x(at), CLASS_HEIGHT + 17, anchor, day_time(at)))
    return Markup("").join((*parts, Markup("</svg>")))


def _marks(session: SessionFacts) -> list[int]:
    """Moments to name below the class bar: start, end, breaks, without crowding."""
    marks = [session.start, session.end]
    for at in sorted(edge for one in session.breaks for edge in one):
        if all(abs(at - other) >= (session.end - session.start) * 0.12 for other in marks):
            marks.append(at)
    return marks


def _slice(x: float, width: float, shares: Sequence[tuple[Value, float]]) -> Markup:
    parts = []
    top = float(CLASS_HEIGHT)
    for value, share in shares:
        height = share / 100 * (CLASS_HEIGHT - 10)
        top -= height
        fill, stroke = LOOKS[value]
        parts.append(_SLICE.format(value, x, width, top, height, fill, stroke if value == "not_seen" else "none"))
    return Markup("").join(parts)


class Slice(NamedTuple):
    """A part of the class bar: where it lies, and the shares of the learners, all in percent."""

    x: float
    width: float
    shares: tuple[tuple[Value, float], ...]


def class_slices(expected: int, seen: Sequence[int], not_seen: Sequence[int], shown: Sequence[bool]) -> list[Slice]:
    """The slices of a class of `expected` learners, from left to right; neighbours that look the same are one.

    seen, not_seen: learners in each column of time; shown: False in breaks and in the future. Shares are in steps of
    0.2, finer than the picture shows, so that a large class does not change its whole bar with every learner.
    """
    out: list[Slice] = []
    width = 100 / len(shown)
    for column, drawn in enumerate(shown):
        if not drawn or not expected:
            continue
        here, away = (round(count[column] / expected * 500) / 5 for count in (seen, not_seen))
        whole: tuple[tuple[Value, float], ...] = (
            ("seen", here), ("not_seen", min(away, 100 - here)), ("not_observed", max(100 - here - away, 0.0))
        )  # fmt: skip
        shares = tuple(one for one in whole if one[1] > 1e-9)
        x = column * width
        if out and out[-1].shares == shares and abs(out[-1].x + out[-1].width - x) < 0.01:
            out[-1] = out[-1]._replace(width=out[-1].width + width)
        else:
            out.append(Slice(x, width, shares))
    return out
