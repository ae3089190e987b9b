"""A ledger worth proving, and the hands that change it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine, create_engine, event, text

from central_server.accounts.administering import Details, change_details, link_identity, set_disabled
from central_server.accounts.giving import set_password, take
from central_server.accounts.passwords import hashed
from central_server.accounts.permission import Grant
from central_server.accounts.second_factor import code_at, keep_recovery_codes, new_recovery_codes, turn_on
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import Report, verify
from models.receipts import Receipt
from models.records import (
    CheckIn,
    Headcount,
    OnDuty,
    ProfileUsed,
    SpotCheck,
    Unobserved,
    Vouched,
    chain,
    decode,
    encode,
)
from models.wire import Refusal
from tests.central_server.bridge_points.test_rotation import body_for
from tests.central_server.bridge_points.test_rotation import rotate as ask_rotation
from tests.central_server.running import MINUTE, START, Agent, Running, join, running, write_course

BESIDE_THE_CAMERA = (5, 7, 9, 10, 11, 13)


def beside_the_camera(agent: Agent, n: int, who: str, start: int) -> None:
    """One record of each kind that on-site verification makes."""
    told: dict[str, Any] = {"session": "K1.1", "learner": who}
    span: dict[str, Any] = {"start": start, "end": start + 40_000}
    match n:
        case 5:
            agent.add(Vouched, **told, **span, method="card", witness="a-1")
        case 7:
            agent.add(Unobserved, **told, **span, why="no_face")
        case 9:
            agent.add(SpotCheck, **told, asked=start, at=start + 9_000, answered=True, method="pin")
        case 10:
            agent.add(OnDuty, session="K1.1", at=start, witness="a-1", named_by=None)
        case 11:
            agent.add(
                ProfileUsed, session="K1.1", at=start, profile=None, state="missing", encoder="intel", threshold=0.5
            )
        case _:
            agent.add(Headcount, session="K1.1", **span, people=3, known=2, unknown=1, vouched=1, roster=4)


def make_ledger(folder: Path) -> tuple[Path, list[Receipt], tuple[str, str]]:
    """A data folder with two devices' logs of 24 records, a rotated key, a fork; the receipts; the devices."""
    receipts: list[Receipt] = []
    with running(folder / "data") as server:
        server.load(write_course(folder / "course.toml", learners=6))
        make_accounts(server)
        agents = [join(server, "TDM"), join(server, "BC")]
        for agent in agents:
            learners = agent.today().sessions[0].learners
            for n in range(24):
                start = START + n * MINUTE
                who = learners[n % len(learners)].id
                if n % 4 == 0:
                    agent.coverage("K1.1", start, start + 4 * MINUTE)
                elif n in BESIDE_THE_CAMERA:
                    beside_the_camera(agent, n, who, start)
                elif n < len(learners):
                    agent.add(CheckIn, session="K1.1", learner=who, at=start, method="face", score=0.7, encoder="intel")
                else:
                    agent.presence("K1.1", who, start, start + 40_000)
            for first, last in ((1, 5), (6, 10), (11, 18), (19, 24)):
                server.clock.ms += MINUTE
                _keep(receipts, agent, first, last)
                if first == 6:
                    key = Ed25519PrivateKey.generate()
                    ask_rotation(agent, body_for(agent, key))
                    agent.key = key
        other = list(agents[0].lines)
        record = decode(other[6])
        other[6] = encode(msgspec.structs.replace(record, wall=record.wall + 1))
        refused = agents[0].send(agents[0].batch(6, 9, other))
        assert isinstance(refused, Refusal) and refused.reason == "fork"
    return folder / "data", receipts, (agents[0].device, agents[1].device)


def make_accounts(server: Running) -> None:
    """An administrator with password and second factor, a class manager whose permission was taken away again, a
    lecturer of the course who is disabled, and a learner's account that is linked to the office's sign-on."""
    now, key = server.clock(), server.services.account_key
    boss = server.account("boss", Grant("administrator"))
    manager = server.account("manager", Grant("class_manager"))
    lecturer = server.account("lecturer", Grant("lecturer"))
    learner = server.account("learner", Grant("learner"))

    def job(connection: Connection) -> None:
        set_password(connection, boss, hashed("một câu ngắn dễ nhớ"), boss, now)
        turn_on(connection, key, boss, b"s" * 20, code_at(b"s" * 20, now), now)
        keep_recovery_codes(connection, key, boss, new_recovery_codes(), now)
        take(connection, manager, Grant("class_manager"), boss, now)
        set_disabled(connection, lecturer, boss, now, disabled=True)
        change_details(connection, learner, Details("Học Viên", "", "HV000"), boss, now)
        link_identity(connection, learner, "https://sso.example", "hv-000", boss, now)

    server.do(job)


def _keep(receipts: list[Receipt], agent: Agent, first: int, last: int) -> None:
    answer = agent.send(agent.batch(first, last))
    assert isinstance(answer, Receipt)
    receipts.append(answer)


def proved(engine: Engine, receipts: list[Receipt], hand: Callable[[Connection], None] | None = None) -> Report:
    """Let a hand change a database in a transaction that is taken back, and prove what it made of it."""
    with engine.connect() as connection, connection.begin() as transaction:
        if hand is not None:
            hand(connection)
        report = verify(StoredEvidence(connection), receipts)
        transaction.rollback()
    return report


def unguarded(database: Path) -> Engine:
    """The database without the guard of its foreign keys: its owner may do as he likes."""
    engine = create_engine(f"sqlite:///{database}", connect_args={"isolation_level": None})
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


