"""Names as they are compared and found. Pure."""

from __future__ import annotations

import re
import unicodedata


def plain(text: str) -> str:
    """Lower case, without diacritics and punctuation."""
    letters = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    bare = "".join(one for one in letters if not unicodedata.combining(one))
    return " ".join(re.sub(r"[\W_]+", " ", bare).split())
