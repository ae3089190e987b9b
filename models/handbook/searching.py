"""Search the handbook's headings and text: all words that were typed, with or without Vietnamese marks. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from models.handbook.book import Article, Section, folded, lowered

MOST: Final = 30
"""Hits that are shown."""
LONGEST: Final = 100
"""Characters of a question that are read."""
_AROUND = 90
_IN_TITLE, _IN_HEADING = 4, 8
"""Points for a word there; one in the text is one."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A section that has all the words. before, match, after: a piece of its text around the first of them."""

    article: Article
    section: Section
    before: str
    match: str
    after: str


def search(articles: Iterable[Article], asked: str) -> list[Hit]:
    """The sections that answer best, best first; none where nothing was asked."""
    words = lowered(asked[:LONGEST]).split()
    if not words:
        return []
    found: list[tuple[int, int, Hit]] = []
    for article in articles:
        title = _text(article.title)
        for section in article.sections:
            heading, text = _text(section.heading), _text(section.text)
            own = [word for word in words if word in heading or word in text]
            if not own or not all(word in own or word in title for word in words):
                continue  # where only the title has the words, its own section tells so
            points = sum(_IN_TITLE * (w in title) + _IN_HEADING * (w in heading) + (w in text) for w in words)
            points += _IN_HEADING * (" ".join(words) in heading) + _IN_TITLE * (" ".join(words) in text)
            found.append((-points, len(found), Hit(article, section, *_excerpt(text, words))))
    return [hit for _, _, hit in sorted(found, key=lambda one: one[:2])[:MOST]]


class _Text:
    """A text to look in: for words typed with marks as it is written, for others without its marks."""

    def __init__(self, text: str) -> None:
        self.text = unicodedata.normalize("NFC", text)
        self._marked, self._plain = lowered(text), folded(text)

    def find(self, word: str) -> int:
        """Where it begins; -1: nowhere."""
        return (self._plain if word == folded(word) else self._marked).find(word)

    def __contains__(self, word: str) -> bool:
        return self.find(word) >= 0


_text: Final = lru_cache(maxsize=1024)(_Text)
"""The handbook's texts are folded once: anybody may search, and the agent does so in its event loop."""


def _excerpt(of: _Text, words: list[str]) -> tuple[str, str, str]:
    text = of.text
    places = [(at, word) for word in words if (at := of.find(word)) >= 0]
    if not places:
        return _cut(text[: 2 * _AROUND], len(text) > 2 * _AROUND), "", ""
    at, word = min(places)
    start, end = max(0, at - _AROUND), at + len(word) + _AROUND
    before = text[start:at]
    if start:
        before = f"…{before.partition(' ')[2]}"
    return before, text[at : at + len(word)], _cut(text[at + len(word) : end], len(text) > end)


def _cut(text: str, more: bool) -> str:
    return f"{text.rpartition(' ')[0]}…" if more else text
