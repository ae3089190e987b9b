"""Which part of the handbook belongs to which page of the console. Pure."""

from __future__ import annotations

import re
from typing import Final

PART: Final = "technician"
_BELONGS: Final = (
    (r"/kiosk", "check-in"),
    (r"/enrol/", "check-in#enrolment"),
    (r"/calibration|/setup/calibration", "first-run#calibration"),
    (r"/setup/join", "first-run#join"),
    (r"/setup/camera", "first-run#camera"),
    (r"/setup/(sound|speaker|network)", "first-run#sound"),
    (r"/setup/consent", "first-run#consent"),
    (r"/setup", "first-run"),
    (r"/$", "day"),
)


def help_for(path: str) -> str:
    """The address of the help for the page at `path`."""
    return next((f"/help/{PART}/{part}" for pattern, part in _BELONGS if re.match(pattern, path)), "/help")
