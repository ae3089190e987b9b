from __future__ import annotations

import pytest

from central_server.web.figures import day, moment, second_time
from tests.central_server.running import START


def test_a_moment_is_shown_on_vietnams_clocks() -> None:
    assert (day(START), second_time(START)) == ("24/11/2026", "08:00:00")
    assert (day(0), second_time(0)) == ("01/01/1970", "07:00:00")


@pytest.mark.parametrize("ms", [-(2**63), -(2**53), -1, 2**53, 2**63])
def test_a_clock_that_is_wrong_by_ages_takes_no_page_away(ms: int) -> None:
    assert moment(ms).year in (1970, 9999)
