"""A threshold chosen on half of the people and judged on the other half."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from calibration.door import PORTRAITS, Door, Indices, Pictures, door, one_to_one
from calibration.tail import tail

AIM: Final = 0.001
"""The false positive identification rate aimed at, a person at the door."""
LIMIT: Final = 0.003
"""What must hold on people whom the threshold was not chosen on."""
RELAXED: Final = 0.002
ACCEPT: Final = 0.95
CLASS_SIZE: Final = 30
SPLITS: Final = 10
_AFFORDED: Final = 0.985
"""A threshold beyond the aim's is taken as long as this share of the learners at hand is accepted …"""
_AFFORDED_SURE: Final = 0.97
"""… and this share, where it takes so strict a one to be sure of LIMIT on the other half."""
_SURE: Final = 0.97
_STRICTEST: Final = 0.01
"""No threshold aims at a smaller part of AIM: beyond that the tail is guessed."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A threshold, and the FPIR that it aims at by the tail of the scores that it was chosen on."""

    threshold: float
    aim: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What a chosen threshold did on the other half. Rates over people; see calibration.door."""

    chosen: Chosen
    fpir: float
    transactions: int
    strangers: int
    fnir: float
    learners: int
    templates: int
    small: bool
    """As `Door.small`."""
    portraits: float
    """Pictures in a template, on average."""
    false_matches: int
    impostor_pairs: int
    false_non_matches: int
    genuine_pairs: int
    """One picture with another."""
    accepted: dict[int, tuple[float, int]]
    """By portraits in the template: the share of learners named, and how many learners that rests on."""


def fmr_for(fpir: float, class_size: int) -> float:
    """The FMR at which a stranger before so many templates is taken for some learner this often: 1 - (1 - FMR)^n."""
    return -math.expm1(math.log1p(-fpir) / max(1, class_size))


def sure_aim(pairs: float, class_size: int) -> float:
    """The FPIR to aim at so that a half of so many pairs of people shows at most LIMIT with a chance of _SURE.

    A half is a sample, too: its pairs of people can only show whole mistakes, which come as in a Poisson process.
    """
    allowed = math.floor(fmr_for(LIMIT, class_size) * pairs)
    low, high = 0.0, allowed + 1.0
    for _ in range(50):
        mean = (low + high) / 2
        within = math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(allowed + 1))
        low, high = (mean, high) if within >= _SURE else (low, mean)
    return -math.expm1(class_size * math.log1p(-min(0.5, low / pairs)))


def choose(own: Door, background: float | None) -> Chosen:
    """The threshold that these people call for; `background`: what the encoder's shipped measurements ask for.

    As strict as the learners at hand can afford, and never laxer than AIM; but where AIM refuses more than one in
    twenty of them, up to RELAXED.
    """
    size = own.wanted
    fitted = tail(own.impostors[np.isfinite(own.impostors)], own.pairs)
    sure = min(AIM, sure_aim(own.pairs, size))

    def at(aim: float) -> Chosen:
        return Chosen(fitted.threshold(fmr_for(aim, size)), aim)

    def accepted(chosen: Chosen) -> float:
        return 1 - own.fnir(chosen.threshold)

    aims = np.geomspace(AIM * _STRICTEST, AIM, 17).tolist()
    for chosen in map(at, aims):
        wanted = _AFFORDED if chosen.aim < sure or chosen.threshold > (background or 1) else _AFFORDED_SURE
        if accepted(chosen) >= wanted:
            return chosen
    aimed = at(AIM)
    if accepted(aimed) < ACCEPT <= accepted(chosen := at(RELAXED)):
        return chosen
    return aimed


def judge(pictures: Pictures, chosen: Chosen, wanted: int, draw: np.random.Generator, *, whole: bool) -> Judged:
    """What the threshold does on these people, in classes of `wanted`. `whole` as in `door`."""
    accepted = {}
    for portraits in range(1, PORTRAITS + 1):
        seen = door(pictures, portraits, wanted, draw)
        if seen.learners:
            accepted[portraits] = (1 - seen.fnir(chosen.threshold), seen.learners)
    if not whole:
        seen = door(pictures, PORTRAITS, wanted, draw, whole=False)
    false_matches = impostors = false_non_matches = genuine = 0
    for same, different in one_to_one(pictures):
        false_matches += int((different >= chosen.threshold).sum())
        false_non_matches += int((same < chosen.threshold).sum())
        impostors, genuine = impostors + len(different), genuine + len(same)
    return Judged(
        chosen, seen.fpir(chosen.threshold), seen.transactions, seen.strangers, seen.fnir(chosen.threshold),
        seen.learners, len(seen.owner), seen.small, float(seen.portraits.mean()) if len(seen.owner) else 0.0,
        false_matches, impostors, false_non_matches, genuine, accepted,
    )  # fmt: skip


def halves(pictures: Pictures, draw: np.random.Generator) -> tuple[Indices, Indices]:
    """The people in two halves, drawn; those with many pictures are spread evenly."""
    order = draw.permutation(pictures.people)
    order = order[np.argsort(-np.minimum(pictures.counts[order], PORTRAITS + 1), kind="stable")]
    return np.sort(order[::2]), np.sort(order[1::2])


def split(pictures: Pictures, wanted: int, seed: int, background: float | None = None) -> list[Judged]:
    """One split by `seed`: the threshold of each half, judged on the other.

    Templates of three portraits only, where each half has enough people for a class of `wanted` and somebody to come.
    """
    draw = np.random.default_rng(seed)
    sides = [pictures.of(half) for half in halves(pictures, draw)]
    whole = all((side.counts >= PORTRAITS).sum() > wanted for side in sides)
    return [
        judge(other, choose(door(own, PORTRAITS, wanted, draw, whole=whole), background), wanted, draw, whole=whole)
        for own, other in (sides, sides[::-1])
    ]
