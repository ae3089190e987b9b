"""A simulated class as a source: its room is rendered frame by frame as it is watched."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import cv2
import numpy as np

from bridge_agent.capture.frame import Opened, Picture, grid
from bridge_agent.capture.reader import Raw
from bridge_agent.capture.source import SimulatedClass
from bridge_agent.simulated_class.cutout import Box
from bridge_agent.simulated_class.render import Locate, Room
from bridge_agent.simulated_class.script import read_script
from models.faces.detect import Detector
from models.faces.engine import FaceProfile, load_engine

_LONGEST: Final = 1280
"""Portraits are looked at in this size: detectors miss faces that fill a phone's whole picture."""


def locator(detector: Detector) -> Locate:
    """What finds the face in a portrait, with this detector."""

    def locate(portrait: Picture) -> Box | None:
        scale = min(1.0, _LONGEST / max(portrait.shape[:2]))
        for factor in (scale, scale / 3):
            size = (round(portrait.shape[1] * factor), round(portrait.shape[0] * factor))
            small = cv2.resize(portrait, size, interpolation=cv2.INTER_AREA) if factor < 1 else portrait
            if faces := detector.detect(np.asarray(small, np.uint8)):
                x, y, width, height = max(faces, key=lambda face: face.width).box
                return x / factor, y / factor, width / factor, height / factor
        return None

    return locate


class SimulatedReader:
    """A simulated class: frames on the script's own clock. Raises ScriptError."""

    def __init__(self, source: SimulatedClass) -> None:
        script = read_script(source.path)
        # Faces in the portraits are found once, before the first frame, and the detector is let go.
        self._room = Room(script, locator(load_engine(FaceProfile(threads=1)).detector))
        self.opened = Opened(script.width, script.height, round(script.seconds * 1000))

    def frames(self) -> Iterator[Raw]:
        """Every frame of the script."""
        fps = self._room.script.fps
        for number in range(self._room.frames):
            picture = self._room.frame(number / fps)
            luma = grid(picture[..., 1], picture.shape[1], picture.shape[0])
            yield Raw(round(number * 1000 / fps), luma, partial(np.asarray, picture))

    def close(self) -> None:
        """Nothing to let go of."""
