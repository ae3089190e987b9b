"""What a proof finds wrong, each with the record it is about and a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

What = Literal["changed", "removed", "added", "swapped", "signature", "receipt", "plan", "total", "pack"]

OWN_LOG = "-"
"""Stands for the server's own log where a device's log is named."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the raw lines, signatures or receipts say it must be."""

    what: What
    vi: str
    en: str
    device: str = ""
    log: str = ""
    first: int = 0
    """Seq of the first record it is about; 0 when it is about no record."""
    last: int = 0


_WORDS: dict[What, tuple[str, str]] = {
    "changed": ("bị sửa", "was changed"),
    "removed": ("bị xóa", "was removed"),
    "added": ("bị thêm vào", "was added"),
    "swapped": ("bị đổi chỗ", "was swapped"),
    "signature": ("không có chữ ký đúng", "carries no right signature"),
    "receipt": ("khác với biên nhận", "differs from a receipt"),
}


def record_finding(what: What, device: str, log: str, first: int, last: int | None, vi: str, en: str) -> Finding:
    """A finding about one record of a log, or about all from `first` to `last`. vi, en: how it is known."""
    last = first if last is None else last
    number = str(first) if first == last else f"{first}–{last}"
    word = _WORDS[what]
    of_vi = "nhật ký của máy chủ" if device == OWN_LOG else f"nhật ký {log} của thiết bị {device}"
    of_en = "the server's own log" if device == OWN_LOG else f"log {log} of device {device}"
    return Finding(
        what,
        f"Bản ghi {number} trong {of_vi} {word[0]}: {vi}.",
        f"Record {number} of {of_en} {word[1]}: {en}.",
        device,
        log,
        first,
        last,
    )
