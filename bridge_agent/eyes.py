"""The recognition process as the parent starts it: pictures and networks load in the child only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from bridge_agent.capture.outlet import StreamOut
from bridge_agent.capture.source import ANY_CAMERA, CameraPin
from bridge_agent.config import FacesConfig
from bridge_agent.recognition.commands import HeldTemplate
from models.records import WHOLE_PICTURE, Zone


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one recognition process watches, and for whom it looks."""

    source: str
    """As bridge_agent.capture.source.parse_source takes it."""
    portraits: Path
    roster: Mapping[str, str]
    """Learner id by portrait name: no names of people travel further."""
    sweep_ms: int
    faces: FacesConfig
    templates: tuple[HeldTemplate, ...] = ()
    """Of learners whose portraits are not needed: a template comes before a portrait of the same learner."""
    zones: tuple[Zone, ...] = WHOLE_PICTURE
    """Where a face can be identified, as the calibration profile says."""
    pin: CameraPin = ANY_CAMERA
    """Which camera of this PC is meant."""
    strict_threshold: float | None = None
    """From which score a face counts at the door, as the calibration profile says; None: the encoder's own."""
    raised: Mapping[str, float] = field(default_factory=dict)
    """Of whom the door asks for a higher one, by learner id."""
    stream: StreamOut | None = None
    """Where capture sends the room's encoded stream; None: nowhere."""


Target = Callable[[Connection, Assignment], None]
"""What runs in the process: sends bridge_agent.recognition.events; ends when anything comes or the pipe closes."""


def watch(conn: Connection, assignment: Assignment) -> None:
    """The recognition process's life (bridge_agent.recognition.child)."""
    from models.child_process import signs_of_life

    with signs_of_life(conn.send):  # loading the networks' libraries takes seconds on an old PC
        from bridge_agent.recognition.child import RecognitionSettings, main
        from models.faces.engine import FaceProfile

    faces = assignment.faces
    profile = FaceProfile(
        faces.detector, faces.encoder, faces.threads, faces.smallest_face, assignment.strict_threshold
    )
    settings = RecognitionSettings(
        assignment.source,
        assignment.portraits,
        assignment.roster,
        assignment.sweep_ms,
        profile,
        templates=assignment.templates,
        zones=assignment.zones,
        pin=assignment.pin,
        raised=assignment.raised,
        stream=assignment.stream,
    )
    main(conn, settings)
