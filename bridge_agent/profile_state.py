"""Whether a session may be watched: what the calibration profile of this PC says, as far as the agent needs to know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bridge_agent.capture.source import parse_source
from models.errors import DiemdanhError
from models.records import WHOLE_PICTURE, Zone

if TYPE_CHECKING:
    from bridge_agent.config import Settings

AGAIN_MS = 10_000


@dataclass(frozen=True, slots=True)
class ProfileState:
    """state, profile: as record_kinds.ProfileUsed has them.

    threshold: at the door, a cosine or 1 - distance; None: the encoder's own. refused: the room may not be watched with
    it. why: sentences, empty when the state is good. zones: where a face can be identified.
    """

    state: Literal["good", "missing", "outdated"]
    profile: str | None
    threshold: float | None
    refused: bool
    why: tuple[str, str] = ("", "")
    zones: tuple[Zone, ...] = WHOLE_PICTURE
    raised: Mapping[str, float] = field(default_factory=dict)
    """Learners of whom the door asks for more, for somebody in the class is like them."""
    camera: str = ""
    """The hardware name of the camera that was measured: no other is opened."""
    blind_seats: bool = False
    """People sit where no face can be identified."""


NOT_NEEDED = ProfileState("missing", None, None, False)
"""Nothing is known, and nothing is asked for."""


class ProfileReader:
    """Reads the profile of this PC, at most every ten seconds: it may be made while the agent runs.

    Required are profiles of cameras and streams; a file or a simulated class has no camera that could be measured
    (deploy/decisions/0020).
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: tuple[int, str, ProfileState] | None = None

    def __call__(self, now: int) -> ProfileState:
        """With which profile the room would be watched at `now` (server wall time, ms)."""
        source = self._settings.source
        if self._known is None or self._known[1] != source or not 0 <= now - self._known[0] < AGAIN_MS:
            self._known = now, source, self._read(now)
        return self._known[2]

    def _read(self, now: int) -> ProfileState:
        from bridge_agent.calibrated import loaded

        forced = self._settings.config.without_profile
        try:
            live = parse_source(self._settings.source).live
            found = loaded(self._settings, now)
        except DiemdanhError as error:
            # A source or weights that are not there: recognition says so itself, in its own words.
            return ProfileState("missing", None, None, False, (error.vi, error.en))
        why, profile = found.why(), found.profile
        # An old measurement of this encoder is better than none; one of another encoder means nothing.
        faces = profile.faces if profile is not None and found.fits else None
        camera = profile.camera if profile is not None else None
        return ProfileState(
            found.state,
            found.id,
            faces.strict_threshold if faces is not None else None,
            # Without learners enrolled no threshold can be measured for them: the encoder's own holds till then.
            live and found.state != "good" and not found.only_faces and not forced,
            (why.vi, why.en),
            # A room measured to be too dark or too far everywhere is not a room where everybody can be told.
            camera.identifying if camera is not None else WHOLE_PICTURE,
            faces.raised if faces is not None else {},
            # A name that is only the number says nothing of the hardware: nothing to pin.
            camera.device
            if camera is not None and not forced and not re.fullmatch(r"camera \d+", camera.device)
            else "",
            camera is not None and camera.blind_seats,
        )
