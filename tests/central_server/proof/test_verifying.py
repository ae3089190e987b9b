from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, Engine, text

from central_server.proof.stored import StoredEvidence
from central_server.proof.totals import total_of
from models.receipts import Receipt
from models.records import GENESIS, Coverage, Presence, chain
from tests.central_server.proof.tampering import Hands, make_ledger, proved, unguarded
from tests.central_server.running import MINUTE, START, join, running, write_course
from tests.faults.changed_ledger import try_one

ROUNDS = 60


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, list[Receipt], Path]]:
    folder, receipts, _ = make_ledger(tmp_path_factory.mktemp("ledger"))
    engine = unguarded(folder / "diemdanh.db")
    yield engine, receipts, folder
    engine.dispose()


Ledger = tuple[Engine, list[Receipt], Path]


def test_an_untouched_ledger_is_proved(ledger: Ledger) -> None:
    engine, receipts, _ = ledger
    report = proved(engine, receipts)
    assert report.findings == []
    assert (report.logs, report.records, report.receipts, report.totals) == (2, 48, 8, 6)


def test_every_change_is_found_with_its_record(ledger: Ledger) -> None:
    engine, receipts, _ = ledger
    assert [trouble for seed in range(ROUNDS) if (trouble := try_one(engine, receipts, seed))] == []


PLAN = [
    "UPDATE course_rule SET rule = '{\"share_needed\":0.1}'",
    'UPDATE session SET "end" = "end" - 3600000',
    'UPDATE session_break SET "end" = "end" + 1',
    "DELETE FROM session_break",
    "DELETE FROM session_bridge_point WHERE rowid = 1",
    "DELETE FROM enrolment WHERE rowid = 1",
    "UPDATE enrolment SET bridge_point = (SELECT max(id) FROM bridge_point WHERE id <> enrolment.bridge_point)",
    "UPDATE device SET bridge_point = (SELECT max(id) FROM bridge_point WHERE id <> device.bridge_point)",
    "UPDATE device_key SET expires_at = expires_at + 1 WHERE number = 1",
    "UPDATE device_key SET ended_at = NULL",
    "UPDATE join_token SET device = NULL",
    "UPDATE learner SET name = 'Nguyễn Văn Khác' WHERE rowid = 1",
    "UPDATE learner SET code = 'X' || code WHERE rowid = 1",
    "UPDATE learner SET unit = 'Sở khác' WHERE rowid = 1",
    "UPDATE learner SET birth_year = birth_year + 1 WHERE rowid = 1",
    "UPDATE learner SET name = (SELECT max(name) FROM learner)",
    "UPDATE learner SET salt = randomblob(16) WHERE rowid = 1",
    "DELETE FROM fork",
    "UPDATE fork SET batch = x'00'",
    "UPDATE log_head SET head = randomblob(32)",
    "UPDATE log_head SET seq = seq - 1",
    "INSERT INTO account_grant SELECT 'g-new', id, 'administrator', NULL, NULL, 0 FROM account WHERE login = 'manager'",
    "UPDATE account_grant SET role = 'administrator' WHERE role = 'learner'",
    "UPDATE account_grant SET course = (SELECT id FROM course) WHERE role = 'lecturer'",
    "UPDATE account_grant SET account = (SELECT id FROM account WHERE login = 'manager') WHERE role = 'administrator'",
    "DELETE FROM account_grant WHERE role = 'administrator'",
    "UPDATE account SET disabled = 0",
    "UPDATE account SET disabled = 1 WHERE login = 'boss'",
    "UPDATE account SET learner = (SELECT id FROM learner WHERE code = 'HV001') WHERE learner IS NOT NULL",
    "UPDATE account SET password = replace(password, 'v=19', 'v=18')",
    "UPDATE account SET password = (SELECT password FROM account WHERE login = 'boss') WHERE login = 'manager'",
    "UPDATE account SET totp = NULL",
    "UPDATE account SET totp = randomblob(48) WHERE login = 'boss'",
    "DELETE FROM recovery_code WHERE hash = (SELECT min(hash) FROM recovery_code)",
    "INSERT INTO recovery_code SELECT 'x', id, NULL FROM account WHERE login = 'boss'",
    "UPDATE sign_on_identity SET account = (SELECT id FROM account WHERE login = 'boss')",
    "INSERT INTO sign_on_identity SELECT 'https://evil.example', 'me', id, 0 FROM account WHERE login = 'boss'",
    "INSERT INTO account (id, login, name, disabled, made_at) VALUES ('a-new', 'new', 'New', 0, 0)",
    "DELETE FROM account WHERE login = 'manager'",
    "DELETE FROM record",
    "DELETE FROM own_record",
]


