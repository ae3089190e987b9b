"""`bridge-agent receipts`: the server's receipts that this PC keeps, as witnesses for `central-server verify`."""

from __future__ import annotations

from pathlib import Path

from bridge_agent import identity, salvage
from bridge_agent.data_folder import DataFolder
from bridge_agent.errors import FinalError
from bridge_agent.log_file import set_aside_files
from models.language import both


def write(folder: DataFolder, out: Path) -> int:
    """Write every receipt to `out`, one line of JSON each: those of damaged logs first, then this log's.

    The agent may be running: what it writes is read from copies. Raises IdentityError, LogUnwritableError when there is
    no room for a copy, FinalError when `out` can't be written.
    """
    device = identity.membership(folder).device
    logs = [*set_aside_files(folder.log), *([folder.log] if folder.log.exists() else [])]
    kept = [line for path in logs for line in salvage.read(path, device).receipts]
    try:
        out.write_bytes(b"".join(line + b"\n" for line in kept))
    except OSError as error:
        raise FinalError(
            f"Không ghi được {out} ({error.strerror}). Hãy chọn chỗ khác.",
            f"{out} cannot be written ({error.strerror}). Choose another place.",
        ) from error
    print(both(f"{len(kept)} biên nhận trong {out}.", f"{len(kept)} receipts in {out}."))
    return 0
