"""Records for tests in which it does not matter what they tell, only that none is lost and none comes twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge_agent.entries import UNPLACED, Eyes, interval_record
from bridge_agent.server_clock import ClockSample
from models.presence import PresenceInterval
from models.records import (
    AnyRecord,
    CheckIn,
    Coverage,
    Headcount,
    Link,
    OnDuty,
    ProfileUsed,
    SpotCheck,
    Unobserved,
    Vouched,
)

EYES = Eyes("yunet", "intel")
CLOCK = ClockSample(wall=1_795_482_000_000, boot_id="b", boot=0, offset=0, uncertainty=5)


def presence(number: int, session: str = "K1.1") -> AnyRecord:
    """A record like no other: its learner's interval carries the number."""
    clock = ClockSample(CLOCK.wall + number, "b", number, 0, 5)
    return interval_record(PresenceInterval(f"p{number % 30}", number - 1, number, 3, 0.7), session, clock, EYES)


def any_kind(number: int, session: str = "K1.1") -> AnyRecord:
    """A record like no other, of each kind in turn but the seal."""
    same: dict[str, Any] = {
        "device": UNPLACED, "log": UNPLACED, "seq": 1, "session": session, "wall": CLOCK.wall + number,
        "boot_id": "b", "boot": number, "offset": 0, "uncertainty": 5,
    }  # fmt: skip
    who: dict[str, Any] = {"learner": f"p{number % 30}"}
    span: dict[str, Any] = {"start": number - 1, "end": number}
    made: tuple[Callable[[], AnyRecord], ...] = (
        lambda: presence(number, session),
        lambda: CheckIn(
            **same, **who, at=number, method="card", score=None, encoder="", witness="a-1", flags=("lookalike",)
        ),
        lambda: Coverage(**same, **span, ended_by="cut", detector=EYES.detector, encoder=EYES.encoder),
        lambda: Link(**same, **span, ended_by="line"),
        lambda: Vouched(**same, **who, **span, method="pin", witness="a-1"),
        lambda: Unobserved(**same, **who, **span, why="far_seat"),
        lambda: SpotCheck(**same, **who, asked=number - 1, at=number, answered=number % 2 == 0, method="pin"),
        lambda: OnDuty(**same, at=number, witness="a-1", named_by=None),
        lambda: ProfileUsed(**same, at=number, profile=None, state="missing", encoder=EYES.encoder, threshold=0.5),
        lambda: Headcount(**same, **span, people=3, known=2, unknown=1, vouched=0, roster=3),
    )
    return made[number % len(made)]()
