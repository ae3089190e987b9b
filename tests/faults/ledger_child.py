"""A real server that takes one device's batches in over HTTP, for whoever breaks the disk underneath its database.

Run in a process of its own. What the server has promised is a line of the file `said`, written at once.

    RECEIPT seq head      the server holds the device's records up to here, and the chain's head is this
"""

from __future__ import annotations

import os
import signal
import sqlite3
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Pool, event

from models.receipts import Receipt
from tests.central_server.running import MINUTE, START, Agent, Clock, Running, join, running, write_course

FINISHED, GAVE_UP, NOT_A_REFUSAL = 0, 3, 4
TRIES = 8
PAGES_A_CHECKPOINT = 40


def prepare(folder: Path) -> Agent:
    """Make a data folder with a course and one joined device."""
    with running(folder) as server:
        server.load(write_course(folder.with_suffix(".toml")))
        return join(server)


def fill(folder: str, device: str, key: bytes, steps: int, said: str, synchronous: str) -> None:
    """Send batches until all are in, or until the disk is taken for dead.

    It stops itself first: whoever started it goes on with it when the disk's faults are in place.
    """
    os.kill(os.getpid(), signal.SIGSTOP)

    def taken(db: sqlite3.Connection, *_: object) -> None:
        """Each time a connection is taken out, for the server's own settings come after the ones set as it is made."""
        db.execute(f"PRAGMA wal_autocheckpoint = {PAGES_A_CHECKPOINT}")
        db.execute(f"PRAGMA synchronous = {synchronous}")

    event.listen(Pool, "checkout", taken)
    out = os.open(said, os.O_WRONLY | os.O_CREAT)
    try:
        with running(Path(folder)) as server:
            # No orderly end: that would sync what was promised unsynced.
            os._exit(_send(server, device, Ed25519PrivateKey.from_private_bytes(key), steps, out))
    except AssertionError:  # it did not start, and has promised nothing
        os._exit(GAVE_UP)


def _send(server: Running, device: str, key: Ed25519PrivateKey, steps: int, out: int) -> int:
    known = Ed25519PublicKey.from_public_bytes(bytes.fromhex(server.services.server_key.public))
    agent = Agent(server.address, device, "", key, Clock(), known)
    for step in range(steps):
        first = len(agent.lines) + 1
        for n in range(first, first + 1 + step % 5):
            agent.presence("K1.1", "l-1", START + n * MINUTE, START + n * MINUTE + 30_000)
        for _ in range(TRIES):
            answer = agent.request("POST", "/api/agent/batches", agent.batch(first, len(agent.lines)).encode())
            if answer.status_code != 503:
                break
        if answer.status_code == 503:
            return GAVE_UP
        if answer.status_code != 200:
            return NOT_A_REFUSAL
        receipt = msgspec.json.decode(answer.content, type=Receipt)
        os.write(out, f"RECEIPT {receipt.seq} {receipt.head}\n".encode())
    return FINISHED
