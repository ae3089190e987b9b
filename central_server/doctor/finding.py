"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from models.language import both


class Verdict(Enum):
    """Whether somebody has to do something."""

    GOOD = "✓"
    UNKNOWN = "–"
    """It could not be told here, or there is nothing to check yet."""
    WRONG = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence, and where something is wrong a second one: what to do."""

    verdict: Verdict
    vi: str
    en: str

    def line(self) -> str:
        """As it is printed."""
        return f"{self.verdict.value} {both(self.vi, self.en)}"


def good(vi: str, en: str) -> Finding:
    """Nothing to do."""
    return Finding(Verdict.GOOD, vi, en)


def unknown(vi: str, en: str) -> Finding:
    """Nothing can be said."""
    return Finding(Verdict.UNKNOWN, vi, en)


def wrong(vi: str, en: str) -> Finding:
    """Something to do."""
    return Finding(Verdict.WRONG, vi, en)
