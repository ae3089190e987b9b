"""The server's clock against this PC's: offset and uncertainty from questions and answers. Pure; times come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from calibration.profile import ClockPart, Sentence
from calibration.wording import number
from models.clock_trust import clock_trust


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: it left at `sent` and its answer came at `received` (ms, this PC's clock that is never set), the
    wall clock then said `wall`, and the server said `server` (both ms since 1970 UTC)."""

    sent: int
    received: int
    wall: int
    server: int


def measure(asked: Sequence[Asked], made_at: int, server: str) -> ClockPart:
    """What the answers say (Cristian's algorithm): server time at the middle of a round trip, give or take half of it.

    All answers bound the offset, so it lies where all of their bounds overlap. Where they don't (a clock was set in
    between) the shortest round trip counts. No answer: an unmeasured clock.
    """
    if not asked:
        return ClockPart(
            made_at=made_at, server=server, samples=0, offset=None, uncertainty=None, jitter=0.0, trust="unmeasured",
            sentences=(
                Sentence(
                    "Chưa đo được đồng hồ: máy chủ không trả lời.",
                    "The clock is not measured: the server did not answer.",
                ),
            ),
        )  # fmt: skip
    # the server's clock minus this PC's wall clock, as of the answer
    spans = [(a.server - a.wall, a.server + (a.received - a.sent) - a.wall) for a in asked]
    low, high = max(low for low, _ in spans), min(high for _, high in spans)
    if low > high:
        low, high = min(spans, key=lambda span: span[1] - span[0])
    offset, uncertainty = (low + high) // 2, (high - low + 1) // 2
    middles = [(low + high) / 2 for low, high in spans]
    jitter = median(abs(value - median(middles)) for value in middles)
    return ClockPart(
        made_at=made_at, server=server, samples=len(asked), offset=offset, uncertainty=uncertainty,
        jitter=round(jitter, 1), trust=clock_trust(offset, uncertainty), sentences=_say(offset, uncertainty),
    )  # fmt: skip


def _say(offset: int, uncertainty: int) -> tuple[Sentence, ...]:
    vi, en = (number(abs(offset) / 1000, language, 3) for language in ("vi", "en"))
    within_vi, within_en = (number(uncertainty / 1000, language, 3) for language in ("vi", "en"))
    way_vi, way_en = ("chậm", "behind") if offset > 0 else ("nhanh", "ahead of")
    first = Sentence(
        f"Đồng hồ máy này {way_vi} {vi} giây so với máy chủ (±{within_vi} giây).",
        f"This PC's clock is {en} s {way_en} the server's (±{within_en} s).",
    )
    match clock_trust(offset, uncertainty):
        case "good":
            return (
                Sentence(
                    f"Đồng hồ tốt: {way_vi} {vi} giây so với máy chủ (±{within_vi} giây).",
                    f"The clock is good: {en} s {way_en} the server's (±{within_en} s).",
                ),
            )
        case "skewed":
            then = Sentence(
                "Bản ghi vẫn đúng giờ vì độ lệch được ghi kèm; hãy bật tự động đặt giờ trên máy này.",
                "Records keep the right time, as the offset is written with them; turn on automatic time on this PC.",
            )
        case _:
            then = Sentence(
                "Đồng hồ lệch quá nhiều, bản ghi sẽ phải có người xem lại: hãy đặt lại giờ của máy này.",
                "The clock is too far off, so somebody will have to look at the records: set this PC's clock.",
            )
    return first, then
