"""How well an encoder does on anyone's pictures: thresholds chosen on half of the people, judged on the other half.

`SetMeasured` as JSON is what `calibrate pairs` and `calibrate gallery` write; its keys stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec
import numpy as np

from calibration.background import Background
from calibration.door import PORTRAITS, Floats, Pictures, one_to_one
from calibration.halves import ACCEPT, CLASS_SIZE, LIMIT, SPLITS, Judged, split
from calibration.profile import Histogram
from calibration.rates import Rate, rate
from calibration.wording import NEEDED_LEARNERS, NEEDED_STRANGERS, Found, say

Verdict = Literal["holds", "cannot", "too_few"]
"""`holds`: on people whom the threshold was not chosen on, FPIR was at most `fpir_limit` and at least `accept_wanted`
of the learners were named. `cannot`: it was not so, or the encoder is known not to. `too_few`: so few people or
pictures that it can't be told."""
EDGES: Final = np.round(np.linspace(-0.4, 1.0, 71), 2)


class ByPortraits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The share of learners named with templates of so many portraits."""

    portraits: int
    accepted: float
    learners: int
    """People a split, on average, both halves together."""


class HalfJudged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A threshold chosen on one half of the people, and what it did on the other."""

    split: int
    threshold: float
    aim: float
    """The FPIR that it was chosen for."""
    fpir: float
    fnir: float
    strangers: int
    learners: int
    templates: int


class SetMeasured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The result. Rates are means over all splits of what was judged on the other half, each person counting alike.

    fmr, fnmr: one picture with another, at each split's threshold. fpir, fnir: before classes of `class_size` learners
    with templates of `portraits` pictures on average. `bounds` inside each rate: 95 %, from the counts of one split.
    """

    v: Literal[1] = 1
    kind: Literal["gallery", "pairs"]
    encoder: str
    detector: str
    metric: str
    verdict: Verdict
    proved: bool
    """The upper bound of the FPIR, too, is at most `fpir_limit`."""
    threshold: float
    """The median of the thresholds chosen."""
    threshold_range: tuple[float, float]
    background_threshold: float | None
    """What the encoder's shipped numbers ask for at this class size."""
    fmr: Rate
    fnmr: Rate
    fpir: Rate
    fnir: Rate
    accepted: float
    """1 - FNIR."""
    accepted_by_portraits: tuple[ByPortraits, ...]
    held_share: float
    """The share of halves judged on which FPIR was at most `fpir_limit`."""
    fpir_limit: float
    accept_wanted: float
    class_size: int
    reckoned: bool
    """The halves have fewer people than a class, so FPIR was reckoned from smaller classes."""
    portraits: float
    persons: int
    persons_with_three_and_more: int
    counts: dict[str, int]
    """pictures, used, unreadable, without_face, several_faces, small_faces; of pairs also rows, genuine, impostor,
    rows_without_picture, rows_unclear, contradictions."""
    problems: dict[str, tuple[str, ...]]
    """Files (relative paths) by what was wrong with them, under the same names as the counts."""
    genuine: Histogram
    impostor: Histogram
    halves: tuple[HalfJudged, ...]
    sentences: dict[Literal["vi", "en"], tuple[str, ...]]
    provenance: dict[str, str]


Progress = Callable[[int, int], None]


