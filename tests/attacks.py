"""Attacks on the desk, by kind: what `run.py bench attacks` counts, and a slice of it the tests."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge_agent.capture.simulated import locator
from bridge_agent.recognition.commands import OpenDesk
from bridge_agent.recognition.desk import Desk
from bridge_agent.recognition.events import CheckedIn, Event, InDoubt
from bridge_agent.simulated_class.cutout import Box, cut_out
from models.faces.engine import FaceEngine
from models.faces.match import Gallery
from models.faces.portraits import enrol, read_picture
from tests.at_desk import SIZE, Card, Live, Show, stand
from tests.cards import Held, Picture, room

STATIC = ("print_moved", "print_tilted", "print_bent", "print_scaled", "screen")


@dataclass(frozen=True)
class Learner:
    """Somebody with a template, made from another picture than the one that is shown."""

    name: str
    enrolled: Path
    shown: Picture
    box: Box


@dataclass(frozen=True)
class Tried:
    """One attack. events: what the desk told."""

    kind: str
    events: list[Event]

    @property
    def passed(self) -> bool:
        """It was taken for a learner."""
        return any(isinstance(event, CheckedIn) for event in self.events)

    @property
    def matched(self) -> bool:
        """It came as far as the challenge, or further."""
        return self.passed or any(isinstance(event, InDoubt) and event.why == "challenge" for event in self.events)

    @property
    def flags(self) -> tuple[str, ...]:
        """What the technician was told to look at."""
        return tuple(f for event in self.events if isinstance(event, CheckedIn | InDoubt) for f in event.flags)


@dataclass(frozen=True)
class Scene:
    """The learners of a class, and the networks that know them."""

    engine: FaceEngine
    learners: list[Learner]
    gallery: Gallery

    def desk(self, seed: int, gallery: Gallery | None = None) -> Desk:
        """A desk whose draws come from this seed."""
        opened = OpenDesk("check_in")
        return Desk(self.engine, self.gallery if gallery is None else gallery, opened, random.Random(seed))

    def static(self, kind: str, number: int) -> Tried:
        """The `number`-th attack of a kind of STATIC: the best-placed attacker, who sees and follows every prompt."""
        seed = number * 10 + STATIC.index(kind)
        learner = self.learners[number % len(self.learners)]
        behind = room(np.random.default_rng(seed), SIZE)
        show = _CARDS[kind](random.Random(seed), learner, behind, seed)
        return Tried(kind, stand(self.desk(seed), show))

    def live(self, number: int, person: Learner, gallery: Gallery | None = None) -> tuple[list[Event], list[Picture]]:
        """A simulated head that does what is asked; and the pictures that the camera took."""
        show = Live(cut_out(person.shown, person.box, 1), room(np.random.default_rng(number), SIZE), number)
        return stand(self.desk(number, gallery), show), show.shown

    def colleague(self, number: int) -> Tried:
        """One of the class, real turns and all, before a desk that expects everybody but him."""
        person = self.learners[number % len(self.learners)]
        rows = [i for i, name in enumerate(self.gallery.learners) if name != person.name]
        others = Gallery(
            self.gallery.encoder_name,
            tuple(self.gallery.learners[i] for i in rows),
            self.gallery.matrix[rows],
            self.gallery.metric,
        )
        return Tried("colleague", self.live(number, person, others)[0])

    def replay(self, seed: int, recording: list[Picture]) -> Tried:
        """A recording of a check-in that passed, shown while another draw is asked."""

        def show(at: int, prompt: str) -> Picture:
            return recording[min((at - 1_000) // 125, len(recording) - 1)]

        return Tried("replay", stand(self.desk(seed), show))


def scene(london: Path, engine: FaceEngine, count: int | None = None) -> Scene:
    """The class of ../shared/pictures/london: enrolled neutral, shown smiling."""
    find, learners = locator(engine.detector), list[Learner]()
    for enrolled in sorted(london.glob("*_neutral.jpg"))[:count]:
        shown = read_picture(enrolled.with_name(enrolled.name.replace("neutral", "smiling")))
        box = find(shown)
        assert box is not None
        learners.append(Learner(enrolled.name[:3], enrolled, shown, box))
    gallery, _ = enrol({one.name: [one.enrolled] for one in learners}, engine)
    return Scene(engine, learners, gallery)


def statics(scene: Scene, each: int) -> Iterator[Tried]:
    """So many attacks of each kind of STATIC."""
    for number in range(each):
        for kind in STATIC:
            yield scene.static(kind, number)


def _half(rng: random.Random) -> tuple[float, float]:
    return rng.uniform(0.6, 1.0), rng.uniform(0.8, 1.1)


def _tilt(rng: random.Random, radius: float | None = None, border: float = 0.0) -> Held:
    return Held(
        yaw=rng.uniform(25, 62),
        pitch=rng.choice([0.0, rng.uniform(-40, 40)]),
        roll=rng.choice([0.0, rng.uniform(-20, 20)]),
        radius=radius,
        distance=rng.uniform(2.2, 6),
        half=_half(rng),
        border=border,
    )


def _moved(rng: random.Random, who: Learner, behind: Picture, seed: int) -> Show:
    held = Held(yaw=rng.uniform(0, 20), half=_half(rng))
    return Card(who.shown, who.box, behind, seed, held, moves=rng.uniform(20, 60))


def _tilted(rng: random.Random, who: Learner, behind: Picture, seed: int) -> Show:
    return Card(who.shown, who.box, behind, seed, _tilt(rng))


def _bent(rng: random.Random, who: Learner, behind: Picture, seed: int) -> Show:
    return Card(who.shown, who.box, behind, seed, _tilt(rng, radius=rng.uniform(0.35, 1.3)))


def _scaled(rng: random.Random, who: Learner, behind: Picture, seed: int) -> Show:
    radius = rng.choice([None, rng.uniform(0.4, 1.3)])
    return Card(who.shown, who.box, behind, seed, _tilt(rng, radius), nears=rng.uniform(0.02, 0.08))


def _screen(rng: random.Random, who: Learner, behind: Picture, seed: int) -> Show:
    dark = np.asarray(behind // 2, np.uint8)  # a screen shines
    return Card(who.shown, who.box, dark, seed, _tilt(rng, border=rng.uniform(0.04, 0.12)), moves=rng.uniform(0, 30))


_CARDS: dict[str, Callable[[random.Random, Learner, Picture, int], Show]] = {
    "print_moved": _moved,
    "print_tilted": _tilted,
    "print_bent": _bent,
    "print_scaled": _scaled,
    "screen": _screen,
}
