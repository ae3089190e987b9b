from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from bridge_agent import receipts_command
from bridge_agent.data_folder import DataFolder, write_private
from bridge_agent.identity import Membership
from bridge_agent.log import Log
from models.receipts import decode_receipt
from tests.faults.making import presence
from tests.receipts import PUBLIC_HEX, receipt_of


def test_a_receipt_that_was_damaged_is_left_out_for_it_would_accuse_the_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = DataFolder(tmp_path / "agent")
    folder.make()
    member = Membership(
        server="s", device="d1", bridge_point="b", bridge_point_name="B", server_key=PUBLIC_HEX, key_expires_at=9
    )
    write_private(folder.identity, msgspec.json.encode(member))
    log = Log.open(folder.log, "d1", 1)
    for seq in (1, 2, 3):
        log.append([presence(seq)])
        log.acknowledge(receipt_of("d1", log.id, seq, log.head_at(seq) or ""))
    good = log.receipts()[0]
    log.close()
    with closing(sqlite3.connect(folder.log, isolation_level=None)) as db:
        db.execute("drop trigger receipts_never_change")
        db.execute("update receipts set receipt = ? where seq = 2", (good[:40] + b"\xe0\\q" + good[43:],))
        db.execute("update receipts set receipt = replace(receipt, '\"seq\":3', '\"seq\":4') where seq = 3")
    folder.log.rename(folder.log.with_name("log-damaged-000000000000001.db"))
    Log.open(folder.log, "d1", 2).close()
    assert receipts_command.write(folder, tmp_path / "out.ndjson") == 0
    (line,) = (tmp_path / "out.ndjson").read_bytes().splitlines()
    assert (line, decode_receipt(line).seq) == (good, 1)
    said = capsys.readouterr().out
    assert "1 biên nhận" in said and "2 biên nhận bị hỏng" in said
