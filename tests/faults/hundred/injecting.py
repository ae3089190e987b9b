"""Ways to inject faults: each gives a context in which the fault lasts."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.faults.hundred.fault import Inject
from tests.faults.hundred.keeper import ROOT, python
from tests.faults.hundred.line import Mode
from tests.faults.hundred.place import Place, wait


def camera(mode: str) -> Inject:
    """The camera becomes so."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        place.camera.become(mode)
        try:
            yield
        finally:
            place.camera.become("good")

    return inject


def microphone(mode: str) -> Inject:
    """The microphone becomes so."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        place.microphone.mode = mode
        try:
            yield
        finally:
            place.microphone.mode = "good"

    return inject


def line(mode: Mode, also: Callable[[Place], None] = lambda place: None) -> Inject:
    """The line to the server becomes so; then `also` happens."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        place.line.become(mode)
        try:
            also(place)
            yield
        finally:
            place.line.become(Mode())

    return inject


def names(change: Callable[[Place], None]) -> Inject:
    """Names are resolved otherwise."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        change(place)
        try:
            yield
        finally:
            place.names.good()

    return inject


def sent(name: str, number: signal.Signals) -> Inject:
    """A signal to a process, which is not taken back."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        os.kill(place.process(name), number)
        yield

    return inject


def again_and_again(name: str, times: int = 3) -> Inject:
    """Killed as soon as it is back, some times in a row."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        pid = place.process(name)
        for number in range(times):
            os.kill(pid, signal.SIGKILL)
            if number < times - 1:
                pid = place.wait_process(name, pid)
        yield

    return inject


def as_it_starts(name: str, number: signal.Signals) -> Inject:
    """Killed, and the next one gets the signal while it still loads."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        pid = place.process(name)
        os.kill(pid, signal.SIGKILL)
        os.kill(place.wait_process(name, pid), number)
        yield

    return inject


def starved(name: str, most: int = 600_000_000) -> Inject:
    """Killed, and the next one gets so little memory."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        pid = place.process(name)
        os.kill(pid, signal.SIGKILL)
        resource.prlimit(place.wait_process(name, pid), resource.RLIMIT_AS, (most, most))
        yield

    return inject


def together(*pairs: tuple[str, signal.Signals]) -> Inject:
    """Several processes get a signal at the same time."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        for pid, number in [(place.process(name), number) for name, number in pairs]:
            os.kill(pid, number)
        yield

    return inject


@contextmanager
def asleep(place: Place) -> Iterator[None]:
    """All of the PC's processes stand still for a while, as when its lid was closed."""
    pids = [place.keeper.pid, *(one.pid for one in psutil.Process(place.keeper.pid).children(recursive=True))]
    place.keeper.patient = True
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(15)
    for pid in reversed(pids):
        os.kill(pid, signal.SIGCONT)
    place.keeper.patient = False
    time.sleep(12)  # the relay has given the stream up meanwhile, which is noticed within 10 s
    place.wait_good()
    yield


def limited(name: str, what: int, most: Callable[[psutil.Process], int]) -> Inject:
    """A process may have no more of something than `most` says."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        pid = place.process(name)
        before = resource.prlimit(pid, what)
        resource.prlimit(pid, what, (most(psutil.Process(pid)), before[1]))
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, what, before)

    return inject


@contextmanager
def hung(place: Place) -> Iterator[None]:
    """The agent's event loop goes no further."""
    starts = len(place.keeper.starts)
    place.meddle("hang", "")
    try:
        wait(lambda: (place.keeper.ends[-1:] and place.keeper.process and place.keeper.process.poll() is not None)
             or len(place.keeper.starts) > starts, 30, "the hung agent ends")  # fmt: skip
        place.meddle("hang", None)
        yield
    finally:
        place.meddle("hang", None)


def wall(by_s: int) -> Inject:
    """Somebody sets the wall clock."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        place.meddle("wall", str(by_s * 1000))
        try:
            yield
        finally:
            place.meddle("wall", None)

    return inject


def machine(**changed: object) -> Inject:
    """The PC's gauges show this."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        place.machine(**changed)
        try:
            yield
        finally:
            place.machine()

    return inject


