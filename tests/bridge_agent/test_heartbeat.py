"""An event loop that hangs ends its process, with the lines at which it stood; systemd hears of one that turns."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bridge_agent.heartbeat import HUNG_EXIT, take_last_words, watched_loop

HANGS = """
import asyncio, sys, time
from pathlib import Path
from bridge_agent.heartbeat import watched_loop

def stuck():
    time.sleep(3600)

async def main():
    with watched_loop(Path(sys.argv[1]), 0.05):
        await asyncio.sleep(0.2)
        stuck()

asyncio.run(main())
"""


@pytest.mark.timeout(60)
def test_a_hung_loop_ends_its_process_and_leaves_the_line_where_it_stood(tmp_path: Path) -> None:
    words = tmp_path / "agent.hung"
    done = subprocess.run([sys.executable, "-c", HANGS, words], timeout=50, check=False)
    assert done.returncode == HUNG_EXIT
    assert "in stuck" in words.read_text(encoding="utf-8")
    assert take_last_words(words)
    assert not take_last_words(words)  # told once
    assert "in stuck" in words.with_suffix(".last").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="systemd's")
@pytest.mark.timeout(60)
async def test_systemd_hears_of_each_turn_and_how_long_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        loop = asyncio.get_running_loop()
        with watched_loop(tmp_path / "agent.hung", 0.02):
            heard = [await loop.sock_recv(told, 100) for _ in range(3)]
    assert heard == [b"WATCHDOG_USEC=7000000\nWATCHDOG=1"] * 3
