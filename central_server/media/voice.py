"""When somebody speaks, from the audio levels that come with a room's sound (RFC 6464). Pure; times are ms."""

from __future__ import annotations

LOUD = 50
"""A packet of at most this many dB below full scale counts as loud: speech near a microphone comes at 15 to 40, a still
room with a fan at 55 to 75."""
ENOUGH = 3
"""So many more loud packets than quiet ones (of 20 ms) begin a voice: a cough or a door is shorter than words."""
MOST = 6
PAUSE_MS = 700
"""A pause between words this long ends it; shorter ones belong to it."""


class VoiceActivity:
    """The voice in one stream of sound."""

    def __init__(self) -> None:
        self._balance = 0
        self._first_loud: int | None = None
        self._last_loud = 0
        self._told_to: int | None = None
        """Up to where the span that runs was told; None while nobody speaks."""

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks."""
        return self._told_to is not None

    def level(self, level: int, at: int) -> None:
        """A packet of that level (dB below full scale, 0 to 127) came."""
        if level > LOUD:
            self._balance = max(0, self._balance - 1)
            if self._balance == 0 and not self.speaking:
                self._first_loud = None
            return
        self._balance = min(MOST, self._balance + 1)
        if self._first_loud is None:
            self._first_loud = at
        self._last_loud = at
        if self._balance >= ENOUGH and self._told_to is None:
            self._told_to = self._first_loud

    def spoken(self, now: int) -> tuple[int, int] | None:
        """The part of the span that was not told yet, or None; ends the span after a pause."""
        if self._told_to is None:
            return None
        part = (self._told_to, self._last_loud) if self._last_loud > self._told_to else None
        self._told_to = self._last_loud
        if now - self._last_loud > PAUSE_MS:
            self._told_to = self._first_loud = None
            self._balance = 0
        return part