class Hands:
    """Seeded ways of changing records; each says which device's record (or "-" for the own log's) it touched."""

    def __init__(self, connection: Connection, rng: random.Random) -> None:
        self.db = connection
        self.rng = rng

    def touch(self) -> tuple[str, int]:
        """Do one of them."""
        ways = (self.edit, self.edit_column, self.edit_head, self.remove, self.add, self.swap, self.cut, self.own_edit,
                self.own_remove, self.own_cut, self.checkpoint)  # fmt: skip
        return self.rng.choice(ways)()

    def _some(self) -> tuple[str, int]:
        rows = self.db.execute(text("SELECT device, seq FROM record ORDER BY device, seq")).all()
        device, seq = self.rng.choice(rows)
        return device, seq

    def _run(self, sql: str, **values: object) -> None:
        self.db.execute(text(sql), values)

    def _line(self, device: str, seq: int) -> bytes:
        query = text("SELECT line FROM record WHERE device = :d AND seq = :s")
        return bytes(self.db.execute(query, {"d": device, "s": seq}).scalar_one())

    def _changed(self, line: bytes) -> bytes:
        at = self.rng.randrange(len(line))
        return line[:at] + bytes([line[at] ^ (1 << self.rng.randrange(7))]) + line[at + 1 :]

    def edit(self) -> tuple[str, int]:
        device, seq = self._some()
        line = self._changed(self._line(device, seq))
        self._run("UPDATE record SET line = :l WHERE device = :d AND seq = :s", l=line, d=device, s=seq)
        return device, seq

    def edit_column(self) -> tuple[str, int]:
        device, seq = self._some()
        column = self.rng.choice(["session", "kind", "learner", "start", "end"])
        self._run(f'UPDATE record SET "{column}" = 77 WHERE device = :d AND seq = :s', d=device, s=seq)  # noqa: S608
        return device, seq

    def edit_head(self) -> tuple[str, int]:
        device, seq = self._some()
        head = self.rng.randbytes(32)
        self._run("UPDATE record SET head = :h WHERE device = :d AND seq = :s", h=head, d=device, s=seq)
        return device, seq

    def remove(self) -> tuple[str, int]:
        device, seq = self._some()
        self._run("DELETE FROM record WHERE device = :d AND seq = :s", d=device, s=seq)
        return device, seq

    def add(self) -> tuple[str, int]:
        device, seq = self._some()
        line = self._line(device, seq).replace(b'"seq":%d' % seq, b'"seq":25')
        head = chain(bytes(self.db.execute(text("SELECT head FROM log_head WHERE device = :d"), {"d": device})
                           .scalar_one()), [line])  # fmt: skip
        self._run(
            "INSERT INTO record SELECT device, log, 25, session, kind, learner, start, \"end\", :l, :h FROM record"
            " WHERE device = :d AND seq = :s", l=line, h=head, d=device, s=seq,
        )  # fmt: skip
        return device, 25

    def swap(self) -> tuple[str, int]:
        device, seq = self._some()
        other = self.rng.choice([n for n in range(1, 25) if n != seq])
        for was, now in ((seq, -1), (other, seq), (-1, other)):
            self._run("UPDATE record SET seq = :n WHERE device = :d AND seq = :s", n=now, d=device, s=was)
        return device, seq

    def cut(self) -> tuple[str, int]:
        """Cut a log off after one of its checkpoints, with all that speaks of the rest."""
        device, _ = self._some()
        last = self.rng.choice([5, 10, 18])
        self._run("DELETE FROM record WHERE device = :d AND seq > :s", d=device, s=last)
        self._run("DELETE FROM signed_head WHERE device = :d AND seq > :s", d=device, s=last)
        self._run(
            "UPDATE log_head SET seq = :s, head = (SELECT head FROM signed_head WHERE device = :d AND seq = :s)"
            " WHERE device = :d", d=device, s=last,
        )  # fmt: skip
        return device, last + 1

    def _own(self) -> int:
        """One that a receipt knows of: who cuts off what nobody has witnessed leaves no number behind."""
        query = text("SELECT seq FROM own_record WHERE seq <= :last")
        return int(self.rng.choice(self.db.execute(query, {"last": self.witnessed}).scalars().all()))

    def own_edit(self) -> tuple[str, int]:
        seq = self._own()
        line = bytes(self.db.execute(text("SELECT line FROM own_record WHERE seq = :s"), {"s": seq}).scalar_one())
        self._run("UPDATE own_record SET line = :l WHERE seq = :s", l=self._changed(line), s=seq)
        return "-", seq

    def own_remove(self) -> tuple[str, int]:
        """Remove a record of the own log that a receipt knows of: the last ones leave no trace without one."""
        seq = self.rng.randint(1, self.witnessed)
        self._run("DELETE FROM own_record WHERE seq = :s", s=seq)
        return "-", seq

    def own_cut(self) -> tuple[str, int]:
        """Cut the own log off, up to what the last receipt knows of."""
        seq = self.rng.randint(1, self.witnessed)
        self._run("DELETE FROM own_record WHERE seq >= :s", s=seq)
        return "-", seq

    witnessed = 1

    def checkpoint(self) -> tuple[str, int]:
        device, _ = self._some()
        seq = self.rng.choice([5, 10, 18, 24])
        change = self.rng.choice(
            ["signature = randomblob(64)", "head = randomblob(32)", "received_at = received_at - 3600000",
             "received_at = received_at + 3600000", "key = 3 - key"]
        )  # fmt: skip
        self._run(f"UPDATE signed_head SET {change} WHERE device = :d AND seq = :s", d=device, s=seq)  # noqa: S608
        return device, seq
