"""What the doctor says of a machine that is well, and of each thing that is not."""

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from central_server import cli
from central_server.accounts.account_key import account_key
from central_server.backup.copying import back_up
from central_server.config import Config, MediaSettings
from central_server.database import open_database
from central_server.doctor import machine, reach
from central_server.doctor.finding import Finding, Verdict
from tests.central_server.running import running

GOOD, UNKNOWN, WRONG = Verdict.GOOD, Verdict.UNKNOWN, Verdict.WRONG


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The settings of a server whose data are there."""
    config = Config(data=str(tmp_path_factory.mktemp("server")), port=0)
    config.data_folder.chmod(0o700)
    open_database(config.database).dispose()
    return config


def test_a_healthy_folder_its_database_and_disk_are_called_good(config: Config) -> None:
    for found in (
        machine.data_folder(config.data_folder),
        machine.database(config.database),
        machine.disk_space(config.data_folder),
    ):
        assert found.verdict is GOOD, found.en
    assert "ms" in machine.disk_speed(config.data_folder).en
    assert sorted(path.name for path in config.data_folder.iterdir()) == [config.database.name]  # nothing left behind


def test_before_the_first_start_nothing_is_called_wrong(tmp_path: Path) -> None:
    fresh = Config(data=str(tmp_path / "not" / "there"))
    assert machine.data_folder(fresh.data_folder).verdict is UNKNOWN
    assert machine.database(fresh.database).verdict is UNKNOWN
    assert machine.disk_space(fresh.data_folder).verdict is GOOD
    assert [found.verdict for found in machine.keys(fresh)] == [GOOD]
    assert not (tmp_path / "not").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_a_folder_or_key_that_others_read_and_a_key_that_is_gone_are_wrong(tmp_path: Path) -> None:
    config = Config(data=str(tmp_path), media=MediaSettings(turn=("turn:x",), turn_secret_file=str(tmp_path / "turn")))
    tmp_path.chmod(0o750)
    assert_wrong(machine.data_folder(tmp_path), "750", "chmod 700")
    tmp_path.chmod(0o700)
    open_database(config.database).dispose()
    account_key(tmp_path)
    for name in ("server-key", "sealing-key", "turn"):
        (tmp_path / name).touch(0o600)
    assert [found.verdict for found in machine.keys(config)] == [GOOD]
    (tmp_path / "account-key").chmod(0o640)
    (tmp_path / "server-key").unlink()
    gone, open_ = machine.keys(config)
    assert_wrong(gone, "server-key", "missing")
    assert_wrong(open_, "account-key", "chmod 600")


def test_a_damaged_database_is_wrong_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "diemdanh.db"
    open_database(path).dispose()
    damaged = b"not a database at all" + path.read_bytes()[21:]
    path.write_bytes(damaged)
    assert_wrong(machine.database(path), "central-server restore")
    assert path.read_bytes() == damaged


def test_copies_that_are_missing_late_or_do_not_open_are_wrong(config: Config, tmp_path: Path) -> None:
    now = time.time()
    assert_wrong(machine.backups(tmp_path / "none", now), "--backups")
    assert_wrong(machine.backups(tmp_path, now), "no copy")
    copy = tmp_path / "diemdanh-20261129.db"
    back_up(config.database, copy)
    assert machine.backups(tmp_path, now).verdict is GOOD
    os.utime(copy, (now - 27 * 3600, now - 27 * 3600))
    assert_wrong(machine.backups(tmp_path, now), "27 h old")
    (tmp_path / "diemdanh-20261130.db").write_bytes(b"")
    assert_wrong(machine.backups(tmp_path, now), "does not open")


def test_the_port_is_ours_free_or_taken(tmp_path: Path) -> None:
    with running(tmp_path / "server") as server:
        port = int(server.address.rpartition(":")[2])
        assert "The server runs" in reach.port(Config(port=port)).en
    with socket.create_server(("127.0.0.1", 0)) as taken:
        threading.Thread(target=_hang_up, args=(taken,), daemon=True).start()
        assert_wrong(reach.port(Config(port=taken.getsockname()[1])), "Another program")
    assert "free" in reach.port(Config(port=0)).en


def test_passwords_that_would_travel_in_the_clear_are_wrong() -> None:
    assert reach.address(Config(), 0).verdict is UNKNOWN
    assert_wrong(reach.address(Config(host="0.0.0.0"), 0), "Caddy")  # noqa: S104 - said to be wrong
    assert_wrong(reach.address(Config(public_address="http://a.example.vn"), 0), "https")


def test_a_certificates_days_are_counted_and_one_that_nobody_vouches_for_is_wrong(tmp_path: Path) -> None:
    with tls_server(tmp_path, days=10) as port:
        trust = ssl.create_default_context(cafile=tmp_path / "crt.pem")
        assert reach.certificate_days("localhost", port, trust, time.time()) == pytest.approx(10, abs=0.1)
        unknown = reach.address(Config(public_address=f"https://localhost:{port}"), time.time())
        assert_wrong(unknown, "do not believe", "localhost")
        gone = reach.address(Config(public_address=f"https://localhost:{free_port()}"), time.time())
        assert_wrong(gone, "can't be reached")


def test_a_turn_server_that_is_away_is_wrong_and_udp_is_not_guessed_at() -> None:
    with socket.create_server(("127.0.0.1", 0)) as there:
        port = there.getsockname()[1]
        asked = (f"turn:127.0.0.1:{port}?transport=tcp", f"turn:127.0.0.1:{free_port()}", "turn:a.vn?transport=udp")
        assert [found.verdict for found in reach.turn(MediaSettings(turn=asked))] == [GOOD, WRONG, UNKNOWN]


def test_the_command_starts_a_relay_names_what_is_wrong_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIEMDANH_LANGUAGE", "en")
    assert cli.main(["doctor", "--data", str(tmp_path / "data"), "--backups", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("✗ There is no copy in") for line in lines) and "to put right" in lines[-1]
    assert any(line.startswith("✓ The relay starts in ") for line in lines)
    assert not (tmp_path / "data").exists()


def assert_wrong(found: Finding, *words: str) -> None:
    assert found.verdict is WRONG, found.en
    assert all(word in found.en for word in words), found.en


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _hang_up(server: socket.socket) -> None:
    while True:
        try:
            server.accept()[0].close()
        except OSError:
            return


@contextmanager
def tls_server(folder: Path, days: int) -> Iterator[int]:
    """A port that shakes hands with a certificate that ends in `days`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    (folder / "crt.pem").write_bytes(certificate.public_bytes(pem))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "crt.pem", folder / "key.pem")

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                with context.wrap_socket(listener.accept()[0], server_side=True) as secure:
                    secure.recv(1)
            except OSError:
                if listener.fileno() < 0:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield int(listener.getsockname()[1])
