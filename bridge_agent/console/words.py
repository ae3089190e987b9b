"""How the pages speak: two languages side by side, times as people here write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from starlette.requests import Request

from models.language import Language

VIETNAM = timezone(timedelta(hours=7), "+07")
LANGUAGE_COOKIE = "diemdanh_lang"
THEME_COOKIE = "diemdanh_theme"
Sentence = tuple[str, str]
"""Vietnamese, English."""


def page_language(request: Request) -> Language:
    """The language of a page: ?lang=, else the one chosen last, else Vietnamese: the people here read it."""
    said = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return "en" if said == "en" else "vi"


def page_theme(request: Request) -> str:
    """`dark` (for a projector or a room without light) or `light` where it was chosen; empty: as the PC is set."""
    said = request.query_params.get("theme") or request.cookies.get(THEME_COOKIE)
    return said if said in ("dark", "light") else ""


def moment(ms: int) -> datetime:
    """A moment, ms since 1970 UTC, on Vietnam's clocks."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(VIETNAM)


def day(ms: int) -> str:
    """24/11/2026"""
    return moment(ms).strftime("%d/%m/%Y")


def day_time(ms: int) -> str:
    """08:05"""
    return moment(ms).strftime("%H:%M")


def second_time(ms: int) -> str:
    """08:05:09"""
    return moment(ms).strftime("%H:%M:%S")


def seconds(ms: int, lang: Language) -> str:
    """1,5 (vi), 1.5 (en)"""
    text = f"{ms / 1000:.1f}"
    return text if lang == "en" else text.replace(".", ",")


class Words:
    """What templates use to speak, in one language."""

    def __init__(self, lang: Language) -> None:
        self.lang = lang

    def t(self, vi: str, en: str) -> str:
        """Of two sentences that say the same, the one in this page's language."""
        return en if self.lang == "en" else vi

    def say(self, sentence: Sentence) -> str:
        """A sentence that comes in both languages."""
        return self.t(*sentence)

    def seconds(self, ms: int) -> str:
        """1,5"""
        return seconds(ms, self.lang)
