"""Takes out of a text what may not leave this PC."""

from __future__ import annotations

import re
from pathlib import Path

_CREDENTIALS = re.compile(r"(?<=://)[^/\s\"'?#]*@")
"""`user:password@` of an address; a password may hold an @ itself, the last one counts."""
_QUERY = re.compile(r"((?:pass(?:word|wd)?|pwd|token|key|auth|secret|user(?:name)?)=)[^&\s\"'#]+", re.IGNORECASE)


def without_credentials(text: str) -> str:
    """The text with users and passwords of addresses taken out: rtsp://…@camera.example/stream?password=…"""
    return _QUERY.sub(r"\1…", _CREDENTIALS.sub("…@", text))


def without_home(text: str) -> str:
    """The text with this user's own folder, whose name is often a person's, written as ~."""
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text
