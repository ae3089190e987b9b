"""Disks whose power can go: SQLite's own calls, kept track of until they are synced.

Why not a replayed trace, as tests.faults.power_cuts has it: strace costs seconds a run. Why not copies at each commit:
they would take SQLite at its word, and a log with synchronous=OFF would pass. So a VFS is put into the SQLite library
that Python's sqlite3 uses, by ctypes: the system's own, but that writes, truncations, syncs and deletions of the files
of a known folder are told to its disk first. When the power goes the files fall back to what was synced, plus what
chance lets through of the rest: nothing, a beginning or any part, whole or torn at a sector (power_cuts.Disk). A
process that is only killed leaves what it wrote. apsw's VFS would not do: it has a SQLite of its own.

Other files (keys, the plan) are written whole in one step, so here they are never caught half way.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import functools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Any, Literal

from tests.faults.power_cuts import Disk
from tests.faults.trace import Sync, Truncate, Unlink, Write

OK, FULL, IOERR_WRITE, IOERR_FSYNC, IOERR_TRUNCATE, IOERR_DELETE = 0, 13, 778, 1034, 1546, 2570
"""SQLite's result codes."""
Trouble = Literal["none", "full", "errors"]
ERROR_SHARE = 0.3
"""Of the writes and syncs of a disk that reports errors, so many fail."""


