"""Two languages side by side: Vietnamese first, English second.

Why not gettext: deploy/decisions/0001-two-languages-side-by-side.md.
"""

from __future__ import annotations

import os
from typing import Literal

Language = Literal["vi", "en"]


def language() -> Language:
    """The language for people at this PC: DIEMDANH_LANGUAGE=en makes it English, all else is Vietnamese."""
    return "en" if os.environ.get("DIEMDANH_LANGUAGE", "").lower().startswith("en") else "vi"


def many(count: float, one: str, more: str | None = None) -> str:
    """The English noun that goes with a count: 1 learner, 2 learners; `more` where adding an s is not enough.

    Vietnamese nouns are the same for one and for many.
    """
    return one if count == 1 else more or f"{one}s"


def counted(count: int, one: str, more: str | None = None) -> str:
    """A count and its English noun: 1 learner, 5,476 learners."""
    return f"{count:,} {many(count, one, more)}"


def both(vi: str, en: str) -> str:
    """Of two sentences that say the same, the one in the language of this PC."""
    return en if language() == "en" else vi
