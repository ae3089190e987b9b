"""TURN over UDP by a real coturn, with the server's own credentials: peers who reach the relay in no other way."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from aioice.ice import get_host_addresses
from aiortc import RTCIceServer

from central_server.config import MediaSettings
from tests.central_server.media.peers import Painted, Peers, Wall
from tests.central_server.running import running, write_course

TURNSERVER = shutil.which("turnserver", path="/usr/bin:/usr/sbin:/usr/local/bin")


@pytest.fixture
def turn(tmp_path: Path) -> Iterator[MediaSettings]:
    """coturn on a UDP port of this machine, and the server's settings for it."""
    own = get_host_addresses(use_ipv4=True, use_ipv6=False)
    if TURNSERVER is None or not own:
        pytest.skip("needs coturn and an address that is not the loopback's")
    secret = tmp_path / "turn-secret"
    secret.write_text("north\n")
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as free:
        free.bind((own[0], 0))
        port = free.getsockname()[1]
    settings = (
        "-n", "--no-tcp", "--no-tls", "--no-dtls", "--no-cli", "--fingerprint", "--use-auth-secret",
        "--static-auth-secret=north", "--realm=diemdanh.test", f"--listening-ip={own[0]}", f"--relay-ip={own[0]}",
        f"--listening-port={port}", "--log-file=stdout", f"--pidfile={tmp_path / 'pid'}", f"--userdb={tmp_path / 'db'}",
    )  # fmt: skip
    with subprocess.Popen([TURNSERVER, *settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _answers((own[0], port))
            yield MediaSettings(turn=(f"turn:{own[0]}:{port}?transport=udp",), turn_secret_file=str(secret))
        finally:
            process.terminate()


def _answers(where: tuple[str, int]) -> None:
    """Wait until it answers a STUN binding request (RFC 8489)."""
    deadline = time.monotonic() + 60
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as asking:
        asking.settimeout(0.1)
        while time.monotonic() < deadline:
            asking.sendto(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + b"diemdanh-127", where)
            try:
                if asking.recv(100)[:2] == b"\x01\x01":
                    return
            except OSError:  # nobody there yet: a time-out, or a refusal
                time.sleep(0.05)
    raise AssertionError("coturn does not answer")


async def test_pictures_go_from_publisher_to_viewer_by_turn_over_udp_alone(turn: MediaSettings, tmp_path: Path) -> None:
    with running(tmp_path / "data", Wall(), media=turn) as server:
        server.load(write_course(tmp_path / "course.toml"))
        [told] = server.services.media.ice_servers()
        peers = Peers(server, RTCIceServer(list(told.urls), told.username, told.credential), relayed=True)
        publisher = await peers.publish("r1", "camera", Painted())
        viewer = await peers.play("r1", "camera")
        for peer in (publisher, viewer):
            kinds = {line.split(" typ ")[1].split()[0] for line in peer.candidates()}
            assert kinds == {"relay"}
        await viewer.until(10)
        await peers.close()
