from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults.broken_disk import Fault, faults, suffer

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace (Debian package strace)")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [1, 3, 6, 40])
def test_a_write_or_sync_that_fails_makes_no_promise_false(number: int, tmp_path: Path) -> None:
    broken = [trouble for fault in faults(number, number) if (trouble := suffer(fault, tmp_path / "log"))]
    assert broken == []


def test_a_promise_that_was_not_synced_is_caught(tmp_path: Path) -> None:
    assert "lost" in (suffer(Fault("pwrite64", "EIO", 20, lasting=False), tmp_path / "log", "normal") or "")


def test_writes_and_syncs_are_broken_and_full_for_now_and_for_good() -> None:
    made = faults(1, 500)
    assert len(made) == 1_000
    kinds = {(one.call, one.error, one.lasting) for one in made}
    assert kinds == {(c, e, t) for c in ("pwrite64", "fdatasync") for e in ("EIO", "ENOSPC") for t in (True, False)}
