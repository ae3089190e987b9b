"""What an administrator hands to a technician: the server's address and a one-time join token in one line of text.

The server's page shows it as a QR code, too; the agent reads it from a camera, or as it was typed or pasted. The token
alone will do where it is read out over the telephone: then the address is typed beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from models.errors import DiemdanhError

TOKEN_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # noqa: S105 - what tokens are made of, none itself
"""Crockford's base 32: no letters that are taken for figures, for a token is read out over the telephone."""
TOKEN_LENGTH: Final = 20
"""Letters, 100 bits; written in four groups of five."""
_ADDRESS: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_LOOK_ALIKES: Final = str.maketrans("OIL", "011")


class JoinCodeError(DiemdanhError):
    """What was typed or scanned can't be a join code; the sentence says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class JoinCode:
    """A token, and the server that takes it where the text says so."""

    server: str | None
    token: str
    """In groups, as the server's page shows it."""


def write(server: str, token: str) -> str:
    """The line for a server's address and a token."""
    return f"{server.rstrip('/')} {token}"


def plain_token(text: str) -> str:
    """A token's letters. Typed dashes, spaces, small letters and look-alikes (O, I, L) do no harm."""
    upper = text.upper().translate(_LOOK_ALIKES)
    return "".join(letter for letter in upper if letter in TOKEN_LETTERS)


def read(text: str) -> JoinCode:
    """The code in a text that was typed, pasted or scanned. Raises JoinCodeError."""
    found = _ADDRESS.search(text)
    server = found[0].rstrip("/") if found else None
    rest = text[: found.start()] + " " + text[found.end() :] if found else text
    letters = plain_token(rest)
    if not letters:
        raise JoinCodeError(
            "Trong nội dung này chưa có mã gia nhập. Mã gồm 4 nhóm, mỗi nhóm 5 ký tự, do quản trị hệ thống cấp.",
            "There is no join token in this. It has 4 groups of 5 letters and comes from the administrator.",
        )
    if len(letters) != TOKEN_LENGTH:
        raise JoinCodeError(
            f"Mã gia nhập có {TOKEN_LENGTH} ký tự, mã vừa nhập có {len(letters)}. Hãy so lại từng nhóm 5 ký tự.",
            f"A join token has {TOKEN_LENGTH} letters, this one has {len(letters)}. Compare it group by group.",
        )
    return JoinCode(server, "-".join(letters[at : at + 5] for at in range(0, TOKEN_LENGTH, 5)))
