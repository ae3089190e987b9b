"""Sync: the log goes to the server in batches until its receipt acknowledges them. A state machine; time is passed in.

    idle --(something waits, or a while has passed)--> sending --receipt--> idle
                                                        |  away     -> backoff with jitter, the same batch again
                                                        |  gap      -> from the seq that the server wants
                                                        |  fork     -> alarm; tried again every few minutes
                                                        |  refused  -> alarm; tried again every minute

Sending twice is harmless: the server keeps each (device, log, seq) once and compares the bytes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from bridge_agent.errors import AgentError, RefusedError, ServerAwayError
from bridge_agent.identity import Identity
from bridge_agent.log import Log
from bridge_agent.server import Server
from models.receipts import Receipt
from models.records import BATCH_LIMIT, sign_batch

FIRST_WAIT_MS = 1_000
LONGEST_WAIT_MS = 60_000
CLOCK_WAIT_MS = 5_000
REFUSED_WAIT_MS = 60_000
FORK_WAIT_MS = 300_000


@dataclass(frozen=True, slots=True)
class Alarm:
    """A sentence for people, until the fault has passed."""

    vi: str
    en: str


class Sync:
    """Says which records to send next and when. Times in ms of the boot-time clock."""

    def __init__(self, acknowledged: int, every_ms: int, rng: random.Random) -> None:
        self.alarm: Alarm | None = None
        self.away = False
        """The last try found no server."""
        self._next = acknowledged + 1
        self._every = every_ms
        self._rng = rng
        self._due = 0
        self._failures = 0
        self._limit = BATCH_LIMIT

    def batch(self, now: int, last_seq: int) -> tuple[int, int] | None:
        """The records (first and last seq) to send now; None when nothing waits or it is too early."""
        if now < self._due or last_seq < self._next:
            return None
        return self._next, min(last_seq, self._next + self._limit - 1)

    def acknowledged(self, now: int, receipt: Receipt, ours: str | None, last_seq: int) -> bool:
        """A receipt came; `ours` is our own head at its seq (None: no such record). False when the logs differ."""
        self.away = False
        if ours != receipt.head:
            self._forked(now)
            return False
        self.alarm = None
        self._failures = 0
        self._next = receipt.seq + 1
        self._due = now if last_seq > receipt.seq else now + self._every
        if self._limit < BATCH_LIMIT:
            self._limit = min(BATCH_LIMIT, self._limit * 2)
        return True

    def failed(self, now: int, error: AgentError) -> None:
        """The try ended with an error."""
        self.away = isinstance(error, ServerAwayError)
        if isinstance(error, RefusedError):
            refusal = error.refusal
            if refusal.reason == "gap" and refusal.wanted_seq is not None and 0 < refusal.wanted_seq != self._next:
                self._next = refusal.wanted_seq
                self._due = now
                return
            if refusal.reason == "clock":
                self._due = now + CLOCK_WAIT_MS  # the offset is measured all the time; a newer one will do
                return
            if refusal.reason == "fork":
                self._forked(now)
                return
            if refusal.reason == "too_large" and self._limit > 1:
                self._limit //= 2
                self._due = now
                return
        if self.away:
            # Full jitter: after a server's return its agents do not come all at once.
            longest = min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** min(self._failures, 16))
            self._failures += 1
            self._due = now + self._rng.randint(longest // 2, longest)
        else:
            self.alarm = Alarm(error.vi, error.en)
            self._due = now + REFUSED_WAIT_MS

    def hurry(self) -> None:
        """Try again at once: something important waits, or the program ends."""
        self._due = 0

    def _forked(self, now: int) -> None:
        self.alarm = Alarm(
            "Nhật ký ở máy này và ở máy chủ khác nhau. Máy vẫn ghi tiếp; hãy báo quản trị hệ thống ngay.",
            "This PC's log and the server's copy differ. Recording goes on; tell the administrator at once.",
        )
        self._due = now + FORK_WAIT_MS


async def send(sync: Sync, log: Log, server: Server, identity: Identity, now: int) -> Receipt | None:
    """Send one batch if one is due; the receipt when the server took it, for the log to keep."""
    due = sync.batch(now, log.last_seq)
    if due is None:
        return None
    first, last = due
    batch = sign_batch(identity.key, log.checkpoint(last), log.lines(first, last))
    try:
        receipt = await server.send_batch(batch)
    except AgentError as error:
        sync.failed(now, error)
        return None
    return receipt if sync.acknowledged(now, receipt, log.head_at(receipt.seq), log.last_seq) else None
