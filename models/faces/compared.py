"""How each encoder's vectors are compared: what somebody needs who compares templates without loading a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.faces.match import Metric


@dataclass(frozen=True, slots=True)
class Compared:
    """An encoder's metric, how many numbers its vectors have, and the score from which a match counts at the door."""

    metric: Metric
    numbers: int
    door: float
    """As models.faces.match.scores gives it, where strangers may come (Encoder.strict_threshold)."""


COMPARED: Mapping[str, Compared] = {
    "face-reidentification-retail-0095": Compared("cosine", 256, 0.50),
    "dlib-resnet-v1": Compared("distance", 128, 1 - 0.45),
    "face_recognition": Compared("distance", 128, 1 - 0.45),
}
"""By the encoder's name. Where the numbers come from is told at each encoder (models.faces.encode)."""
