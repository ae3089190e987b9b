"""`bridge-agent waiting`: how much of this PC's log the server does not have yet, and where it lies."""

from __future__ import annotations

from bridge_agent import identity, salvage
from bridge_agent.data_folder import DataFolder
from bridge_agent.log_file import set_aside_files
from models.language import both, counted, many
from models.receipts import ReceiptError, decode_receipt


def show(folder: DataFolder) -> int:
    """Say so; the agent may be running: what it writes is read from a copy.

    Raises IdentityError when this PC has not joined, LogUnwritableError when there is no room for the copy.
    """
    member = identity.membership(folder)
    waiting = unsent(folder, member) if folder.log.exists() else 0
    if waiting:
        print(both(f"{waiting} bản ghi chưa gửi được về máy chủ, trong {folder.log}. Đừng xóa thư mục {folder.path}.",
                   f"{counted(waiting, 'record')} in {folder.log} {many(waiting, 'has', 'have')} not reached the "
                   f"server. Do not delete the folder {folder.path}."))  # fmt: skip
    else:
        print(both(f"Máy chủ đã có mọi bản ghi trong {folder.log}.", f"The server has every record of {folder.log}."))
    for path in set_aside_files(folder.log):
        print(both(f"Nhật ký bị hỏng trước đây được giữ ở {path}.", f"A log that was damaged is kept at {path}."))
    return 0


def unsent(folder: DataFolder, member: identity.Membership) -> int:
    """Records behind the last receipt that the server signed. Raises LogUnwritableError."""
    intact = salvage.read(folder.log, member.device)
    held = 0
    for line in intact.receipts:
        try:
            receipt = decode_receipt(line)
        except ReceiptError:
            continue
        if member.believes(receipt) and receipt.log == intact.log:
            held = max(held, receipt.seq)
    return max(0, intact.last_seq - held)
