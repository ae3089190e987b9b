"""Any order of batches, with duplicates, gaps and forks among them: the server's log is always the honest chain."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import Session, select

from central_server.ledger.tables import LogHead, LogRecord
from models.receipts import Receipt
from models.records import GENESIS, chain
from models.wire import Refusal
from tests.central_server.running import START, Agent, Running, join, running, write_course


class Ingest(RuleBasedStateMachine):
    """An agent that appends and sends parts of its log, and a forger who has its key and rewrites the past."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.context = running(Path(self.folder.name) / "data")
        self.server: Running = self.context.__enter__()
        self.acknowledged = 0

    def teardown(self) -> None:
        self.context.__exit__(None, None, None)
        self.folder.cleanup()

    @initialize()
    def join(self) -> None:
        self.server.load(write_course(Path(self.folder.name) / "course.toml"))
        self.agent: Agent = join(self.server)

    @rule(count=st.integers(1, 5))
    def append(self, count: int) -> None:
        for _ in range(count):
            self.agent.presence("K1.1", "l-1", START, START + len(self.agent.lines))

    @rule(first=st.integers(1, 60), count=st.integers(1, 20))
    def send(self, first: int, count: int) -> None:
        last = min(first + count - 1, len(self.agent.lines))
        if first > last:
            return
        answer = self.agent.send(self.agent.batch(first, last))
        if first > self.acknowledged + 1:
            assert isinstance(answer, Refusal)
            assert (answer.reason, answer.wanted_seq) == ("gap", self.acknowledged + 1)
            return
        self.acknowledged = max(self.acknowledged, last)
        assert isinstance(answer, Receipt)
        assert answer.seq == self.acknowledged
        assert answer.head == chain(GENESIS, self.agent.lines[: self.acknowledged]).hex()

    @rule(data=st.data())
    def forge(self, data: st.DataObject) -> None:
        """Change one acknowledged record and sign what follows anew."""
        if not self.acknowledged:
            return
        changed = data.draw(st.integers(1, self.acknowledged))
        lines = list(self.agent.lines)
        lines[changed - 1] = lines[changed - 1].replace(b'"sightings":', b'"sightings":1')
        last = data.draw(st.integers(changed, len(lines)))
        first = data.draw(st.integers(1, min(last, self.acknowledged + 1)))
        answer = self.agent.send(self.agent.batch(first, last, lines))
        assert isinstance(answer, Refusal)
        assert answer.reason == "fork"

    @invariant()
    def the_log_is_the_honest_chain(self) -> None:
        if not hasattr(self, "agent"):
            return
        with Session(self.server.services.engine) as db:
            lines = [row.line for row in db.exec(select(LogRecord).order_by(LogRecord.seq))]  # type: ignore[arg-type]
            head = db.exec(select(LogHead)).one_or_none()
        assert lines == self.agent.lines[: self.acknowledged]
        assert (head.seq, head.head) == (len(lines), chain(GENESIS, lines)) if head else not lines


TestIngest = Ingest.TestCase
TestIngest.settings = settings(
    max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
