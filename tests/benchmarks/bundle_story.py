"""Played without the internet: a stick's install.sh, then join and run, until the server's page shows a learner.

Run in a network namespace of its own: python -m tests.benchmarks.bundle_story STICK PYTHON FOLDER; prints JSON.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bridge_agent.simulated_class.classes import two_people
from deploy.demo import classroom, pictures
from deploy.demo.page import ManagersView
from deploy.demo.programs import Programs, run, wait_until

SECONDS = 600


def main(stick: Path, python: str, folder: Path) -> int:
    """Play the story and print what was measured."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    try:
        socket.create_connection(("192.0.2.1", 443), timeout=2).close()
    except OSError as error:
        offline = str(error)
    else:
        raise SystemExit("there is a network here")
    who = pictures.learner(folder / "pictures")
    classroom.copy_portraits(folder / "portraits", who.name, list(who.enrol))
    script = two_people(who, pictures.stranger(folder / "pictures"), seconds=SECONDS)
    (folder / "class.toml").write_bytes(msgspec.toml.encode(script, enc_hook=str))
    programs = Programs(folder)
    try:
        told = play(stick, python, folder, programs)
    finally:
        programs.stop()
    print(json.dumps({"offline": offline, **told}))
    return 0


def play(stick: Path, python: str, folder: Path, programs: Programs) -> dict[str, object]:
    """The technician's part, on a PC whose home is `folder`/home, against a real server."""
    settings = classroom.write_server_settings(folder, 0)
    programs.start("server", "central_server.cli", "serve", "--config", settings)
    view = ManagersView(folder / "server.txt", classroom.SESSION)
    assert wait_until(programs, view.ready, 60)
    account = ("--config", settings, "--login", "manager", "--address", view.address)
    run("central_server.cli", "new-account", *account, "--name", "Manager", "--role", "class_manager")
    view.sign_in(run("central_server.cli", "sign-in-link", *account).split()[0])
    plan = classroom.write_course(folder, [who_is(folder)], start=datetime.now(UTC), seconds=SECONDS)
    run("central_server.cli", "load-course", "--config", settings, plan)
    point = ("--bridge-point", classroom.BRIDGE_POINT)
    token = run("central_server.cli", "new-token", "--config", settings, *point).split()[0]

    # Nothing but a Python: no settings, no caches, none of this environment.
    env = {"HOME": str(folder / "home"), "PATH": "/usr/bin:/bin", "DIEMDANH_PYTHON": python, "DIEMDANH_LANGUAGE": "en"}
    root = folder / "home" / "diemdanh"

    def call(*command: str | Path, wanted: int = 0) -> str:
        done = subprocess.run([*map(str, command)], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == wanted, done.stdout + done.stderr
        return done.stdout + done.stderr

    began = time.monotonic()
    call("sh", stick / "install.sh", "--into", root)
    installed = time.monotonic() - began
    agent = root / "bin" / "bridge-agent"
    config = classroom.write_agent_settings(
        folder, view.address, f"simulated:{folder / 'class.toml'}", folder / "portraits", 0
    )
    call(agent, "join", "--config", config, "--server", view.address, "--token", token)
    joined = time.monotonic() - began
    with (folder / "agent.txt").open("wb") as out:
        running = subprocess.Popen([agent, "run", "--config", config], env=env, stdout=out, stderr=out)
    programs.running.append(("agent", running))
    assert wait_until(programs, view.anybody_present, 170), (folder / "agent.txt").read_text()
    seen = time.monotonic() - began

    refused = call(agent, "run", "--config", config, wanted=2)
    kept = call("sh", root / "installer" / "install.sh", "uninstall", "--config", config, wanted=2)
    running.send_signal(signal.SIGTERM)
    running.wait(20)
    programs.running.pop()
    size = sum(path.lstat().st_size for path in (root / "versions").rglob("*") if path.is_file())
    removed = call("sh", root / "installer" / "install.sh", "uninstall", "--config", config)
    return {
        "installed_s": installed, "joined_s": joined, "seen_s": seen, "bytes": size, "refused": refused,
        "uninstall_while_running": kept, "uninstall": removed, "log_kept": (folder / "agent" / "log.db").exists(),
        "left": sorted(path.name for path in root.iterdir()),
    }  # fmt: skip


def who_is(folder: Path) -> str:
    """The learner's name."""
    return pictures.learner(folder / "pictures").name


if __name__ == "__main__":
    os.umask(0o077)
    raise SystemExit(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
