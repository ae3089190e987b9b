"""Face templates: sealed, versioned, only for learners whose consent is on file; each compared with all others."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from central_server.courses.changes import Changes, changing
from central_server.database import Job
from central_server.learners.alike import Alike, Templates, View, vector_of
from central_server.learners.consents import agreed_to_keep, consents_on_file
from central_server.learners.erasing import forget_lookalikes
from central_server.learners.kept_portraits import keep_portraits
from central_server.learners.portrait_policy import days_kept
from central_server.learners.portraits_child import Made
from central_server.learners.sealing import SealingKey
from central_server.learners.tables import FaceTemplate, LearnerMeans, Lookalike
from models.own_records import TemplateKept

AT_ONCE = 25
"""Templates in one of the writer's jobs: bridge points wait for no more."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of some portraits."""

    templates: int
    lookalikes: int
    """Pairs of learners who are as like as one person is."""


def refresh_templates(engine: Engine, templates: Templates, encoder: str) -> None:
    """Open the templates that are new, before the writer is asked to compare with them. Not on the event loop."""
    with engine.connect() as connection:
        templates.refresh(connection, encoder)


def keep_templates(
    made: Sequence[Made], encoder: str, key: SealingKey, templates: Templates, course: str, now: int, by: str
) -> Job[Kept]:
    """The job that keeps templates, at most AT_ONCE, and the portraits that the course keeps.

    A learner who withdrew the consent meanwhile gets none; a course that keeps portraits no longer, neither.
    """

    def work(changes: Changes) -> Kept:
        consents = consents_on_file(changes.db, [one.learner for one in made])
        wanted = [one for one in made if one.learner in consents]
        if not wanted:
            return Kept(0, 0)
        view = templates.view(changes.db.connection(), encoder)
        alike = [keep_template(changes, key, view, one, encoder)[1] for one in wanted]
        agreed = agreed_to_keep(changes.db, [one.learner for one in wanted]) if days_kept(changes.db, course) else {}
        for one in wanted:
            if one.learner in agreed and one.pictures:
                keep_portraits(changes, key, course, one.learner, one.pictures, agreed[one.learner])
        return Kept(len(wanted), sum(len(some) for some in alike))

    return changing(work, now, by)


def keep_template(
    changes: Changes, key: SealingKey, view: View, made: Made, encoder: str
) -> tuple[int, tuple[Alike, ...]]:
    """Keep a template in the place of the learner's one before of this encoder: its version, and who is like it."""
    db, learner = changes.db, made.learner
    vector = vector_of(encoder, made.vector)
    alike = view.like(learner, vector) if vector is not None else []
    if vector is not None:
        view.keep(learner, vector)
    sealed = key.seal("template", f"{learner}\n{encoder}", made.vector)
    means = db.get(LearnerMeans, learner) or LearnerMeans(learner=learner)
    changes.put(means, templates=means.templates + 1)
    row = db.get(FaceTemplate, (learner, encoder))
    row = row or FaceTemplate(learner=learner, encoder=encoder, portraits=0, made_at=0, sealed=b"")
    changes.put(
        row, portraits=made.portraits, made_at=changes.now, sealed=sealed, version=means.templates
    )  # fmt: skip
    forget_lookalikes(db, learner, encoder)
    for one in alike:
        first, second = sorted((learner, one.learner))
        db.add(Lookalike(learner=first, other=second, encoder=encoder, score=one.score, found_at=changes.now))
    changes.tell(
        TemplateKept(
            at=changes.now, by=changes.by, learner=learner, encoder=encoder, portraits=made.portraits,
            sealed=hashlib.sha256(sealed).hexdigest(), version=means.templates,
            lookalikes=tuple(one.learner for one in alike),
        )
    )  # fmt: skip
    return means.templates, tuple(alike)
