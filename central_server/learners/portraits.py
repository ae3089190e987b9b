"""Portraits of a course's learners in one zip: consent first, then templates; pictures are dropped unless kept."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec
from sqlmodel import Session, col, select

from central_server.courses.tables import Enrolment
from central_server.errors import ServerError, UnavailableError
from central_server.learners.consents import agreed_to_keep, consents_on_file
from central_server.learners.portrait_policy import days_kept
from central_server.learners.portraits_child import PIXEL_LIMIT, Answer, Made, Problem, Request
from central_server.learners.tables import Learner

ZIP_LIMIT = 500 * 1024 * 1024
TIME_LIMIT_S = 600.0


class PortraitsZipError(ServerError):
    """A zip of portraits can't be used; nothing was kept."""

    status = 422


@dataclass(frozen=True, slots=True)
class Looked:
    """What a zip of portraits gave."""

    made: tuple[Made, ...]
    encoder: str
    problems: tuple[Problem, ...]
    without_consent: tuple[Learner, ...]
    others: tuple[str, ...]


def look_at_zip(db: Session, folder: Path, course: str, source: BinaryIO, seconds: float = TIME_LIMIT_S) -> Looked:
    """Look at a zip of portraits, in a child process that opens only the pictures of learners whose consent holds.

    folder: the data folder, where the zip lies meanwhile. Raises PortraitsZipError.
    """
    learners = db.exec(
        select(Learner).join(Enrolment, col(Enrolment.learner) == Learner.id).where(Enrolment.course == course)
    ).all()
    consents = consents_on_file(db, [one.id for one in learners])
    codes = {one.code.lower(): one.id for one in learners if one.id in consents}
    refused = {one.code.lower(): one.id for one in learners if one.id not in consents}
    keep = tuple(agreed_to_keep(db, list(codes.values()))) if days_kept(db, course) else ()
    with _lying_there(folder, source) as path:
        answer = _ask(Request(str(path), codes, refused, keep), seconds)
    _say_trouble(answer)
    people = {one.id: one for one in learners}
    without = tuple(people[one] for one in answer.without_consent)
    return Looked(answer.made, answer.encoder, answer.problems, without, answer.others)


_LYING = "portraits-"


def remove_left_zips(folder: Path) -> None:
    """Remove the zips of a server that was killed while it looked at them: pictures are never kept so."""
    for path in folder.glob(f"{_LYING}*.zip"):
        path.unlink(missing_ok=True)


@contextmanager
def _lying_there(folder: Path, source: BinaryIO) -> Iterator[Path]:
    path = folder / f"{_LYING}{secrets.token_hex(8)}.zip"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            shutil.copyfileobj(source, file, 1024 * 1024)
        yield path
    except OSError as error:
        raise UnavailableError(
            "Máy chủ không còn chỗ cho tệp ảnh. Chưa lưu gì; hãy báo quản trị hệ thống.",
            "The server has no room for the pictures. Nothing was kept; tell the administrator.",
        ) from error
    finally:
        path.unlink(missing_ok=True)


def _ask(request: Request, seconds: float) -> Answer:
    command = [sys.executable, "-m", "central_server.learners.portraits_child"]
    environment = {**os.environ, "OPENCV_IO_MAX_IMAGE_PIXELS": str(PIXEL_LIMIT)}
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command, input=msgspec.msgpack.encode(request), capture_output=True, timeout=seconds, check=False,
            env=environment,
        )  # fmt: skip
        return msgspec.msgpack.decode(done.stdout, type=Answer)
    except (subprocess.TimeoutExpired, msgspec.MsgspecError) as error:
        raise PortraitsZipError(
            "Chương trình xem ảnh phải dừng giữa chừng (quá lâu, hoặc có ảnh hỏng nặng). Chưa lưu gì; hãy chia thành "
            "các tệp zip nhỏ hơn.",
            "The program that looks at the pictures had to stop (too long, or a picture broke it). Nothing was kept; "
            "split the zip into smaller ones.",
        ) from error


def _say_trouble(answer: Answer) -> None:
    if answer.failed:
        raise PortraitsZipError(*answer.failed)
    if answer.trouble == "not_installed":
        raise PortraitsZipError(
            "Máy chủ này chưa cài phần nhận diện khuôn mặt nên không tạo được dữ liệu từ ảnh. Chưa lưu gì; hãy nhờ "
            "quản trị hệ thống cài thêm: pip install 'diemdanh[server,faces]'.",
            "The face part is not installed on this server, so no template can be made. Nothing was kept; ask the "
            "administrator to install it: pip install 'diemdanh[server,faces]'.",
        )
    if answer.trouble == "too_many":
        raise PortraitsZipError(
            "Tệp zip có quá nhiều tệp. Hãy chia thành các tệp zip nhỏ hơn.",
            "The zip holds too many files. Split it into smaller ones.",
        )
    if answer.trouble:
        raise PortraitsZipError(
            "Không mở được tệp zip. Hãy nén lại thư mục ảnh thành một tệp .zip rồi gửi lại.",
            "The zip file can't be opened. Pack the folder of pictures into one .zip file again and send that.",
        )
