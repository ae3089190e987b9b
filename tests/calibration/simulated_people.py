"""People as vectors: identities with lookalikes and groups who resemble each other, pictures of unlike quality.

Checked against real ones: genuine pairs at FAR 1e-3 and 1e-4 are accepted as Intel's encoder does on LFW (facts: 0.98
and 0.96) with a noise of 0.6, and better with less.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calibration.door import Pictures


def people(
    draw: np.random.Generator, counts: NDArray[np.int64], *, noise: float = 0.55, siblings: float = 0.002
) -> Pictures:
    """Pictures of len(counts) people, counts[i] of person i: vectors of length 1 in 256 dimensions."""
    spectrum = np.r_[np.linspace(1, 0.4, 48), np.full(208, 0.02)]
    groups = draw.normal(size=(6, 256)) * spectrum
    faces = draw.normal(size=(len(counts), 256)) * spectrum + 0.35 * groups[draw.integers(0, 6, len(counts))]
    for person in np.flatnonzero(draw.random(len(counts)) < siblings):
        faces[person] = 0.7 * faces[draw.integers(len(counts))] + 0.71 * faces[person]
    persons = np.repeat(np.arange(len(counts)), counts)
    quality = noise * np.exp(0.25 * draw.normal(size=len(persons)))
    vectors = faces[persons] + quality[:, None] * draw.normal(size=(len(persons), 256)) * spectrum
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Pictures(vectors.astype(np.float32), persons.astype(np.intp), "cosine")
