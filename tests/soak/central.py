"""The central server of a soak: a program of its own, with all its work beside requests, by a time that it is given.

`python -m tests.soak.central FOLDER TIME POINTS LEARNERS DAYS_LATER` prints one line of JSON (`Told`), then serves
until its standard input ends; each line that comes is answered by what it holds (`Inside`).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlalchemy import Connection, text

from central_server.accounts.giving import NewAccount, new_account, set_pin
from central_server.accounts.permission import Grant
from central_server.app import create_app
from central_server.config import Accounts, Config
from central_server.learners.means import keep_pins
from central_server.serving import addresses, listen, server
from deploy.server.__main__ import HERE
from tests.central_server.running import PATIENCE_S, Clock, Running, new_database
from tests.simulation.template import phc
from tests.soak import course
from tests.soak.fast_time import SharedTime


class Told(msgspec.Struct, frozen=True):
    """Where it serves, and what to join and sign in with."""

    address: str
    pid: int
    tokens: dict[str, str]
    """By bridge point's code."""
    manager: dict[str, str]
    administrator: dict[str, str]
    """Cookies."""


class Inside(msgspec.Struct, frozen=True):
    """What the server's process holds, as it knows itself."""

    objects: int
    """Python's, that the garbage collector knows."""
    sqlite: int
    """Bytes of SQLite, which are its page caches: at most 64 MiB a connection (central_server.database)."""


def inside() -> Inside:
    """Now."""
    gc.collect()
    library = ctypes.util.find_library("sqlite3")
    used = ctypes.CDLL(library).sqlite3_memory_used if library else None
    if used is None:
        return Inside(len(gc.get_objects()), 0)
    used.restype = ctypes.c_int64
    return Inside(len(gc.get_objects()), used())


class GivenClock(Clock):
    """The soak's time."""

    def __init__(self, time: SharedTime) -> None:
        self._time = time

    def __call__(self) -> int:
        return self._time()


def main() -> int:
    """Serve until standard input ends."""
    folder, points, learners, later = Path(sys.argv[1]), *(int(one) for one in sys.argv[3:6])
    clock = GivenClock(SharedTime(Path(sys.argv[2])))
    folder.mkdir()
    # Nobody of a soak should be signed out; a second factor is another test's matter.
    accounts = Accounts(idle_minutes=24 * 60, hours=24 * 31, second_factor=())
    config = Config(data=str(folder), port=0, accounts=accounts)
    (folder / "diemdanh.db").touch(0o600)
    (folder / "diemdanh.db").write_bytes(new_database())
    app = create_app(config, clock, serving=True)
    with listen(config) as listener:
        program = server(app)
        thread = threading.Thread(target=program.run, kwargs={"sockets": [listener]})
        thread.start()
        while not program.started and thread.is_alive():
            thread.join(0.02)
        one = Running(addresses(config, listener), app.state.services, clock)
        told = _prepared(one, folder, points, learners, later)
        print(msgspec.json.encode(told).decode(), flush=True)
        for _ in sys.stdin:
            print(msgspec.json.encode(inside()).decode(), flush=True)
        one.close()
        program.should_exit = True
        thread.join(PATIENCE_S)
    return 0


def _prepared(one: Running, folder: Path, points: int, learners: int, later: int) -> Told:
    one.load(course.write_course(folder / "course.toml", points, learners, days_later=later))
    sealing, now = one.services.sealing, one.clock()
    who = one.do(new_account(NewAccount(course.WITNESS, "Cán bộ kỹ thuật", (Grant("technician"),)), None, now))
    sealed = sealing.seal("witness_pin", who, phc(course.WITNESS_PIN).encode())
    one.do(lambda connection: set_pin(connection, who, sealed, now))

    def without_face(connection: Connection) -> dict[str, str]:
        rows = connection.execute(text("SELECT id, code FROM learner"))
        return {str(row.id): phc(course.pin(row.code)) for row in rows if course.by_pin(row.code)}

    one.do(keep_pins(one.do(without_face), sealing, now, who, only_new=True))
    return Told(
        one.address,
        os.getpid(),
        {course.point(n): one.token(course.point(n)) for n in range(points)},
        dict(one.manager().cookies),
        dict(one.administrator().cookies),
    )


def unit_environment() -> dict[str, str]:
    """What the server's unit sets for it (deploy/server): a soak measures the server as hosts run it."""
    lines = (HERE / "central-server.service").read_text(encoding="utf-8").splitlines()
    told = (line.removeprefix("Environment=").split("=", 1) for line in lines if line.startswith("Environment="))
    return dict(told)


@contextmanager
def central(
    folder: Path, time: SharedTime, points: int, learners: int, *, days_later: int = 0
) -> Iterator[tuple[Told, Callable[[], Inside]]]:
    """The server, until the context ends; and how to ask what it holds."""
    command = [sys.executable, "-m", "tests.soak.central", str(folder), str(time.path)]
    command += [str(one) for one in (points, learners, days_later)]
    process = subprocess.Popen(
        command,
        env={**os.environ, **unit_environment()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None and process.stdin is not None
    asked, answers = process.stdin, process.stdout
    try:
        line = answers.readline()
        if not line:
            raise RuntimeError(f"the server ended with {process.wait(PATIENCE_S)}")
        told = msgspec.json.decode(line, type=Told)

        def ask() -> Inside:
            asked.write(b"\n")
            asked.flush()
            return msgspec.json.decode(answers.readline(), type=Inside)

        yield told, ask
    finally:
        asked.close()
        process.wait(PATIENCE_S)
        answers.close()


if __name__ == "__main__":
    raise SystemExit(main())
