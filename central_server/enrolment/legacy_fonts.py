"""Recognising Vietnamese text that is not Unicode: TCVN3 (.VnTime), VNI, and UTF-8 read as something else.

Such a file looks right where the old font is installed and wrong everywhere else. It is found by its letters: names
written so are full of signs that Vietnamese Unicode text does not have. A foreign name has one; a file full of them is
another encoding. Letters: TCVN 5712:1993 (as windows-1252 shows them) and the VNI Windows table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Writing = Literal["TCVN3", "VNI", "UTF-8"]

_MISREAD = re.compile("á[»º]|Ä[‘ƒ\u0090\u0091\u0083]|Æ[°¡]|Ã[\u0080-\u00bf]")
_VNI_ONLY = re.compile(
    "[aA][âêùøûõïÂÊÙØÛÕÏ]|[oO][âùøûïÂÙØÛÏ]|[eE][âäåãüáùøûõïÂÄÅÃÜÁÙØÛÕÏ]|[uU][øûïØÛÏ]|[öôÖÔ][ùøûõïÙØÛÕÏ]|[ñÑ][aeouiyöôAEOUIYÖÔ]"
)
_TCVN3 = re.compile("[µ¶·¸¹¨»¾¼½Æ©Ç®¬«ªÖ×ØÜÞßäåæçëîñö÷øûüþË]")


def writing_of(text: str) -> Writing | None:
    """Which non-Unicode writing a text looks like; None for Unicode."""
    if text.isascii():
        return None
    if _MISREAD.search(text):
        return "UTF-8"
    if _VNI_ONLY.search(text):
        return "VNI"
    if _TCVN3.search(text):
        return "TCVN3"
    return None


def file_writing(texts: Iterable[str]) -> Writing | None:
    """Which non-Unicode writing a file is in: at least 3 texts, and a fifth of all, look so; the most frequent."""
    counts: dict[Writing, int] = {}
    whole = 0
    for text in texts:
        whole += 1
        found = writing_of(text)
        if found:
            counts[found] = counts.get(found, 0) + 1
    if sum(counts.values()) < max(3, whole / 5):
        return None
    return max(counts, key=lambda one: counts[one])
