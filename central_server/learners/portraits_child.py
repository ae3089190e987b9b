"""Portraits in a zip, looked at in a process of its own: hostile pictures and the networks stay out of the server.

`python -m central_server.learners.portraits_child`: a Request as msgpack on its standard input, an Answer on its
standard output. Pictures are opened in memory and dropped; templates leave, and faces as JPEGs
where the course keeps them.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from models.errors import DiemdanhError
from models.portrait_records import PORTRAITS_MOST

PICTURE_LIMIT = 25 * 1024 * 1024
MEMBERS_LIMIT = 20_000
PER_LEARNER = 10
PIXEL_LIMIT = 120_000_000
"""Pixels of a picture: a phone's have up to 108 million."""
SUFFIXES = (".jpg", ".jpeg", ".png")
_NUMBERED = re.compile(r"(.+?)[ _-]\(?[0-9]{1,2}\)?\Z")


class Request(msgspec.Struct, frozen=True):
    """What to look at."""

    zip: str
    """The file."""
    codes: dict[str, str]
    """Codes (lower case) of the learners whose pictures may be opened: their ids."""
    refused: dict[str, str]
    """Likewise of learners without consent: their pictures are not opened, only counted."""
    keep: tuple[str, ...] = ()
    """Ids of those whose portraits the course keeps: they come back as JPEGs of the face."""


class Made(msgspec.Struct, frozen=True):
    """A learner's template."""

    learner: str
    portraits: int
    vector: bytes
    """Little-endian float32s."""
    pictures: tuple[bytes, ...] = ()
    """JPEGs of the face with a margin, at most PORTRAITS_MOST; none unless asked for."""


class Problem(msgspec.Struct, frozen=True):
    """A picture that gave nothing, and why."""

    file: str
    vi: str
    en: str


class Answer(msgspec.Struct, frozen=True):
    """What came of it."""

    trouble: Literal["", "not_installed", "no_zip", "too_many"] = ""
    """not_installed: the faces extra; no_zip: no readable zip file; too_many: more than MEMBERS_LIMIT files."""
    encoder: str = ""
    made: tuple[Made, ...] = ()
    problems: tuple[Problem, ...] = ()
    without_consent: tuple[str, ...] = ()
    """Learners (ids) whose pictures were in the file and were not opened."""
    others: tuple[str, ...] = ()
    """Pictures that belong to no learner of the course."""
    failed: tuple[str, str] | None = None
    """The networks can't be loaded: the sentence."""


def code_of(name: str) -> tuple[str, ...]:
    """Under which codes (lower case, best first) a picture may stand: CODE.jpg, CODE/any.jpg, CODE_2.jpg. Pure."""
    path = PurePosixPath(unicodedata.normalize("NFC", name.replace("\\", "/")))
    if path.suffix.lower() not in SUFFIXES or path.name.startswith((".", "__")) or "__MACOSX" in path.parts:
        return ()
    stem = path.stem.strip().lower()
    found = [stem]
    if numbered := _NUMBERED.match(stem):
        found.append(numbered[1])
    if path.parent.name:
        found.append(path.parent.name.strip().lower())
    return tuple(dict.fromkeys(found))


def by_learner(names: list[str], codes: Mapping[str, str]) -> tuple[dict[str, list[str]], list[str]]:
    """The files of each code in `codes`, and the pictures that belong to none of them. Pure."""
    found: dict[str, list[str]] = {}
    others = []
    for name in sorted(names):
        wanted = code_of(name)
        if not wanted:
            continue
        code = next((one for one in wanted if one in codes), None)
        if code is None:
            others.append(name)
        else:
            found.setdefault(code, []).append(name)
    return found, others


def look(request: Request) -> Answer:
    """Make the templates."""
    try:
        with zipfile.ZipFile(request.zip) as archive:
            if len(archive.infolist()) > MEMBERS_LIMIT:
                return Answer(trouble="too_many")
            files, others = by_learner(archive.namelist(), request.codes | request.refused)
            refused = tuple(request.refused[code] for code in files if code in request.refused)
            opened = {code: names for code, names in files.items() if code in request.codes}
            if not opened:
                return Answer(without_consent=refused, others=tuple(others))
            if not installed():
                return Answer(trouble="not_installed")
            found = _templates(archive, opened, request.codes, frozenset(request.keep))
            return msgspec.structs.replace(found, without_consent=refused, others=tuple(others))
    except (zipfile.BadZipFile, OSError, ValueError):
        return Answer(trouble="no_zip")


def installed() -> bool:
    """Whether the faces extra is on this machine."""
    return all(importlib.util.find_spec(name) for name in ("cv2", "openvino"))


def _templates(
    archive: zipfile.ZipFile, files: Mapping[str, list[str]], codes: Mapping[str, str], keep: frozenset[str]
) -> Answer:
    import cv2
    import numpy as np

    from models.faces.engine import FaceProfile, load_engine
    from models.faces.errors import PictureUnreadableError, PortraitsError
    from models.faces.match import average
    from models.faces.portraits import decode_picture, face_jpeg, sitter

    try:
        engine = load_engine(FaceProfile())
    except DiemdanhError as error:
        return Answer(failed=(error.vi, error.en))
    made, problems = [], []
    for code, names in files.items():
        vectors = []
        pictures: list[bytes] = []
        for name in names[:PER_LEARNER]:
            try:
                picture = decode_picture(_content(archive, name), name)
                face = sitter(picture, name, engine)
                kept = codes[code] in keep and len(pictures) < PORTRAITS_MOST
                cut_out = face_jpeg(picture, face) if kept else b""
                vectors.append(engine.encode(picture, [face])[0])
                pictures += [cut_out] if cut_out else []
            except PortraitsError as error:
                problems.append(Problem(name, error.vi, error.en))
            except cv2.error:  # more pixels than PIXEL_LIMIT, or a header that lies
                unreadable = PictureUnreadableError(name)
                problems.append(Problem(name, unreadable.vi, unreadable.en))
        if vectors:
            vector = average(np.stack(vectors), engine.encoder.metric)
            made.append(Made(codes[code], len(vectors), vector.astype("<f4").tobytes(), tuple(pictures)))
    return Answer(encoder=engine.encoder.name, made=tuple(made), problems=tuple(problems))


def _content(archive: zipfile.ZipFile, name: str) -> bytes:
    """A picture's bytes; none where it is too large or can't be unpacked (then it is told as unreadable)."""
    try:
        with archive.open(name) as member:
            content = member.read(PICTURE_LIMIT + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError):
        return b""
    return content if len(content) <= PICTURE_LIMIT else b""


def main() -> None:
    """The child."""
    request = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Request)
    answer = look(request) if Path(request.zip).is_file() else Answer(trouble="no_zip")
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))


if __name__ == "__main__":
    main()
