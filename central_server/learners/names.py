"""Names as they are compared, found and sorted. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def plain(text: str) -> str:
    """Lower case, without diacritics and punctuation."""
    letters = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    bare = "".join(one for one in letters if not unicodedata.combining(one))
    return " ".join(re.sub(r"[\W_]+", " ", bare).split())


def given_name_first(name: str) -> tuple[str, ...]:
    """The key by which Vietnamese lists are sorted: given name, then family and middle names."""
    words = [vietnamese_order(word) for word in name.split()]
    return (*words[-1:], *words[:-1])


_LETTERS = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệfghiìỉĩíịjklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvwxyỳỷỹýỵz"
_RANK = {letter: chr(0x4E00 + rank) for rank, letter in enumerate(_LETTERS)}


@lru_cache(maxsize=8192)  # names have few different words, and lists may be long
def vietnamese_order(word: str) -> str:
    """A key that sorts as a Vietnamese dictionary does (Python's own order puts Đ and Ă behind Z)."""
    return "".join(_RANK.get(letter, letter) for letter in word.lower())
