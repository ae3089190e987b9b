"""From which score a face counts at the door of this very class: the encoder's background, raised for its lookalikes.

Pure: templates, or the vectors of portraits, come in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from calibration.background import Background
from calibration.door import PORTRAITS, Floats, Pictures, compare, door, one_to_one
from calibration.halves import AIM, fmr_for
from calibration.profile import AccuracyCard, FacesPart, Histogram, Lookalikes, Sentence
from calibration.rates import rate
from calibration.sets import EDGES, counted
from calibration.tail import tail
from calibration.wording import number, percent, thousands
from models.faces.encode import Encoder
from models.faces.match import Metric, average

_MOST_RAISED: Final = 0.2
"""No learner has to reach more than this beyond the class's threshold: twins have the second factor."""


@dataclass(frozen=True, slots=True)
class ClassThreshold:
    """From which scores faces count; as the fields of FacesPart."""

    strict: float
    background: float
    lookalikes: tuple[Lookalikes, ...]
    raised: Mapping[str, float]


def class_threshold(
    learners: Sequence[str], templates: Floats, metric: Metric, known: Background, margin: float
) -> ClassThreshold:
    """The threshold at the door for a class with these templates (m, d), row i of learner i.

    Two learners are lookalikes when their templates come within `margin` of the background threshold: a picture of one
    could then be named as the other. Each of them has to reach more than the two templates reach by that margin. What
    the other pairs tell of this class's faces (they may be more alike than the background's) raises it for everybody.
    """
    background = known.threshold(max(1, len(learners)))
    if len(learners) < 2:
        return ClassThreshold(background, background, (), {})
    alike = compare(templates, templates, metric)
    rows, columns = np.triu_indices(len(learners), 1)
    scores = alike[rows, columns]
    near = scores >= background - margin
    strict = background
    if (~near).sum() >= 2:
        fitted = tail(scores[~near], float((~near).sum()))
        strict = max(strict, fitted.threshold(fmr_for(AIM, len(learners))))
    raised: dict[str, float] = {}
    found = []
    for i in np.flatnonzero(near)[np.argsort(-scores[near])]:
        a, b, score = learners[rows[i]], learners[columns[i]], round(float(scores[i]), 4)
        found.append(Lookalikes(a, b, score))
        wanted = round(min(1.0, strict + _MOST_RAISED, max(strict, score + margin)), 4)
        for learner in (a, b):
            raised[learner] = max(raised.get(learner, 0.0), wanted)
    return ClassThreshold(round(strict, 4), round(background, 4), tuple(found), raised)


def part(
    portraits: Mapping[str, Floats],
    encoder: Encoder,
    known: Background,
    *,
    made_at: int,
    weights: str,
    detector: str,
) -> FacesPart:
    """What a class needs whose learners have these vectors (k, d), of each portrait or only of the template (k = 1).

    Raises ValueError for no learner.
    """
    learners = list(portraits)
    if not learners:
        raise ValueError("no learner")
    templates = np.stack([average(portraits[learner], encoder.metric) for learner in learners])
    chosen = class_threshold(learners, templates, encoder.metric, known, encoder.margin)
    pictures = Pictures(
        np.concatenate([portraits[learner] for learner in learners]),
        np.repeat(np.arange(len(learners)), [len(portraits[learner]) for learner in learners]),
        encoder.metric,
    )
    return FacesPart(
        made_at=made_at, encoder=encoder.name, weights=weights, detector=detector, learners=len(learners),
        class_size=len(learners), threshold=encoder.threshold, strict_threshold=chosen.strict, margin=encoder.margin,
        background_threshold=chosen.background, fpir_aim=AIM, lookalikes=chosen.lookalikes, raised=chosen.raised,
        card=card(pictures, chosen.strict), sentences=tuple(_say(chosen, known, len(learners))),
    )  # fmt: skip