def measure(
    pictures: Pictures,
    *,
    kind: Literal["gallery", "pairs"],
    encoder: str,
    detector: str,
    known: Background | None,
    counts: dict[str, int],
    problems: dict[str, tuple[str, ...]],
    provenance: dict[str, str],
    class_size: int = CLASS_SIZE,
    splits: int = SPLITS,
    progress: Progress = lambda _done, _all: None,
) -> SetMeasured:
    """Measure these pictures. `progress` is told how many splits are done, and of how many.

    Raises ValueError for fewer than four people: `enough` tells.
    """
    if not enough(pictures):
        raise ValueError("fewer than four people")
    floor = known.threshold(class_size) if known else None
    runs: list[list[Judged]] = []
    for number in range(splits):
        runs.append(split(pictures, class_size, number, floor))
        progress(number + 1, splits)
    judged = [half for run in runs for half in run]
    genuine, impostor = _histograms(pictures)
    fpir = _mean([[(j.fpir * j.transactions, j.transactions, j.strangers) for j in run] for run in runs])
    fnir = _mean([[(j.fnir * j.learners, j.learners, j.learners) for j in run] for run in runs])
    thresholds = sorted(j.chosen.threshold for j in judged)
    portraits = float(np.mean([j.portraits for j in judged]))
    verdict = _verdict(fpir, fnir, known)
    measured = SetMeasured(
        kind=kind, encoder=encoder, detector=detector, metric=pictures.metric, verdict=verdict,
        proved=fpir.high <= LIMIT, threshold=round(float(np.median(thresholds)), 4),
        threshold_range=(round(thresholds[0], 4), round(thresholds[-1], 4)), background_threshold=floor,
        fmr=_mean([[(j.false_matches, j.impostor_pairs, j.strangers) for j in run] for run in runs]),
        fnmr=_mean([[(j.false_non_matches, j.genuine_pairs, j.learners) for j in run] for run in runs]),
        fpir=fpir, fnir=fnir, accepted=1 - fnir.value, accepted_by_portraits=_by_portraits(runs),
        held_share=float(np.mean([j.fpir <= LIMIT for j in judged])), fpir_limit=LIMIT, accept_wanted=ACCEPT,
        class_size=class_size, reckoned=any(j.small for j in judged), portraits=round(portraits, 2),
        persons=pictures.people, persons_with_three_and_more=int((pictures.counts >= PORTRAITS).sum()),
        counts=counts, problems=problems, genuine=genuine, impostor=impostor,
        halves=tuple(_half(number, j) for number, run in enumerate(runs) for j in run),
        sentences={}, provenance=provenance,
    )  # fmt: skip
    found = Found(
        encoder, known, verdict, fpir, fnir, class_size, measured.threshold, portraits,
        tuple((b.portraits, b.accepted, b.learners) for b in measured.accepted_by_portraits),
        measured.reckoned, pictures.people, len(judged), sum(j.fpir <= LIMIT for j in judged),
    )  # fmt: skip
    vi, en = zip(*((s.vi, s.en) for s in say(found)), strict=True)
    return msgspec.structs.replace(measured, sentences={"vi": vi, "en": en})


def enough(pictures: Pictures) -> bool:
    """Whether there is anything to split: two people in each half."""
    return pictures.people >= 4


def _verdict(fpir: Rate, fnir: Rate, known: Background | None) -> Verdict:
    if known is not None and not known.fits:
        return "cannot"
    if fpir.low > LIMIT or (fnir.trials and 1 - fnir.low < ACCEPT):
        return "cannot"
    if fpir.trials < NEEDED_STRANGERS or fnir.trials < NEEDED_LEARNERS:
        return "too_few"
    return "holds" if fpir.value <= LIMIT and 1 - fnir.value >= ACCEPT else "cannot"


def _mean(runs: Sequence[Sequence[tuple[float, int, int]]]) -> Rate:
    """The rate of one split, on average: (errors, trials, persons) of both halves add up, then the mean over splits."""
    sums = np.array([[sum(column) for column in zip(*run, strict=True)] for run in runs], np.float64)
    errors, trials, persons = sums.mean(0)
    return rate(min(float(errors), float(int(trials))), int(trials), round(persons))


def _by_portraits(runs: Sequence[Sequence[Judged]]) -> tuple[ByPortraits, ...]:
    rows = []
    for portraits in range(1, PORTRAITS + 1):
        both = [[j.accepted[portraits] for j in run if portraits in j.accepted] for run in runs]
        flat = [pair for run in both for pair in run]
        if flat:
            share = sum(a * n for a, n in flat) / sum(n for _, n in flat)
            rows.append(ByPortraits(portraits, share, round(sum(n for _, n in flat) / len(runs))))
    return tuple(rows)


def _half(number: int, j: Judged) -> HalfJudged:
    return HalfJudged(
        split=number, threshold=round(j.chosen.threshold, 4), aim=j.chosen.aim, fpir=j.fpir, fnir=j.fnir,
        strangers=j.strangers, learners=j.learners, templates=j.templates,
    )  # fmt: skip


def _histograms(pictures: Pictures) -> tuple[Histogram, Histogram]:
    genuine, impostor = np.zeros(len(EDGES) - 1, np.int64), np.zeros(len(EDGES) - 1, np.int64)
    for same, different in one_to_one(pictures):
        genuine += counted(same)
        impostor += counted(different)
    edges = tuple(EDGES.tolist())
    return Histogram(edges, tuple(genuine.tolist())), Histogram(edges, tuple(impostor.tolist()))


def counted(scores: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """How many scores (n,) lie in each bin of a histogram; those beyond its ends count in its outermost bins."""
    return np.histogram(np.clip(scores, EDGES[0], EDGES[-1] - 1e-6), EDGES)[0].astype(np.int64)
