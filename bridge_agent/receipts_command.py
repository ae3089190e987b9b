"""`bridge-agent receipts`: the server's receipts that this PC keeps, as witnesses for `central-server verify`."""

from __future__ import annotations

from pathlib import Path

from bridge_agent import identity, salvage
from bridge_agent.clock import wall_ms
from bridge_agent.data_folder import DataFolder
from bridge_agent.errors import FinalError
from bridge_agent.log import Log
from bridge_agent.log_file import set_aside_files
from models.language import both


def write(folder: DataFolder, out: Path) -> int:
    """Write every receipt to `out`, one line of JSON each: those of damaged logs first, then this log's.

    Raises IdentityError, DataFolderError when an agent holds the folder, FinalError when `out` can't be written.
    """
    with folder.hold():
        device = identity.load(folder).membership.device
        kept = [line for path in set_aside_files(folder.log) for line in salvage.read(path, device).receipts]
        if folder.log.exists():
            log = Log.open(folder.log, device, wall_ms())
            kept += log.receipts()
            log.close()
    try:
        out.write_bytes(b"".join(line + b"\n" for line in kept))
    except OSError as error:
        raise FinalError(
            f"Không ghi được {out} ({error.strerror}). Hãy chọn chỗ khác.",
            f"{out} cannot be written ({error.strerror}). Choose another place.",
        ) from error
    print(both(f"{len(kept)} biên nhận trong {out}.", f"{len(kept)} receipts in {out}."))
    return 0
