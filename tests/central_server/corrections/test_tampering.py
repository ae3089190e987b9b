"""Whoever edits a table of corrections behind the program's back contradicts the server's own log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from central_server.own_log.server_key import server_key
from central_server.proof.pack import PackEvidence, write_pack
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import verify
from tests.central_server.corrections.making import PDF, S1, School, school


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """One of everything that people can say."""
    with school(tmp_path_factory.mktemp("school")) as one:
        rule = {"version": "0", "second_person": "yes", "contest_days": "7", "reason": "Quy chế lớp"}
        one.manager.post(f"/courses/{one.course}/correcting", data=rule)
        mine = f"/learners/{one.learners[2]}/own"
        one.learner.post(f"{mine}{S1}/contest", data={"words": "Tôi có mặt"}, files={"file": ("a.pdf", PDF)})
        one.learner.post(f"{mine}/sessions/K1.2/contest", data={"words": "Tôi có mặt"})
        contests = [row.id for row in one.rows("SELECT id FROM contest ORDER BY session")]
        one.correct(2, start="9:45", end="11:30", contest=contests[0])
        one.correct(3, whole="yes")
        for row in one.rows("SELECT id FROM correction"):
            one.other_manager.post(f"{S1}/corrections/{row.id}/confirm")
        refused = f"/sessions/K1.2/contests/{contests[1]}/refuse"
        one.manager.post(refused, data={"words": "Máy ghi rõ"})
        leave = {"leave": "permitted", "words": "Họp ở Sở", "approver": "Bà Lan"}
        one.manager.post(f"{S1}/learners/{one.learners[2]}/leave", data=leave)
        figures = one.manager.get(f"{S1}/corrections").text.split('name="figures" value="')[-1][:64]
        assert one.manager.post(f"{S1}/seal", data={"as": "class_manager", "figures": figures}).status_code == 200
        yield one


EDITS = [
    "UPDATE correcting_rule SET second_person = 0",
    "UPDATE correcting_rule SET contest_days = 30",
    "UPDATE correcting_rule SET reason = 'khác'",
    "DELETE FROM correcting_rule",
    "UPDATE evidence_file SET sealed = sealed || x'00'",
    "UPDATE evidence_file SET content = replace(content, 'a', 'b') || ''",
    "DELETE FROM evidence_file",
    "UPDATE correction SET change = 'taken' WHERE rowid = 1",
    "UPDATE correction SET words = 'khác' WHERE rowid = 1",
    "UPDATE correction SET why = 'left_early' WHERE rowid = 1",
    "UPDATE correction SET second_needed = 0 WHERE rowid = 1",
    "UPDATE correction SET by = 'a-other' WHERE rowid = 1",
    "UPDATE correction SET at = at + 1 WHERE rowid = 1",
    "UPDATE correction_part SET start = start - 60000 WHERE rowid = 1",
    'UPDATE correction_part SET "end" = "end" - 60000 WHERE rowid = 1',
    "UPDATE correction_part SET learner = (SELECT max(id) FROM learner WHERE id <> correction_part.learner)"
    " WHERE rowid = 1",
    "DELETE FROM correction_part WHERE rowid = 1",
    "INSERT INTO correction_part SELECT correction, (SELECT max(id) FROM learner WHERE id NOT IN"
    ' (SELECT learner FROM correction_part)), start, "end" FROM correction_part WHERE rowid = 1',
    "DELETE FROM correction_answer WHERE rowid = 1",
    "UPDATE correction_answer SET confirmed = 0 WHERE rowid = 1",
    "UPDATE correction_answer SET by = 'a-other' WHERE rowid = 1",
    "UPDATE leave SET leave = 'not_permitted'",
    "UPDATE leave SET words = 'khác'",
    "UPDATE leave SET approver = 'Ông Ba'",
    "DELETE FROM leave",
    "UPDATE contest SET words = 'khác' WHERE rowid = 1",
    "UPDATE contest SET evidence = NULL WHERE rowid = 1",
    "UPDATE contest_answer SET correction = NULL WHERE rowid = 1",
    "UPDATE contest_answer SET words = 'khác' WHERE rowid = 2",
    "DELETE FROM contest_answer WHERE rowid = 1",
    "UPDATE sheet_revision SET figures = replace(figures, '0', '1')",
    "UPDATE sheet_revision SET words = 'khác'",
    "UPDATE sheet_signature SET signer = 'technician'",
    "UPDATE sheet_signature SET figures = replace(figures, substr(figures, 1, 1), 'g')",
    "UPDATE sheet_signature SET by = 'a-other'",
    "DELETE FROM sheet_signature",
]


def test_what_nobody_touched_is_proved(here: School) -> None:
    assert here.proved().findings == []
    tables = ("correction", "correction_part", "correction_answer", "contest", "contest_answer", "leave",
              "evidence_file", "correcting_rule", "sheet_revision", "sheet_signature")  # fmt: skip
    assert all(here.rows(f"SELECT 1 FROM {table}") for table in tables)  # noqa: S608


@pytest.mark.parametrize("sql", EDITS)
def test_an_edit_of_a_table_is_found(here: School, sql: str) -> None:
    with here.server.services.engine.connect() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(text(sql))
        findings = verify(StoredEvidence(connection), ()).findings
        connection.rollback()
    assert any(one.what == "plan" for one in findings), sql


def test_a_proof_pack_carries_corrections_to_another_machine(here: School, tmp_path: Path) -> None:
    key = server_key(here.server.services.config.data_folder)
    with here.server.services.engine.connect() as connection:
        write_pack(tmp_path / "pack.zip", StoredEvidence(connection), (), key, here.server.clock())
    with PackEvidence(tmp_path / "pack.zip") as pack:
        report = verify(pack, pack.receipts())
    assert report.findings == [] and report.totals > 0
