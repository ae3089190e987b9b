"""Fifty broken rosters: a sentence each, naming the cell where it is one cell."""

from __future__ import annotations

import pytest

from central_server.enrolment.faults import RosterError
from central_server.enrolment.files import read_file
from central_server.enrolment.rows import Roster, read_rows
from central_server.enrolment.table import find_table
from tests.central_server.enrolment.files import BROKEN, Broken


def read(data: bytes) -> Roster:
    """As the page does it, in this process."""
    grids = read_file(data)
    sheet, headings = find_table(grids)
    return read_rows(grids[sheet], headings, this_year=2026)


def test_there_are_fifty() -> None:
    assert len({one.name for one in BROKEN}) == len(BROKEN) >= 50


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.name.replace(" ", "-"))
def test_a_broken_roster_gets_a_sentence(broken: Broken) -> None:
    data = broken.make()
    if broken.at:
        roster = read(data)
        assert tuple(fault.address for fault in roster.faults) == broken.at
        assert broken.says in roster.faults[0].vi
        assert roster.faults[0].en.endswith(".")
    else:
        with pytest.raises(RosterError) as raised:
            read(data)
        assert broken.says in raised.value.vi
        assert "\n" not in raised.value.vi + raised.value.en
