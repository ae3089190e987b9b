"""A detector and an encoder, chosen by a profile and by the weights that this PC has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from models.faces.detect import Detector, DlibDetector, Face, YuNetDetector
from models.faces.dlib_onnx import dlib_encoder
from models.faces.encode import DlibEncoder, Encoder, IntelEncoder
from models.faces.weights import DLIB_POINTS, INTEL, YUNET, find, need
from models.language import both

if TYPE_CHECKING:
    from models.faces.reference import ReferenceEncoder

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
DetectorChoice = Literal["auto", "yunet", "dlib", "face_recognition"]
EncoderChoice = Literal["auto", "intel", "dlib", "face_recognition"]


@dataclass(frozen=True, slots=True)
class FaceProfile:
    """What to recognise faces with.

    "auto" takes the better network where its weights are on this PC, else dlib's. `smallest_face` is the narrowest face
    to look for in px; None leaves it to the detector (YuNet 10, dlib 60: its time grows with the inverse square).
    `strict_threshold` replaces the encoder's own where a class was calibrated.
    """

    detector: DetectorChoice = "auto"
    encoder: EncoderChoice = "auto"
    threads: int = 2
    smallest_face: float | None = None
    strict_threshold: float | None = None


@dataclass(frozen=True, slots=True)
class FaceEngine:
    """A loaded detector and encoder, one caller at a time; 120 MB, 220 after 1080p sweeps: an idle agent holds none."""

    detector: Detector
    encoder: Encoder

    def detect(self, bgr: Picture) -> list[Face]:
        """The faces in the BGR picture (h, w, 3)."""
        return self.detector.detect(bgr)

    def encode(self, bgr: Picture, faces: Sequence[Face]) -> Floats:
        """The vectors (n, d) of these faces of the picture."""
        return self.encoder.encode(bgr, faces)

    def describe(self) -> str:
        """One sentence for people: what was chosen, and from which score a match counts."""
        detector, encoder = self.detector.name, self.encoder.name
        score, strict = self.encoder.threshold, self.encoder.strict_threshold
        return both(
            f"Tìm khuôn mặt bằng {detector}, so khớp bằng {encoder} (từ {score:.2f}, khi điểm danh từ {strict:.2f}).",
            f"Faces are found by {detector} and compared by {encoder} (from {score:.2f}, {strict:.2f} at check-in).",
        )


def load_engine(profile: FaceProfile) -> FaceEngine:
    """Load what `profile` asks for.

    Raises:
        WeightsMissingError: the profile names a network that is not on this PC, or dlib's files are missing as well.
        WeightsDamagedError, WeightsUnusableError: a file is not what the manifest says.
    """
    encoder = _encoder(profile)
    if profile.strict_threshold is not None:
        encoder.strict_threshold = profile.strict_threshold
    return FaceEngine(_detector(profile), encoder)


def _detector(profile: FaceProfile) -> Detector:
    choice = profile.detector
    if choice == "auto":
        choice = "yunet" if find(YUNET.name) else "dlib"
    if choice == "yunet":
        return YuNetDetector(need(YUNET.name)[0], smallest_face=profile.smallest_face or 10, threads=profile.threads)
    if choice == "dlib":
        return DlibDetector(
            need(DLIB_POINTS.name)[0], smallest_face=profile.smallest_face or 60, threads=profile.threads
        )
    from models.faces.reference import ReferenceDetector

    return ReferenceDetector()


def _encoder(profile: FaceProfile) -> IntelEncoder | DlibEncoder | ReferenceEncoder:
    choice = profile.encoder
    if choice == "auto":
        choice = "intel" if find(INTEL.name) else "dlib"
    if choice == "intel":
        return IntelEncoder(need(INTEL.name)[0], threads=profile.threads)
    if choice == "dlib":
        return DlibEncoder(dlib_encoder(), need(DLIB_POINTS.name)[0], threads=profile.threads)
    from models.faces.reference import ReferenceEncoder

    return ReferenceEncoder()
