"""A card's number, as a reader or a person types it and as it is kept and compared."""

from __future__ import annotations

import re
import unicodedata

_NUMBER = re.compile(r"[0-9A-Z](?:[0-9A-Z.-]{2,38})[0-9A-Z]\Z")


def card_number(typed: str) -> str | None:
    """The number without spaces, in capitals; None when it is no card's number (4 to 40 letters, digits, `.`, `-`)."""
    bare = "".join(unicodedata.normalize("NFKC", typed).split()).upper()
    return bare if _NUMBER.match(bare) else None
