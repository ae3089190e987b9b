"""Charts as SVG: columns by their heights, with each value written above; readable without colour. Pure.

Every chart stands beside a table of the same figures, so it is one picture with one sentence for who can't see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 12, 96, 26, 30


@dataclass(frozen=True, slots=True)
class Bar:
    """A column: what it is of, how high it is, what is written above it. value None: nothing is known of it."""

    label: str
    value: float | None
    said: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A level drawn across the chart as a dashed line, with its words at the right."""

    value: float
    said: str


def columns_chart(sentence: str, bars: Sequence[Bar], mark: Mark | None = None, top: float | None = None) -> Markup:
    """The chart. sentence: what it shows, for screen readers; top: the value at its upper edge, else the highest."""
    highest = top or max([one.value or 0 for one in bars] + ([mark.value] if mark else []), default=0) or 1
    room, floor = HEIGHT - TOP - BOTTOM, HEIGHT - BOTTOM
    step = (WIDTH - LEFT - RIGHT) / max(1, len(bars))
    wide = min(54.0, step * 0.62)
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(sentence)}">',
        f'<line class="axis-line" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}"/>',
    ]
    for at, one in enumerate(bars):
        middle = LEFT + step * (at + 0.5)
        high = 0.0 if one.value is None else max(0.0, min(1.0, one.value / highest)) * room
        if one.value is not None:
            parts.append(
                f'<rect class="column" x="{middle - wide / 2:.1f}" y="{floor - high:.1f}" width="{wide:.1f}" '
                f'height="{high:.1f}"/>'
            )
        parts.append(f'<text class="said" x="{middle:.1f}" y="{floor - high - 5:.1f}">{escape(one.said)}</text>')
        parts.append(f'<text class="label" x="{middle:.1f}" y="{floor + 17}">{escape(one.label)}</text>')
    if mark is not None:
        y = floor - min(1.0, mark.value / highest) * room
        parts.append(f'<line class="mark-line" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="mark-said" x="{WIDTH - RIGHT + 6}" y="{y + 4:.1f}">{escape(mark.said)}</text>')
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704 - all words in it were escaped
