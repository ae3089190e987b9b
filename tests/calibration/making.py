"""Profiles as calibration makes them."""

from __future__ import annotations

from pathlib import Path

from calibration.profile import (
    AccuracyCard,
    CameraPart,
    Expected,
    FacesPart,
    Histogram,
    Profile,
    Sentence,
    ZoneMeasured,
    encode,
)
from models.record_kinds import Zone

DAY = 86_400_000
NOW = 1_795_000_000_000
HERE = Expected("C920 (046d:082d)", "face-reidentification-retail-0095", "ab" * 32)
NONE = Histogram((0.0, 1.0), (0,))


def camera(made_at: int = NOW, device: str = HERE.camera) -> CameraPart:
    zones = tuple(
        ZoneMeasured(
            zone=Zone(0.5 * i, 0.0, 0.5, 1.0),
            face_px=60.0 - 30 * i,
            faces=4,
            sharpness=1.0,
            light=110,
            identifies=i == 0,
        )
        for i in range(2)
    )
    return CameraPart(
        made_at=made_at, device=device, width=1920, height=1080, fps=25, frames=200, sharpness=1.0, light=110,
        dark_share=0.01, bright_share=0.02, flicker=0.1, noise=1.4, zones=zones, advice=(Sentence("Tốt.", "Good."),),
    )  # fmt: skip


def faces(made_at: int = NOW, encoder: str = HERE.encoder, weights: str = HERE.weights) -> FacesPart:
    card = AccuracyCard(fmr=None, fnmr=None, fpir=None, fnir=None, source=Sentence("", ""), genuine=NONE, impostor=NONE)
    return FacesPart(
        made_at=made_at, encoder=encoder, weights=weights, detector="yunet", learners=30, class_size=30,
        threshold=0.45, strict_threshold=0.5, margin=0.05, background_threshold=0.5, fpir_aim=0.001, lookalikes=(),
        raised={"hv-7": 0.61}, card=card, sentences=(),
    )  # fmt: skip


def saved(folder: Path, profile: Profile) -> Path:
    path = folder / "profile.json"
    path.write_bytes(encode(profile))
    return path
