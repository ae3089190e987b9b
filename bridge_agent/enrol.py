"""`bridge-agent enrol`: portraits for the demonstration with a camera. Consent first; without it nothing is captured.

The enrolment of a real class (consent kept as evidence, templates instead of pictures) is the agent's page's matter.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2

from bridge_agent.capture.capture import Capture
from bridge_agent.capture.child import Pace
from bridge_agent.capture.frame import Frame, Picture, SourceOver
from bridge_agent.capture.source import parse_source
from bridge_agent.errors import FinalError, SourceError
from bridge_agent.recognition.advice import advice
from models.faces.detect import Detector
from models.faces.engine import FaceProfile, load_engine
from models.language import both
from models.reasons import reason

PICTURES: Final = 3
_BETWEEN_MS: Final = 1_200
"""Between two portraits, so that they differ a little."""
_PATIENCE_MS: Final = 60_000


class NoConsentError(FinalError):
    """The person did not consent; nothing was captured."""


class EnrolError(FinalError):
    """No three good portraits could be taken, or they can't be written."""


def enrol(
    source: str,
    name: str,
    out: Path,
    *,
    ask: Callable[[str], str] = input,
    say: Callable[[str], None] = print,
    faces: FaceProfile | None = None,
) -> list[Path]:
    """Ask `name` for consent, take three portraits from `source` and write them to OUT/NAME/1.jpg … 3.jpg.

    Raises NoConsentError, SourceError, EnrolError, FaceError (weights).
    """
    folder = out / _folder_name(name)
    _consent(name, ask)
    wanted = parse_source(source)
    with Capture(wanted, Pace(_BETWEEN_MS // 3, newest=True, real_time=not wanted.live)) as capture:
        capture.open()
        detector = load_engine(faces or FaceProfile()).detector
        pictures = _take(capture, detector, say)
    return _write(pictures, folder)


def _consent(name: str, ask: Callable[[str], str]) -> None:
    question = both(
        f"{name}: chương trình sẽ chụp ba ảnh khuôn mặt của bạn, chỉ lưu trên máy này để điểm danh thử. "
        "Bạn có thể xóa thư mục ảnh bất cứ lúc nào. Bạn có đồng ý không? [c/K] ",
        f"{name}: the program will take three pictures of your face and keep them on this PC only, to try attendance. "
        "You can delete their folder at any time. Do you consent? [y/N] ",
    )
    try:
        answer = ask(question).strip().lower()
    except EOFError:  # nobody at the terminal: silence is not consent
        answer = ""
    if answer not in {"c", "có", "co", "y", "yes"}:
        raise NoConsentError(
            "Không có sự đồng ý: không chụp và không lưu gì.", "No consent: nothing was captured or kept."
        )


def _take(capture: Capture, detector: Detector, say: Callable[[str], None]) -> list[Picture]:
    taken: list[Picture] = []
    first: int | None = None
    last, said = 0, ""
    while len(taken) < PICTURES:
        got = capture.newest(2_000)
        if isinstance(got, SourceOver):
            break
        if not isinstance(got, Frame):
            raise SourceError(
                "Camera không trả hình. Hãy cắm lại camera rồi thử lại.",
                "The camera gives no picture. Plug it in again and try once more.",
            )
        first = got.at if first is None else first
        if got.at - first > _PATIENCE_MS:
            break
        if taken and got.at - last < _BETWEEN_MS:
            continue
        wrong = advice(got.picture, detector.detect(got.picture))
        if wrong is None:
            taken.append(got.picture)
            last = got.at
            sentence = both(f"Đã chụp ảnh {len(taken)}/{PICTURES}.", f"Picture {len(taken)} of {PICTURES} taken.")
        else:
            sentence = both(wrong.vi, wrong.en)
        if sentence != said:
            said = sentence
            say(sentence)
    if len(taken) < PICTURES:
        raise EnrolError(
            f"Chưa chụp đủ {PICTURES} ảnh rõ; không lưu gì. {said}",
            f"There were not {PICTURES} good pictures; nothing was kept. {said}",
        )
    return taken


def _write(pictures: list[Picture], folder: Path) -> list[Path]:
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, picture in enumerate(pictures, 1):
            done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
            path = folder / f"{number}.jpg"
            if done:
                path.write_bytes(data.tobytes())  # cv2.imwrite fails on Windows where the path has Vietnamese letters
                paths.append(path)
    except OSError as error:
        raise EnrolError(
            f"Không ghi được ảnh vào {folder} ({reason(error).vi}).",
            f"The pictures cannot be written to {folder} ({reason(error).en}).",
        ) from error
    return paths


def _folder_name(name: str) -> str:
    name = unicodedata.normalize("NFC", name).strip()
    if not name or name in {".", ".."} or any(sign in name for sign in '/\\:*?"<>|\0'):
        raise EnrolError(
            f'"{name}" không dùng làm tên thư mục được. Hãy dùng chữ, số và dấu cách.',
            f'"{name}" cannot name a folder. Use letters, digits and spaces.',
        )
    return name
