"""The courier: brings the log, and what is intact of damaged ones, to the server, and keeps its receipts."""

from __future__ import annotations

import asyncio
import functools
import random
import sqlite3
from pathlib import Path

from bridge_agent import salvage, sync
from bridge_agent.alarms import Alarms
from bridge_agent.entries import after_crash, still_open, unresumed
from bridge_agent.errors import LogUnwritableError
from bridge_agent.identity import Identity
from bridge_agent.journal import Journal
from bridge_agent.log import Log
from bridge_agent.salvage import Intact
from bridge_agent.sync import Sync, TakesBatches
from models.receipts import Receipt
from models.records import AnyRecord, RecordError, decode

PRUNE_EVERY_MS = 3_600_000
SALVAGE_AGAIN_MS = 60_000


class Courier:
    """Sends one batch at a time. Today's log goes first; a damaged one goes when nothing of today's waits."""

    def __init__(
        self,
        log: Log,
        server: TakesBatches,
        identity: Identity,
        every_ms: int,
        alarms: Alarms,
        journal: Journal,
        damaged: list[Path],
    ) -> None:
        self._log = log
        self._server = server
        self._identity = identity
        self._every_ms = every_ms
        self._alarms = alarms
        self._journal = journal
        self._rng = random.SystemRandom()
        self._sync = Sync(log.acknowledged_seq, every_ms, self._rng)
        known = log.salvaged()
        self._damaged = [path for path in damaged if not known.get(path.name)]
        self._intact: tuple[Intact, Sync] | None = None
        """The one of them that is being sent."""
        self._oldest: tuple[int, int] | None = None
        """The first record that waits, and when it was made."""
        self._salvage_at = 0
        self._prune_at = 0

    @property
    def away(self) -> bool:
        """The last try found no server."""
        return self._sync.away

    @property
    def held(self) -> int:
        """The seq up to which the server holds the log now, as far as is known: a restored one may hold less again."""
        return self._sync.held

    @property
    def waiting(self) -> int:
        """Records that the server does not hold now, as far as is known."""
        rest = self._intact[0].last_seq - self._intact[1].held if self._intact else 0
        return self._log.last_seq - self._sync.held + max(0, rest)

    def oldest(self) -> int | None:
        """Server time at which the oldest record was made that waits in today's log; None when none waits."""
        if self._sync.held >= self._log.last_seq:
            return None
        first = max(self._sync.held + 1, self._log.first_seq)
        if self._oldest is None or self._oldest[0] != first:  # asked twice a second while a page is open
            try:
                record = decode(self._log.lines(first, first)[0])
            except (sqlite3.Error, IndexError):  # a disk that can't be read is the log's own alarm
                return None
            self._oldest = first, record.server_time(record.boot)
        return self._oldest[1]

    @property
    def damaged(self) -> tuple[Path, ...]:
        """Damaged files whose intact part is not at the server yet."""
        return tuple(self._damaged)

    def hurry(self) -> None:
        """Try again at once: something important waits, or the program ends."""
        self._sync.hurry()

    def server_is_back(self) -> None:
        """The server was away: it may have been restored, and what waits need not wait longer."""
        self._sync.hurry()
        self._sync.ask_again()

    async def once(self, now: int) -> bool:
        """Send what is due at `now` (boot-time clock, ms); True when something was taken and more may be due."""
        log = self._log
        receipt = await sync.send(self._sync, log, self._server, self._identity, now)
        sent = receipt is not None and self._alarms.tried("receipt", functools.partial(log.acknowledge, receipt))
        self._tell("sync", self._sync)
        if sent:
            self._journal.note("acknowledged", seq=log.acknowledged_seq, waiting=self.waiting)
        if receipt is not None:
            self._prune(now, receipt)
        elif log.last_seq == self._sync.held and not self._sync.away:
            return await self._salvage(now)
        return sent

    def _prune(self, now: int, receipt: Receipt) -> None:
        if now < self._prune_at:
            return
        gone: list[int] = []
        if self._alarms.tried("receipt", lambda: gone.append(self._log.prune(receipt))) and any(gone):
            self._journal.note("pruned", records=gone[0], first_seq=self._log.first_seq)
        else:
            self._prune_at = now + PRUNE_EVERY_MS

    async def _salvage(self, now: int) -> bool:
        """Send the next batch of a damaged log's intact part."""
        if now < self._salvage_at or not self._damaged:
            return False
        if self._intact is None and not await self._open():
            self._salvage_at = now + SALVAGE_AGAIN_MS
        if self._intact is None:
            return False
        intact, state = self._intact
        if not self._alarms.tried("salvage", functools.partial(self._take_over, intact)):
            self._salvage_at = now + SALVAGE_AGAIN_MS
            return False
        receipt = await sync.send(state, intact, self._server, self._identity, now) if intact.kept else None
        self._tell("salvage", state)
        if state.held < intact.last_seq and intact.kept:
            return receipt is not None
        if self._alarms.tried("salvage", functools.partial(self._log.salvage_sent, intact.name, receipt)):
            self._journal.note("salvaged", file=intact.name, log=intact.log, records=len(intact.kept))
            self._damaged.pop(0)
            self._intact = None
            if not self._damaged:
                self._alarms.clear("salvaging")
        return True

    async def _open(self) -> bool:
        """Read the first of them, in a thread: a month of records takes seconds on an old PC, and the event loop that
        stood still for them would be taken for one that hangs, again after each restart (bridge_agent.heartbeat)."""
        try:
            intact = await asyncio.to_thread(salvage.read, self._damaged[0], self._log.device)
        except LogUnwritableError as error:
            self._alarms.set("salvage", error.vi, error.en)
            return False
        self._alarms.clear("salvage")
        self._intact = intact, Sync(intact.first_seq - 1, self._every_ms, self._rng)
        return True

    def _take_over(self, intact: Intact) -> None:
        """Record what was open when the file was damaged, once."""
        if intact.name in self._log.salvaged():
            return
        records: list[AnyRecord] = [
            record for saved in intact.open_sessions for record in (*after_crash(saved), *unresumed(still_open(saved)))
        ]
        try:
            self._log.take_over(intact.name, records)
        except RecordError:  # what was saved is damaged too
            self._log.take_over(intact.name, [])

    def _tell(self, name: str, state: Sync) -> None:
        if state.alarm is None:
            self._alarms.clear(name)
        else:
            self._alarms.set(name, state.alarm.vi, state.alarm.en)
