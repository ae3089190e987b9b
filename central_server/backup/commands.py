"""`central-server backup` and `central-server restore`."""

from __future__ import annotations

import argparse

from central_server.backup.copying import back_up
from central_server.backup.restoring import restore
from central_server.clock import wall_clock
from central_server.config import Config
from central_server.own_log.server_key import KEY_FILE
from models.language import both, counted


def backup_command(arguments: argparse.Namespace, config: Config) -> int:
    """Make a copy and say what it holds."""
    held = back_up(config.database, arguments.out)
    key = config.data_folder / KEY_FILE
    print(
        both(
            f"Đã sao lưu và so lại {arguments.out}: {len(held.heads)} nhật ký, {held.records} bản ghi. "
            f"Hãy giữ riêng khóa của máy chủ {key}, bản sao không chứa khóa này.",
            f"Copied and compared {arguments.out}: {counted(len(held.heads), 'log')}, "
            f"{counted(held.records, 'record')}. Keep the server's key {key} apart: the copy does not hold it.",
        )
    )
    return 0


def restore_command(arguments: argparse.Namespace, config: Config) -> int:
    """Put a copy back."""
    done = restore(config.database, arguments.source, wall_clock(), replace=arguments.replace)
    print(
        both(
            f"Đã khôi phục {len(done.held.heads)} nhật ký, {done.held.records} bản ghi. Các điểm cầu sẽ tự gửi lại "
            "những bản ghi mới hơn.",
            f"Restored {counted(len(done.held.heads), 'log')}, {counted(done.held.records, 'record')}. "
            "The bridge points send newer records "
            "again by themselves.",
        )
    )
    key = config.data_folder / KEY_FILE
    if not key.exists():
        print(
            both(
                f"Thiếu khóa của máy chủ {key}: hãy chép lại tệp này trước khi chạy máy chủ. Nếu máy chủ tạo khóa mới, "
                "các điểm cầu không tin biên nhận của nó và phải gia nhập lại.",
                f"The server's key {key} is missing: put it back before the server starts. With a new key the bridge "
                "points disbelieve its receipts and must join again.",
            )
        )
    if done.set_aside:
        print(both(f"Cơ sở dữ liệu cũ: {done.set_aside}", f"The database before: {done.set_aside}"))
    return 0
