"""What a program does to its files, seen by strace: every write with its bytes, every sync, and what it says."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Write:
    """`data` was written into the file `name` at `offset`; not durable before the file's next Sync."""

    name: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """The file was cut, or stretched with zeros, to `size`."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Unlink:
    """The file's name was removed."""

    name: str


@dataclass(frozen=True, slots=True)
class Sync:
    """All that was written into the file so far is durable; or, when the disk failed, may never be (`ok` False)."""

    name: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Said:
    """The program wrote this line to its standard output."""

    words: tuple[str, ...]


Op = Write | Truncate | Unlink | Sync | Said
_CALL = re.compile(r"(?:\d+ +)?(\w+)\((.*)\)\s+= (-?\d+)(.*)$")
_FD = re.compile(r"(\d+)<([^>]*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def record(module: str, arguments: Sequence[str], watched: Path, trace: Path, inject: str = "") -> tuple[int, list[Op]]:
    """Run `python -m module` under strace; its exit code and what it did to `watched` and its companions, in order.

    `inject`: strace's own words for faults, which then hit that file and its companions alone.
    """
    command = _strace(trace, inject)
    if inject:
        command += _only(watched)
    command += [sys.executable, "-m", module, *arguments]
    env = {**os.environ, "PYTHONUTF8": "1", "DIEMDANH_LANGUAGE": "en", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    ops = list(read(trace, watched.name))
    if inject:  # with -P strace tells nothing of standard output
        ops += [Said(tuple(line.split())) for line in done.stdout.splitlines()]
    return done.returncode, ops


@contextmanager
def follow(pid: int, watched: Path, trace: Path, inject: str) -> Iterator[subprocess.Popen[str]]:
    """strace on a process that has stopped itself, and on all its threads; it goes on when strace is attached.

    Of its files only `watched` and its companions are seen. strace ends with the process.
    """
    command = [*_strace(trace, inject), "-f", *_only(watched), "-p", str(pid)]
    state = Path(f"/proc/{pid}/stat")
    while state.read_text(encoding="ascii").rpartition(")")[2].split()[0] != "T":
        time.sleep(0.002)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        line = strace.stderr.readline()
        assert "attached" in line, line
        os.kill(pid, signal.SIGCONT)
        yield strace


def _strace(trace: Path, inject: str) -> list[str]:
    calls = "pwrite64,write,fsync,fdatasync,ftruncate,unlink"
    command = ["strace", "-y", "-xx", "-s", "1000000", "-o", str(trace), "-e", f"trace={calls}", "-e", "signal=none"]
    return [*command, "-e", f"inject={inject}"] if inject else command


def _only(watched: Path) -> list[str]:
    return [word for ending in ("", "-wal", "-journal") for word in ("-P", f"{watched}{ending}")]


def read(trace: Path, name: str) -> Iterator[Op]:
    """What a trace tells of the file of that name and its companions."""
    with trace.open(encoding="ascii") as lines:
        for line in lines:
            if (call := _CALL.match(line)) is None:
                continue
            what, inside, result = call[1], call[2], int(call[3])
            if what == "unlink":
                if (text := _TEXT.match(inside)) and not result and (file := _base(text[1])).startswith(name):
                    yield Unlink(file)
                continue
            if (fd := _FD.match(inside)) is None:
                continue
            file = _base(fd[2])
            if what == "write" and fd[1] == "1" and (text := _TEXT.search(inside)):
                yield Said(tuple(_bytes(text[1]).decode().split()))
            elif file not in (name, f"{name}-wal"):
                continue
            elif what in ("fsync", "fdatasync"):
                yield Sync(file, result == 0)
            elif what == "ftruncate" and not result:
                yield Truncate(file, int(inside.rsplit(", ", 1)[1]))
            elif what == "pwrite64" and result > 0 and (text := _TEXT.search(inside)):
                yield Write(file, int(inside.rsplit(", ", 1)[1]), _bytes(text[1])[:result])


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _base(path: str) -> str:
    return os.path.basename(_bytes(path).decode() if path.startswith("\\x") else path)  # noqa: PTH119 - no real path
