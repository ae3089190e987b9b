"""Sixty Londoners as a class in hard pictures: everybody is known, and nobody is taken for somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.faces.engine import FaceProfile, load_engine
from tests.bridge_agent.london import Spoilt, as_stranger, class_of, given, looks

PLAIN, ROUGH = Spoilt(2.5, 90), Spoilt(8, 50)
MASK, HAND, FRINGE = Spoilt(5, 70, "mouth"), Spoilt(5, 70, "cheek"), Spoilt(5, 70, "hair")
WAYS = {36: (PLAIN, ROUGH, HAND), 48: (FRINGE, MASK, ROUGH, HAND, PLAIN), 64: (FRINGE, ROUGH, MASK), 100: (HAND, ROUGH)}
"""By the faces' width in px."""


@pytest.mark.timeout(180)
@pytest.mark.usefixtures("weights")
def test_a_class_of_sixty_in_hard_pictures_and_each_as_a_stranger_to_the_others(shared: Path) -> None:
    engine = load_engine(FaceProfile("yunet", "intel"))
    gallery, shown = class_of(shared, engine)
    everybody = {person.name for person in shown}
    assert len(everybody) == 60
    named_strangers = set()
    for width, ways in WAYS.items():
        sweeps = looks(engine, gallery, shown, width, ways)
        if width >= 48:
            for how, faces in zip(ways, sweeps, strict=True):
                right = {face.who for face in faces if face.seen.vote == face.who}
                assert len(right) >= 0.98 * 60, (width, how, len(right))
        assert [face for faces in sweeps for face in faces if face.seen.vote not in (None, face.who)] == []
        for person in shown:
            own = [[face for face in faces if face.who == person.name] for faces in sweeps]
            assert given(own, engine.encoder) <= {person.name}
            if given(as_stranger(sweeps, person.name, engine.encoder), engine.encoder):
                named_strangers.add(person.name)
    assert len(named_strangers) <= 1
