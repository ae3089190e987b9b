"""The agent's receipts against the server's tables: what was acknowledged can't be changed without it showing."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import msgspec

from bridge_agent.data_folder import DataFolder, write_private
from bridge_agent.log import Log
from tests import forked
from tests.central_server.running import running, write_course
from tests.faults.making import presence
from tests.faults.sending import Parts, client, joined


def call(module: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return forked.run(module, arguments, {"DIEMDANH_LANGUAGE": "en"})


async def test_the_agents_receipts_prove_the_servers_tables_and_show_what_was_dropped(tmp_path: Path) -> None:
    data, folder, out = tmp_path / "data", DataFolder(tmp_path / "agent"), tmp_path / "receipts.ndjson"
    folder.make()
    with running(data) as server:
        server.load(write_course(tmp_path / "course.toml", learners=3))
        who = joined(server)
        write_private(folder.key, who.key.private_bytes_raw().hex().encode())
        write_private(folder.identity, msgspec.json.encode(who.membership))
        log = Log.open(folder.log, who.membership.device, 1)
        async with client(server, who) as to:
            parts = Parts(tmp_path, log, who, to)
            for first in (1, 11, 21):
                log.append([presence(n) for n in range(first, first + 10)])
                parts.now += 2_000
                await parts.drain()
            parts.close()
        # While the agent has its log open: it need not be stopped for its receipts.
        assert call("bridge_agent.cli", "receipts", "--data", folder.path, "--out", out).returncode == 0
        log.close()
    assert len(out.read_bytes().splitlines()) == 3
    whole = call("central_server.cli", "verify", "--data", data, "--receipts", out)
    assert whole.returncode == 0, whole.stdout + whole.stderr

    # The administrator cuts the last ten records off, and with them every trace on the server.
    with closing(sqlite3.connect(data / "diemdanh.db", isolation_level=None)) as db:
        for table in ("record", "signed_head"):
            db.execute(f"delete from {table} where seq > 20")  # noqa: S608 - our own names
        head = db.execute("select head from signed_head where seq = 20").fetchone()[0]
        db.execute("update log_head set seq = 20, head = ?", (head,))
    cut = call("central_server.cli", "verify", "--data", data, "--receipts", out)
    assert cut.returncode != 0
    assert "21" in cut.stdout + cut.stderr
