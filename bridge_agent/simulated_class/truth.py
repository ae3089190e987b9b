"""The truth about a simulated class, to the second: the script's spans, clipped to the class and merged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bridge_agent.simulated_class.script import Bowed, Dark, Frozen, Hidden, Script, Span, TurnedAway

Spans = tuple[Span, ...]


@dataclass(frozen=True)
class Truth:
    """Who was in the room when, in seconds from the first frame; all spans are sorted, apart, and within the class.

    `presence` and `strangers` are by name. `observable` is the time in which the camera really watched the room:
    neither dark nor frozen. `face_shown` says, for learners and strangers, when a face could be recognised: in the room
    and observable, neither turned away, bowed nor hidden (a head that is only turned counts as shown).
    """

    seconds: float
    presence: dict[str, Spans]
    strangers: dict[str, Spans]
    observable: Spans
    face_shown: dict[str, Spans]


def truth(script: Script) -> Truth:
    """The truth about the class that `script` describes."""
    whole = ((0.0, script.seconds),)
    blind = [(event.start, event.end) for event in script.events if isinstance(event, Dark | Frozen)]
    observable = minus(whole, blind)
    there = {person.name: common(merged(person.stays), whole) for person in script.people}
    shown = {}
    for person in script.people:
        away = [(a.start, a.end) for a in person.actions if isinstance(a, TurnedAway | Bowed | Hidden)]
        shown[person.name] = minus(common(there[person.name], observable), away)
    return Truth(
        seconds=script.seconds,
        presence={person.name: there[person.name] for person in script.people if not person.stranger},
        strangers={person.name: there[person.name] for person in script.people if person.stranger},
        observable=observable,
        face_shown=shown,
    )


def merged(spans: Iterable[Span]) -> Spans:
    """The same time in sorted spans that neither overlap nor touch."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return tuple(out)


def common(these: Iterable[Span], those: Iterable[Span]) -> Spans:
    """The time in both, merged."""
    others = tuple(those)
    return merged((max(a, c), min(b, d)) for a, b in these for c, d in others)


def minus(these: Iterable[Span], those: Iterable[Span]) -> Spans:
    """The time in `these` and not in `those`, merged."""
    left = merged(these)
    for start, end in merged(those):
        left = merged(piece for a, b in left for piece in ((a, min(b, start)), (max(a, end), b)))
    return left
