from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from keyring.errors import KeyringError, KeyringLocked

from bridge_agent import key_store
from bridge_agent.errors import IdentityError
from bridge_agent.key_store import SERVICE, KeyStore

IN_SESSION = """
import sys
import threading
from pathlib import Path
from bridge_agent.key_store import KeyStore, system_store
keys = KeyStore(system_store())
file, following = Path(sys.argv[1]), Path(sys.argv[2])
if sys.argv[3] == "new":
    key = keys.new(file)
else:
    keys.new(following)
    key = keys.read(following)
    keys.move(following, file, file.with_name("before"))
print(key.private_bytes_raw().hex(), keys.read(file).private_bytes_raw().hex())
"""


class Memory:
    """A key store of this process; `locked`: it asks for a password that nobody gives."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("locked")
        assert service == SERVICE
        return self.kept.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise KeyringLocked("locked")
        self.kept[username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.locked:
            raise KeyringLocked("locked")
        del self.kept[username]


def test_without_a_system_store_the_key_is_a_file_of_this_user_alone(tmp_path: Path) -> None:
    key = KeyStore().new(tmp_path / "key")
    assert (tmp_path / "key").read_text() == key.private_bytes_raw().hex()
    assert os.name == "nt" or stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert KeyStore().read(tmp_path / "key").private_bytes_raw() == key.private_bytes_raw()


def test_a_key_in_the_systems_store_is_not_in_the_folder(tmp_path: Path) -> None:
    system = Memory()
    key = KeyStore(system).new(tmp_path / "key")
    assert list(system.kept.values()) == [key.private_bytes_raw().hex()]
    assert key.private_bytes_raw().hex() not in (tmp_path / "key").read_text()
    assert KeyStore(system).read(tmp_path / "key").private_bytes_raw() == key.private_bytes_raw()


def test_a_key_that_follows_takes_the_place_and_only_the_one_before_it_is_kept(tmp_path: Path) -> None:
    system = Memory()
    keys = KeyStore(system)
    made = [keys.new(tmp_path / "key").private_bytes_raw()]
    for count in (2, 2, 2):
        made.append(keys.new(tmp_path / "next").private_bytes_raw())
        keys.move(tmp_path / "next", tmp_path / "key", tmp_path / "before")
        assert not (tmp_path / "next").exists()
        assert keys.read(tmp_path / "key").private_bytes_raw() == made[-1]
        assert keys.read(tmp_path / "before").private_bytes_raw() == made[-2]
        assert len(system.kept) == count


def test_a_store_that_does_not_keep_is_not_trusted_with_a_key(tmp_path: Path) -> None:
    class Forgets(Memory):
        def get_password(self, service: str, username: str) -> str | None:
            return None

    locked = Memory()
    locked.locked = True
    for system in (Forgets(), locked):
        key = KeyStore(system).new(tmp_path / "key")
        assert (tmp_path / "key").read_text() == key.private_bytes_raw().hex()


def test_a_store_that_is_locked_asks_a_person_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Waits(Memory):
        def get_password(self, service: str, username: str) -> str | None:
            nobody.wait(60)
            raise KeyringError("nobody came")

    nobody = threading.Event()
    system = Memory()
    KeyStore(system).new(tmp_path / "key")
    system.locked = True
    monkeypatch.setattr(key_store, "WAIT_S", 0.2)
    for store in (system, Waits(), None):
        with pytest.raises(IdentityError, match=r"Sign in|đăng nhập"):
            KeyStore(store).read(tmp_path / "key")
    nobody.set()


def test_a_key_that_the_store_lost_is_told_as_damage(tmp_path: Path) -> None:
    system = Memory()
    KeyStore(system).new(tmp_path / "key")
    system.kept.clear()
    with pytest.raises(ValueError, match="lost"):
        KeyStore(system).read(tmp_path / "key")


@pytest.mark.skipif(sys.platform != "linux", reason="the Secret Service is Linux's")
def test_a_real_secret_service_keeps_the_key_and_its_follower(tmp_path: Path) -> None:
    if not shutil.which("gnome-keyring-daemon") or not shutil.which("dbus-run-session"):
        pytest.skip("needs gnome-keyring and dbus")
    script, file, following = tmp_path / "ask.py", tmp_path / "key", tmp_path / "next"
    script.write_text(IN_SESSION)
    env = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    env.pop("PYTHON_KEYRING_BACKEND", None)
    open_it = "printf secret | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null 2>&1"
    told = []
    for what in ("new", "next"):
        ask = f"{open_it}; exec {sys.executable} {script} {file} {following} {what}"
        done = subprocess.run(
            ["dbus-run-session", "--", "sh", "-c", ask],
            cwd=Path(__file__).parents[2],
            env={**env, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        made, read = done.stdout.split()
        assert made == read
        assert file.read_text().startswith("key-store ")
        told.append(made)
    assert told[0] != told[1]
