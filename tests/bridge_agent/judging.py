"""Simulated classes from the London pictures, watched, and judged against their truth."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge_agent.capture.simulated import locator
from bridge_agent.simulated_class.classes import Portrayed
from bridge_agent.simulated_class.script import Script
from bridge_agent.simulated_class.truth import Truth, truth
from bridge_agent.simulated_class.write import write_video
from bridge_agent.watch import watch
from models.faces.engine import FaceProfile, load_engine
from models.participation import Rule, participation
from models.spans import spans, total

PER_EDGE_S = 3.0
"""The product's goal: participation within this much of the truth per coming or going."""
Span = tuple[float, float]


@dataclass(frozen=True)
class Judgement:
    """How far off one learner's participation is."""

    learner: str
    seen_s: float
    shown_s: float
    """How long the learner showed a face: the least that must be seen."""
    there_s: float
    """How long the learner was there while the room could be watched: the most that may be seen."""
    edges: int
    """Comings and goings of the truth."""

    @property
    def off_per_edge_s(self) -> float:
        """Seconds of error per coming or going; all of it for somebody who never came."""
        off = max(0.0, self.shown_s - self.seen_s, self.seen_s - self.there_s)
        return off / max(1, self.edges)


def people(shared: Path, first: int, count: int) -> list[Portrayed]:
    """Londoners: enrolled neutral, shown smiling."""
    folder = shared / "pictures" / "london"
    numbers = sorted(path.name[:3] for path in folder.glob("*_neutral.jpg"))[first : first + count]
    assert len(numbers) == count
    return [Portrayed(n, (folder / f"{n}_neutral.jpg",), folder / f"{n}_smiling.jpg") for n in numbers]


def portraits(who: Iterable[Portrayed], folder: Path) -> Path:
    """A portraits folder with NAME.jpg of each."""
    folder.mkdir()
    for person in who:
        shutil.copy(person.enrol[0], folder / f"{person.name}.jpg")
    return folder


def film(script: Script, path: Path) -> Path:
    """The class as an mp4 file."""
    write_video(script, path, locator(load_engine(FaceProfile()).detector))
    return path


def watched(script: Script, learners: Iterable[Portrayed], folder: Path, faces: FaceProfile | None = None) -> Any:
    """The result of `bridge-agent watch` on the class."""
    video = film(script, folder / "class.mp4")
    return watch(str(video), portraits(learners, folder / "portraits"), folder / "out.json", faces=faces)


def judged(result: Any, script: Script) -> list[Judgement]:
    """Each learner's participation as the server would reckon it, against the truth.

    All sides under the default rule, whose gap tolerance bridges a bowed head. A learner who bows for longer may be
    seen all the time, for a track holds, or not: both are right.
    """
    true: Truth = truth(script)
    schedule = _ms([(0.0, script.seconds)])
    coverage = _ms([(c["from"], c["to"]) for c in result["coverage"]])
    out = []
    for name in true.presence:
        measured = participation(schedule, _ms(result["learners"][name]["intervals"]), coverage, Rule()).seen
        shown = participation(schedule, _ms(true.face_shown[name]), _ms(true.observable), Rule()).seen
        there = participation(schedule, _ms(true.presence[name]), _ms(true.observable), Rule()).seen
        seen_s, shown_s, there_s = (total(part) / 1000 for part in (measured, shown, there))
        out.append(Judgement(name, seen_s, shown_s, there_s, 2 * len(shown)))
    return out


def _ms(of: Iterable[Any]) -> Any:
    return spans([(round(a * 1000), round(b * 1000)) for a, b in of])
