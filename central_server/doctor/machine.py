"""Checks of this machine: data folder, disk, keys, clock, copies. Each leaves everything as it was."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from central_server.accounts import account_key
from central_server.config import Config
from central_server.doctor.finding import Finding, Verdict, good, unknown, wrong
from central_server.learners import sealing
from central_server.own_log import server_key
from models.reasons import reason

LEAST_FREE = 2 << 30
"""Bytes: a year of 500 courses takes about one GiB; the rest is for a copy and the write-ahead log."""
SLOW_FSYNC_S = 0.03
"""A batch waits for one fsync; at 30 ms the server still takes some 30 groups of batches a second (ADR 6)."""
FSYNCS = 15
BACKUP_HOURS = 26
"""A daily copy, and two hours in which it may be late."""
KEYS = (server_key.KEY_FILE, account_key.KEY_FILE, sealing.KEY_FILE)
_TIME_ERROR = 5  # adjtimex(2): "the clock is not synchronized"


def data_folder(folder: Path) -> Finding:
    """It is there, is ours to write, and closed to others."""
    if not folder.exists():
        return unknown(
            f"Thư mục dữ liệu {folder} chưa có: máy chủ tạo khi chạy lần đầu.",
            f"The data folder {folder} is not there yet: the server makes it when it first runs.",
        )
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=folder):
            pass
    except OSError as error:
        why = reason(error)
        return wrong(
            f"Không ghi được vào thư mục dữ liệu {folder} ({why.vi}). Hãy chạy lệnh này bằng người dùng của máy chủ và "
            "kiểm tra quyền ghi.",
            f"The data folder {folder} can't be written ({why.en}). Run this as the server's user, and check its "
            "permissions.",
        )
    if (mode := _open_to_others(folder)) is not None:
        return wrong(
            f"Người dùng khác trên máy xem được thư mục dữ liệu (quyền {mode}). Hãy chạy: chmod 700 {folder}",
            f"Other users of this machine can look into the data folder (mode {mode}). Run: chmod 700 {folder}",
        )
    return good(f"Thư mục dữ liệu {folder} ghi được.", f"The data folder {folder} can be written.")


def database(path: Path) -> Finding:
    """It can be read. Asked without changing it: a server may be running on it."""
    if not path.exists():
        return unknown("Chưa có cơ sở dữ liệu.", "There is no database yet.")
    # Without a write-ahead log nobody writes it, and none may be made here: the server could not open another user's.
    still = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{still}", uri=True, timeout=5)) as db:
            (version,) = db.execute("SELECT version_num FROM alembic_version").fetchone()
            db.execute("SELECT seq FROM own_record ORDER BY seq DESC LIMIT 1").fetchone()
    except (sqlite3.Error, TypeError) as error:
        why = reason(error)
        return wrong(
            f"Không đọc được cơ sở dữ liệu {path} ({why.vi}). Hãy dừng máy chủ, giữ nguyên tệp này, rồi khôi phục bản "
            "sao: central-server restore.",
            f"The database {path} can't be read ({why.en}). Stop the server, leave this file as it is, and put a copy "
            "back: central-server restore.",
        )
    return good(f"Cơ sở dữ liệu đọc được (phiên bản {version}).", f"The database can be read (version {version}).")


def disk_space(folder: Path) -> Finding:
    """Room for the database, its log and a copy."""
    there = _nearest(folder)
    free = shutil.disk_usage(there).free
    size = f"{free / (1 << 30):.1f} GiB"
    if free < LEAST_FREE:
        return wrong(
            f"Đĩa của {there} chỉ còn {size}. Hãy dọn bớt hoặc thêm đĩa; dưới 2 GiB thì sao lưu và ghi nhật ký có thể "
            "không được.",
            f"The disk of {there} has only {size} left. Make room or add a disk; under 2 GiB copies and the log may "
            "fail.",
        )
    return good(f"Đĩa còn {size}.", f"The disk has {size} left.")


def disk_speed(folder: Path) -> Finding:
    """How long a small write takes until it is safe from a power cut."""
    try:
        with tempfile.TemporaryFile(dir=_nearest(folder)) as file:
            times = []
            for _ in range(FSYNCS):
                file.write(b"\0" * 4096)
                file.flush()
                began = time.perf_counter()
                os.fsync(file.fileno())
                times.append(time.perf_counter() - began)
    except OSError as error:
        why = reason(error)
        return wrong(
            f"Không ghi thử được lên đĩa ({why.vi}). Hãy kiểm tra đĩa và quyền ghi.",
            f"Nothing can be written to the disk ({why.en}). Check it, and the permissions.",
        )
    took = statistics.median(times)
    shown = f"{took * 1000:.1f} ms"
    if took > SLOW_FSYNC_S:
        return wrong(
            f"Đĩa chậm: ghi bền một lần mất {shown} (nên dưới {SLOW_FSYNC_S * 1000:.0f} ms). Hãy dùng đĩa SSD tại máy, "
            "không dùng thư mục mạng.",
            f"The disk is slow: a durable write takes {shown} (under {SLOW_FSYNC_S * 1000:.0f} ms is needed). Use a "
            "local SSD, not a network folder.",
        )
    return good(f"Ghi bền một lần mất {shown}.", f"A durable write takes {shown}.")


def clock() -> Finding:
    """Synchronised, as the kernel knows it."""
    if sys.platform != "linux":
        return unknown(
            "Không hỏi được đồng hồ trên hệ này. Hãy tự kiểm tra việc đồng bộ giờ.",
            "The clock's state can't be asked on this system. See yourself that it is synchronised.",
        )
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))  # struct timex with modes 0: only read
    if state < 0:
        return unknown("Không hỏi được trạng thái đồng hồ.", "The clock's state can't be asked.")
    if state == _TIME_ERROR:
        return wrong(
            "Đồng hồ máy chủ không được đồng bộ: giờ có mặt sẽ sai. Hãy bật: timedatectl set-ntp true (hay chrony).",
            "The clock is not synchronised: times of presence will be wrong. Turn it on: timedatectl set-ntp true (or "
            "install chrony).",
        )
    return good("Đồng hồ được đồng bộ.", "The clock is synchronised.")


def keys(config: Config) -> list[Finding]:
    """The key files beside the database, and the secrets that the settings name."""
    folder = config.data_folder
    found = [_key(folder / name, needed=config.database.exists()) for name in KEYS]
    named = [config.media.turn_secret_file if config.media.turn else None]
    named.append(config.oidc.client_secret_file if config.oidc else None)
    found += [_key(Path(name), needed=True) for name in named if name]
    wanting = [one for one in found if one is not None]
    return wanting or [good("Khóa chỉ chủ của máy chủ đọc được.", "Only the server's user reads its keys.")]


def _key(path: Path, *, needed: bool) -> Finding | None:
    if not path.exists():
        if not needed:
            return None
        return wrong(
            f"Thiếu tệp khóa {path}. Hãy chép lại từ nơi cất khóa trước khi chạy máy chủ.",
            f"The key file {path} is missing. Put it back from where keys are kept before the server starts.",
        )
    if (mode := _open_to_others(path)) is not None:
        return wrong(
            f"Người dùng khác đọc được tệp khóa {path} (quyền {mode}). Hãy chạy: chmod 600 {path}",
            f"Other users can read the key file {path} (mode {mode}). Run: chmod 600 {path}",
        )
    return None


def backups(folder: Path | None, now_s: float) -> Finding:
    """The newest copy in the folder, and whether it opens. now_s: seconds since 1970."""
    how = "central-server backup, deploy/server/central-server-backup.timer"
    if folder is None or not folder.is_dir():
        where = folder or "?"
        return wrong(
            f"Không thấy thư mục bản sao ({where}). Hãy bật sao lưu hằng ngày ({how}) và chỉ thư mục bằng --backups.",
            f"There is no folder of copies ({where}). Turn the daily copy on ({how}), and name its folder: --backups.",
        )
    copies = [path for path in folder.glob("*.db") if path.is_file()]
    if not copies:
        return wrong(
            f"Chưa có bản sao nào trong {folder}. Hãy bật sao lưu hằng ngày ({how}).",
            f"There is no copy in {folder} yet. Turn the daily copy on ({how}).",
        )
    newest = max(copies, key=lambda path: path.stat().st_mtime)
    hours = max(0.0, now_s - newest.stat().st_mtime) / 3600
    if hours > BACKUP_HOURS:
        return wrong(
            f"Bản sao mới nhất {newest} đã {hours:.0f} giờ. Hãy xem vì sao sao lưu hằng ngày không chạy: "
            "systemctl status central-server-backup.",
            f"The newest copy {newest} is {hours:.0f} h old. See why the daily copy does not run: "
            "systemctl status central-server-backup.",
        )
    if database(newest).verdict is not Verdict.GOOD:
        return wrong(
            f"Bản sao mới nhất {newest} không mở được. Hãy sao lưu lại: central-server backup.",
            f"The newest copy {newest} does not open. Make another: central-server backup.",
        )
    return good(
        f"Bản sao mới nhất {newest.name} cách đây {hours:.0f} giờ. Nhớ cất bản sao và khóa ở máy khác.",
        f"The newest copy {newest.name} is {hours:.0f} h old. Keep copies and keys on another machine, too.",
    )


def _nearest(folder: Path) -> Path:
    folder = folder.absolute()
    return next(one for one in (folder, *folder.parents) if one.exists())


def _open_to_others(path: Path) -> str | None:
    """The mode, where it gives anything to anybody else than the owner; Windows has other means."""
    mode = path.stat().st_mode & 0o777
    return f"{mode:o}" if os.name == "posix" and mode & 0o077 else None
