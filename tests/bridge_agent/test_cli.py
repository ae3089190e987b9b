from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bridge_agent.data_folder import DataFolder, write_private
from bridge_agent.identity import Membership
from bridge_agent.log import Log
from bridge_agent.log_file import set_aside
from models.receipts import decode_receipt
from models.wire import JoinAnswer, JoinRequest, Refusal
from tests import forked
from tests.faults.making import presence
from tests.receipts import PUBLIC_HEX, receipt_of

ROOT = Path(__file__).parents[2]
TOKEN = "AAAAA-BBBBB"  # noqa: S105 - a made-up one


class JoinServer(BaseHTTPRequestHandler):
    """A small server that can only be joined, with one token, by one key."""

    used_by: str | None = None

    def do_POST(self) -> None:
        asked = msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])), type=JoinRequest)
        if asked.token != TOKEN or JoinServer.used_by not in (None, asked.public_key):
            refusal = Refusal(reason="token", vi="Mã này đã được dùng.", en="This token has been used.")
            return self.answer(403, msgspec.json.encode(refusal))
        JoinServer.used_by = asked.public_key
        joined = JoinAnswer(
            device="d1", bridge_point="b1", bridge_point_name="Bến Cát", server_key=PUBLIC_HEX, key_expires_at=2**50
        )
        self.answer(200, msgspec.json.encode(joined))

    def do_GET(self) -> None:
        self.answer(404, b"<html>Not found</html>")

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    JoinServer.used_by = None
    with ThreadingHTTPServer(("127.0.0.1", 0), JoinServer) as made:
        thread = Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_address[1]}"
        made.shutdown()
        thread.join()


def agent(*arguments: str | Path, cwd: Path, language: str = "vi") -> subprocess.CompletedProcess[str]:
    with contextlib.chdir(cwd):
        return forked.run("bridge_agent.cli", arguments, {**os.environ, "DIEMDANH_LANGUAGE": language})


def test_a_start_from_nothing_says_the_same(tmp_path: Path) -> None:
    env = {**os.environ, "DIEMDANH_LANGUAGE": "vi", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "bridge_agent", "run", "--confgi", "x"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, env=env, timeout=60)
    same = agent("run", "--confgi", "x", cwd=tmp_path)
    refused(done, "--confgi", "--help")
    assert (done.returncode, done.stdout, done.stderr) == (same.returncode, same.stdout, same.stderr)


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    for word in words:
        assert word in done.stderr


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def settings(folder: Path, **changes: str) -> Path:
    """A settings file with a portrait and a source that exist."""
    (folder / "anh").mkdir(exist_ok=True)
    (folder / "anh" / "HV1.jpg").touch()
    (folder / "lop.toml").touch()
    keys = {"data": "data", "source": "simulated:lop.toml", "portraits": "anh", **changes}
    path = folder / "agent.toml"
    path.write_text("".join(f'{key} = "{value}"\n' for key, value in keys.items()), encoding="utf-8")
    return path


def joined(folder: Path, server: str) -> None:
    """As `join` leaves a data folder."""
    data = DataFolder(folder / "data")
    data.make()
    write_private(data.key, Ed25519PrivateKey.generate().private_bytes_raw().hex().encode())
    member = Membership(
        server=server, device="d1", bridge_point="b1", bridge_point_name="Bến Cát",
        server_key=PUBLIC_HEX, key_expires_at=2**50,
    )  # fmt: skip
    write_private(data.identity, msgspec.json.encode(member))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "thiếu"),
        (["fly"], "fly"),
        (["run", "--confgi", "x"], "--confgi"),
        (["join", "--server", "https://a"], "--token"),
        (["watch", "--source"], "--source"),
        (["weights", "eat"], "eat"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(tmp_path: Path, arguments: list[str], words: str) -> None:
    refused(agent(*arguments, cwd=tmp_path), words, "--help")


@pytest.mark.parametrize("command", [None, "run", "join", "watch", "enrol", "weights", "simulate"])
def test_every_page_of_help_comes_in_both_languages(tmp_path: Path, command: str | None) -> None:
    words = [command, "--help"] if command else ["--help"]
    vi, en = agent(*words, cwd=tmp_path), agent(*words, cwd=tmp_path, language="en")
    assert vi.returncode == en.returncode == 0
    assert "cách dùng:" in vi.stdout
    assert "usage:" in en.stdout
    assert "tùy chọn" not in en.stdout


def test_a_token_makes_one_identity_and_a_second_use_is_refused(tmp_path: Path, server: str) -> None:
    done = agent("join", "--server", server, "--token", TOKEN, "--data", tmp_path / "a", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Bến Cát" in done.stdout
    for name in ("identity.key", "identity.json"):
        assert os.name == "nt" or (tmp_path / "a" / name).stat().st_mode & 0o777 == 0o600
    again = agent("join", "--server", server, "--token", TOKEN, "--data", tmp_path / "a", cwd=tmp_path)
    refused(again, "Bến Cát")
    other = agent("join", "--server", server, "--token", TOKEN, "--data", tmp_path / "b", cwd=tmp_path)
    refused(other, "đã được dùng")


def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_key(tmp_path: Path, server: str) -> None:
    assert agent("join", "--server", server, "--token", TOKEN, "--data", tmp_path, cwd=tmp_path).returncode == 0
    (tmp_path / "identity.json").unlink()
    assert agent("join", "--server", server, "--token", TOKEN, "--data", tmp_path, cwd=tmp_path).returncode == 0


def test_a_wrong_server_address_says_what_to_check(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    refused(agent("join", "--server", nobody, "--token", TOKEN, "--data", tmp_path, cwd=tmp_path), nobody, "kiểm tra")
    refused(agent("join", "--server", "diemdanh.vn", "--token", "x", "--data", tmp_path, cwd=tmp_path), "https://")


def test_a_server_that_is_another_program_is_found_out(tmp_path: Path, server: str) -> None:
    joined(tmp_path, server)
    path = settings(tmp_path)
    with started(path, tmp_path) as program:
        assert "không phải máy chủ Điểm danh" in wait_for(program, "không phải")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"portrait": "x"}, 'Có phải là "portraits"'),
        ({"source": "thieu.mp4"}, "thieu.mp4"),
        ({"source": "hong.mp4"}, "hong.mp4"),
        ({"source": "99"}, "99"),
        ({"portraits": "trong"}, "chưa có ảnh"),
        ({"portraits": "thieu"}, "thieu"),
        ({"server": "may-chu"}, "https://"),
        ({"data": "lop.toml"}, "lop.toml"),
    ],
)
def test_bad_settings_end_the_start_with_a_sentence(tmp_path: Path, changes: dict[str, str], words: str) -> None:
    joined(tmp_path, "http://127.0.0.1:1")
    path = settings(tmp_path, **changes)
    (tmp_path / "trong").mkdir()
    (tmp_path / "hong.mp4").write_bytes(b"no video at all" * 100)
    refused(agent("run", "--config", path, "--check-config", cwd=tmp_path), words)
    refused(agent("run", "--config", path, cwd=tmp_path), words)


