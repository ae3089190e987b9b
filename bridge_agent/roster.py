"""Portraits and roster brought together: a portrait is named by the learner's code, or by a name that only one has."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge_agent.errors import FinalError
from models.wire import RosterLearner

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
"""As models.faces.portraits has them, which loads cv2 and is for the recognition process."""
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """A portrait or learner that the others do without: a sentence for the technician, never for a log file."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Matched:
    """Learner id by portrait name, and what did not fit."""

    roster: dict[str, str]
    problems: tuple[Problem, ...]


def portrait_names(folder: Path) -> list[str]:
    """The names of the portraits in `folder` (NAME.jpg or NAME/*.jpg; .jpeg and .png too), sorted.

    Raises FinalError when there is no such folder, or no portrait in it.
    """
    if not folder.is_dir():
        raise FinalError(
            f"Không có thư mục ảnh chân dung {folder}. Hãy tạo thư mục và đặt vào đó TÊN.jpg cho mỗi học viên.",
            f"There is no portraits folder {folder}. Make it and put NAME.jpg for each learner into it.",
        )
    names = {_plain(entry.name if entry.is_dir() else entry.stem) for entry in folder.iterdir() if _is_portrait(entry)}
    if not names:
        raise FinalError(
            f"Thư mục {folder} chưa có ảnh nào. Hãy đặt vào đó TÊN.jpg hoặc TÊN/*.jpg cho mỗi học viên.",
            f"The folder {folder} holds no picture. Put NAME.jpg or NAME/*.jpg for each learner into it.",
        )
    return sorted(names)


def match(names: Sequence[str], learners: Iterable[RosterLearner], templates: frozenset[str] = frozenset()) -> Matched:
    """Bring portrait names and a session's learners together. templates: the learners who need no portrait."""
    by_code = defaultdict[str, list[RosterLearner]](list)
    by_name = defaultdict[str, list[RosterLearner]](list)
    for learner in learners:
        by_code[_key(learner.code)].append(learner)
        by_name[_key(learner.name)].append(learner)
    roster: dict[str, str] = {}
    problems: list[Problem] = []
    strangers: list[str] = []
    for name in names:
        found = by_code.get(_key(name)) or by_name.get(_key(name)) or []
        if len(found) == 1:
            roster[name] = found[0].id
        elif found:
            codes = ", ".join(sorted(learner.code for learner in found))
            problems.append(
                Problem(
                    f'Ảnh "{name}": có {len(found)} học viên cùng tên. Hãy đặt tên ảnh theo mã: {codes}.',
                    f'Portrait "{name}": {len(found)} learners have this name. Name it by the code: {codes}.',
                )
            )
        else:
            strangers.append(name)
    if strangers:
        some = _some(strangers)
        problems.append(
            Problem(
                f"Ảnh không khớp học viên nào của buổi học: {some}. Hãy đặt tên ảnh theo mã học viên.",
                f"Portraits that fit no learner of the session: {some}. Name portraits by the learner's code.",
            )
        )
    known = {*roster.values(), *templates}
    if without := [learner.code for group in by_code.values() for learner in group if learner.id not in known]:
        some = _some(without)
        problems.append(
            Problem(
                f"Học viên chưa có ảnh chân dung: {some}. Camera sẽ không nhận ra họ.",
                f"Learners without a portrait: {some}. The camera will not know them.",
            )
        )
    return Matched(roster, tuple(problems))


def _is_portrait(entry: Path) -> bool:
    if entry.name.startswith("."):
        return False
    if entry.is_dir():
        return any(_is_portrait(inner) for inner in entry.iterdir() if inner.is_file())
    return entry.suffix.lower() in _SUFFIXES


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()


def _key(name: str) -> str:
    """What is compared: capitals and doubled spaces make no other person."""
    return " ".join(_plain(name).casefold().split())


def _some(names: list[str]) -> str:
    more = f" (+{len(names) - _NAMED})" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
