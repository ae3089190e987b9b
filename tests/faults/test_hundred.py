"""The table of the hundred faults is about the faults in the code, all of them as demanded; and some are injected here,
for how soon is judged by the full run (deploy/run.py faults), which has the machine to itself.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.hundred.catalogue import FAULTS
from tests.faults.hundred.fault import Fault
from tests.faults.hundred.judging import judge
from tests.faults.hundred.place import Place, bridge_point
from tests.faults.hundred.table import listed

QUICK = [fault for fault in FAULTS if fault.quick]


def test_a_hundred_faults_and_the_table_lists_exactly_those() -> None:
    assert len(FAULTS) >= 100
    assert not [name for name, count in Counter(fault.name for fault in FAULTS).items() if count > 1]
    assert listed() == [(fault.name, fault.part, fault.how) for fault in FAULTS]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Place]:
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("a disk and names of its own need root")
    with bridge_point(tmp_path_factory.mktemp("faults"), shared) as one:
        yield one


@pytest.mark.alone
@pytest.mark.timeout(180)
@pytest.mark.parametrize("fault", QUICK, ids=lambda fault: fault.name)
def test_the_page_says_it_and_all_is_well_again(fault: Fault, place: Place, record_property: object) -> None:
    outcome = judge(fault, place)
    if outcome.late and callable(record_property):
        record_property("late", "; ".join(outcome.late))
    assert not outcome.wrong
