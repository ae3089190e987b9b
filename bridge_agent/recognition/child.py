"""The recognition process for a running agent: loads the models, enrols the roster, and tells what it sees.

It lives for one session: an idle agent holds no models. Its parent starts it with the spawn method and
`daemon=False` (it has a child of its own, capture), reads events until `Ended` or `Failed`, sends
bridge_agent.recognition.commands, and ends it by Stop, by closing the pipe, or by a kill: in every case capture ends
with it. Without a session it serves the desk alone, before class and in breaks: what it tells of the room is then for
nobody to record.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from bridge_agent.capture.capture import Capture
from bridge_agent.capture.child import Pace
from bridge_agent.capture.outlet import StreamOut
from bridge_agent.capture.source import ANY_CAMERA, CameraPin, parse_source
from bridge_agent.recognition.commands import Command, HeldTemplate, SetGallery, Stop
from bridge_agent.recognition.events import Doubles, Event, Failed, Ready
from bridge_agent.recognition.gallery import doubles, pictured, together
from bridge_agent.recognition.watching import Ask, watching
from models.child_process import Alive, one_at_a_time, signs_of_life
from models.errors import DiemdanhError
from models.faces.engine import FaceProfile, load_engine
from models.faces.match import Gallery
from models.records import WHOLE_PICTURE, Zone


@dataclass(frozen=True, slots=True)
class RecognitionSettings:
    """What the recognition process needs to know.

    source: as bridge_agent.capture.source.parse_source takes it; files and simulated classes play in real time.
    portraits: the folder with NAME.jpg or NAME/*.jpg. roster: learner id by portrait name (learner code or name);
    portraits of anybody else are not looked at. templates: of learners whose portraits are not needed. zones: where a
    face can be identified. pin: which camera of this PC is meant. Times of all events are boot-time clock ms.
    """

    source: str
    portraits: Path
    roster: Mapping[str, str]
    sweep_ms: int = 1_000
    faces: FaceProfile = field(default_factory=FaceProfile)
    templates: tuple[HeldTemplate, ...] = ()
    zones: tuple[Zone, ...] = WHOLE_PICTURE
    pin: CameraPin = ANY_CAMERA
    raised: Mapping[str, float] = field(default_factory=dict)
    """Learners of whom the door asks for a higher score."""
    stream: StreamOut | None = None
    """Where capture sends the room's encoded stream; None: nowhere."""


def main(conn: Connection, settings: RecognitionSettings) -> None:
    """The process's life: `Ready`, then what bridge_agent.recognition.events promises; `Failed` when nothing can be."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    try:
        _run(one_at_a_time(conn.send), _asked(conn), settings)
    except DiemdanhError as error:
        _tell(conn, Failed(error.vi, error.en))
    except (BrokenPipeError, ConnectionError, EOFError):
        pass  # the parent is gone
    os._exit(0)


def _tell(conn: Connection, event: Event) -> None:
    with contextlib.suppress(OSError):  # nobody may be left to hear it
        conn.send(event)


def _asked(conn: Connection) -> Ask:
    """Commands from the pipe. Anything else comes from another version of the parent: the safe answer is to end."""

    def ask(wait_s: float) -> Command | None:
        if not conn.poll(wait_s):
            return None
        command = conn.recv()
        return command if isinstance(command, Command) else Stop()

    return ask


def _run(tell: Callable[[Event | Alive], None], ask: Ask, settings: RecognitionSettings) -> None:
    source = parse_source(settings.source, settings.pin)
    # The source is opened before the models are loaded: a missing camera is told within a second.
    with Capture(
        source, Pace(settings.sweep_ms, newest=True, real_time=not source.live), stream=settings.stream
    ) as capture:
        with signs_of_life(tell):
            capture.open()
            engine = load_engine(settings.faces)
            pictures = pictured(settings.portraits, settings.roster, engine, tell, needed=not settings.templates)
            gallery = together(pictures, settings.templates, engine.encoder, tell)
            encoder = engine.encoder
            strict = encoder.strict_threshold
            alike = doubles(gallery, strict)
        tell(Ready(engine.detector.name, encoder.name, gallery.learners, settings.zones, strict, alike))

        def gallery_of(wanted: SetGallery) -> Gallery:
            new = together(pictures, wanted.templates, encoder, tell)
            tell(Doubles(doubles(new, strict)))
            return new

        for event in watching(
            capture,
            engine,
            gallery,
            sweep_ms=settings.sweep_ms,
            ask=ask,
            gallery_of=gallery_of,
            zones=settings.zones,
            raised=settings.raised,
        ):
            tell(event)
