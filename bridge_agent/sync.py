"""Sync: the log goes to the server in batches until its receipt acknowledges them. A state machine; time is passed in.

    idle --(something waits, or a while has passed)--> sending --receipt--> idle
                                                        |  away     -> backoff with jitter, the same batch again
                                                        |  gap      -> from the seq that the server wants
                                                        |  fork     -> alarm; the batches before it, until the record
                                                        |              is named; then again every few minutes
                                                        |  refused  -> alarm; tried again every minute

Sending twice is harmless: the server keeps each (device, log, seq) once and compares the bytes. So when nothing is new
the last record is sent again from time to time: a server restored from a backup holds less than it once acknowledged,
answers with a gap, and gets back all that it lost.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Protocol

from bridge_agent.errors import AgentError, RefusedError, ServerAwayError
from bridge_agent.identity import Identity
from models.receipts import Receipt
from models.records import BATCH_LIMIT, Batch, Checkpoint, sign_batch

FIRST_WAIT_MS = 1_000
LONGEST_WAIT_MS = 60_000
CLOCK_WAIT_MS = 5_000
REFUSED_WAIT_MS = 60_000
FORK_WAIT_MS = 300_000
ASK_AGAIN_MS = 600_000
"""So often an idle agent makes sure that the server still holds what it acknowledged."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A sentence for people, until the fault has passed."""

    vi: str
    en: str


class Source(Protocol):
    """A log to be sent: the agent's own, or what is intact of a damaged one."""

    @property
    def first_seq(self) -> int:
        """Seq of the first record that is here."""

    @property
    def last_seq(self) -> int:
        """Seq of the last record."""

    def checkpoint(self, seq: int) -> Checkpoint:
        """The checkpoint at record `seq`."""

    def lines(self, first: int, last: int) -> list[bytes]:
        """The lines of these records, both included."""

    def confirms(self, receipt: Receipt) -> bool:
        """The server holds what this log holds."""


class TakesBatches(Protocol):
    """A server that takes batches (bridge_agent.server.Server)."""

    async def send_batch(self, batch: Batch) -> Receipt:
        """Raises AgentError."""