@pytest.mark.parametrize("sql", PLAN)
def test_what_the_tables_say_beside_the_logs_is_proved_too(ledger: Ledger, sql: str) -> None:
    engine, receipts, _ = ledger

    def hand(connection: Connection) -> None:
        connection.exec_driver_sql(sql)

    assert proved(engine, receipts, hand).findings


def test_an_owner_who_recomputes_the_heads_is_found_by_the_devices_signature(ledger: Ledger) -> None:
    engine, _, _ = ledger

    def rewrite(connection: Connection) -> None:
        rows = connection.execute(text("SELECT device, seq, line FROM record ORDER BY device, seq")).all()
        head = GENESIS
        for device, seq, line in [row for row in rows if row.device == rows[0].device]:
            new = line.replace(b'"score":0.7', b'"score":0.9') if seq == 2 else line
            head = chain(head, [new])
            connection.execute(
                text("UPDATE record SET line = :l, head = :h WHERE device = :d AND seq = :s"),
                {"l": new, "h": head, "d": device, "s": seq},
            )

    findings = proved(engine, [], rewrite).findings
    assert [(one.what, one.first, one.last) for one in findings][:1] == [("changed", 1, 5)]


def test_only_receipts_show_that_a_log_was_cut_off(ledger: Ledger) -> None:
    engine, receipts, _ = ledger

    def cut(connection: Connection) -> None:
        Hands(connection, random.Random(1)).cut()
        connection.exec_driver_sql("DELETE FROM fork")

    without = {one.what for one in proved(engine, [], cut).findings}
    assert without <= {"plan"}  # the fork that was taken away with it
    assert "removed" in {one.what for one in proved(engine, receipts, cut).findings}


@pytest.mark.parametrize("witnesses", [True, False])
def test_an_own_log_that_is_gone_is_removed_whole(ledger: Ledger, witnesses: bool) -> None:
    engine, receipts, _ = ledger

    def empty(connection: Connection) -> None:
        connection.exec_driver_sql("DELETE FROM own_record")

    findings = proved(engine, receipts if witnesses else [], empty).findings
    known = max(receipt.server_log_seq for receipt in receipts)
    assert ("removed", "-", 1, known if witnesses else 1) in [(f.what, f.device, f.first, f.last) for f in findings]


def test_a_receipt_that_nobody_signed_is_no_witness(ledger: Ledger) -> None:
    engine, receipts, _ = ledger
    forged = msgspec.structs.replace(receipts[0], head="0" * 64)
    assert [one.what for one in proved(engine, [*receipts, forged]).findings] == ["receipt"]


def test_records_made_before_the_clock_was_measured_are_proved_as_they_are_shown(tmp_path: Path) -> None:
    """One start of a PC whose clock another session's record knows, and one whose clock nobody knows."""
    with running(tmp_path / "data") as server:
        server.load(write_course(tmp_path / "course.toml", learners=3))
        agent = join(server, "TDM")
        who = agent.today().sessions[0].learners[0].id
        for boot_id in ("boot-1", "boot-2"):
            for kind, more in (
                (Coverage, {"ended_by": "cut", "detector": "yunet"}),
                (Presence, {"learner": who, "sightings": 9, "best_score": 0.7}),
            ):
                wall = START if boot_id == "boot-1" else START + 100 * MINUTE
                agent.add(
                    kind, session="K1.1", start=0, end=30 * MINUTE, encoder="intel", wall=wall, boot=60 * MINUTE,
                    offset=None, uncertainty=None, boot_id=boot_id, **more,
                )  # fmt: skip
        agent.add(
            Coverage, session="K1.2", start=0, end=1, ended_by="cut", detector="yunet", encoder="intel",
            wall=START + 70 * MINUTE, boot=70 * MINUTE, offset=0,
        )  # fmt: skip
        receipt = agent.send_all()
        assert isinstance(receipt, Receipt)
        end = START + 300 * MINUTE
        (shown,) = [one for one in server.services.books.of("K1.1").state(end).learners if one.facts.id == who]
        report = proved(server.services.engine, [receipt])
        with server.services.engine.connect() as connection:
            total = StoredEvidence(connection).totals()["K1.1", who]
    assert shown.participation.seen_ms == 60 * MINUTE
    assert total == total_of(shown.participation)
    assert report.findings == []
