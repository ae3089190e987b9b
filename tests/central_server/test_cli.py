"""The programs as a technician uses them: real processes, and where it is about the start, real starts."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from central_server.accounts.account_key import account_key
from central_server.accounts.giving import account_by_login
from central_server.accounts.second_factor import code_at, new_secret, turn_on
from central_server.config import Config
from central_server.database import Writer, open_database
from models.command_line import READER_GONE
from tests import forked
from tests.central_server.running import join, running, write_course

EXAMPLE = Path(__file__).parents[2] / "deploy" / "examples" / "course.toml"


def central_server(*arguments: str | Path, lang: str = "vi", columns: int = 200) -> subprocess.CompletedProcess[str]:
    return forked.run("central_server.cli", arguments, {"DIEMDANH_LANGUAGE": lang, "COLUMNS": str(columns)})


@contextmanager
def serving(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """A server process with its address and the administrator's first sign-in link."""
    command = [sys.executable, "-m", "central_server.cli", "serve", "--port", "0", *map(str, arguments)]
    env = {**os.environ, "PYTHONUTF8": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=env
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(2)]
        address, link = (line.split(": ", 1)[1] for line in lines)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{address}/health")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        try:
            yield process, address, link
        finally:
            process.kill()


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def test_from_a_course_file_to_a_sheet(tmp_path: Path) -> None:
    data = ("--data", tmp_path / "data")
    empty = central_server("sessions", *data)
    assert "load-course" in empty.stdout
    loaded = central_server("load-course", EXAMPLE, *data)
    assert (loaded.returncode, loaded.stderr) == (0, "")
    assert "QLNN-CV-2026-03.1" in loaded.stdout
    assert "QLNN-CV-2026-03.1" in central_server("sessions", *data).stdout
    token = central_server("new-token", "--bridge-point", "TDM", *data).stdout
    assert re.match(r"([0-9A-Z]{5}-){3}[0-9A-Z]{5}\n", token)
    assert "Thủ Dầu Một" in token
    sheet = ("participation", "--session", "QLNN-CV-2026-03.1", *data)
    shown = central_server(*sheet)
    assert shown.returncode == 0
    assert "Nguyễn Thị Hồng Ánh" in shown.stdout
    assert "Không xác" in shown.stdout
    narrow = central_server(*sheet, lang="en", columns=80).stdout
    assert max(map(len, narrow.splitlines())) <= 80
    for whole in ("Nguyễn Thị Hồng Ánh", "observed", "undecided"):
        assert whole in narrow
    assert central_server(*sheet, "--xlsx", tmp_path / "one.xlsx").returncode == 0
    assert load_workbook(tmp_path / "one.xlsx").active is not None
    assert central_server(*sheet, "--csv", tmp_path / "one.csv").returncode == 0
    assert "Trần Văn Đức" in (tmp_path / "one.csv").read_text(encoding="utf-8-sig")