class Sync:
    """Says which records to send next and when. Times in ms of the boot-time clock."""

    def __init__(self, acknowledged: int, every_ms: int, rng: random.Random) -> None:
        self.alarm: Alarm | None = None
        self.away = False
        """The last try found no server."""
        self._next = acknowledged + 1
        self._sent = self._next
        """First seq of the batch that was sent last."""
        self._every = every_ms
        self._rng = rng
        self._due = 0
        self._ask_at = 0
        self._failures = 0
        self._limit = BATCH_LIMIT
        self._differs = 0
        """The first record known to differ from the server's; 0 while none is."""

    @property
    def held(self) -> int:
        """The server holds the log up to here, as far as is known now."""
        return self._next - 1

    def batch(self, now: int, last_seq: int, first_seq: int = 1) -> tuple[int, int] | None:
        """The records (first and last seq) to send now; None when nothing waits or it is too early.

        The log holds the records `first_seq` to `last_seq`.
        """
        if now < self._due:
            return None
        if last_seq >= self._next:
            self._sent = self._next
            return self._sent, min(last_seq, self._sent + self._limit - 1)
        if now >= self._ask_at and first_seq <= last_seq:
            self._sent = last_seq
            return last_seq, last_seq
        return None

    def acknowledged(self, now: int, receipt: Receipt, same: bool, last_seq: int) -> bool:
        """A receipt came; `same`: at its seq both logs have one head. True when it tells something new to be kept."""
        self.away = False
        if not same:
            if receipt.seq > last_seq:
                self._differs = last_seq + 1
            self._forked(now)
            return False
        news = receipt.seq >= self._next
        self.alarm = None
        self._differs = 0
        self._failures = 0
        self._ask_at = now + ASK_AGAIN_MS
        self._next = max(self._next, receipt.seq + 1)
        self._due = now if last_seq > receipt.seq else now + self._every
        if self._limit < BATCH_LIMIT:
            self._limit = min(BATCH_LIMIT, self._limit * 2)
        return news

    def failed(self, now: int, error: AgentError, first_seq: int = 1) -> None:
        """The try ended with an error. The log's first record is `first_seq`."""
        self.away = isinstance(error, ServerAwayError)
        if isinstance(error, RefusedError):
            refusal = error.refusal
            if refusal.reason == "gap" and refusal.wanted_seq is not None:
                wanted = refusal.wanted_seq
                if first_seq <= wanted < self._sent:
                    self._next = wanted
                    self._due = now
                    return
                if 0 < wanted < first_seq:
                    self._too_old(now, wanted, first_seq)
                    return
            if refusal.reason == "clock":
                self._due = now + CLOCK_WAIT_MS  # the offset is measured all the time; a newer one will do
                return
            if refusal.reason == "fork":
                self._differs = refusal.fork_seq or self._differs
                self._forked(now)
                if (refusal.fork_seq or 0) <= self._sent and self._sent > first_seq:  # it may begin before this batch
                    self._next = max(first_seq, self._sent - self._limit)
                    self._due = now
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

    def ask_again(self) -> None:
        """The server was away: make sure soon that it still holds what it acknowledged."""
        self._ask_at = 0

    def disbelieved(self, now: int) -> None:
        """A receipt came that the server which was joined did not sign: nothing counts as acknowledged by it."""
        self.alarm = Alarm(
            "Biên nhận nhận được không có chữ ký của máy chủ đã gia nhập. Bản ghi vẫn được giữ ở máy này; hãy báo quản "
            "trị hệ thống.",
            "A receipt came without the signature of the server that was joined. The records stay on this PC; tell the "
            "administrator.",
        )
        self._due = now + REFUSED_WAIT_MS

    def _too_old(self, now: int, wanted: int, first_seq: int) -> None:
        self.alarm = Alarm(
            f"Máy chủ cần lại các bản ghi từ số {wanted}, nhưng máy này chỉ còn giữ từ số {first_seq}. Máy vẫn ghi "
            "tiếp; hãy báo quản trị hệ thống.",
            f"The server wants records from number {wanted} again, but this PC keeps them from {first_seq} only. "
            "Recording goes on; tell the administrator.",
        )
        self._due = now + FORK_WAIT_MS

    def _forked(self, now: int) -> None:
        vi, en = (f" từ bản ghi số {self._differs}", f" from record {self._differs} on") if self._differs else ("", "")
        self.alarm = Alarm(
            f"Nhật ký ở máy này và ở máy chủ khác nhau{vi} nên máy này không gửi được nữa; máy vẫn ghi tiếp. Thường là "
            "do thư mục dữ liệu đã được chép sang máy khác và cả hai máy cùng chạy: hãy dừng một máy. Nếu giữ máy này, "
            "hãy cho gia nhập lại với thư mục dữ liệu mới và giữ nguyên thư mục cũ cho quản trị hệ thống. Báo quản trị "
            "hệ thống ngay.",
            f"This PC's log and the server's copy differ{en}, so this PC can send no more; it goes on recording. "
            "Mostly the data folder was copied to another PC and both run: stop one of them. If this one stays, let it "
            "join anew with a new data folder, and keep the old folder for the administrator. Tell the administrator "
            "at once.",
        )
        self._due = now + FORK_WAIT_MS


async def send(sync: Sync, log: Source, server: TakesBatches, identity: Identity, now: int) -> Receipt | None:
    """Send one batch if one is due; the server's receipt when it tells something new, for the log to keep."""
    due = sync.batch(now, log.last_seq, log.first_seq)
    if due is None:
        return None
    first, last = due
    batch = sign_batch(identity.key, log.checkpoint(last), log.lines(first, last))
    try:
        receipt = await server.send_batch(batch)
    except AgentError as error:
        sync.failed(now, error, log.first_seq)
        return None
    if not identity.believes(receipt):
        sync.disbelieved(now)
        return None
    return receipt if sync.acknowledged(now, receipt, log.confirms(receipt), log.last_seq) else None
