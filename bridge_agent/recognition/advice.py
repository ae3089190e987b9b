"""What somebody before the camera is told before a picture of the face will do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bridge_agent.capture.frame import Picture
from bridge_agent.recognition.sweep import frontal
from models.faces.detect import Face

WIDTH_PX: Final = 110
"""The narrowest face for a portrait: models.faces.portraits refuses faces under 80 px, and people move."""
_DARK: Final = 50.0


@dataclass(frozen=True, slots=True)
class Advice:
    """Why a picture will not do yet, and what to do."""

    vi: str
    en: str


NO_FACE: Final = Advice("Không thấy khuôn mặt: hãy nhìn vào camera.", "No face in view: look at the camera.")
STRAIGHT_PLEASE: Final = Advice("Hãy nhìn thẳng vào camera.", "Look straight at the camera.")


def advice(picture: Picture, faces: Sequence[Face], *, width: int = WIDTH_PX, turned: bool = False) -> Advice | None:
    """What is wrong with `picture` (BGR) of one person, given the faces in it; None when it is good.

    width: px that the face must have. turned: the face need not look straight.
    """
    # Judged by the light on the face where there is one: a dark face before a window is the usual trouble.
    face = max(faces, key=lambda face: face.width, default=None)
    part = picture if face is None else _inside(picture, face)
    if float(part.mean()) < _DARK:
        return Advice("Tối quá: hãy bật đèn hoặc quay mặt về phía sáng.", "Too dark: switch on a light or face it.")
    if face is None:
        return NO_FACE
    if sum(other.width > face.width / 3 for other in faces) > 1:
        return Advice("Có hơn một người: chỉ một người đứng trước camera.", "More than one person: one at a time.")
    if face.width < width:
        return Advice(
            f"Hãy lại gần hơn: khuôn mặt mới rộng {face.width:.0f} điểm ảnh, cần {width}.",
            f"Come closer: the face is {face.width:.0f} px wide and should be {width}.",
        )
    if not (turned or frontal(face)):
        return STRAIGHT_PLEASE
    return None


def _inside(picture: Picture, face: Face) -> Picture:
    x, y, w, h = (max(0, round(v)) for v in face.box)
    part = picture[y : y + h, x : x + w]
    return np.asarray(part if part.size else picture, np.uint8)
