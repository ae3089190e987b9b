"""What was found on a set of pictures, said in sentences: never more than the counts allow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from calibration.background import Background
from calibration.halves import ACCEPT, LIMIT
from calibration.profile import Sentence
from calibration.rates import Rate, trials_for

NEEDED_STRANGERS: Final = math.ceil(1 / LIMIT)
NEEDED_LEARNERS: Final = math.ceil(1 / (1 - ACCEPT))
"""With fewer tries a single mistake would be over the limit: nothing is measured."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the sentences speak of; as in calibration.sets.SetMeasured."""

    encoder: str
    known: Background | None
    verdict: str
    fpir: Rate
    fnir: Rate
    class_size: int
    threshold: float
    portraits: float
    by_portraits: tuple[tuple[int, float, int], ...]
    reckoned: bool
    people: int
    judged: int
    held: int


def say(found: Found) -> list[Sentence]:
    """The sentences, the verdict first."""
    sentences = [_verdict(found), _measured(found), _bound(found)]
    if found.by_portraits:
        sentences.append(_portraits(found))
    else:
        sentences.append(
            Sentence(
                "Không ai có từ hai ảnh dùng được, nên không đo được tỷ lệ nhận ra học viên.",
                "Nobody has two usable pictures, so how many learners are named is not measured.",
            )
        )
    if found.reckoned:
        sentences.append(
            Sentence(
                f"Mỗi nửa có ít người hơn một lớp {found.class_size} người, nên FPIR được tính từ các lớp nhỏ hơn.",
                f"The halves have fewer people than a class of {found.class_size}, so FPIR is reckoned from "
                "smaller classes.",
            )
        )
    if found.known is not None:
        sentences.append(found.known.sentence)
    return sentences


def percent(share: float, language: str, digits: int = 2) -> str:
    """A share in per cent; a decimal comma in Vietnamese."""
    text = f"{100 * share:.{digits}f}"
    return (text.replace(".", ",") if language == "vi" else text) + " %"


def number(value: float, language: str, digits: int = 2) -> str:
    """A number with a decimal comma in Vietnamese."""
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if language == "vi" else text


def thousands(value: int, language: str) -> str:
    """A count: 5.476 in Vietnamese, 5,476 in English."""
    text = f"{value:,}"
    return text.replace(",", ".") if language == "vi" else text


def _verdict(found: Found) -> Sentence:
    limit_vi, limit_en = percent(LIMIT, "vi", 1), percent(LIMIT, "en", 1)
    accept_vi, accept_en = percent(ACCEPT, "vi", 0), percent(ACCEPT, "en", 0)
    if found.verdict == "holds":
        needed = trials_for(LIMIT)
        short = found.fpir.high > LIMIT
        short_vi = (
            f" Đó là số đo được; để chứng minh với độ tin cậy 95 % cần nhiều người hơn (từ {thousands(needed, 'vi')} "
            "lượt người lạ không nhầm lần nào)."
        )
        short_en = (
            f" That is what was measured; to prove it with 95 % confidence takes more people (from "
            f"{thousands(needed, 'en')} strangers before classes without one mistake)."
        )
        return Sentence(
            f"Đạt: ngưỡng chọn trên một nửa số người giữ FPIR không quá {limit_vi} trên nửa kia và nhận ra ít nhất "
            f"{accept_vi} học viên.{short_vi if short else ''}",
            f"It holds: a threshold chosen on half of the people keeps FPIR at or under {limit_en} on the other half "
            f"and names at least {accept_en} of the learners.{short_en if short else ''}",
        )
    if found.known is not None and not found.known.fits:
        good = found.fpir.value <= LIMIT and 1 - found.fnir.value >= ACCEPT and found.fnir.trials > 0
        why_vi = " Bộ ảnh này dễ nên không nói lên điều khác." if good else ""
        why_en = " These pictures are easy, so they do not show otherwise." if good else ""
        return Sentence(
            f"Không đạt: bộ mã hoá {found.encoder} của dlib không thể giữ FPIR không quá {limit_vi} ở cửa lớp mà vẫn "
            f"nhận ra {accept_vi} học viên, vì nó không tách đủ xa những người khác nhau.{why_vi} "
            "Hãy dùng bộ mã hoá của Intel (bridge-agent weights fetch), hoặc hỏi thêm mã PIN hay thẻ với mọi người.",
            f"It cannot: dlib's encoder ({found.encoder}) can't keep FPIR at or under {limit_en} at the door and still "
            f"name {accept_en} of the learners, as it does not tell different people far enough apart.{why_en} "
            "Use Intel's encoder (bridge-agent weights fetch), or ask everybody for a PIN or card as well.",
        )
    if found.verdict == "too_few":
        return _too_few(found, limit_vi, limit_en)
    reasons_vi, reasons_en = [], []
    if found.fpir.value > LIMIT:
        reasons_vi.append(f"{percent(found.fpir.value, 'vi')} người lạ bị nhận nhầm, quá {limit_vi}")
        reasons_en.append(f"{percent(found.fpir.value, 'en')} of strangers were taken for a learner, over {limit_en}")
    if 1 - found.fnir.value < ACCEPT:
        reasons_vi.append(f"chỉ {percent(1 - found.fnir.value, 'vi', 1)} học viên được nhận ra, dưới {accept_vi}")
        reasons_en.append(f"only {percent(1 - found.fnir.value, 'en', 1)} of learners were named, under {accept_en}")
    return Sentence(
        f"Không đạt trên bộ ảnh này với bộ mã hoá {found.encoder}: {' và '.join(reasons_vi)}.",
        f"It cannot on these pictures with encoder {found.encoder}: {' and '.join(reasons_en)}.",
    )


