"""Files that a command writes for people: all of it or nothing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bridge_agent.errors import FinalError
from models.reasons import reason


class OutputError(FinalError):
    """The file for the result can't be written."""


def check_writable(out: Path) -> None:
    """Raise OutputError when a file at `out` surely can't be written: asked before hours of work."""
    folder = out.absolute().parent
    if out.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise OutputError(
            f"Không ghi được kết quả vào {out}. Hãy chọn một tệp trong thư mục có quyền ghi.",
            f"The result cannot be written to {out}. Choose a file in a folder that may be written to.",
        )


def write_json(out: Path, data: bytes) -> None:
    """Write the text `data` (UTF-8) and a line's end; the file appears, or is replaced, only when it is complete.

    Raises OutputError.
    """
    name = ""
    try:
        with tempfile.NamedTemporaryFile("wb", dir=out.absolute().parent, prefix=f".{out.name}.", delete=False) as file:
            name = file.name
            file.write(data + b"\n")
        Path(name).chmod(0o644)
        Path(name).replace(out)
    except OSError as error:
        if name:
            Path(name).unlink(missing_ok=True)
        raise OutputError(
            f"Không ghi được kết quả vào {out} ({reason(error).vi}). Hãy kiểm tra ổ đĩa còn chỗ.",
            f"The result cannot be written to {out} ({reason(error).en}). Check that the disk has room.",
        ) from error
