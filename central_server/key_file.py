"""Keys that lie in the data folder beside the database, never in it: each a line in a file, made once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def key_file(path: Path, make: Callable[[], str]) -> str:
    """The line in the file, which is made the first time and readable by its owner only.

    Raises OSError or UnicodeDecodeError when it can't be read or written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    line = make()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
    return line
