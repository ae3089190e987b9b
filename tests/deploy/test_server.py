"""The files for a real host, each by the program that reads it: systemd's tools, Caddy, coturn."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # a test only reads one file with it

from central_server.config import read_config
from deploy.server.__main__ import HERE, main
from tests.soak.central import unit_environment

ROOT = Path(__file__).parents[2]
NAME = "diemdanh.example.vn"
ADDRESS = "192.0.2.7"
PROGRAMS = ("systemd-analyze", "caddy", "turnserver", "unshare", "ip")
pytestmark = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0 or not all(map(shutil.which, PROGRAMS)),
    reason=f"needs root and {', '.join(PROGRAMS)}",
)
# In a network of its own: ports 80, 443 and 3478 are free there, and the address is this machine's.
ALONE = ["unshare", "-n", "sh", "-c", f'ip link set lo up && ip addr add {ADDRESS}/32 dev lo && exec "$@"', "-"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    assert main(["--name", NAME, "--address", ADDRESS, "--data", str(folder / "data"), "--out", str(folder)]) == 0
    return folder


def test_systemd_finds_nothing_wrong_in_the_units_and_they_are_hardened(tmp_path: Path) -> None:
    for file in HERE.glob("central-server*.*"):
        text = file.read_text(encoding="utf-8")
        # the program is not installed here
        (tmp_path / file.name).write_text(text.replace("/opt/diemdanh-server/bin/central-server", "/bin/true"))
    units = sorted(tmp_path.iterdir())
    assert [unit.suffix for unit in units] == [".service", ".timer", ".service"]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    for unit in (one for one in units if one.suffix == ".service"):
        told = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", unit], capture_output=True, text=True, check=True
        ).stdout
        exposure = re.search(r"exposure level for \S+: ([\d.]+)", told)
        assert exposure is not None and float(exposure[1]) <= 3.0, told


def test_the_backup_units_command_makes_a_copy_named_by_the_time(tmp_path: Path) -> None:
    text = (HERE / "central-server-backup.service").read_text(encoding="utf-8")
    command = next(line for line in text.splitlines() if line.startswith("ExecStart=")).partition("-c '")[2][:-1]
    command = command.replace("%%", "%").replace("$$", "$")  # as systemd reads them
    (tmp_path / "central-server").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/told\n', encoding="utf-8")
    (tmp_path / "central-server").chmod(0o755)
    command = command.replace("/opt/diemdanh-server/bin", str(tmp_path))
    subprocess.run(["sh", "-c", command], check=True)
    told = (tmp_path / "told").read_text(encoding="utf-8").strip()
    assert re.fullmatch(
        r"backup --config /etc/diemdanh/server.toml --out /var/backups/diemdanh/diemdanh-\d{8}-\d{6}\.db", told
    )


def test_the_server_takes_its_settings_and_the_secret_is_private(made: Path) -> None:
    config = read_config(made / "server.toml")
    assert config.public_address == f"https://{NAME}" and config.data_folder == made / "data"
    assert config.media.turn_secret_file == str(made / "turn-secret")
    assert {(made / name).stat().st_mode & 0o777 for name in ("turn-secret", "turnserver.conf")} == {0o600}
    assert (made / "turn-secret").read_text().strip() in (made / "turnserver.conf").read_text()


COTURN = """
import os, socket, subprocess, sys, time
folder, address = sys.argv[1:]
server = subprocess.Popen(["turnserver", "-c", f"{folder}/turnserver.conf", "--pidfile", f"{folder}/pid"],
                          stdout=subprocess.DEVNULL)
try:
    ask = bytes.fromhex("000100002112a442") + os.urandom(12)  # a STUN binding request (RFC 8489)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(0.2)
        for _ in range(50):
            udp.sendto(ask, (address, 3478))
            try:
                answer = udp.recv(1000)
                break
            except OSError:
                time.sleep(0.1)
    assert answer[:2] == b"\\x01\\x01" and answer[4:20] == ask[4:20], answer
    with socket.create_connection((address, 3478), timeout=60) as tcp:
        tcp.sendall(ask)
        assert tcp.recv(1000)[:2] == b"\\x01\\x01"
finally:
    server.terminate()
    server.wait()
print("answered")
"""


def test_coturn_starts_with_its_settings_and_answers_over_udp_and_tcp(made: Path) -> None:
    done = subprocess.run(
        [*ALONE, sys.executable, "-c", COTURN, made, ADDRESS], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.endswith("answered\n"), done.stdout + done.stderr


CADDY = """
import http.client, http.server, json, os, pathlib, ssl, subprocess, sys, threading, time
home = sys.argv[1]

class Told(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(dict(self.headers)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Told)
threading.Thread(target=server.serve_forever, daemon=True).start()
# "localhost" is the one name for which Caddy makes a certificate by itself, without the internet.
env = {**os.environ, "HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home, "DIEMDANH_NAME": "localhost"}
caddy = subprocess.Popen(["caddy", "run", "--config", sys.argv[2], "--adapter", "caddyfile"], env=env,
                         stderr=subprocess.DEVNULL)
try:
    root = pathlib.Path(home, "caddy", "pki", "authorities", "local", "root.crt")
    for _ in range(200):
        try:
            connection = http.client.HTTPSConnection("localhost", timeout=60,
                                                     context=ssl.create_default_context(cafile=root))
            connection.request("GET", "/sign-in")
            break
        except OSError:
            time.sleep(0.1)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    plain = http.client.HTTPConnection("localhost", timeout=60)
    plain.request("GET", "/sign-in")
    redirected = plain.getresponse()
    print(json.dumps({"told": told, "hsts": answer.getheader("Strict-Transport-Security"),
                      "plain": [redirected.status, redirected.getheader("Location")]}))
finally:
    caddy.terminate()
    caddy.wait()
"""


def test_caddy_starts_with_its_file_passes_requests_on_and_sends_plain_http_to_tls(tmp_path: Path) -> None:
    done = subprocess.run(
        [*ALONE, sys.executable, "-c", CADDY, tmp_path, HERE / "Caddyfile"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    told = {key.lower(): value for key, value in found["told"].items()}
    assert (told["host"], told["x-forwarded-proto"], told["x-forwarded-for"]) == ("localhost", "https", "127.0.0.1")
    assert found["hsts"].startswith("max-age=")
    assert found["plain"] == [308, "https://localhost/sign-in"]


def test_the_containers_mount_what_is_made_and_the_image_copies_what_is_there(made: Path) -> None:
    compose: dict[str, Any] = yaml.safe_load((HERE / "compose.yaml").read_text(encoding="utf-8"))
    for name, service in compose["services"].items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("./made/"):
                assert (made / source.removeprefix("./made/")).exists(), source
            elif source.startswith("./") and source != "./made":
                assert (HERE / source).exists(), source
            else:
                assert source == "./made" or source in compose["volumes"], source
    dockerfile = (HERE / "Dockerfile").read_text(encoding="utf-8")
    (lock,) = re.findall(r"COPY (\S+\.txt) ", dockerfile)
    assert (ROOT / lock).exists()
    shown = (HERE / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    assert f"!{lock}" in shown and "!dist/stick/wheels" in shown
    environment = unit_environment()
    assert environment
    for name, value in environment.items():
        assert f"ENV {name}={value}\n" in dockerfile, "containers run the server as the unit does"