def test_every_command_explains_itself(tmp_path: Path) -> None:
    whole = central_server("--help").stdout
    for name in (
        "serve",
        "load-course",
        "new-token",
        "sessions",
        "participation",
        "revoke-device",
        "new-account",
        "sign-in-link",
        "verify",
        "export-log",
        "backup",
        "restore",
    ):
        assert name in whole
        done = central_server(name, "--help", lang="en")
        assert done.returncode == 0
        assert "--data" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("participation", "--session", "NO"), "central-server sessions"),
        (("new-token", "--bridge-point", "NO"), "NO"),
        (("load-course", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    assert says in one_sentence(central_server(*arguments, "--data", tmp_path / "data"))


@pytest.mark.parametrize(
    "command",
    [
        ("central_server.cli", "--help"),
        ("central_server.cli", "sessions", "--data", "."),
        ("bridge_agent.cli", "--help"),
        ("bridge_agent.cli", "weights", "list"),
    ],
)
def test_a_reader_that_has_gone_is_no_traceback(tmp_path: Path, command: tuple[str, ...]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(EXAMPLE.parents[2])},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read()
    assert errors == ""
    assert process.returncode in (0, 1, READER_GONE)  # argparse and rich end by themselves


def test_a_data_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert "data" in one_sentence(central_server("sessions", "--data", tmp_path / "data"))


def test_settings_are_checked_with_line_and_advice(tmp_path: Path) -> None:
    path = tmp_path / "server.toml"
    path.write_text('host = "0.0.0.0"\nprot = 80\n')
    wrong = one_sentence(central_server("serve", "--config", path, "--check-config", lang="en"))
    assert "line 2" in wrong
    assert '"port"' in wrong
    path.write_text("port = 8081\n")
    assert central_server("serve", "--config", path, "--check-config").returncode == 0
    assert list(tmp_path.iterdir()) == [path]  # checking makes nothing


@pytest.mark.parametrize(
    ("key", "value", "write"),
    [
        ("public_address", "hello", "https://diemdanh.example.vn"),
        ("public_address", "https://example.vn/under", "https://diemdanh.example.vn"),
        ("data", "server.toml/data", 'data = "du-lieu"'),
        ("host", "no-such-host.invalid", 'host = "0.0.0.0"'),
        ("host", "192.0.2.1", 'host = "0.0.0.0"'),
    ],
)
def test_settings_that_cannot_work_are_found_by_the_check(tmp_path: Path, key: str, value: str, write: str) -> None:
    path = tmp_path / "server.toml"
    path.write_text(f'port = 0\n\n{key} = "{value}"\n')
    for more in ((), ("--check-config",)):
        said = one_sentence(central_server("serve", "--config", path, *more))
        assert "dòng 3" in said
        assert write in said
    assert list(tmp_path.iterdir()) == [path]


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = central_server("serve", "--port", str(port), "--data", tmp_path / "data")
    assert str(port) in one_sentence(done)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_within_three_seconds_with_a_stream_open(tmp_path: Path, how: signal.Signals) -> None:
    data = ("--data", tmp_path / "data")
    central_server("load-course", write_course(tmp_path / "one.toml"), *data)
    with serving(*data) as (process, address, link):
        manager = ("--login", "quan-ly", "--address", address, *data)
        central_server("new-account", *manager, "--name", "Quản Lý", "--role", "class_manager")
        key = central_server("sign-in-link", *manager).stdout.split()[0].partition("key=")[2]
        with httpx.Client(timeout=60) as client:
            assert client.post(f"{address}/sign-in/link", data={"key": key}).status_code == 303
            with client.stream("GET", f"{address}/sessions/K1.1/events") as stream:
                parts = stream.iter_text()
                assert "hx-partial" in next(parts)
                process.send_signal(how)
                list(parts)  # the stream ends by itself, whole
        process.wait(60)
        assert process.stderr is not None
        errors = process.stderr.read()
        assert "Traceback" not in errors
        assert "error" not in errors
        assert key not in errors  # it stands in no log
        assert link.rsplit("=", 1)[1] not in errors
        assert "Nguyễn" not in errors


def test_a_killed_server_has_what_it_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with running(folder) as server:
        server.load(write_course(tmp_path / "one.toml"))
        agent = join(server)
    with serving("--data", folder) as (process, address, _):
        agent.address = address
        agent.clock.ms = int(time.time() * 1000)
        for n in range(20):
            agent.presence("K1.1", "l-1", agent.clock.ms, agent.clock.ms + n)
        agent.send(agent.batch(1, 20))
        process.kill()
    with serving("--data", folder) as (_, address, _):
        agent.address = address
        agent.presence("K1.1", "l-1", agent.clock.ms, agent.clock.ms)
        receipt = agent.send(agent.batch(21, 21))
    assert getattr(receipt, "seq", None) == 21


def test_an_administrator_without_phone_and_codes_gets_in_again_from_the_server(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    chief = ("--login", "chief", "--data", folder)
    central_server("new-account", *chief, "--name", "Nguyễn Chánh", "--role", "administrator")
    database = open_database(Config(data=str(folder)).database)
    secret, now = new_secret(), time.time_ns() // 1_000_000

    def second_factors() -> int:
        with database.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM account WHERE totp IS NOT NULL")).scalar_one())

    with Writer(database) as writer:
        who = writer.submit(lambda db: account_by_login(db, "chief")).result()
        key, code = account_key(folder), code_at(secret, now)
        writer.submit(lambda db: turn_on(db, key, who, secret, code, now)).result()
    assert central_server("sign-in-link", *chief).returncode == 0
    assert second_factors() == 1  # a link alone takes nothing away
    done = central_server("sign-in-link", *chief, "--no-second-factor")
    assert done.returncode == 0 and "/sign-in/link?key=" in done.stdout
    assert second_factors() == 0
    database.dispose()
    assert central_server("verify", "--data", folder).returncode == 0
