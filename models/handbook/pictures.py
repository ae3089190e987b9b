"""The size of a WebP picture, read from its first bytes (RFC 9649): nothing here decodes pictures."""

from __future__ import annotations


def size_of_webp(data: bytes) -> tuple[int, int]:
    """Width and height in px. Raises ValueError for anything but a simple WebP file."""
    kind = data[12:16] if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else b""
    if kind == b"VP8L" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and len(data) >= 30:
        return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    raise ValueError("no WebP picture of a simple format")