class PcDisk:
    """The disk of one PC: the SQLite files in one folder. `rng`: the chance that decides what a power cut leaves."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.folder = folder
        self.trouble: Trouble = "none"
        self.gone = False
        """The power is gone or the process was killed: nothing reaches the disk any more."""
        self.fuse: int | None = None
        """After so many more operations the power goes by itself, in the middle of whatever it is."""
        self.went: Callable[[], None] = lambda: None
        """Called when the power goes by itself."""
        self._rng = rng
        self._left: dict[str, bytearray] | None = None
        self.switch_on()

    def switch_on(self) -> None:
        """The power is back: what lies in the folder is what is durable."""
        self.gone, self.fuse, self._left = False, None, None
        self._disk = Disk({path.name: bytearray(path.read_bytes()) for path in self._files()})

    def cut(self, *, power: bool) -> None:
        """Nothing reaches the disk from now on. `power`: what was not synced may be lost; else a process was killed."""
        if self.gone:
            return
        self.gone = True
        self._left = self._disk.states(self._rng) if power else None

    def settle(self) -> None:
        """Once the program is gone: make the files what the power cut left of them."""
        if self._left is not None:
            for path in self._files():
                path.unlink()
            for name, data in self._left.items():
                (self.folder / name).write_bytes(data)
        for path in self.folder.glob("*-shm"):
            path.unlink()

    def _files(self) -> list[Path]:
        return sorted(
            path
            for path in self.folder.iterdir()
            if path.name.endswith((".db", ".db-wal", ".db-journal")) and path.is_file()
        )

    def write(self, name: str, offset: int, data: bytes) -> int:
        """SQLite is about to write; what it is told."""
        if code := self._refusal(FULL if self.trouble == "full" else IOERR_WRITE):
            return code
        self._disk.do(Write(name, offset, data))
        return OK

    def truncate(self, name: str, size: int) -> int:
        """SQLite is about to cut a file."""
        if code := self._refusal(IOERR_TRUNCATE):
            return code
        self._disk.do(Truncate(name, size))
        return OK

    def sync(self, name: str) -> int:
        """SQLite is about to sync a file."""
        code = self._refusal(IOERR_FSYNC)
        if not self.gone:
            new = name not in self._disk.durable
            self._disk.do(Sync(name, ok=code == OK))
            if new and code == OK:
                self._sync_names()
        return code

    def delete(self, name: str, *, sync: bool) -> int:
        """SQLite is about to delete a file. `sync`: so that it stays deleted."""
        if code := self._refusal(IOERR_DELETE):
            return code
        self._disk.do(Unlink(name))
        if sync:
            self._sync_names()
        return OK

    def _sync_names(self) -> None:
        """The folder is synced, as SQLite does when it first syncs a file that it made: deletions last."""
        for name, waiting in self._disk.pending.items():
            gone = max((place for place, op in enumerate(waiting, 1) if isinstance(op, Unlink)), default=0)
            if gone:
                self._disk.durable.pop(name, None)
                del waiting[:gone]

    def _refusal(self, code: int) -> int:
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0 and not self.gone:
                self.cut(power=True)
                self.went()
        if self.gone:
            return IOERR_WRITE
        if self.trouble == "full" and code in (FULL, IOERR_WRITE):
            return FULL
        return code if self.trouble == "errors" and self._rng.random() < ERROR_SHARE else OK


def _fields(numbers: str, names: str) -> Any:
    return [(name, c_int) for name in numbers.split()] + [(name, c_void_p) for name in names.split()]


class _Vfs(ctypes.Structure):
    """sqlite3_vfs, version 3."""

    _fields_ = _fields(
        "iVersion szOsFile mxPathname",
        "pNext zName pAppData xOpen xDelete xAccess xFullPathname xDlOpen xDlError xDlSym xDlClose xRandomness xSleep "
        "xCurrentTime xGetLastError xCurrentTimeInt64 xSetSystemCall xGetSystemCall xNextSystemCall",
    )


class _Methods(ctypes.Structure):
    """sqlite3_io_methods, version 3."""

    _fields_ = _fields(
        "iVersion",
        "xClose xRead xWrite xTruncate xSync xFileSize xLock xUnlock xCheckReservedLock xFileControl xSectorSize "
        "xDeviceCharacteristics xShmMap xShmLock xShmBarrier xShmUnmap xFetch xUnfetch",
    )


class _File(ctypes.Structure):
    """sqlite3_file: the first field of every open file."""

    _fields_ = [("pMethods", POINTER(_Methods))]


_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)  # a name's pointer itself: SQLite keeps it
_DELETE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
_CLOSE = CFUNCTYPE(c_int, c_void_p)
_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)


class Disks:
    """The disks of all PCs, by folder, and the VFS that tells them of SQLite's calls."""

    def __init__(self) -> None:
        self._by_folder: dict[str, PcDisk] = {}
        self._open: dict[int, tuple[PcDisk, str, tuple[Any, Any, Any, Any]]] = {}
        self._library: Any = ctypes.CDLL(_sqlite3.__file__)  # whichever SQLite it is linked with answers
        self._library.sqlite3_vfs_find.restype = c_void_p
        self._library.sqlite3_vfs_find.argtypes = [c_char_p]
        for name in ("sqlite3_vfs_register", "sqlite3_vfs_unregister"):
            getattr(self._library, name).argtypes = [c_void_p, c_int][: 2 if name.endswith("_register") else 1]
        self._system: int = self._library.sqlite3_vfs_find(None)
        system = _Vfs.from_address(self._system)
        self._real_open, self._real_delete = _OPEN(system.xOpen), _DELETE(system.xDelete)
        self._vfs = _Vfs.from_buffer_copy(system)
        self._name = ctypes.create_string_buffer(b"simulated")
        self._vfs.zName = ctypes.addressof(self._name)
        self._calls: list[Any] = [_OPEN(self._opened), _DELETE(self._deleted), _CLOSE(self._closed)]
        self._calls += [_WRITE(self._written), _TRUNCATE(self._truncated), _SYNC(self._synced)]
        self._vfs.xOpen, self._vfs.xDelete = self._address(0), self._address(1)
        self._methods: dict[int, _Methods] = {}
        self._real: dict[int, tuple[Any, Any, Any, Any]] = {}
        """The system's close, write, truncate and sync, by where its methods lie."""

    def add(self, disk: PcDisk) -> None:
        """A disk that is to be told."""
        self._by_folder[str(disk.folder)] = disk

    def register(self) -> None:
        """From now on every sqlite3.connect of this process goes through here."""
        self._library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1)

    def unregister(self) -> None:
        """No longer; the disks are forgotten."""
        self._by_folder.clear()
        self._library.sqlite3_vfs_unregister(ctypes.byref(self._vfs))
        self._library.sqlite3_vfs_register(self._system, 1)

    def _address(self, number: int) -> int | None:
        return ctypes.cast(self._calls[number], c_void_p).value

    def _opened(self, _: int, name: int | None, file: int, flags: int, out: int) -> int:
        code: int = self._real_open(self._system, name, file, flags, out)
        known = self._of(name)
        if code == OK and known is not None:
            opened = _File.from_address(file)
            place = ctypes.addressof(opened.pMethods.contents)
            opened.pMethods = ctypes.pointer(self._ours(opened.pMethods))
            self._open[file] = (*known, self._real[place])
        return code

    def _ours(self, real: Any) -> _Methods:
        """The system's methods with four of them replaced; databases and journals have different ones."""
        place = ctypes.addressof(real.contents)
        if place not in self._methods:
            ours = _Methods.from_buffer_copy(real.contents)
            self._real[place] = (
                _CLOSE(ours.xClose), _WRITE(ours.xWrite), _TRUNCATE(ours.xTruncate), _SYNC(ours.xSync)
            )  # fmt: skip
            ours.xClose, ours.xWrite, ours.xTruncate, ours.xSync = map(self._address, (2, 3, 4, 5))
            self._methods[place] = ours
        return self._methods[place]

    def _of(self, name: int | None) -> tuple[PcDisk, str] | None:
        if name is None:
            return None
        folder, _, base = ctypes.string_at(name).decode().rpartition("/")
        disk = self._by_folder.get(folder)
        return None if disk is None else (disk, base)

    def _closed(self, file: int) -> int:
        close = self._open.pop(file)[2][0]
        return int(close(file))

    def _written(self, file: int, data: int, size: int, offset: int) -> int:
        disk, name, real = self._open[file]
        return disk.write(name, offset, ctypes.string_at(data, size)) or int(real[1](file, data, size, offset))

    def _truncated(self, file: int, size: int) -> int:
        disk, name, real = self._open[file]
        return disk.truncate(name, size) or int(real[2](file, size))

    def _synced(self, file: int, _: int) -> int:
        disk, name, _real = self._open[file]
        return disk.sync(name)  # there is no need to make the real disk work

    def _deleted(self, _: int, name: int, sync: int) -> int:
        known = self._of(name)
        code = known[0].delete(known[1], sync=bool(sync)) if known else OK
        return code or int(self._real_delete(self._system, name, sync))


@functools.cache
def _disks() -> Disks:
    """One for the whole process: SQLite may call it as long as a file is open."""
    return Disks()


@contextmanager
def simulated_disks() -> Iterator[Disks]:
    """While it lasts SQLite's files lie on disks that are told of every call."""
    disks = _disks()
    disks.register()
    try:
        yield disks
    finally:
        disks.unregister()
