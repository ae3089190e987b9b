"""Face templates, the gallery of one bridge point, and who is who in one picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.faces.errors import GalleryMismatchError

Floats = NDArray[np.float32]
Metric = Literal["cosine", "distance"]


@dataclass(frozen=True, slots=True)
class Template:
    """What is kept of a learner's portraits: the average of `portraits` vectors (d,) and the name of their encoder."""

    learner: str
    vector: Floats
    encoder: str
    portraits: int


@dataclass(frozen=True, slots=True)
class Gallery:
    """The templates that one bridge point expects: row i of `matrix` (m, d) is learner i."""

    encoder_name: str
    learners: tuple[str, ...]
    matrix: Floats
    metric: Metric = "cosine"


def average(vectors: Floats, metric: Metric) -> Floats:
    """The template vector (d,) of several portraits (n, d): their mean, of length 1 for cosine."""
    mean = vectors.mean(0, dtype=np.float64)
    if metric == "cosine":
        mean = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return np.asarray(mean, np.float32)


def gallery(templates: Iterable[Template], encoder: str, metric: Metric) -> Gallery:
    """The gallery of these templates, in their order.

    Raises:
        GalleryMismatchError: a template comes from another encoder.
    """
    rows = list(templates)
    for template in rows:
        if template.encoder != encoder:
            raise GalleryMismatchError(encoder, template.encoder)
    matrix = np.stack([t.vector for t in rows]) if rows else np.zeros((0, 0), np.float32)
    return Gallery(encoder, tuple(t.learner for t in rows), np.asarray(matrix, np.float32), metric)


def scores(gallery: Gallery, vectors: Floats) -> Floats:
    """How alike each face (row of `vectors`, n x d) and each learner (m) are: (n, m), higher is more alike.

    Cosine for vectors of length 1; 1 - L2 distance where the encoder's metric is the distance.
    """
    if not len(gallery.learners) or not len(vectors):
        return np.zeros((len(vectors), len(gallery.learners)), np.float32)
    if gallery.metric == "cosine":
        return vectors @ gallery.matrix.T
    differences = vectors[:, None, :] - gallery.matrix[None, :, :]
    return np.asarray(1 - np.linalg.norm(differences, axis=2), np.float32)


def assign(scores: NDArray[np.floating], threshold: float, margin: float) -> NDArray[np.intp]:
    """For each face (row of `scores`, n x m) the index of its learner, or -1: a learner is at most one face.

    A face is a learner when all of this holds:
    - the score reaches `threshold`;
    - no other learner is more like this face, and no other face more like this learner;
    - the next likely learner trails by `margin`, unless that learner is another face in this picture, more alike
      than this one by `margin` (so two lookalikes who sit side by side are still told apart).

    Not the assignment with the greatest sum (Hungarian): that one gives a stranger's second choice to an absent
    learner as soon as the first choice is taken, and a wrong credit is worse than a sighting that comes a second later.
    """
    faces, learners = scores.shape
    result = np.full(faces, -1, np.intp)
    if not faces or not learners:
        return result
    best, best_face, top = scores.argmax(1), scores.argmax(0), scores.max(0)
    claimed = (top >= threshold) & (best[best_face] == np.arange(learners))
    for face in range(faces):
        learner = best[face]
        own = scores[face, learner]
        if own < threshold or best_face[learner] != face:
            continue
        rivals = own - scores[face] < margin
        rivals[learner] = False
        elsewhere = claimed & (best_face != face) & (top - scores[face] >= margin)
        if not (rivals & ~elsewhere).any():
            result[face] = learner
    return result


def names(gallery: Gallery, assigned: Sequence[int] | NDArray[np.intp]) -> list[str | None]:
    """The learners behind the indices that `assign` gives, None for -1."""
    return [gallery.learners[index] if index >= 0 else None for index in assigned]
