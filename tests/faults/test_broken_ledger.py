from __future__ import annotations

import shutil

import pytest

from tests.faults.broken_disk import faults
from tests.faults.broken_ledger import Workshop

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace (Debian package strace)")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("ledger"))


@pytest.mark.parametrize("number", [2, 9])
def test_a_write_or_sync_that_fails_makes_no_receipt_false(workshop: Workshop, number: int) -> None:
    assert [trouble for fault in faults(number, number) if (trouble := workshop.suffer(fault))] == []


def test_a_receipt_that_was_not_synced_is_caught(workshop: Workshop) -> None:
    assert "there is a receipt for record" in (workshop.suffer(None, "normal") or "")