def _too_few(found: Found, limit_vi: str, limit_en: str) -> Sentence:
    vi, en = [], []
    if found.fpir.trials < NEEDED_STRANGERS:
        vi.append(
            f"chỉ có {found.fpir.trials} lượt người lạ trước lớp, cần từ {NEEDED_STRANGERS}, "
            f"vì ít hơn thì một lần nhầm đã quá {limit_vi}"
        )
        en.append(
            f"there are only {found.fpir.trials} tries of strangers before classes and it takes {NEEDED_STRANGERS}, "
            f"for with fewer one mistake is over {limit_en}"
        )
    if found.fnir.trials < NEEDED_LEARNERS:
        vi.append(f"chỉ có {found.fnir.trials} học viên có từ hai ảnh, cần từ {NEEDED_LEARNERS}")
        en.append(f"only {found.fnir.trials} learners have two pictures and it takes {NEEDED_LEARNERS}")
    return Sentence(
        f"Không thể kết luận vì dữ liệu quá ít: {'; '.join(vi)}. Ngưỡng chọn ở đây không chứng minh được là giữ FPIR "
        f"không quá {limit_vi}.",
        f"It cannot be told, for there are too few data: {'; '.join(en)}. The threshold chosen here can't be shown to "
        f"keep FPIR at or under {limit_en}.",
    )


def _measured(found: Found) -> Sentence:
    return Sentence(
        f"Ngưỡng {number(found.threshold, 'vi', 3)} (trung vị của {found.judged} lần chọn): trên nửa số người không "
        f"dùng để chọn, {percent(found.fpir.value, 'vi')} người lạ bị nhận nhầm trước lớp {found.class_size} người "
        f"(FPIR), {percent(1 - found.fnir.value, 'vi', 1)} học viên được nhận ra; FPIR không quá "
        f"{percent(LIMIT, 'vi', 1)} ở {found.held} trong {found.judged} lần.",
        f"Threshold {number(found.threshold, 'en', 3)} (median of {found.judged} choices): on the half it was not "
        f"chosen on, {percent(found.fpir.value, 'en')} of strangers were taken for a learner of a class of "
        f"{found.class_size} (FPIR), {percent(1 - found.fnir.value, 'en', 1)} of learners were named; FPIR was at or "
        f"under {percent(LIMIT, 'en', 1)} in {found.held} of {found.judged}.",
    )


def _bound(found: Found) -> Sentence:
    return Sentence(
        f"Số liệu dựa trên {thousands(found.fpir.trials, 'vi')} lượt của {thousands(found.fpir.persons, 'vi')} "
        f"người lạ và {thousands(found.fnir.trials, 'vi')} học viên: với độ tin cậy 95 %, FPIR dưới "
        f"{percent(found.fpir.high, 'vi')} và FNIR từ {percent(found.fnir.low, 'vi', 1)} đến "
        f"{percent(found.fnir.high, 'vi', 1)}; không nói được hơn thế.",
        f"This rests on {thousands(found.fpir.trials, 'en')} tries of {thousands(found.fpir.persons, 'en')} strangers "
        f"and {thousands(found.fnir.trials, 'en')} learners: with 95 % confidence FPIR is under "
        f"{percent(found.fpir.high, 'en')} and FNIR between {percent(found.fnir.low, 'en', 1)} and "
        f"{percent(found.fnir.high, 'en', 1)}; more can't be claimed.",
    )


def _portraits(found: Found) -> Sentence:
    vi = "; ".join(f"{n} ảnh: {percent(share, 'vi', 1)} ({people} người)" for n, share, people in found.by_portraits)
    en = "; ".join(
        f"{n} portrait{'s' * (n > 1)}: {percent(share, 'en', 1)} ({people} {'people' if people != 1 else 'person'})"
        for n, share, people in found.by_portraits
    )
    most = max(n for n, _, _ in found.by_portraits)
    less_vi = "" if most >= 3 else " Không ai có đủ ảnh để đo với ba ảnh."
    less_en = "" if most >= 3 else " Nobody has pictures enough to measure three portraits."
    return Sentence(
        f"Học viên được nhận ra theo số ảnh trong mẫu – {vi}. Trung bình mỗi mẫu có "
        f"{number(found.portraits, 'vi', 1)} ảnh.{less_vi}",
        f"Learners named by portraits in the template – {en}. Templates have {number(found.portraits, 'en', 1)} "
        f"portraits on average.{less_en}",
    )
