"""Power cuts: what the disk may hold when the power goes at any moment of a recorded run.

Until a file is synced each of its writes may be on the disk or not, in any order, whole or torn at a sector. A state is
one moment and one such choice. The log is opened on it as at the next start, and must keep what it had promised.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bridge_agent.errors import AgentError
from bridge_agent.log import Log
from tests.faults.loop import Budget, Found, Tally, round_seed
from tests.faults.trace import Op, Said, Sync, Truncate, Unlink, Write, record

STATES, AT_ONCE, AT_NORMAL = 20_000, 500, 200
"""States of the whole loop, of each round, and of each round at NORMAL, which must lose something."""
STEPS = 200
SECTOR = 512
TORN_SHARE = 0.2
MEMORY = Path("/dev/shm")  # noqa: S108 - where there is one, states are made and opened there


@dataclass
class Promises:
    """What the log has said so far."""

    records: int = 0
    head: str = ""
    receipt: int = 0
    first: int = 1

    def hear(self, words: Sequence[str]) -> None:
        match words:
            case ["RECORDS", seq, head]:
                self.records, self.head = int(seq), head
            case ["RECEIPT", seq]:
                self.receipt = int(seq)
            case ["FIRST", seq]:
                self.first = int(seq)

    def broken_by(self, path: Path) -> str | None:
        """Open the log at `path` as the next start does; what it does not keep, or None."""
        try:
            log = Log.open(path, "d1", 2)
        except AgentError as error:
            return f"does not open: {error}"
        try:
            if not self.records:
                return None  # nothing was promised yet; that it starts is enough
            if log.damage:
                return f"damaged: {log.damage.reason}"
            if log.last_seq < self.records or log.head_at(self.records) != self.head:
                return f"lost records: {self.records} were promised, {log.last_seq} are there"
            if log.acknowledged_seq < self.receipt:
                return "lost a receipt"
            return "lost records that were to stay" if log.first_seq < self.first else None
        finally:
            log.close()


@dataclass
class Disk:
    """What is durable of each file, and what waits for a sync."""

    durable: dict[str, bytearray] = field(default_factory=dict)
    pending: dict[str, list[Write | Truncate | Unlink]] = field(default_factory=dict)

    def do(self, op: Op) -> None:
        if isinstance(op, Sync):
            waiting = self.pending.pop(op.name, [])
            # After a failed sync Linux calls the pages clean, and they may never reach the disk.
            for one in waiting if op.ok else ():
                _apply(self.durable, one)
        elif not isinstance(op, Said):
            self.pending.setdefault(op.name, []).append(op)

    def states(self, rng: random.Random) -> dict[str, bytearray]:
        """One thing that the disk may hold if the power goes now."""
        files = {name: bytearray(data) for name, data in self.durable.items()}
        style = rng.choice(("drop", "prefix", "subset"))
        for waiting in self.pending.values():
            cut = rng.randrange(len(waiting) + 1)
            for place, op in enumerate(waiting):
                if not ((style == "prefix" and place < cut) or (style == "subset" and rng.random() < 0.5)):
                    if isinstance(op, Unlink):
                        break  # what follows was written into another file of that name
                    continue
                if isinstance(op, Write) and rng.random() < TORN_SHARE:
                    sectors = rng.randrange(len(op.data) // SECTOR + 1)
                    op = Write(op.name, op.offset, op.data[: SECTOR * sectors])
                _apply(files, op)
        return files


def _apply(files: dict[str, bytearray], op: Write | Truncate | Unlink) -> None:
    if isinstance(op, Unlink):
        files.pop(op.name, None)
        return
    file = files.setdefault(op.name, bytearray())
    if isinstance(op, Truncate):
        del file[op.size :]
        file.extend(bytes(op.size - len(file)))
    else:
        file.extend(bytes(max(0, op.offset - len(file))))
        file[op.offset : op.offset + len(op.data)] = op.data


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a simulation showed."""

    states: int
    broken: int
    example: str
    """The first broken promise, with the moment at which the power went."""


def run(steps: int, folder: Path, synchronous: str = "full") -> list[Op]:
    """A run of tests.faults.log_child, recorded."""
    code, ops = record(
        "tests.faults.log_child", [str(folder / "log.db"), str(steps), synchronous], folder / "log.db", folder / "trace"
    )
    assert code == 0
    return ops


def simulate(ops: Sequence[Op], states: int, seed: int) -> Outcome:
    """Cut the power at `states` random moments of the recorded run."""
    rng = random.Random(seed)
    moments = sorted(rng.randrange(len(ops) + 1) for _ in range(states))
    broken, example = 0, ""
    with _workshop() as folder:
        for moment, disk, promises in _walk(ops, moments):
            for old in folder.iterdir():
                old.unlink()
            for name, data in disk.states(rng).items():
                (folder / name).write_bytes(data)
            if trouble := promises.broken_by(folder / "log.db"):
                broken += 1
                example = example or f"after operation {moment}: {trouble}"
    return Outcome(states, broken, example)


def loop(folder: Path, seed: int, budget: Budget) -> Found:
    """Cut the power under one recorded run after the other; every fifth round also under one that syncs too little."""
    tally = Tally()
    for number in budget.rounds(STATES // AT_ONCE):
        steps = STEPS + number % 7 * 20
        outcome = simulate(run(steps, _empty(folder / "full")), AT_ONCE, round_seed(seed, number))
        tally.counts["states"] += outcome.states
        tally.counts["broken"] += outcome.broken
        tally.expect(not outcome.broken, f"{steps} steps, round {number}: {outcome.example}")
        if number % 5 == 0:
            normal = simulate(run(steps, _empty(folder / "normal"), "normal"), AT_NORMAL, round_seed(seed, number))
            tally.counts["states at NORMAL"] += normal.states
            tally.counts["broken at NORMAL"] += normal.broken
            tally.expect(normal.broken > 0, f"round {number}: at NORMAL nothing was lost: the simulation is blind")
    return tally.found()


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _walk(ops: Sequence[Op], moments: Sequence[int]) -> Iterator[tuple[int, Disk, Promises]]:
    disk, promises, done = Disk(), Promises(), 0
    for moment in moments:
        for op in ops[done:moment]:
            disk.do(op)
            if isinstance(op, Said):
                promises.hear(op.words)
        done = moment
        yield moment, disk, promises


class _workshop:  # noqa: N801 - reads as a word
    """A folder in memory, for a sync there costs nothing."""

    def __enter__(self) -> Path:
        self.path = Path(tempfile.mkdtemp(prefix="diemdanh-", dir=MEMORY if MEMORY.is_dir() else None))
        return self.path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path)
