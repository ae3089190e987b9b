"""A clever technician's hands in his agent's log, below the last receipt: the agent, the server or the receipts tell.

He may do it badly (a row is edited), or well (the chain is computed anew), or very well (the receipts are made to fit).
"""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import msgspec

from bridge_agent.identity import Identity
from bridge_agent.log import Log
from bridge_agent.sync import FORK_WAIT_MS
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import verify
from models.receipts import Receipt
from models.records import GENESIS, chained, decode, encode
from tests.central_server.running import Running, running, write_course
from tests.faults.loop import Budget, Found, Tally, round_seed
from tests.faults.making import any_kind, presence
from tests.faults.sending import Parts, client, joined

CHANGES = 1_000
RECORDS, BATCH = 60, 10
AWAY = 1_000_000
"""A number that no record has."""
Skill = Literal["badly", "well", "very well", "back in time"]
"""A row is edited; and the heads computed anew; and the receipts made to fit; or thrown away from there on."""
SKILLS: tuple[Skill, ...] = get_args(Skill)
Act = Literal["edit", "column", "head", "remove", "insert", "swap", "cut", "receipt"]
ACTS: tuple[Act, ...] = get_args(Act)
DONE_WELL: tuple[Act, ...] = ("edit", "remove", "insert", "swap", "cut")
_TRIGGERS = "select name from sqlite_master where type = 'trigger'"


@dataclass(frozen=True, slots=True)
class Change:
    """What was done: from record `seq` on the log is not what the server acknowledged."""

    act: Act
    skill: Skill
    seq: int


class Hands:
    """Change the log file of a connection; what they do follows from the seed."""

    def __init__(self, db: sqlite3.Connection, rng: random.Random) -> None:
        self.db, self.rng = db, rng
        for (name,) in db.execute(_TRIGGERS).fetchall():
            db.execute(f"drop trigger {name}")
        self.lines = [line for (line,) in db.execute("select line from records order by seq")]

    def touch(self) -> Change:
        """Do one thing to one record, below the last receipt."""
        skill = self.rng.choice(SKILLS)
        seq = self.rng.randint(1, RECORDS - 1)
        if skill != "badly":
            act = self.rng.choice(DONE_WELL)
            self._rewrite(act, seq)
            self._receipts(skill, seq)
            return Change(act, skill, seq)
        act = self.rng.choice(ACTS)
        match act:
            case "edit":
                self._set(seq, "line", _flipped(self.lines[seq - 1], self.rng))
            case "column":
                column = self.rng.choice(("session", "kind", "line"))
                self._set(seq, column, self.rng.choice((77, "K1.9", "seal", b"\x00", 0.5)))
            case "head":
                self._set(seq, "head", self.rng.choice((self.rng.randbytes(32), "", 5)))
            case "remove":
                self.db.execute("delete from records where seq = ?", (seq,))
            case "insert":
                self.db.execute("update records set seq = seq + ? where seq > ?", (AWAY + 1, seq))
                self.db.execute("update records set seq = seq - ? where seq > ?", (AWAY, AWAY))
                self.db.execute(
                    "insert into records select ?, session, kind, line, head from records where seq = ?", (seq + 1, seq)
                )
                seq += 1
            case "swap":
                for was, now in ((seq, AWAY), (seq + 1, seq), (AWAY, seq + 1)):
                    self.db.execute("update records set seq = ? where seq = ?", (now, was))
            case "cut":
                self.db.execute("delete from records where seq >= ?", (seq,))
            case "receipt":
                seq = self._spoil_receipt()
        return Change(act, skill, seq)

    def _set(self, seq: int, column: str, value: object) -> None:
        self.db.execute(f"update records set {column} = ? where seq = ?", (value, seq))  # noqa: S608 - our own names

    def _rewrite(self, act: Act, seq: int) -> None:
        """Change the records from `seq` on and compute all heads anew, as the program itself would have written it."""
        records = [decode(line) for line in self.lines]
        at = seq - 1
        match act:
            case "edit":
                records[at] = msgspec.structs.replace(records[at], wall=records[at].wall - 3_600_000)
            case "remove":
                del records[at]
            case "insert":
                records.insert(at, msgspec.structs.replace(records[at], wall=records[at].wall + 1))
            case "swap":
                records[at], records[at + 1] = records[at + 1], records[at]
            case _:
                del records[at:]
        lines = [encode(msgspec.structs.replace(record, seq=n)) for n, record in enumerate(records, 1)]
        self.db.execute("delete from records")
        for n, (line, head) in enumerate(zip(lines, chained(GENESIS, lines), strict=True), 1):
            kind = str(records[n - 1].__struct_config__.tag)
            self.db.execute("insert into records values (?, ?, ?, ?, ?)", (n, records[n - 1].session, kind, line, head))

    def _receipts(self, skill: Skill, seq: int) -> None:
        last = self.db.execute("select coalesce(max(seq), 0) from records").fetchone()[0]
        rows = self.db.execute("select number, seq, receipt from receipts where seq >= ? order by number", (seq,))
        for number, upto, receipt in rows.fetchall():
            if skill == "very well" and upto <= last:
                head = self.db.execute("select head from records where seq = ?", (upto,)).fetchone()[0].hex()
                fitting = msgspec.structs.replace(msgspec.json.decode(receipt, type=Receipt), head=head)
                row = (msgspec.json.encode(fitting), number)
                self.db.execute("update receipts set receipt = ? where number = ?", row)
            elif skill != "well":
                self.db.execute("delete from receipts where number = ?", (number,))
        if skill != "well":
            self.db.execute("delete from acknowledged")
            self.db.execute(
                "insert into acknowledged select 1, seq, receipt from receipts order by number desc limit 1"
            )

    def _spoil_receipt(self) -> int:
        number, seq, receipt = self.rng.choice(self.db.execute("select number, seq, receipt from receipts").fetchall())
        said = msgspec.json.decode(receipt, type=Receipt)
        spoilt = self.rng.choice((
            msgspec.structs.replace(said, head=self.rng.randbytes(32).hex()),
            msgspec.structs.replace(said, seq=said.seq - 1),
            msgspec.structs.replace(said, server_time=said.server_time - 86_400_000),
            msgspec.structs.replace(said, signature=self.rng.randbytes(64).hex()),
        ))  # fmt: skip
        self.db.execute("update receipts set receipt = ? where number = ?", (msgspec.json.encode(spoilt), number))
        return int(seq)


