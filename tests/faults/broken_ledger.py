"""The server's database on a disk that fails: a receipt is only given for what is there afterwards.

strace is attached to a server's process that was started without it and waits: its imports take seconds, the faults
of one process must begin to count where its database does, and one process is needed a fault.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from models.records import GENESIS, chain
from tests.central_server.running import Agent
from tests.faults.broken_disk import Fault, suffer_all
from tests.faults.ledger_child import FINISHED, GAVE_UP, fill, prepare
from tests.faults.loop import Budget, Found
from tests.faults.power_cuts import Disk
from tests.faults.trace import follow, read
from tests.forked import FORKED

DATABASE = "diemdanh.db"
PATIENCE_S = 150
"""On a busy machine: strace stops a process at every call, and the last faults come after some 500 batches."""


@dataclass
class Workshop:
    """A data folder as each process finds it, and a process that makes those processes."""

    folder: Path

    def __post_init__(self) -> None:
        self.agent: Agent = prepare(self.folder / "prepared")

    def suffer(self, fault: Fault | None, synchronous: str = "full") -> str | None:
        """Let a server take batches in on a disk with this fault; the receipt that is false afterwards, or None."""
        data, said = self.folder / "data", self.folder / "said"
        for old in (data, self.folder / "cut"):
            shutil.rmtree(old, ignore_errors=True)
        said.unlink(missing_ok=True)
        shutil.copytree(self.folder / "prepared", data)
        steps = 10 if fault is None else 10 + fault.number // (4 if fault.call == "pwrite64" else 1)
        arguments = (str(data), self.agent.device, self.agent.key.private_bytes_raw(), steps, str(said), synchronous)
        child = FORKED.Process(target=fill, args=arguments)
        child.start()
        trace = self.folder / "trace"
        assert child.pid is not None
        with follow(child.pid, data / DATABASE, trace, fault.words() if fault else "") as strace:
            child.join(PATIENCE_S)
            if child.is_alive():
                child.kill()
                child.join()
                return f"{fault}: hangs"
            strace.wait(10)
        if child.exitcode not in (FINISHED, GAVE_UP):
            return f"{fault}: the server ended with {child.exitcode}, or answered neither with a receipt nor a refusal"
        return self._broken(fault, child.exitcode, steps, data, trace, said)

    def _broken(self, fault: Fault | None, code: int, steps: int, data: Path, trace: Path, said: Path) -> str | None:
        """What the server promised and its files do not hold: as they are, and as they are if the power goes now."""
        text = trace.read_text(encoding="ascii")
        assert "<unfinished" not in text, "two threads wrote at once: the trace can't be read"
        if fault and "(INJECTED)" not in text:
            return f"{fault.words()}: never happened"
        promised = [line.split() for line in said.read_text(encoding="ascii").splitlines()] if said.exists() else []
        if code == FINISHED and len(promised) < steps:
            return f"{fault}: said too little"
        disk = Disk({DATABASE: bytearray((self.folder / "prepared" / DATABASE).read_bytes())})
        for op in read(trace, DATABASE):
            disk.do(op)
        cut = self.folder / "cut"
        cut.mkdir()
        for name, content in disk.durable.items():
            (cut / name).write_bytes(content)
        for folder in (cut, data):
            if trouble := _lost(folder / DATABASE, promised):
                return f"{fault}: {'after a power cut' if folder == cut else 'as it is'}: {trouble}"
        return None


def _lost(database: Path, promised: list[list[str]]) -> str | None:
    """The promise that a database does not keep, or None."""
    try:
        with closing(sqlite3.connect(database)) as db:
            if (said := db.execute("pragma quick_check(1)").fetchone()[0]) != "ok":
                return f"damaged: {said}"
            heads = [GENESIS]
            for (line,) in db.execute("select line from record order by seq"):
                heads.append(chain(heads[-1], [line]))
    except sqlite3.DatabaseError as error:
        return f"can't be read: {error}"
    for _, seq, head in promised:
        if int(seq) >= len(heads) or heads[int(seq)].hex() != head:
            return f"there is a receipt for record {seq}, {len(heads) - 1} are there"
    return None


def loop(folder: Path, seed: int, budget: Budget) -> Found:
    """Every fault, in another order every day."""
    workshop = Workshop(folder)
    return suffer_all(seed, budget, workshop.suffer)
