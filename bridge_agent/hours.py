"""Server times as people here read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))


def hour(ms: int) -> str:
    """08:05"""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(VIETNAM).strftime("%H:%M")
