"""`bridge-agent receipts`: the server's receipts that this PC keeps, as witnesses for `central-server verify`."""

from __future__ import annotations

from pathlib import Path

from bridge_agent import identity, salvage
from bridge_agent.data_folder import DataFolder
from bridge_agent.errors import FinalError
from bridge_agent.identity import Membership
from bridge_agent.log_file import set_aside_files
from models.language import both, counted
from models.receipts import ReceiptError, decode_receipt


def write(folder: DataFolder, out: Path) -> int:
    """Write every receipt to `out`, one line of JSON each: those of damaged logs first, then this log's.

    Those that were damaged with their log are left out and counted: they would seem to accuse the server. The agent may
    be running: what it writes is read from copies.

    Raises IdentityError, LogUnwritableError when there is
    no room for a copy, FinalError when `out` can't be written.
    """
    member = identity.membership(folder)
    logs = [*set_aside_files(folder.log), *([folder.log] if folder.log.exists() else [])]
    kept = [line for path in logs for line in salvage.read(path, member.device).receipts]
    whole = [line for line in kept if _is_whole(line, member)]
    try:
        out.write_bytes(b"".join(line + b"\n" for line in whole))
    except OSError as error:
        raise FinalError(
            f"Không ghi được {out} ({error.strerror}). Hãy chọn chỗ khác.",
            f"{out} cannot be written ({error.strerror}). Choose another place.",
        ) from error
    print(both(f"{len(whole)} biên nhận trong {out}.", f"{counted(len(whole), 'receipt')} in {out}."))
    if lost := len(kept) - len(whole):
        print(both(f"{lost} biên nhận bị hỏng cùng với nhật ký nên được bỏ ra.",
                   f"{counted(lost, 'receipt was', 'receipts were')} damaged with the log and left out."))  # fmt: skip
    return 0


def _is_whole(line: object, member: Membership) -> bool:
    """Whether the receipt is as the server that was joined signed it."""
    try:
        return isinstance(line, bytes) and member.believes(decode_receipt(line))
    except ReceiptError:
        return False
