"""Everything over one TLS port: real nginx and coturn, in a network where nothing passes but TCP to port 443."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.one_port.__main__ import main
from tests.deploy.one_port_peers import NAME, TURN_NAME, command

ROOT = Path(__file__).parents[2]
SERVER, OFFICE = "10.77.31.1", "10.77.31.2"
PROGRAMS = ("ip", "iptables", "nginx", "turnserver")


def sh(command: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command.split(), check=check, capture_output=True, text=True)


@pytest.fixture
def spaces() -> Iterator[tuple[str, str]]:
    """Two network namespaces, the server's and an office's; from the office only TCP to port 443 gets out."""
    ours, office = f"dd-server-{os.getpid()}", f"dd-office-{os.getpid()}"
    missing = [one for one in PROGRAMS if not shutil.which(one, path=os.environ["PATH"] + ":/usr/sbin")]
    if missing or os.name == "nt" or os.geteuid() != 0 or sh(f"ip netns add {ours}", check=False).returncode:
        pytest.skip(f"needs root, network namespaces and {', '.join(PROGRAMS)}")
    hosts = Path("/etc/netns") / office
    try:
        sh(f"ip netns add {office}")
        sh(f"ip link add dd-a netns {ours} type veth peer name dd-b netns {office}")
        for space, link, address in ((ours, "dd-a", SERVER), (office, "dd-b", OFFICE)):
            sh(f"ip -n {space} addr add {address}/24 dev {link}")
            sh(f"ip -n {space} link set {link} up")
            sh(f"ip -n {space} link set lo up")
        rules = ("-A OUTPUT -o lo -j ACCEPT", "-A OUTPUT -p tcp --dport 443 -j ACCEPT", "-P OUTPUT DROP",
                 "-A INPUT -i lo -j ACCEPT", "-A INPUT -p tcp --sport 443 -j ACCEPT", "-P INPUT DROP")  # fmt: skip
        for rule in rules:
            sh(f"ip netns exec {office} iptables {rule}")
        hosts.mkdir(parents=True)
        (hosts / "hosts").write_text(f"127.0.0.1 localhost\n{SERVER} {NAME} {TURN_NAME}\n")
        yield ours, office
    finally:
        sh(f"ip netns del {ours}", check=False)
        sh(f"ip netns del {office}", check=False)
        shutil.rmtree(hosts, ignore_errors=True)


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    begin = datetime.now(UTC) - timedelta(1)
    end = begin + timedelta(9)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME), x509.DNSName(TURN_NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )  # fmt: skip
    (folder / "tls.crt").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "tls.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "tls.crt", folder / "tls.key"


@pytest.mark.timeout(300)  # three programs and a browser start
def test_pictures_go_both_ways_where_nothing_but_tcp_port_443_passes(spaces: tuple[str, str], tmp_path: Path) -> None:
    ours, office = spaces
    crt, key = certificate(tmp_path)
    out = tmp_path / "one_port"
    asked = f"--name {NAME} --turn-name {TURN_NAME} --address {SERVER} --certificate {crt} --key {key} --out {out}"
    assert main(asked.split()) == 0
    inside = ["ip", "netns", "exec", ours]
    env = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin", "SSL_CERT_FILE": str(crt)}
    with ExitStack() as stack:
        log = stack.enter_context((tmp_path / "log").open("w+"))

        def start(*words: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [*inside, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE if sys.executable in words else log,
                stderr=log, text=True, env=env, cwd=ROOT,
            )  # fmt: skip
            stack.callback(process.communicate, timeout=10)
            stack.callback(process.terminate)
            return process

        start("nginx", "-c", str(out / "nginx.conf"), "-g", "daemon off;")
        start("turnserver", "-c", str(out / "turnserver.conf"))
        server = start(*command(f"serve({str(tmp_path)!r}, 8080)"))
        assert server.stdout is not None
        told = server.stdout.readline()
        ping = sh(f"ip netns exec {office} ping -c 1 -W 1 {SERVER}", check=False)
        assert ping.returncode, "the office's firewall lets something else through"
        done = subprocess.run(
            ["ip", "netns", "exec", office, *command(f"tell({told!r})")],
            capture_output=True, text=True, env=env, cwd=ROOT, timeout=100, check=False,
        )  # fmt: skip
        log.seek(0)
        logged = log.read()
        assert done.returncode == 0, done.stderr[-3000:] + logged[-3000:]
        found = json.loads(done.stdout)
        assert found["aiortc"] >= 20
        assert found["chromium plays"]["frames"] >= 15
        assert found["chromium publishes"] >= 10
        assert found["candidate"] == ["relay", "tls"]
        assert (out / "turn-secret").read_text().strip() not in logged
        assert json.loads(told)["turn"][0]["credential"] not in logged


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    crt, key = certificate(tmp_path)
    asked = f"--name a.example.vn --turn-name b.example.vn --address 192.0.2.7 --certificate {crt} --key {key}"
    secrets = []
    for _ in range(2):
        assert main([*asked.split(), "--out", str(tmp_path / "out")]) == 0
        secrets.append((tmp_path / "out" / "turn-secret").read_text())
    assert len(secrets[0]) > 40
    assert secrets[0] == secrets[1]
    assert secrets[0].strip() in (tmp_path / "out" / "turnserver.conf").read_text()
    if os.name == "posix":
        modes = {name: (tmp_path / "out" / name).stat().st_mode & 0o777 for name in ("turn-secret", "turnserver.conf")}
        assert set(modes.values()) == {0o600}


@pytest.mark.parametrize(
    "wrong",
    [
        "--name x", "--address localhost", "--address 127.0.0.1", "--name b.example.vn", "--key /none",
        "--certificate /none", "--port 0", "--port 65536", "--port https", "--server-port -1", "--server-port 443",
        "--port 3478", "--server-port 8443", "--out /tmp/{x}",
    ],
)  # fmt: skip
def test_a_wrong_setting_is_told_and_nothing_written(
    tmp_path: Path, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    crt, key = certificate(tmp_path)
    asked = f"--name a.example.vn --turn-name b.example.vn --address 192.0.2.7 --certificate {crt} --key {key}"
    with pytest.raises(SystemExit) as ended:
        main([*asked.split(), "--out", str(tmp_path / "out"), *wrong.split()])
    assert ended.value.code == 2
    told = capsys.readouterr().err.partition("error: ")[2]
    assert told.count("\n") == 1 and " / " in told, "one sentence, in both languages"
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_told_and_an_empty_secret_is_made_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crt, key = certificate(tmp_path)
    asked = f"--name a.example.vn --turn-name b.example.vn --address 192.0.2.7 --certificate {crt} --key {key} --out"
    assert main([*asked.split(), str(crt)]) == 2
    assert "Không ghi được" in capsys.readouterr().err
    secret = tmp_path / "out" / "turn-secret"
    secret.parent.mkdir()
    secret.write_bytes(b"\n")
    assert main([*asked.split(), str(tmp_path / "out")]) == 0
    assert len(secret.read_text()) > 40
    secret.write_bytes(b"\xff\xfe")
    assert main([*asked.split(), str(tmp_path / "out")]) == 2
