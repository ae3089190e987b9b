"""`verify` names the records whose times contradict the receipts, and calls them no finding against the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from central_server.own_log.server_key import server_key
from central_server.proof.pack import PackEvidence, write_pack
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import Report, verify
from tests.central_server.participation.test_backdated import HOUR, WAYS, morning, put_in
from tests.central_server.running import START, Agent, Running


def proved(server: Running) -> Report:
    with server.services.engine.connect() as connection:
        report = verify(StoredEvidence(connection), [])
    assert report.findings == []
    return report


@pytest.mark.parametrize("how", WAYS)
def test_records_put_in_later_are_named(server: Running, agent: Agent, how: str) -> None:
    honest, friend = [who.id for who in agent.today().sessions[0].learners][:2]
    morning(server, agent, honest)
    assert proved(server).notices == []
    sent = 0 if how == "a new log" else len(agent.lines)
    put_in(server, agent, friend, how)
    ((vi, en),) = proved(server).notices
    record = f"{sent + 1}–{sent + 11}" if how == "its interval moved" else f"{sent + 1}"
    assert en.startswith(f"Record {record} of log {agent.log} of device {agent.device} tells of 08:0")
    assert en.endswith("made between 10:00:00 24/11/2026 and 10:05:00 24/11/2026: for a person to look at.")
    assert vi.endswith("được tạo từ 10:00:00 24/11/2026 đến 10:05:00 24/11/2026: cần người xem lại.")


def test_a_pack_tells_the_same(server: Running, agent: Agent, tmp_path: Path) -> None:
    who = agent.today().sessions[0].learners[0].id
    agent.presence("K1.1", who, START, START + HOUR)  # acknowledged at 08:00
    agent.send_all()
    with server.services.engine.connect() as connection:
        evidence = StoredEvidence(connection)
        write_pack(tmp_path / "pack.zip", evidence, [], server_key(tmp_path / "data"), server.clock())
    with PackEvidence(tmp_path / "pack.zip") as pack:
        report = verify(pack, pack.receipts())
    assert report.findings == pack.findings == []
    assert [en for _, en in report.notices] == [en for _, en in proved(server).notices] != []
    assert "the server had received it at 08:00:00 24/11/2026" in report.notices[0][1]
