"""What should not be in a room: one face that fits two learners, or two faces that fit one. Pure; times come in.

A single look proves nothing, so it must come again and again; and it is told once a minute, for a technician who is on
the way needs no second call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from bridge_agent.recognition.track import Seen
from bridge_agent.recognition.zones import IDENTIFY_PX

Kind = Literal["lookalike", "two_faces"]

_TIMES: Final = 3
_WITHIN_MS: Final = 15_000
"""So often within so long: three looks of a second, and also three of the slowest pace, 5 s."""
QUIET_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Doubt:
    """By `at` it had come again often enough: a face that fits two (`lookalike`), or two faces that fit one."""

    kind: Kind
    at: int
    learners: tuple[str, ...]


@dataclass(slots=True)
class _History:
    looks: deque[int] = field(default_factory=lambda: deque(maxlen=_TIMES))
    told: int | None = None


class Suspicions:
    """Of one camera. `threshold`: the score from which a face fits a learner; `margin`: by how much one leads."""

    def __init__(self, threshold: float, margin: float) -> None:
        self._threshold, self._margin = threshold, margin
        self._history: dict[tuple[Kind, tuple[str, ...]], _History] = {}

    def sweep(self, at: int, faces: Sequence[Seen], likeness: Sequence[Mapping[str, float]]) -> list[Doubt]:
        """What has come again often enough by the sweep at `at`; `likeness`: each face's score for every learner."""
        found: set[tuple[Kind, tuple[str, ...]]] = set()
        fitting: dict[str, int] = {}
        for face, alike in zip(faces, likeness, strict=True):
            if face.width < IDENTIFY_PX or not face.frontal or not alike:
                continue
            (first, best), *rest = sorted(alike.items(), key=lambda pair: -pair[1])[:2]
            if best < self._threshold:
                continue
            fitting[first] = fitting.get(first, 0) + 1
            # Who is told apart all the same, as a lookalike at the other's side is, is no doubt.
            for second, score in rest:
                if face.vote is None and score >= self._threshold and best - score < self._margin:
                    found.add(("lookalike", tuple(sorted((first, second)))))
        found |= {("two_faces", (learner,)) for learner, count in fitting.items() if count > 1}
        return [Doubt(kind, at, learners) for kind, learners in sorted(found) if self._again(at, kind, learners)]

    def _again(self, at: int, kind: Kind, learners: tuple[str, ...]) -> bool:
        history = self._history.setdefault((kind, learners), _History())
        history.looks.append(at)
        if len(history.looks) < _TIMES or at - history.looks[0] > _WITHIN_MS:
            return False
        if history.told is not None and at - history.told < QUIET_MS:
            return False
        history.told = at
        return True
