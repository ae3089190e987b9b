"""An event loop that hangs ends its process, with the lines at which it stood; systemd hears of one that turns."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from bridge_agent.config import Config, Settings
from bridge_agent.heartbeat import HUNG_EXIT, STARTING_US, take_last_words, watched_loop
from bridge_agent.journal import Journal
from bridge_agent.key_store import KeyStore
from bridge_agent.setup.first_run import first_run

TURNS = b"WATCHDOG_USEC=7000000\nWATCHDOG=1"
ENDS = b"WATCHDOG_USEC=120000000\nWATCHDOG=1"

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


@pytest.fixture
def notified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What systemd listens at."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield told


@pytest.mark.skipif(os.name == "nt", reason="systemd's")
@pytest.mark.timeout(60)
async def test_systemd_hears_of_each_turn_and_how_long_to_wait(tmp_path: Path, notified: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    with watched_loop(tmp_path / "agent.hung", 0.02):
        heard = [await loop.sock_recv(notified, 100) for _ in range(3)]
    assert heard == [TURNS] * 3
    while (last := await loop.sock_recv(notified, 100)) == TURNS:
        pass
    assert last == ENDS, "closing the log, or opening it after the wizard, may take longer"


def test_the_units_wait_as_long_as_is_said_afterwards() -> None:
    for unit in ("user.service", "system.service"):
        text = (resources.files("bridge_agent.autostart") / unit).read_text("utf-8")
        assert f"WatchdogSec={STARTING_US // 1_000_000}\n" in text


@pytest.mark.skipif(os.name == "nt", reason="systemd's")
@pytest.mark.timeout(60)
async def test_systemd_hears_of_a_pc_that_waits_to_be_joined(tmp_path: Path, notified: socket.socket) -> None:
    """Its identity was lost, say: it may wait for the technician for days."""
    settings, stop = Settings(Config(data=str(tmp_path), key_store="file", console_port=0), None), asyncio.Event()
    journal = Journal(settings.folder.journal, lambda: 5)
    waits = asyncio.create_task(first_run(settings, KeyStore(), journal, stop, lambda: 5))
    try:
        assert await asyncio.get_running_loop().sock_recv(notified, 100) == TURNS
    finally:
        stop.set()
        assert not await waits
        journal.close()
    again = Journal(settings.folder.journal, lambda: 6)
    again.close()
    assert not again.ended_badly, "who told it to stop hears of no crash once it has joined"
