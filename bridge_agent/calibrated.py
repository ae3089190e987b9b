"""What this PC's calibration profile says to the agent. Light: no pictures, no networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge_agent.capture.hardware import hardware_name
from bridge_agent.capture.source import parse_source
from calibration.profile import KEEPS_DAYS, Expected, Loaded, load, weights_id
from models.faces.weights import DLIB_ENCODER, INTEL, find

if TYPE_CHECKING:
    from bridge_agent.config import Settings


def expected(settings: Settings) -> Expected:
    """The camera and encoder that the agent will use by these settings.

    Raises SourceError when the source does not exist, WeightsDamagedError.
    """
    choice = settings.config.faces.encoder
    if choice == "auto":  # as models.faces.engine chooses
        choice = "intel" if find(INTEL.name) else "dlib"
    weights = INTEL if choice == "intel" else DLIB_ENCODER
    encoder = "face_recognition" if choice == "face_recognition" else weights.name
    return Expected(hardware_name(parse_source(settings.source)), encoder, weights_id(weights.sha256))


def loaded(settings: Settings, now: int, keeps_days: float = KEEPS_DAYS) -> Loaded:
    """This PC's profile and whether a class may run on it at `now` (ms since 1970 UTC).

    Raises what `expected` raises.
    """
    return load(settings.folder.profile, now, expected(settings), keeps_days)
