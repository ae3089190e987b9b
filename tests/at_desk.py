"""A desk that somebody stands before: a person or an attack answers its prompts, through the real networks."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from bridge_agent.recognition.desk import LOOK_MS, Desk
from bridge_agent.recognition.events import CheckedIn, DeskLook, Event, InDoubt
from bridge_agent.simulated_class.cutout import Box, Cutout
from tests.cards import Held, Picture, card, filmed, head
from tests.turner import Turner

Show = Callable[[int, str], Picture]
"""The picture at a time, given what was asked last."""
SIZE = (360, 280)
CENTRE = (180.0, 145.0)


def stand(desk: Desk, show: Show, seconds: float = 40.0, start: int = 1_000) -> list[Event]:
    """All events until the desk comes to something, or for so long."""
    events: list[Event] = []
    prompt = "look"
    for at in range(start, start + round(seconds * 1000), LOOK_MS):
        told = desk.frame(at, show(at, prompt))
        events += told
        if any(isinstance(event, CheckedIn | InDoubt) for event in told):
            break
        for event in told:
            if isinstance(event, DeskLook):
                prompt = event.prompt or "look"
    return events


def outcome(events: list[Event]) -> CheckedIn | InDoubt:
    """What it came to."""
    return next(event for event in events if isinstance(event, CheckedIn | InDoubt))


@dataclass
class Live:
    """A simulated head that follows the prompts, with a little sway. Its turns are the head's own degrees: YuNet sees
    about three quarters of them on these heads."""

    cutout: Cutout
    behind: Picture
    seed: int
    width: float = 115.0
    shown: list[Picture] = field(default_factory=list)
    """What was shown, for whoever records it."""

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)
        self._person = Turner(random.Random(self.seed), (33.0, 41.0))

    def __call__(self, at: int, prompt: str) -> Picture:
        self._person.told(prompt, at)
        sway = 3 * np.sin(at / 900), 2 * np.sin(at / 1300)
        centre = (CENTRE[0] + sway[0], CENTRE[1] + sway[1])
        self.shown.append(filmed(head(self.behind, self.cutout, centre, self.width, self._person.yaw(at)), self._rng))
        return self.shown[-1]


@dataclass
class Card:
    """A portrait on a card, held by somebody who does with it what is asked of a head.

    most: how it is held at a full turn to the left (yaw is mirrored to the right; pitch and roll come with it). moves:
    px by which it is also moved to and fro. nears: share by which it is brought nearer and back.
    """

    portrait: Picture
    box: Box
    behind: Picture
    seed: int
    most: Held
    width: float = 115.0
    moves: float = 0.0
    nears: float = 0.0

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)
        self._hand = Turner(random.Random(self.seed), (1.0, 1.0))

    def __call__(self, at: int, prompt: str) -> Picture:
        self._hand.told(prompt, at)
        # From -1 to 1; a hand's own noise is added below, not a head's.
        turn = self._hand.at(at)
        hand = self._rng.normal(0, 0.6, 3)
        held = replace(
            self.most,
            yaw=self.most.yaw * turn + hand[0],
            pitch=self.most.pitch * abs(turn) + hand[1],
            roll=self.most.roll * turn + hand[2],
        )
        swing = np.sin(at / 600) if self.moves or self.nears else 0.0
        centre = (CENTRE[0] + self.moves * (swing + turn) / 2, CENTRE[1] + self.moves * 0.3 * np.cos(at / 700))
        width = self.width * (1 + self.nears * swing)
        return filmed(card(self.behind, self.portrait, self.box, centre, width, held), self._rng)