def card(pictures: Pictures, threshold: float) -> AccuracyCard:
    """The accuracy card of these people's pictures at `threshold`.

    FPIR: each of them as a stranger before the class of all the others.
    """
    genuine, impostor = np.zeros(len(EDGES) - 1, np.int64), np.zeros(len(EDGES) - 1, np.int64)
    false, missed = 0, 0
    for same, different in one_to_one(pictures):
        genuine += counted(same)
        impostor += counted(different)
        false += int((different >= threshold).sum())
        missed += int((same < threshold).sum())
    people = pictures.people
    several = int((pictures.counts > 1).sum())
    stands = door(pictures, PORTRAITS, max(1, people - 1), np.random.default_rng(0), whole=False)
    return AccuracyCard(
        fmr=rate(false, int(impostor.sum()), people) if impostor.sum() else None,
        fnmr=rate(missed, int(genuine.sum()), several) if genuine.sum() else None,
        fpir=rate(stands.fpir(threshold) * stands.strangers, stands.strangers, people) if people > 1 else None,
        fnir=rate(stands.fnir(threshold) * stands.learners, stands.learners, several) if stands.learners else None,
        source=Sentence(
            f"Ảnh của chính {people} học viên lớp này.", f"The pictures of this class's own {people} learners."
        ),
        genuine=Histogram(tuple(EDGES.tolist()), tuple(genuine.tolist())),
        impostor=Histogram(tuple(EDGES.tolist()), tuple(impostor.tolist())),
    )


def _say(chosen: ClassThreshold, known: Background, learners: int) -> list[Sentence]:
    bound = known.fpir_bound(chosen.strict, learners)
    vi, en = number(chosen.strict, "vi", 3), number(chosen.strict, "en", 3)
    sentences = [
        Sentence(
            f"Khi điểm danh, khuôn mặt phải đạt từ {vi} (lớp {learners} người; mục tiêu: {percent(AIM, 'vi', 1)} người "
            f"lạ bị nhận nhầm). Theo {thousands(known.impostor_pairs, 'vi')} cặp đã đo, FPIR không quá "
            f"{percent(bound, 'vi')} với độ tin cậy 95 %, nếu người ở đây giống bộ ảnh đã đo; các cặp dùng chung người "
            "nên thực ra kém chắc hơn.",
            f"At the door a face has to reach {en} (a class of {learners}; aim: {percent(AIM, 'en', 1)} of strangers "
            f"taken for a learner). By {thousands(known.impostor_pairs, 'en')} pairs measured, FPIR is at most "
            f"{percent(bound, 'en')} with 95 % confidence, if people here are like those measured; pairs share people, "
            "so it is less sure than that.",
        )
    ]
    if chosen.strict > chosen.background:
        sentences.append(
            Sentence(
                f"Học viên lớp này giống nhau hơn bộ ảnh đã đo, nên ngưỡng được nâng từ "
                f"{number(chosen.background, 'vi', 3)}.",
                f"The learners of this class are more alike than those measured, so it was raised from "
                f"{number(chosen.background, 'en', 3)}.",
            )
        )
    if chosen.lookalikes:
        sentences.append(
            Sentence(
                f"{len(chosen.lookalikes)} cặp học viên giống nhau: khi điểm danh, những người này được hỏi thêm "
                "mã PIN hoặc thẻ.",
                f"Learners who look alike (pairs: {len(chosen.lookalikes)}) are asked for a PIN or card as well at the "
                "door.",
            )
        )
    if not known.fits:
        sentences.append(
            Sentence(
                "Bộ mã hoá này không đủ chính xác để điểm danh chỉ bằng khuôn mặt: hãy hỏi thêm mã PIN hoặc thẻ "
                "với mọi người, hoặc tải bộ mã hoá của Intel (bridge-agent weights fetch).",
                "This encoder is not accurate enough for check-in by face alone: ask everybody for a PIN or card as "
                "well, or fetch Intel's encoder (bridge-agent weights fetch).",
            )
        )
    return [*sentences, known.sentence]
