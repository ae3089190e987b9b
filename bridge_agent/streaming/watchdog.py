"""When a connection is given up, and how soon the next is tried. Pure; times are seconds of a steady clock.

aiortc notices a dead peer after 34 s and there is no ICE restart, so receiver reports are watched: they come every
second from a relay that lives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

CONNECT_S: Final = 5.0
"""A connection of which nothing has come through this long after the answer never will stand."""
HANDSHAKE_S: Final = 7.0
"""Where ICE has found a way the line lives, and DTLS sends again what was lost after 1 and 2 s: sooner than another try
would be there."""
SILENT_S: Final = 5.0
"""Without a receiver report for so long the relay or the line is gone: with 10 % loss five in a row are lost once in
100,000 seconds."""
STUCK_S: Final = 3.0
"""Pictures come and none is sent for so long: the sender has died."""
PAUSES_S: Final = (0.3, 1.0, 2.0)
"""Between tries. The longest, a try's CONNECT_S and connecting itself stay under the 10 s in which it must be back."""
REPLACED_S: Final = 60.0
"""Another PC of this room publishes: this one asks again so often, as taking turns at once would never end."""
GOOD_S: Final = 20.0
"""A connection that lasted so long had no fault of its own."""

Why = Literal[
    "no_leave",
    "refused",
    "unreachable",
    "never_connected",
    "ice_failed",
    "no_reports",
    "stuck",
    "closed",
    "replaced",
    "failed",
]
"""`replaced`: another publisher has the stream (409). `failed`: something that nobody foresaw went wrong with
this connection."""


@dataclass(frozen=True, slots=True)
class Signs:
    """A connection's signs of life."""

    answered_at: float
    state: str
    """RTCPeerConnection.connectionState."""
    has_way: bool = False
    """ICE has found one."""
    connected_at: float | None = None
    sent_at: float | None = None
    """When something was first sent over it: before that the relay has nothing to report of."""
    report_at: float | None = None
    waiting_since: float | None = None
    """Since when the sender has not taken what was given to it; None while it has all, also when nothing comes."""


def verdict(signs: Signs, now: float) -> Why | None:
    """Why the connection is to be given up now; None: it lives, or may still come to life."""
    if signs.state == "failed":
        return "ice_failed"
    if signs.state == "closed":
        return "closed"
    if signs.connected_at is None:
        return "never_connected" if now - signs.answered_at >= (HANDSHAKE_S if signs.has_way else CONNECT_S) else None
    if signs.sent_at is not None and now - (signs.report_at or signs.sent_at) >= SILENT_S:
        return "no_reports"
    if signs.waiting_since is not None and now - max(signs.waiting_since, signs.connected_at) >= STUCK_S:
        return "stuck"
    return None


def pause(usual_s: float, spread: float, asked_s: float = 0.0) -> float:
    """Seconds to wait before the next try, `usual_s` being its turn of PAUSES_S. spread: 0 to 1, drawn anew each time,
    so that rooms do not come back all at once. asked_s: what the server's Retry-After says.
    """  # fmt: skip
    return max(usual_s * (0.5 + spread / 2), min(asked_s, PAUSES_S[-1]))
