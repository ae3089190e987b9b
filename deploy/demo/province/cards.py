"""Learners who check in by card: their confirmations through a session, and the records of them. Pure, seeded."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.demo.province.plan import MINUTE, Meeting
from models.records import AnyRecord, CheckIn, SpotCheck, Unobserved, Vouched

SHARE = 0.07
"""Of the learners who gave no face template."""
Pair = tuple[int, int]
Made = tuple[int, type[AnyRecord], dict[str, Any]]
"""When a record is made (server time, ms), its kind, its fields but the common ones, with server times."""


@dataclass(frozen=True, slots=True)
class SpotChecked:
    """Asked and answered, or not answered until `at` (server time, ms)."""

    asked: int
    at: int
    answered: bool


@dataclass(frozen=True, slots=True)
class CardLearner:
    """One learner by card."""

    checked_in: int
    checks: tuple[SpotChecked, ...]
    end: int

    def confirmed_to(self, now: int) -> int:
        """Up to when what is known of it is written at `now` (server time, ms)."""
        return max((one.at for one in self.checks if one.answered and one.at <= now), default=self.checked_in)

    def records(self, learner: str, witness: str) -> Iterator[Made]:
        """What the agent writes of it, in order: what no confirmation closed was not observed."""
        who: dict[str, Any] = {"learner": learner}
        told: dict[str, Any] = {"method": "card", "score": None, "encoder": "", "witness": witness}
        yield self.checked_in, CheckIn, who | told | {"at": self.checked_in}
        last, missed = self.checked_in, False
        for one in self.checks:
            method = "pin" if one.answered else None
            told = {"asked": one.asked, "at": one.at, "answered": one.answered, "method": method}
            yield one.at, SpotCheck, who | told
            if one.answered:
                span: dict[str, Any] = {"start": last, "end": one.at}
                if missed:
                    yield one.at, Unobserved, who | span | {"why": "no_face"}
                else:
                    yield one.at, Vouched, who | span | {"method": "pin", "witness": witness}
                last = one.at
            missed = not one.answered
        if last < self.end:
            yield self.end, Unobserved, who | {"start": last, "end": self.end, "why": "no_face"}


def card_learner(meeting: Meeting, there: Sequence[Pair], rng: random.Random) -> CardLearner | None:
    """How a learner's session by card went; None for one who did not come. there: when the learner was in the room."""
    if not there:
        return None
    at = max(there[0][0], meeting.start - 10 * MINUTE)
    checked_in, checks = at, []
    # The last one before the end is answered, or its time is up, before that at the end is asked.
    while (at := at + rng.randrange(18, 40) * MINUTE) < meeting.end - 6 * MINUTE:
        answered = any(start <= at < end for start, end in there) and rng.random() < 0.93
        waited = rng.randrange(15_000, 100_000) if answered else 5 * MINUTE
        checks.append(SpotChecked(at, at + waited, answered))
    if checked_in < meeting.end - 20_000 and there[-1][1] >= meeting.end:
        checks.append(SpotChecked(meeting.end - 20_000, meeting.end + rng.randrange(20_000, 60_000), answered=True))
    return CardLearner(checked_in, tuple(checks), meeting.end + 2 * MINUTE)
