"""Where a face can be identified: by the calibration profile's zones, and by what the faces there looked like. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

from bridge_agent.recognition.track import Seen
from models.records import Zone

IDENTIFY_PX: Final = 48
"""From this width on one face says who it is (measured: deploy/decisions/0019)."""
SMALL_PX: Final = 32
"""From this width on several faces that agree say it; under it a face only carries a track on."""


def within(zones: Iterable[Zone], place: tuple[float, float]) -> bool:
    """Whether `place` (x, y in shares of the picture) lies in one of the zones, edges included."""
    x, y = place
    return any(z.x <= x <= z.x + z.width and z.y <= y <= z.y + z.height for z in zones)


def identifying(zones: Iterable[Zone], learner: str, sightings: Sequence[Seen]) -> bool:
    """Whether the camera could have told `learner` from others where these last sightings of the learner's track were.

    Not outside the zones, not where the faces were under SMALL_PX, and not where they were under IDENTIFY_PX and none
    of them was found to be the learner. Zones tell what was measured before the class; widths what is so now.
    """
    width = median(seen.width for seen in sightings)
    if not within(zones, sightings[-1].place) or width < SMALL_PX:
        return False
    return width >= IDENTIFY_PX or any(seen.vote == learner for seen in sightings)
