"""What is known of each encoder before any class is measured: the numbers of background.toml, with their sources."""

from __future__ import annotations

import math
import tomllib
from importlib import resources

import msgspec

from calibration.halves import AIM, fmr_for
from calibration.profile import Sentence
from calibration.rates import Rate, rate


class Background(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One encoder's numbers, as background.toml explains them."""

    strict: float
    class_size: int
    fpir: float
    impostor_pairs: int
    mean_excess: float
    fits: bool
    """It can hold FPIR <= 0.3 % at the door and accept 95 % of learners with three portraits."""
    vi: str
    en: str
    accepted: float | None = None

    @property
    def sentence(self) -> Sentence:
        """What was measured, in words."""
        return Sentence(self.vi, self.en)

    def threshold(self, class_size: int, fpir: float = AIM) -> float:
        """The score that a class of this size needs at the door; never under what was measured as `strict`.

        Beyond it two people are taken for one e times more seldom for every `mean_excess`.
        """
        measured, needed = fmr_for(self.fpir, self.class_size), fmr_for(fpir, class_size)
        return self.strict + self.mean_excess * max(0.0, math.log(measured / needed))

    def fmr(self) -> Rate:
        """The FMR at `strict`, with the bounds that the number of pairs allows (pairs share people: at the least)."""
        value = fmr_for(self.fpir, self.class_size)
        return rate(value * self.impostor_pairs, self.impostor_pairs, 0)

    def fpir_bound(self, threshold: float, class_size: int) -> float:
        """The upper 95 % bound of the FPIR at `threshold`, as far as the pairs measured tell."""
        fmr = self.fmr().high * math.exp(-max(0.0, threshold - self.strict) / self.mean_excess)
        return -math.expm1(class_size * math.log1p(-fmr))


def background(encoder: str) -> Background | None:
    """The numbers of an encoder by its name, None where none were measured.

    face_recognition runs dlib's network, so its numbers are dlib's.
    """
    text = resources.files("calibration").joinpath("background.toml").read_text(encoding="utf-8")
    known = msgspec.convert(tomllib.loads(text), dict[str, Background])
    return known.get("dlib-resnet-v1" if encoder == "face_recognition" else encoder)
