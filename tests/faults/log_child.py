"""Fills a log and says what is done, for whoever cuts the power or breaks the disk underneath.

`python -m tests.faults.log_child FILE STEPS SYNCHRONOUS`. Every step that is done is one line on standard output,
written at once: what the log has promised from then on.

    RECORDS seq head      the log holds its records up to here, and the chain's head is this
    RECEIPT seq           so far it knows itself acknowledged
    FIRST seq             records before this one were let go
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bridge_agent.entries import seal
from bridge_agent.errors import RetryableError
from bridge_agent.log import DAY_MS, Log
from models.records import AnyRecord
from tests.faults.making import CLOCK, presence
from tests.receipts import receipt_of

STEPS_A_SESSION = 12
TRIES = 20


def say(*words: object) -> None:
    os.write(1, " ".join(map(str, words)).encode() + b"\n")


def step(log: Log, number: int) -> None:
    """One step; a RetryableError leaves it to be tried again, as the agent does."""
    session = f"s{number // STEPS_A_SESSION}"
    records: list[AnyRecord] = [presence(number * 10 + n, session) for n in range(1 + number % 5)]
    if number % STEPS_A_SESSION == STEPS_A_SESSION - 1:
        records.append(seal(session, [*log.of_session(session), *records], CLOCK))
    log.append(records)
    say("RECORDS", log.last_seq, log.head_at(log.last_seq))


def receive(log: Log, number: int) -> None:
    """A receipt, as the server gives one after some batches; then what is old goes."""
    receipt = receipt_of("d1", log.id, log.last_seq, log.head_at(log.last_seq) or "", number * DAY_MS)
    log.acknowledge(receipt)
    say("RECEIPT", log.acknowledged_seq)
    if number % 5 == 0 and log.prune(receipt):
        say("FIRST", log.first_seq)


def persist(work: object, *arguments: object) -> None:
    """Try again until it succeeds or the disk is taken for dead."""
    assert callable(work)
    for _ in range(TRIES):
        try:
            work(*arguments)
        except RetryableError:
            continue
        return
    raise SystemExit(3)


def main(path: Path, steps: int, synchronous: str) -> None:
    log = None
    for _ in range(TRIES):
        try:
            log = Log.open(path, "d1", 1)
        except RetryableError:
            continue
        break
    if log is None:
        raise SystemExit(3)
    log._db.execute("pragma wal_autocheckpoint = 40")  # a checkpoint every few steps instead of every few hundred
    log._db.execute(f"pragma synchronous = {synchronous}")
    for number in range(steps):
        persist(step, log, number)
        if number % 3 == 2:
            persist(receive, log, number)
    os._exit(0)  # no orderly end: that would sync what was promised unsynced


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
