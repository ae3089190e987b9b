"""The challenge: head turns and holds in random order, judged frame by frame. Pure; times and randomness come in.

A draw is a walk: from looking straight, `MOVES` times to one of the two other positions (left, straight, right), each
held for a random time. There are 2 ** MOVES = 64 walks, all equally likely, and 3 ** MOVES times of holding for each:
46,656 draws. A recording of another draw answers this one only if its walk is the same, 1 time in 64, and then only if
its times fit. Left and right are the person's own, as in a mirror: the page shows the preview mirrored.

Judged: each turn begins after its prompt (150 ms to 2.5 s), goes the right way, arrives, and is held until the next
prompt; the face stays one and the same; and it stands out as a head does (models.faces.pose.Relief).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, TypeVar

Target = Literal["look", "left", "right"]
Shown = Literal["look", "left", "right", "hold"]
Why = Literal["early", "late", "wrong_way", "not_held", "stopped", "lost", "changed", "flat", "slow"]
"""Why a try failed: moved before the prompt could be seen; did not begin, or did not arrive, in time; turned the other
way; did not hold; stopped half-way; no face in view; another face; flat as a picture; too few looks to judge."""

MOVES: Final = 6
HOLDS_MS: Final = (400, 700, 1_000)
SPACE: Final = 2**MOVES * len(HOLDS_MS) ** MOVES
TURNED: Final = 20.0
"""Degrees from straight, as YuNet measures, from which a head is turned. Flat cards reach 12, and bent ones 30."""
STRAIGHT: Final = 10.0
_BEGUN: Final = 8.0
_WRONG: Final = 12.0
_OVERSHOT: Final = 16.0
_SETTLED: Final = 4.5
"""Two looks this near each other: the head has arrived."""
_HELD: Final = 10.0
REACTION_MS: Final = (150, 2_500)
"""People need 0.3 s at the very least to see a prompt and move; a page needs some 0.1 s to show it."""
_TURN_MS: Final = 2_000
_STALL_MS, _STALL = 500, 5.0
"""A head on its way from one side to the other does not stand still in between for so long, within so few degrees."""
_LOST_MS: Final = 700
_CHANGED_LOOKS: Final = 3
RELIEF: Final = 0.35
"""The median of a side's looks from which the nose stands out; pictures lie near 0, heads near 0.8."""
_RELIEF_LOOKS: Final = 3
_EDGE_ON: Final = 0.5
"""Narrowed to less than this, a face's points are guesses."""

_T = TypeVar("_T")


class Random(Protocol):
    """As random.Random; secrets.SystemRandom in the product."""

    def choice(self, seq: Sequence[_T], /) -> _T:
        """One of these, each equally likely."""
        ...


@dataclass(frozen=True, slots=True)
class Move:
    """Turn there, and stay for so long."""

    target: Target
    hold_ms: int


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the face.

    yaw: degrees from this person's straight look, positive to the person's own left. narrowing, relief: as
    models.faces.pose measures them. same: cosine to the vectors of the straight look at the start.
    """

    at: int
    yaw: float
    narrowing: float
    relief: float | None
    same: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked now: step `number` (from 1) of `of`; the time for it is up at `until`."""

    prompt: Shown
    number: int
    of: int
    until: int


@dataclass(frozen=True, slots=True)
class Passed:
    """All was done, in time, by one face that stands out."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Not passed."""

    why: Why


State = Asked | Passed | Failed


def draw(random: Random) -> tuple[Move, ...]:
    """A draw, each of the SPACE equally likely. Where the walk does not end straight, a last move leads back there."""
    moves: list[Move] = []
    here: Target = "look"
    for _ in range(MOVES):
        others: tuple[Target, ...] = tuple(t for t in _PLACES if t != here)
        here = random.choice(others)
        moves.append(Move(here, random.choice(HOLDS_MS)))
    if here != "look":
        moves.append(Move("look", HOLDS_MS[0]))
    return tuple(moves)


