"""Whom recognition looks for: templates that the parent holds, beside what a folder of portraits gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bridge_agent.recognition.commands import HeldTemplate
from bridge_agent.recognition.events import Trouble
from models.faces.encode import Encoder
from models.faces.engine import FaceEngine
from models.faces.errors import GalleryMismatchError, PortraitsMissingError
from models.faces.match import Gallery, Template, gallery, scores
from models.faces.portraits import enrol, read_portraits
from models.language import counted

Tell = Callable[[Trouble], None]


def pictured(folder: Path, roster: Mapping[str, str], engine: FaceEngine, tell: Tell, *, needed: bool) -> Gallery:
    """The gallery of the portraits in `folder`, by learner id; `roster`: learner id by portrait name.

    A portrait that will not do costs only its own learner, and `tell` hears of it. Without a roster the folder is not
    looked at. Raises PortraitsMissingError when the folder is absent or empty and `needed`; else `tell` hears of it.
    """
    portraits: dict[str, list[Path]] = {}
    if roster:
        try:
            for name, pictures in read_portraits(folder).items():
                if (learner := roster.get(name)) is not None:
                    portraits.setdefault(learner, []).extend(pictures)
        except PortraitsMissingError as error:
            if needed:
                raise
            tell(Trouble("portraits", error.vi, error.en))
    found, problems = enrol(portraits, engine)
    for problem in problems:
        tell(Trouble("portraits", problem.vi, problem.en))
    return found


def together(of_pictures: Gallery, held: Sequence[HeldTemplate], encoder: Encoder, tell: Tell) -> Gallery:
    """The gallery of the held templates and, for learners who have none, of their portraits.

    A template of another encoder, or of another length than this one's, is left out; `tell` hears of those together.
    """
    templates, refused = usable(held, encoder)
    if refused:
        found = ", ".join(sorted({template.encoder for template in refused}))
        error = GalleryMismatchError(encoder.name, found)
        tell(
            Trouble(
                "templates",
                f"{len(refused)} học viên: {error.vi}",
                f"{counted(len(refused), 'learner')}: {error.en}",
            )
        )
    theirs = {template.learner for template in templates}
    rest = [
        Template(learner, row, of_pictures.encoder_name, 1)
        for learner, row in zip(of_pictures.learners, of_pictures.matrix, strict=True)
        if learner not in theirs
    ]
    return gallery([*templates, *rest], encoder.name, encoder.metric)


def doubles(of: Gallery, strict_threshold: float) -> tuple[str, ...]:
    """The learners of a gallery whose template reaches the door's threshold with another's."""
    alike = scores(of, of.matrix)
    alike[np.diag_indices_from(alike)] = -1.0
    names = zip(of.learners, alike, strict=True)
    return tuple(learner for learner, row in names if row.max(initial=-1) >= strict_threshold)


def usable(held: Iterable[HeldTemplate], encoder: Encoder) -> tuple[list[Template], list[HeldTemplate]]:
    """The templates that this encoder's vectors can be compared with (the last one of each learner), and the others."""
    good: dict[str, Template] = {}
    bad: list[HeldTemplate] = []
    for one in held:
        if one.encoder != encoder.name or len(one.vector) != 4 * encoder.length:
            bad.append(one)
            continue
        vector = np.frombuffer(one.vector, "<f4").astype(np.float32)
        if not np.isfinite(vector).all():
            bad.append(one)
            continue
        good[one.learner] = Template(one.learner, vector, one.encoder, one.portraits)
    return list(good.values()), bad