def disk_left(left: int) -> Inject:
    """The disk is filled up until so many bytes are left, and the PC's gauge shows it."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        filled = place.data / "filled"
        with filled.open("wb") as file:
            free = shutil.disk_usage(place.data).free
            if (much := free - left - (0 if left else 1_000_000)) > 0:
                os.posix_fallocate(file.fileno(), 0, much)
        if left == 0:
            _fill(place.data / "filled.rest")
        place.machine(disk_free=shutil.disk_usage(place.data).free)
        try:
            yield
        finally:
            filled.unlink()
            (place.data / "filled.rest").unlink(missing_ok=True)
            place.machine()

    return inject


def _fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def failing(call: str, error: str) -> Inject:
    """The disk answers so to this call on the log (strace)."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        log = place.data / "log.db"
        watched = [word for ending in ("", "-wal") for word in ("-P", f"{log}{ending}")]
        told = ["strace", "-f", "-q", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error={error}"]
        strace = subprocess.Popen([*told, *watched, "-p", str(place.keeper.pid)], stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            strace.terminate()
            strace.wait()

    return inject


def at_start(change: Callable[[Place], None], mend: Callable[[Place], None], *, runs: bool = True) -> Inject:
    """The agent is ended in order, something is changed, and it is started; likewise back. runs: it can start."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        place.restart(lambda: change(place))
        try:
            yield
        finally:
            place.restart(lambda: mend(place))
            if not runs:
                place.wait_good(60)

    return inject


def setting(**changed: str) -> Inject:
    """The settings file says something else when the agent is started."""
    return at_start(lambda place: place.set(**changed), lambda place: place.set())


def file_at_start(name: str, damage: Callable[[Path], None], *, mends: bool = True, runs: bool = True) -> Inject:
    """A file or folder of the bridge point is damaged before the agent is started. mends: it is put back afterwards."""
    kept = Path("kept")

    def change(place: Place) -> None:
        path = place.folder / name
        _copy(path, place.folder / kept)
        damage(path)

    def mend(place: Place) -> None:
        path = place.folder / name
        if mends:
            _remove(path)
            _copy(place.folder / kept, path)
        _remove(place.folder / kept)

    return at_start(change, mend, runs=runs)


def file_now(name: str, damage: Callable[[Path], None], also: Callable[[Place], None]) -> Inject:
    """The same while the agent runs; then `also` happens."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        path, kept = place.folder / name, place.folder / "kept"
        _copy(path, kept)
        damage(path)
        try:
            also(place)
            yield
        finally:
            _remove(path)
            _copy(kept, path)
            _remove(kept)

    return inject


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy2(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def killed(name: str) -> Callable[[Place], None]:
    """For `also`: the process is killed, so that the next one meets what was changed."""

    def kill(place: Place) -> None:
        os.kill(place.process(name), signal.SIGKILL)

    return kill


def flipped(path: Path) -> None:
    """Bits in the middle of a file are others."""
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 3, len(data) // 2, 97):
        data[at] ^= 0x55
    path.write_bytes(data)


def cut(path: Path) -> None:
    """Only the first half of a file is left."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    """Nothing is left in it."""
    path.write_bytes(b"")


def rubbish(path: Path) -> None:
    """Something else is in it."""
    path.write_bytes(os.urandom(20_000))


def removed(path: Path) -> None:
    """It is gone."""
    _remove(path)


@contextmanager
def port_taken(place: Place) -> Iterator[None]:
    """Another program has the pages' port when the agent is started."""
    with contextlib.ExitStack() as stack:

        def take() -> None:
            taken = stack.enter_context(socket.socket())
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", place.port))
            taken.listen()

        place.restart(take)
        yield


@contextmanager
def crowded(place: Place) -> Iterator[None]:
    """Two hundred programs hold connections to the pages and say nothing."""
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(socket.create_connection(("127.0.0.1", place.port)))
        yield


@contextmanager
def log_removed(place: Place) -> Iterator[None]:
    """Somebody deletes the log under the running agent; it is started again, and begins a new one."""
    place.wait_good()
    for path in place.data.glob("log.db*"):
        path.unlink()
    yield
    place.restart()


@contextmanager
def second_agent(place: Place) -> Iterator[None]:
    """A second agent is started on the same data folder; what it says goes where the first one's words go."""
    with place.keeper.output.open("ab") as output:
        command = python("bridge_agent.cli", "run", "--config", place.folder / "agent.toml")
        second = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        try:
            assert second.wait(30) == 2
            yield
        finally:
            second.kill()
