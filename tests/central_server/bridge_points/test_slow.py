from __future__ import annotations

import logging
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from models.wire import Refusal
from tests.central_server.running import running


@pytest.mark.parametrize("path", ["join", "batches", "status"])
def test_a_body_that_never_ends_is_given_up_with_a_sentence(tmp_path: Path, path: str) -> None:
    with running(tmp_path / "data", body_seconds=0.3) as server:
        at = urlsplit(server.address)
        assert at.hostname is not None
        with socket.create_connection((at.hostname, at.port or 0), timeout=60) as line:
            head = f"POST /api/agent/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n"
            line.sendall(head.encode())
            answer = b""
            for _ in range(4):  # a byte now and then keeps no request alive
                line.sendall(b"x")
                time.sleep(0.1)
            while part := line.recv(65536):
                answer += part
    told, _, body = answer.partition(b"\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 408 ")
    refusal = msgspec.json.decode(body, type=Refusal)
    assert "0.3" in refusal.vi
    assert refusal.en


def test_a_line_that_is_cut_in_the_middle_of_a_body_leaves_one_sentence_and_no_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with running(tmp_path / "data") as server:
        at = urlsplit(server.address)
        assert at.hostname is not None
        with socket.create_connection((at.hostname, at.port or 0), timeout=60) as line:
            line.sendall(b"POST /api/agent/batches HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf of it")
            time.sleep(0.1)
        deadline = time.monotonic() + 60
        while not (told := [one for one in caplog.records if "/api/agent/batches" in one.getMessage()]):
            assert time.monotonic() < deadline, caplog.text
            time.sleep(0.01)
    assert [one.levelno for one in told] == [logging.INFO]
    assert "CutOffError" in told[0].getMessage()
    assert not [one for one in caplog.records if one.exc_info or one.levelno >= logging.ERROR], caplog.text
