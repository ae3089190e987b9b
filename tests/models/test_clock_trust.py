from __future__ import annotations

import pytest

from models.clock_trust import ClockTrust, clock_trust


@pytest.mark.parametrize(
    ("offset", "uncertainty", "trust"),
    [
        (0, 0, "good"), (2_000, 0, "good"), (2_001, 0, "skewed"), (-2_050, 50, "good"), (-2_051, 50, "skewed"),
        (60_000, 0, "skewed"), (-60_001, 0, "untrusted"), (60_100, 100, "skewed"), (3_600_000, 40, "untrusted"),
        (None, None, "unmeasured"), (-2_001, None, "skewed"),
        (0, 60_000, "good"), (0, 60_001, "untrusted"), (3 * 3_600_000, 4 * 3_600_000, "untrusted"),
    ],
)  # fmt: skip
def test_a_clock_is_judged_by_what_is_sure(offset: int | None, uncertainty: int | None, trust: ClockTrust) -> None:
    assert clock_trust(offset, uncertainty) == trust