def test_good_settings_are_called_good(tmp_path: Path) -> None:
    done = agent("run", "--config", settings(tmp_path), "--check-config", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_agent_that_has_neither_joined_nor_pages_is_told_how(tmp_path: Path) -> None:
    path = settings(tmp_path)
    path.write_text(f"{path.read_text('utf-8')}console_port = 0\n", "utf-8")
    refused(agent("run", "--config", path, cwd=tmp_path), "bridge-agent join")


def test_a_first_run_whose_port_is_taken_says_so(tmp_path: Path) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        path = settings(tmp_path)
        path.write_text(f"{path.read_text('utf-8')}console_port = {other.getsockname()[1]}\n", "utf-8")
        refused(agent("run", "--config", path, cwd=tmp_path), "cổng", "chọn cổng khác")


def test_the_networks_are_listed_with_their_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIEMDANH_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "yunet_n_dynamic.onnx").write_bytes(b"something else")
    done = agent("weights", cwd=tmp_path)
    assert done.returncode == 0
    states = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "hỏng" in states["yunet"]
    assert "chưa có" in states["face-reidentification-retail-0095"]
    assert "đang dùng" in states["dlib-resnet-v1"]
    assert "CC0-1.0" in states["dlib-resnet-v1"]


def test_the_receipts_are_written_out_those_of_a_damaged_log_too(tmp_path: Path) -> None:
    joined(tmp_path, "http://127.0.0.1:1")
    data = DataFolder(tmp_path / "data")
    wanted = []
    for number in (1, 2):
        log = Log.open(data.log, "d1", 5)
        log.append([presence(number), presence(number)])
        for seq in (1, 2):
            wanted.append(receipt_of("d1", log.id, seq, log.head_at(seq) or ""))
            log.acknowledge(wanted[-1])
        log.close()
        if number == 1:
            set_aside(data.log, 5)
    done = agent("receipts", "--data", data.path, "--out", "receipts.ndjson", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "4 biên nhận trong receipts.ndjson.\n"
    lines = (tmp_path / "receipts.ndjson").read_bytes().splitlines()
    assert [decode_receipt(line) for line in lines] == wanted
    refused(agent("receipts", "--data", data.path, "--out", "no/such", cwd=tmp_path), "Không ghi được")


class started:  # noqa: N801 - reads as a word
    """An agent that runs; its output is in `out`."""

    def __init__(self, path: Path, cwd: Path) -> None:
        self.out = cwd / "out.txt"
        env = {**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT), "DIEMDANH_LANGUAGE": "vi"}
        with self.out.open("wb") as out:
            command = [sys.executable, "-m", "bridge_agent", "run", "--config", str(path)]
            self.program = subprocess.Popen(command, stdout=out, stderr=out, cwd=cwd, env=env, start_new_session=True)

    def __enter__(self) -> started:
        return self

    def __exit__(self, *_: object) -> None:
        self.program.kill()
        self.program.wait()


def wait_for(program: started, words: str, seconds: float = 60) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        text = program.out.read_text(encoding="utf-8")
        if words in text:
            return text
        assert program.program.poll() is None, text
        time.sleep(0.05)
    raise TimeoutError(program.out.read_text(encoding="utf-8"))


def test_a_second_agent_on_the_same_data_is_refused(tmp_path: Path) -> None:
    joined(tmp_path, "http://127.0.0.1:1")
    path = settings(tmp_path)
    with started(path, tmp_path) as program:
        wait_for(program, "Bến Cát")
        refused(agent("run", "--config", path, cwd=tmp_path), "đang dùng thư mục dữ liệu")


@pytest.mark.timed
@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_a_server_it_runs_and_stops_in_order(tmp_path: Path, number: signal.Signals) -> None:
    joined(tmp_path, f"http://127.0.0.1:{free_port()}")
    with started(settings(tmp_path), tmp_path) as program:
        wait_for(program, "Không kết nối được máy chủ")
        program.program.send_signal(number)
        assert program.program.wait(60) == 0
        assert "Traceback" not in program.out.read_text(encoding="utf-8")
    facts = (tmp_path / "data" / "agent.log").read_text(encoding="utf-8")
    assert '"event": "stopped"' in facts
