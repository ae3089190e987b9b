from pathlib import Path

import msgspec
import pytest

from bridge_agent import waiting_command
from bridge_agent.data_folder import DataFolder, write_private
from bridge_agent.identity import Membership
from bridge_agent.log import Log
from tests.faults.making import presence
from tests.receipts import PUBLIC_HEX, receipt_of


def test_what_the_server_never_acknowledged_is_counted_while_the_agent_runs(
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
    assert waiting_command.show(folder) == 0
    assert "3 bản ghi chưa gửi" in capsys.readouterr().out
    log.acknowledge(receipt_of("d1", log.id, 2, log.head_at(2) or ""))
    assert waiting_command.unsent(folder, member) == log.waiting == 1
    log.acknowledge(receipt_of("d1", log.id, 3, log.head_at(3) or ""))
    waiting_command.show(folder)
    said = capsys.readouterr().out
    assert "đã có mọi bản ghi" in said and str(folder.log) in said
    log.close()
