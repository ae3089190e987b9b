"""The administrator's hands in the server's tables: the proof from raw lines and receipts names the record."""

from __future__ import annotations

import random
from pathlib import Path

from sqlalchemy import Connection, Engine

from models.receipts import Receipt
from tests.central_server.proof.tampering import Hands, make_ledger, proved, unguarded
from tests.faults.loop import Budget, Found, Tally, round_seed

CHANGES = 1_000


def try_one(engine: Engine, receipts: list[Receipt], seed: int) -> str | None:
    """Change one thing, prove, and take it back; what was not found, or None."""
    touched: list[tuple[str, int]] = []

    def hand(connection: Connection) -> None:
        hands = Hands(connection, random.Random(seed))
        hands.witnessed = max(receipt.server_log_seq for receipt in receipts)
        touched.append(hands.touch())

    findings = proved(engine, receipts, hand).findings
    ((device, seq),) = touched
    if any(one.device == device and one.first <= seq <= one.last for one in findings):
        return None
    return f"seed {seed}: record {seq} of {device} was changed, found was {findings}"


def loop(folder: Path, seed: int, budget: Budget) -> Found:
    """One change after the other to the same tables."""
    tally = Tally()
    data, receipts, _ = make_ledger(folder)
    engine = unguarded(data / "diemdanh.db")
    for number in budget.rounds(CHANGES):
        tally.counts["changes"] += 1
        trouble = try_one(engine, receipts, round_seed(seed, number))
        tally.counts["found"] += trouble is None
        tally.expect(trouble is None, trouble or "")
    engine.dispose()
    return tally.found()