@dataclass(slots=True)
class Challenge:
    """One try. Feed it every look; it says what to ask next, until Passed or Failed.

    moves: from `draw`. began: when the first prompt is given, ms. same: the cosine under which a look is another face.
    """

    moves: tuple[Move, ...]
    began: int
    same: float
    _index: int = 0
    _phase: Literal["waiting", "turning", "holding"] = "waiting"
    _since: int = 0
    """When the prompt was given, the turn began, or the hold began."""
    _from: float = 0.0
    """Where the head was held before this move, degrees; while holding: where it is held."""
    _looks: list[Seen] = field(default_factory=list)
    """Of this phase."""
    _odd: int = 0
    _others: int = 0
    _last: int = 0
    _reliefs: dict[bool, list[float]] = field(default_factory=lambda: {True: [], False: []})
    """By whether it was to the left."""
    _end: Passed | Failed | None = None

    def __post_init__(self) -> None:
        self._since = self._last = self.began

    @property
    def state(self) -> State:
        """How it stands."""
        if self._end is not None:
            return self._end
        move = self.moves[self._index]
        limit = {"waiting": REACTION_MS[1], "turning": _TURN_MS, "holding": move.hold_ms}[self._phase]
        shown: Shown = "hold" if self._phase == "holding" else move.target
        return Asked(shown, self._index + 1, len(self.moves), self._since + limit)

    def look(self, seen: Seen) -> State:
        """Take in one look; they must come in order of time."""
        if self._end is not None:
            return self._end
        if self._gone(seen.at):
            return self._fail("lost")
        self._last = seen.at
        self._others = self._others + 1 if seen.same < self.same else 0
        if self._others >= _CHANGED_LOOKS:
            return self._fail("changed")
        if seen.narrowing < _EDGE_ON:
            return self._timed(seen.at)
        if seen.relief is not None:
            self._reliefs[seen.yaw > 0].append(seen.relief)
        self._looks.append(seen)
        if self._phase == "waiting":
            return self._waiting(seen)
        return self._turning(seen) if self._phase == "turning" else self._holding(seen)

    def nobody(self, at: int) -> State:
        """There is no face at `at`."""
        if self._end is not None:
            return self._end
        return self._fail("lost") if self._gone(at) else self._timed(at)

    def _waiting(self, seen: Seen) -> State:
        way = self._way()
        gone = (seen.yaw - self._from) * way
        # Twice in a row: a single look may err.
        before = (self._looks[-2].yaw - self._from) * way if len(self._looks) > 1 else 0.0
        if min(gone, before) > _BEGUN:
            begun = self._looks[-2].at
            if begun - self._since < REACTION_MS[0]:
                return self._fail("early")
            if begun - self._since > REACTION_MS[1]:
                return self._fail("late")
            self._enter("turning", begun)
            self._looks.append(seen)
            return self._turning(seen)
        if max(gone, before) < -_WRONG and len(self._looks) > 1:
            return self._fail("wrong_way")
        return self._timed(seen.at)

    def _turning(self, seen: Seen) -> State:
        if self._strayed(seen.yaw):
            self._odd += 1
            if self._odd > 1:
                return self._fail("wrong_way")
        else:
            self._odd = 0
        if len(self._looks) > 1:
            before = self._looks[-2]
            if self._there(seen.yaw) and self._there(before.yaw) and abs(seen.yaw - before.yaw) <= _SETTLED:
                self._enter("holding", seen.at)
                self._from = (seen.yaw + before.yaw) / 2
                return self.state
        if self._stalled(seen):
            return self._fail("stopped")
        return self._timed(seen.at)

    def _holding(self, seen: Seen) -> State:
        self._odd = self._odd + 1 if abs(seen.yaw - self._from) > _HELD else 0
        if self._odd > 1:
            return self._fail("not_held")
        # A look that strays just when time is up waits for the next one to be judged.
        if seen.at - self._since < self.moves[self._index].hold_ms or self._odd:
            return self.state
        self._from = statistics.median(look.yaw for look in self._looks)
        if self._index + 1 == len(self.moves):
            return self._judge()
        self._index += 1
        self._enter("waiting", seen.at)
        return self.state

    def _judge(self) -> State:
        """All moves are done: does the face stand out, on each side that it was turned to?"""
        asked = {move.target for move in self.moves}
        for side, left in (("left", True), ("right", False)):
            reliefs = self._reliefs[left]
            if side not in asked:
                continue
            if len(reliefs) < _RELIEF_LOOKS:
                return self._fail("slow")
            if statistics.median(reliefs) < RELIEF:
                return self._fail("flat")
        self._end = Passed()
        return self._end

    def _way(self) -> int:
        """The sign of the yaw's change that this move asks for."""
        target = self.moves[self._index].target
        if target == "look":
            return -1 if self._from > 0 else 1
        return 1 if target == "left" else -1

    def _there(self, yaw: float) -> bool:
        target = self.moves[self._index].target
        if target == "look":
            return abs(yaw) <= STRAIGHT
        return yaw >= TURNED if target == "left" else yaw <= -TURNED

    def _strayed(self, yaw: float) -> bool:
        """Beyond where this move could lead."""
        target, way = self.moves[self._index].target, self._way()
        return yaw * way > _OVERSHOT if target == "look" else (yaw - self._from) * way < -_WRONG

    def _stalled(self, seen: Seen) -> bool:
        recent = [look.yaw for look in self._looks if seen.at - look.at <= _STALL_MS]
        enough = self._looks[0].at <= seen.at - _STALL_MS
        middle = abs(seen.yaw) <= STRAIGHT and self.moves[self._index].target != "look"
        return enough and middle and max(recent) - min(recent) <= _STALL

    def _timed(self, at: int) -> State:
        """Whether this phase's time is up."""
        limit = {"waiting": REACTION_MS[1] + _LOST_MS, "turning": _TURN_MS, "holding": 10 * _TURN_MS}[self._phase]
        return self._fail("late") if at - self._since > limit else self.state

    def _gone(self, at: int) -> bool:
        return at - self._last > _LOST_MS

    def _enter(self, phase: Literal["waiting", "turning", "holding"], at: int) -> None:
        self._phase, self._since, self._odd = phase, at, 0
        self._looks = []

    def _fail(self, why: Why) -> Failed:
        self._end = Failed(why)
        return self._end


_PLACES: Final[tuple[Target, ...]] = ("left", "look", "right")
