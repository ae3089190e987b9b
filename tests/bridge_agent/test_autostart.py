"""Starting by itself: the units are right by systemd's own tools, and a real systemd starts a killed agent again."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bridge_agent import autostart
from bridge_agent.data_folder import DataFolder, write_private
from bridge_agent.errors import FinalError, IdentityError
from bridge_agent.identity import Membership
from tests.receipts import PUBLIC_HEX

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
AWKWARD = "/srv/điểm cầu/100%$HOME\\x"


def joined(path: Path) -> DataFolder:
    folder = DataFolder(path)
    folder.make()
    member = Membership(
        server="http://127.0.0.1:9", device="d1", bridge_point="b", bridge_point_name="B", server_key=PUBLIC_HEX,
        key_expires_at=4_000_000_000_000,
    )  # fmt: skip
    write_private(folder.identity, msgspec.json.encode(member))
    write_private(folder.key, b"11" * 32)
    return folder


def analyze(*arguments: str | Path, runtime: Path) -> str:
    done = subprocess.run(
        ["systemd-analyze", *map(str, arguments)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_systemd
def test_systemd_finds_nothing_wrong_in_the_units_and_the_systems_is_hardened(tmp_path: Path) -> None:
    unit = tmp_path / autostart.UNIT
    for template, manager in (("user.service", ["--user"]), ("system.service", [])):
        unit.write_text(autostart.text(template, ["/bin/true", "--data", AWKWARD]), encoding="utf-8")
        assert not analyze(*manager, "verify", unit, runtime=tmp_path)
    # unit is the system's now
    told = analyze("security", "--offline=true", unit, runtime=tmp_path)
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", told)
    assert exposure is not None and float(exposure[1]) <= 3.0


def test_the_windows_script_holds_any_path_and_starts_the_agent_again() -> None:
    text = autostart.text("startup.cmd", ["C:\\Users\\Lê Văn & Co\\100%\\bridge-agent.exe", "run"])
    assert '\r\n"C:\\Users\\Lê Văn & Co\\100%%\\bridge-agent.exe" "run"\r\n' in text
    assert text.count("\n") == text.count("\r\n")
    again, end = text.index(":again\r\n"), text.index("goto again")
    assert again < text.index('"run"') < text.index("timeout /t 2") < end


def test_nothing_is_turned_on_for_an_agent_that_has_not_joined_or_a_path_that_no_unit_can_hold(tmp_path: Path) -> None:
    how = autostart.Way(tmp_path / "units" / autostart.UNIT, "user.service", ())
    with pytest.raises(IdentityError):
        autostart.on(how, DataFolder(tmp_path / "agent"), None, None)
    with pytest.raises(IdentityError, match="join --data"):
        with_pc = autostart.Way(how.file, "system.service", (), tmp_path / "state")
        autostart.on(with_pc, joined(tmp_path / "agent"), None, None)
    with pytest.raises(FinalError):
        autostart.on(how, joined(tmp_path / "agent"), tmp_path / 'a"b.toml', None)
    assert not how.file.exists()


def test_on_show_and_off_where_a_file_is_all_that_it_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    how = autostart.Way(tmp_path / "Startup" / "diemdanh-agent.cmd", "startup.cmd", ())
    assert autostart.show(how) == 1
    assert autostart.on(how, joined(tmp_path / "agent"), None, tmp_path / "agent") == 0
    text = how.file.read_text(encoding="utf-8")
    assert str(autostart.program()) in text and str(tmp_path / "agent") in text
    assert autostart.show(how) == 0
    assert autostart.off(how) == 0
    assert not how.file.exists()
    assert autostart.show(how) == 1
    capsys.readouterr()


@pytest.mark.skipif(not shutil.which("false"), reason="needs a program that always fails")
def test_where_the_system_does_not_take_it_nothing_says_that_it_is_on(tmp_path: Path) -> None:
    how = autostart.Way(tmp_path / "units" / autostart.UNIT, "user.service", ("false",))
    folder = joined(tmp_path / "agent")
    with pytest.raises(FinalError, match="daemon-reload"):
        autostart.on(how, folder, None, None)
    assert autostart.started_by(how, folder) is None


STORY = """
import json, os, signal, subprocess, sys, time
from pathlib import Path
from bridge_agent import autostart
from bridge_agent.data_folder import DataFolder

folder, units = Path(sys.argv[1]), Path(sys.argv[2])
how = autostart.Way(units / autostart.UNIT, "user.service", ("systemctl", "--user"))

def pid():
    asked = ["systemctl", "--user", "show", "-P", "MainPID", autostart.UNIT]
    return int(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)

def started(other):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if (now := pid()) not in (0, other):
            return now
        time.sleep(0.1)

for _ in range(100):
    if subprocess.run(["systemctl", "--user", "is-system-running"], capture_output=True).returncode == 0:
        break
    time.sleep(0.1)
autostart.on(how, DataFolder(folder / "agent"), folder / "agent.toml", folder / "agent")
first = started(0)
time.sleep(3)
held = subprocess.run([str(autostart.program()), "run", "--config", folder / "agent.toml", "--data", folder / "agent"],
                      capture_output=True, text=True)
os.kill(first, signal.SIGKILL)
killed = time.monotonic()
second = started(first)
took = time.monotonic() - killed
autostart.off(how)
print(json.dumps({"first": first, "second": second, "took": took, "after": pid(), "file": how.file.exists(),
                  "held": [held.returncode, held.stderr]}))
"""


@pytest.mark.nightly
@needs_systemd
@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root, for namespaces")
def test_a_real_systemd_starts_a_killed_agent_again_within_ten_seconds(tmp_path: Path) -> None:
    joined(tmp_path / "agent")
    (tmp_path / "agent.toml").write_text('source = "simulated:none.toml"\nconsole_port = 0\nkey_store = "file"\n')
    (tmp_path / "none.toml").touch()  # nothing is watched: there is no session
    (tmp_path / "story.py").write_text(STORY, encoding="utf-8")
    home = tmp_path / "home"
    units = home / ".config" / "systemd" / "user"
    units.mkdir(parents=True)
    # In namespaces of its own: a /run that says that systemd runs, and processes that end with it.
    script = f"""
    mount -t tmpfs none /run; mkdir -p /run/systemd/system /run/user/0; chmod 700 /run/user/0
    export XDG_RUNTIME_DIR=/run/user/0 HOME={home}
    /lib/systemd/systemd --user --log-target=null &
    {sys.executable} {tmp_path / "story.py"} {tmp_path} {units}
    """
    done = subprocess.run(
        ["unshare", "-m", "-p", "-f", "--mount-proc", "sh", "-c", script],
        env={**os.environ, "DIEMDANH_LANGUAGE": "en"}, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["first"] and told["second"] and told["took"] < 10
    assert (told["after"], told["file"]) == (0, False)
    assert told["held"][0] == 2 and "Another bridge-agent is using" in told["held"][1]