def _flipped(line: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(line))
    return line[:at] + bytes([line[at] ^ (1 << rng.randrange(7))]) + line[at + 1 :]


@dataclass(frozen=True, slots=True)
class Told:
    """Who told of a change, and the numbers of the records he named, first and last."""

    by: Literal["agent", "server", "receipts", "nobody"]
    first: int = 0
    last: int = 0
    words: str = ""

    def names(self, change: Change) -> bool:
        """Somebody told, and of the right record."""
        return self.by != "nobody" and self.first <= change.seq <= self.last


class Scene:
    """A server, and an agent's log of RECORDS records, all of them acknowledged in batches, closed."""

    def __init__(self, server: Running, folder: Path) -> None:
        self.server, self.folder, self.who = server, folder, joined(server)
        self.original = folder / "original.db"
        asyncio.run(self._fill())

    async def _fill(self) -> None:
        log = Log.open(self.original, self.who.membership.device, 1)
        async with client(self.server, self.who) as to:
            parts = Parts(self.folder, log, self.who, to)
            for first in range(1, RECORDS, BATCH):
                log.append([any_kind(n) for n in range(first, first + BATCH)])
                await parts.drain()
                parts.now += 2_000
            parts.close()
        log.close()

    def try_one(self, seed: int) -> tuple[Change, Told]:
        """Change a copy of the log, start the agent on it, and see who tells."""
        rng, place = random.Random(seed), self.folder / "changed"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        shutil.copy(self.original, place / "log.db")
        with closing(sqlite3.connect(place / "log.db")) as db:
            change = Hands(db, rng).touch()
            db.commit()
            (left,) = db.execute("select count(*) from records").fetchone()
        # A log that was emptied has nothing to say before its next record; one that is whole would be gone on with.
        goes_on = rng.random() < 0.5 if left else True
        return change, self.told(place, goes_on=goes_on and change.act != "receipt")

    def told(self, place: Path, goes_on: bool) -> Told:
        """Start the agent on the log in a folder, and see who tells that something is wrong with it."""
        return asyncio.run(_told(self.server, self.who, place, goes_on))


async def _told(server: Running, who: Identity, place: Path, goes_on: bool) -> Told:
    """Open the log as the agent does; let it send; then hold its receipts against the server's tables."""
    with closing(Log.open(place / "log.db", who.membership.device, 2)) as log:
        if log.damage is not None:
            return _named("agent", log.damage.reason)
        if goes_on:
            log.append([presence(1_000)])
        async with client(server, who) as to:
            parts = Parts(place, log, who, to)
            for _ in range(4):
                await parts.courier.once(parts.now)
                parts.now += FORK_WAIT_MS
            parts.close()
        if alarms := parts.alarms.here():
            return _named("server", alarms[0])
        receipts = [msgspec.json.decode(receipt, type=Receipt) for receipt in log.receipts()]
    with server.services.engine.connect() as connection:
        findings = [one for one in verify(StoredEvidence(connection), receipts).findings if one.device]
    if findings:
        return Told("receipts", findings[0].first, findings[0].last, findings[0].what)
    return Told("nobody")


def _named(by: Literal["agent", "server"], words: str) -> Told:
    numbers = [int(number) for number in re.findall(r"\d+", words)] or [0]
    return Told(by, numbers[0], numbers[-1], words)


def loop(folder: Path, seed: int, budget: Budget) -> Found:
    """One change after the other, each to a copy of the same log."""
    tally = Tally()
    with running(folder / "data") as server:
        server.load(write_course(folder / "course.toml", learners=3))
        scene = Scene(server, folder)
        for number in budget.rounds(CHANGES):
            change, told = scene.try_one(round_seed(seed, number))
            tally.counts["changes"] += 1
            tally.counts[f"told by {told.by}"] += 1
            tally.expect(told.names(change), f"round {number}: {change} was told by {told}")
    return tally.found()
