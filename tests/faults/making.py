"""Records for tests in which it does not matter what they tell, only that none is lost and none comes twice."""

from __future__ import annotations

from bridge_agent.entries import Eyes, interval_record
from bridge_agent.server_clock import ClockSample
from models.presence import PresenceInterval
from models.records import AnyRecord

EYES = Eyes("yunet", "intel")
CLOCK = ClockSample(wall=1_795_482_000_000, boot_id="b", boot=0, offset=0, uncertainty=5)


def presence(number: int, session: str = "K1.1") -> AnyRecord:
    """A record like no other: its learner's interval carries the number."""
    clock = ClockSample(CLOCK.wall + number, "b", number, 0, 5)
    return interval_record(PresenceInterval(f"p{number % 30}", number - 1, number, 3, 0.7), session, clock, EYES)
