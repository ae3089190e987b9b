from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, Engine, text

from models.receipts import Receipt
from models.records import GENESIS, chain
from tests.central_server.proof.tampering import Hands, make_ledger, proved, unguarded

ROUNDS = 150


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
    for seed in range(ROUNDS):
        touched: list[tuple[str, int]] = []

        def hand(connection: Connection, seed: int = seed, touched: list[tuple[str, int]] = touched) -> None:
            hands = Hands(connection, random.Random(seed))
            hands.witnessed = max(receipt.server_log_seq for receipt in receipts)
            touched.append(hands.touch())

        report = proved(engine, receipts, hand)
        ((device, seq),) = touched
        named = [one for one in report.findings if one.device == device and one.first <= seq <= one.last]
        assert named, (seed, touched, report.findings)


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


def test_a_receipt_that_nobody_signed_is_no_witness(ledger: Ledger) -> None:
    engine, receipts, _ = ledger
    forged = msgspec.structs.replace(receipts[0], head="0" * 64)
    assert [one.what for one in proved(engine, [*receipts, forged]).findings] == ["receipt"]
