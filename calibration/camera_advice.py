"""What a technician should change about the camera and the room, in sentences, from what was measured."""

from __future__ import annotations

from typing import Final

import msgspec

from calibration.profile import CameraPart, Sentence, ZoneMeasured
from calibration.wording import number

SHARP: Final = 0.06
"""Under it a face's vector loses a sixth of its score (calibration.camera.sharpness has the measurement)."""
DIM, GLARE = 45.0, 235.0
"""A face darker or brighter than this (mean grey level) shows no features."""
_DARK_ROOM: Final = 60.0
_FLICKER: Final = 0.01
"""Stripes of 1 % of the brightness show to the eye; those of lamps at the wrong shutter have 2 to 20 %."""
_NOISE: Final = 8.0
_CLIPPED: Final = 0.08
_ROWS: Final = (("ở hàng trên (xa)", "in the upper row (far)"), ("ở giữa", "in the middle"), ("ở hàng dưới", "below"))
_IDENTIFY_PX: Final = 48


def advise(part: CameraPart, faces_a_picture: float) -> CameraPart:
    """The part with its advice; the first sentence says how things stand. `faces_a_picture`: seen on average."""
    advice = [
        *_modes(part),
        *_light(part),
        *_sharp(part, faces_a_picture),
        *_widths(part.zones, faces_a_picture),
    ]
    good = sum(zone.identifies for zone in part.zones)
    first = Sentence(
        f"{good} trong {len(part.zones)} vùng của hình nhận ra được khuôn mặt; hình {part.width}x{part.height}, "
        f"{number(part.fps, 'vi', 0)} hình/giây.",
        f"Faces can be identified in {good} of {len(part.zones)} zones of the picture; {part.width}x{part.height}, "
        f"{number(part.fps, 'en', 0)} pictures a second.",
    )
    if not advice:
        advice = [Sentence("Không cần thay đổi gì.", "Nothing needs to be changed.")]
    return msgspec.structs.replace(part, advice=(first, *advice))


def _modes(part: CameraPart) -> list[Sentence]:
    advice = []
    if part.width < 1920:
        advice.append(
            Sentence(
                f"Hình chỉ có {part.width}x{part.height}: hãy dùng camera hoặc chế độ Full HD (1920x1080).",
                f"The picture has only {part.width}x{part.height}: use a camera or mode of full HD (1920x1080).",
            )
        )
    if 0 < part.fps < 5:
        advice.append(
            Sentence(
                f"Camera chỉ cho {number(part.fps, 'vi', 1)} hình mỗi giây: hãy cắm vào cổng USB khác, hoặc bật thêm "
                "đèn.",
                f"The camera gives only {number(part.fps, 'en', 1)} pictures a second: use another USB port, or more "
                "light.",
            )
        )
    return advice


def _light(part: CameraPart) -> list[Sentence]:
    advice = []
    dim = [zone for zone in part.zones if zone.faces and zone.light < DIM]
    if part.bright_share > _CLIPPED and (dim or part.light > 150):
        advice.append(
            Sentence(
                "Có vùng sáng chói (cửa sổ hoặc màn chiếu) làm khuôn mặt tối đi: hãy kéo rèm, hoặc xoay camera để "
                "cửa sổ ở sau camera.",
                "Glare (a window or a screen) leaves the faces dark: draw the curtains, or turn the camera so that the "
                "window is behind it.",
            )
        )
    elif part.light < _DARK_ROOM or dim:
        advice.append(
            Sentence(
                f"Phòng tối (độ sáng {number(part.light, 'vi', 0)} trên 255): hãy bật thêm đèn chiếu vào mặt học viên.",
                f"The room is dark (brightness {number(part.light, 'en', 0)} of 255): turn on lamps that light the "
                "faces.",
            )
        )
    if part.flicker > _FLICKER:
        advice.append(
            Sentence(
                "Hình bị sọc nhấp nháy theo đèn: hãy đặt tần số chống nhấp nháy của camera là 50 Hz.",
                "Lamps stripe the picture: set the camera's anti-flicker (power line frequency) to 50 Hz.",
            )
        )
    if part.noise > _NOISE:
        advice.append(
            Sentence(
                f"Hình nhiễu hạt (mức {number(part.noise, 'vi', 1)}): hãy bật thêm đèn.",
                f"The picture is noisy ({number(part.noise, 'en', 1)} grey levels): turn on more light.",
            )
        )
    return advice


def _sharp(part: CameraPart, faces_a_picture: float) -> list[Sentence]:
    if not faces_a_picture or part.sharpness >= SHARP:
        return []
    return [
        Sentence(
            "Khuôn mặt bị mờ: hãy lau ống kính và chỉnh nét vào hàng ghế giữa; tắt chế độ làm mịn ảnh của camera.",
            "Faces are blurred: wipe the lens and focus on the middle rows; turn off the camera's smoothing.",
        )
    ]


def _widths(zones: tuple[ZoneMeasured, ...], faces_a_picture: float) -> list[Sentence]:
    if not faces_a_picture:
        return [
            Sentence(
                "Không thấy khuôn mặt nào: hãy nhờ vài người ngồi ở các hàng ghế rồi đo lại.",
                "No face was seen: ask some people to sit in the rows, then measure again.",
            )
        ]
    advice = []
    columns = len(zones) // len(_ROWS)
    for row, (vi, en) in enumerate(_ROWS):
        narrow = [
            zone.face_px
            for zone in zones[row * columns : (row + 1) * columns]
            if zone.face_px is not None and zone.faces and zone.face_px < _IDENTIFY_PX
        ]
        if narrow:
            px = min(narrow)
            nearer = _IDENTIFY_PX / px
            advice.append(
                Sentence(
                    f"Khuôn mặt {vi} chỉ rộng {number(px, 'vi', 0)} điểm ảnh, cần {_IDENTIFY_PX}: hãy đưa camera gần "
                    f"hơn {number(nearer, 'vi', 1)} lần, hoặc xếp người ngồi lên gần; nếu không, chỗ đó được ghi là "
                    "không xác định.",
                    f"Faces {en} are only {number(px, 'en', 0)} px wide and need {_IDENTIFY_PX}: bring the camera "
                    f"{number(nearer, 'en', 1)} times nearer, or seat people closer; else those seats count as not "
                    "observed.",
                )
            )
    return advice
