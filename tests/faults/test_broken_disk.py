from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults.broken_disk import faults, suffer

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace (Debian package strace)")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [1, 2, 3, 6, 9, 27, 40, 61])
def test_a_write_or_sync_that_fails_makes_no_promise_false(number: int, tmp_path: Path) -> None:
    broken = [trouble for fault in faults(number, number) if (trouble := suffer(fault, tmp_path / "log"))]
    assert broken == []
