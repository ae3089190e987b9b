"""What the parent tells recognition, over the same pipe on which recognition tells its events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class HeldTemplate:
    """A learner's face template: the bytes of its float32 vector, little-endian."""

    learner: str
    vector: bytes
    encoder: str
    portraits: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Tell what is open, then end."""


@dataclass(frozen=True, slots=True)
class SetGallery:
    """Look for these learners from now on; known tracks go on."""

    templates: tuple[HeldTemplate, ...]


@dataclass(frozen=True, slots=True)
class OpenDesk:
    """Use the camera also for people before it: check them in, or take portraits of `learner`.

    Previews and DeskLook events come until CloseDesk. Sent again, it starts anew.
    """

    purpose: Literal["check_in", "enrol"]
    learner: str | None = None
    keep: bool = False
    """The learner agreed that portraits are kept: they come with the template."""


@dataclass(frozen=True, slots=True)
class CloseDesk:
    """The room only."""


@dataclass(frozen=True, slots=True)
class ShowRoom:
    """A RoomPicture of the next frame is wanted, once: somebody has the technician's page open."""


Command = Stop | SetGallery | OpenDesk | CloseDesk | ShowRoom
