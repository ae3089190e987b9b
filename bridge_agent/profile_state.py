"""Whether a session may be watched: what the calibration profile of this PC says, as far as the agent needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ProfileState:
    """state, profile: as record_kinds.ProfileUsed has them. threshold: at the door; None: the encoder's own.

    refused: the room may not be watched with it; why: sentences, empty when the state is good.
    """

    state: Literal["good", "missing", "outdated"]
    profile: str | None
    threshold: float | None
    refused: bool
    why: tuple[str, str] = ("", "")


NOT_NEEDED = ProfileState("missing", None, None, False)
"""A file or a simulated class is no camera that could be measured (deploy/decisions/0020)."""
