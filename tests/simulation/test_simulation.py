"""Some histories of the whole system, that one seed is one history, and that the simulation finds what is broken.

All of it: `python -m tests.simulation --count 1000`.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bridge_agent import key_rotation
from bridge_agent.data_folder import DataFolder
from bridge_agent.entries import OpenSession
from bridge_agent.identity import Identity
from bridge_agent.key_rotation import RotatesKeys
from bridge_agent.key_store import KeyStore
from bridge_agent.log import Damage
from central_server.errors import GapError, RefusedError
from central_server.ledger import ingest
from central_server.ledger.ingest import ReadBatch
from central_server.ledger.queries import LogState
from models.records import GENESIS, AnyRecord, chained
from tests.simulation.pc import WitnessedLog
from tests.simulation.seeds import run_seeds

ROOT = Path(__file__).parents[2]
MOST = 12
"""Among so many seeds a broken part must show."""


def digest_of(seed: int, hash_seed: int) -> str:
    """The digest of a seed's history, played by another process."""
    command = [sys.executable, "-m", "tests.simulation", "--seed", str(seed), "--quiet"]
    env = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(240)
def test_some_histories_end_well_and_one_seed_is_one_history() -> None:
    alone = digest_of(2, hash_seed=1)
    counts = run_seeds(1, 2)
    assert counts.failed == []
    assert (counts.seeds, counts.records > 200, counts.receipts > 50) == (2, True, True)
    assert f"digest {counts.digests[2]} " in alone


class UnsyncedLog(WitnessedLog):
    """A log that calls written what only the system's cache holds."""

    def __init__(self, db: sqlite3.Connection, log: str, device: str, damage: Damage | None) -> None:
        super().__init__(db, log, device, damage)
        db.execute("pragma synchronous = normal")


class ForgetfulLog(WitnessedLog):
    """A log that keeps what is open to itself: a crash costs all of it."""

    def append(self, records: Sequence[AnyRecord], saved: OpenSession | None = None) -> int:
        return super().append(records)


def accepted_without_comparing(
    connection: Connection, read: ReadBatch, state: LogState, _: int
) -> ingest._Accepted | RefusedError:
    """A server that believes whatever came last: it compares no head, and no line with what it holds."""
    batch, point = read.batch, read.batch.signed.checkpoint
    if batch.first_seq > state.seq + 1:
        return GapError(state.seq + 1, batch.first_seq)
    for table in ("record", "signed_head"):
        condition = "device = :device AND log = :log AND seq BETWEEN :first AND :last"
        connection.execute(
            text(f"DELETE FROM {table} WHERE {condition}"),  # noqa: S608 - our own names
            {"device": point.device, "log": point.log, "first": batch.first_seq, "last": point.seq},
        )
    heads = chained(GENESIS, batch.lines)
    heads[-1] = bytes.fromhex(point.head)
    return ingest._Accepted(read, 0, heads, point.seq, heads[-1])


async def never_mended(_: DataFolder, __: KeyStore, ___: Identity, ____: RotatesKeys) -> bool:
    """An agent that gives up when the server does not know its key."""
    return False


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("log", "found"), [(UnsyncedLog, "promised"), (ForgetfulLog, "observed")])
def test_a_log_that_breaks_its_promise_is_found_and_told_with_the_command_to_see_it_again(
    log: type[WitnessedLog], found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = run_seeds(1, MOST, log=log, until_one_fails=True)
    (failed,) = counts.failed
    assert found in str(failed.failure)
    assert f"again: .venv/bin/python -m tests.simulation --seed {failed.seed}\n" in capsys.readouterr().out


@pytest.mark.timeout(240)
def test_a_server_that_compares_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "_accept", accepted_without_comparing)
    assert len(run_seeds(1, MOST, until_one_fails=True).failed) == 1


@pytest.mark.timeout(240)
def test_an_agent_that_stays_locked_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_rotation, "mend", never_mended)
    (failed,) = run_seeds(3, MOST, until_one_fails=True).failed
    assert "never came" in str(failed.failure)
