"""A person before the camera who does what is asked: the yaw of a head over time, for tests and benchmarks.

Not a measured person: reactions of 0.35 to 1.3 s, turns of 0.35 to 0.8 s to 25 to 38 degrees as YuNet measures them,
drift and noise of 1.2 degrees. How real heads do is not known from this.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from models.faces.liveness import Asked, Challenge, Move, Seen, State

EVERY_MS = 125


@dataclass
class Turner:
    """Follows prompts. `yaw(at)` may be asked with rising times only. turns: from and up to how many degrees."""

    rng: random.Random
    turns: tuple[float, float] = (25.0, 38.0)
    _from: float = 0.0
    _to: float = 0.0
    _starts: float = 0.0
    _takes: float = 1.0
    _wanted: str = "look"
    _amplitude: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._amplitude = {"left": self.rng.uniform(*self.turns), "right": -self.rng.uniform(*self.turns), "look": 0.0}

    def told(self, prompt: str, at: int) -> None:
        """A prompt is shown at `at`."""
        if prompt == self._wanted or prompt == "hold":
            return
        self._from, self._wanted = self.at(at), prompt
        self._to = self._amplitude[prompt] + self.rng.uniform(-0.08, 0.08) * self.turns[1]
        self._starts = at + self.rng.lognormvariate(math.log(550), 0.3)
        self._takes = self.rng.uniform(350, 800)

    def yaw(self, at: int) -> float:
        """Degrees, positive to the person's own left."""
        return self.at(at) + self.rng.gauss(0, 1.2)

    def at(self, at: float) -> float:
        """Where the head is meant to be, without its noise."""
        part = min(1.0, max(0.0, (at - self._starts) / self._takes))
        return self._from + (self._to - self._from) * (part * part * (3 - 2 * part))


def seen(at: int, yaw: float, *, relief: float = 0.8, same: float = 0.8) -> Seen:
    """A look at a head turned so far. Its relief is there only where the turn is enough to tell."""
    return Seen(at, yaw, math.cos(math.radians(yaw)), relief if abs(yaw) > 10 else None, same)


def attend(challenge: Challenge, look: Callable[[int], Seen | None], told: Callable[[str, int], None]) -> State:
    """Hold a challenge with somebody who is looked at every EVERY_MS, and told what is asked."""
    at, state = challenge.began, challenge.state
    while isinstance(state, Asked):
        told(state.prompt, at)
        at += EVERY_MS
        found = look(at)
        state = challenge.nobody(at) if found is None else challenge.look(found)
    return state


def genuine(moves: tuple[Move, ...], rng: random.Random) -> tuple[State, list[float]]:
    """A person answers `moves`: what it came to, and the yaws, one every EVERY_MS."""
    person, yaws = Turner(rng), list[float]()

    def look(at: int) -> Seen:
        yaws.append(person.yaw(at))
        return seen(at, yaws[-1])

    return attend(Challenge(moves, 0, 0.3), look, person.told), yaws


def replay(moves: tuple[Move, ...], yaws: list[float], shift: int = 0) -> State:
    """A recording (`yaws`, from its frame `shift` on) is held before the camera while `moves` are asked."""

    def look(at: int) -> Seen | None:
        index = max(0, at // EVERY_MS - 1 + shift)
        return seen(at, yaws[index]) if index < len(yaws) else None

    return attend(Challenge(moves, 0, 0.3), look, lambda prompt, at: None)
