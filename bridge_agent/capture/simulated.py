"""A simulated class as a source: its room is rendered frame by frame as it is watched."""

from __future__ import annotations

from collections.abc import Iterator

from bridge_agent.capture.frame import Opened, Picture, grid
from bridge_agent.capture.reader import Raw
from bridge_agent.capture.source import SimulatedClass
from bridge_agent.simulated_class.render import Room
from bridge_agent.simulated_class.script import read_script
from models.faces.engine import FaceProfile, load_engine


class SimulatedReader:
    """A simulated class: frames on the script's own clock. Raises ScriptError."""

    def __init__(self, source: SimulatedClass) -> None:
        script = read_script(source.path)
        # Faces in the portraits are found once, before the first frame, and the detector is let go.
        detector = load_engine(FaceProfile(threads=1)).detector

        def locate(portrait: Picture) -> tuple[float, float, float, float] | None:
            faces = detector.detect(portrait)
            return max(faces, key=lambda face: face.width).box if faces else None

        self._room = Room(script, locate)
        self.opened = Opened(script.width, script.height, round(script.seconds * 1000))

    def frames(self) -> Iterator[Raw]:
        """Every frame of the script."""
        fps = self._room.script.fps
        for number in range(self._room.frames):
            picture = self._room.frame(number / fps)
            luma = grid(picture[..., 1], picture.shape[1], picture.shape[0])
            yield Raw(round(number * 1000 / fps), luma, lambda picture=picture: picture)  # type: ignore[misc]

    def close(self) -> None:
        """Nothing to let go of."""
