"""Writing a sheet's file for a command."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from central_server.errors import OutputError
from models.reasons import reason


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises OutputError."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        why = reason(error)
        raise OutputError(
            f"Không ghi được tệp {path} ({why.vi}). Hãy kiểm tra thư mục, hoặc đóng tệp nếu Excel đang mở.",
            f"The file {path} can't be written ({why.en}). Check the folder; close the file if Excel has it open.",
        ) from error
