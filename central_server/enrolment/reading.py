"""Reading a roster file in a process of its own: whatever a hostile file does, it does it there, and not for long.

`python -m central_server.enrolment.reading` is that process: the file on its standard input, the sheets or the error's
two sentences as msgpack on its standard output.
"""

from __future__ import annotations

import subprocess
import sys
from typing import BinaryIO

import msgspec

from central_server.enrolment.faults import RosterError
from central_server.enrolment.files import read_file
from central_server.enrolment.grid import FILE_LIMIT, Grid

TIME_LIMIT_S = 20.0
MEMORY_LIMIT = 1024 * 1024 * 1024
"""Bytes of address space, where the system can hold a process to it."""


class Answer(msgspec.Struct, frozen=True):
    """What the process found."""

    grids: tuple[Grid, ...] = ()
    error: tuple[str, str] | None = None


def read_apart(data: bytes, seconds: float = TIME_LIMIT_S) -> tuple[Grid, ...]:
    """The sheets of a roster file, read in a child process. Raises RosterError."""
    command = [sys.executable, "-m", "central_server.enrolment.reading"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=seconds, check=False)  # noqa: S603 - our own program
    except subprocess.TimeoutExpired as error:
        raise _endless(seconds) from error
    try:
        answer = msgspec.msgpack.decode(done.stdout, type=Answer)
    except msgspec.MsgspecError as error:
        raise _too_much() from error
    if answer.error:
        raise RosterError(*answer.error)
    return answer.grids


def _endless(seconds: float) -> RosterError:
    return RosterError(
        f"Đọc tệp quá {seconds:.0f} giây mà chưa xong nên đã dừng. Hãy chép riêng danh sách sang một tệp Excel mới.",
        f"Reading the file took more than {seconds:.0f} s and was stopped. Copy the roster into a new Excel file.",
    )


def _too_much() -> RosterError:
    return RosterError(
        "Tệp này làm chương trình đọc phải dừng (hỏng, hoặc cần quá nhiều bộ nhớ). Hãy chép riêng danh sách sang một "
        "tệp Excel mới.",
        "This file stopped the program that reads it (damaged, or it needs too much memory). Copy the roster alone "
        "into a new Excel file.",
    )


def main(source: BinaryIO, out: BinaryIO) -> None:
    """The child: read the file from `source`, answer on `out`."""
    _limit_memory()
    try:
        answer = Answer(grids=tuple(read_file(source.read(FILE_LIMIT + 1))))
    except RosterError as error:
        answer = Answer(error=(error.vi, error.en))
    except MemoryError:
        answer = Answer(error=(_too_much().vi, _too_much().en))
    out.write(msgspec.msgpack.encode(answer))


def _limit_memory() -> None:
    if sys.platform == "win32":
        return  # no such limit there: the file's parts are measured before, and the time is
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
