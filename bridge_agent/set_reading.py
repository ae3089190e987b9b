"""Anyone's pictures of people, as files lie: a folder per person, or a list of pairs. It opens no picture."""

from __future__ import annotations

import csv
import io
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from bridge_agent.errors import FinalError
from models.reasons import reason


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SUFFIXES: Final = _words(".jpg .jpeg .jpe .jfif .png .bmp .dib .webp .avif .gif .tif .tiff .pgm .ppm .pnm")
_YES: Final = _words("yes y true t 1 1.0 same match matched genuine positive có co đúng dung giống giong")
_NO: Final = _words(
    "no n false f 0 0.0 -1 different diff mismatch nonmatch non-match impostor imposter negative không khong "
    "sai khác khac"
)
_FIRST: Final = _words("file_x filex file1 file_1 img1 img_1 image1 image_1 x a left path1 first picture1")
_SECOND: Final = _words("file_y filey file2 file_2 img2 img_2 image2 image_2 y b right path2 second picture2")
_DECISION: Final = _words(
    "decision label same is_same issame match matched target result genuine same_person kết_quả ket_qua"
)
_MOST_PEOPLE: Final = 6_000
"""Of a list that names more people the first ones count."""


class PicturesError(FinalError):
    """A folder of pictures or a list of pairs can't be used."""


@dataclass(slots=True)
class PairList:
    """What a list of pairs says: which files are one person's (`person`, by file), and which people are surely two.

    People are what "yes" joins; two are surely two when a "no" stands between any of their pictures.
    """

    person: dict[Path, int]
    apart: set[tuple[int, int]]
    rows: int = 0
    genuine: int = 0
    impostor: int = 0
    without_picture: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)


def read_people(folder: Path) -> dict[str, list[Path]]:
    """The pictures of each person in `folder`, by name.

    A person is a folder: the one right under `folder`, or the ones that hold the pictures (as in A/Anna/1.jpg, or
    train/Anna and test/Anna), whichever are more. Pictures that lie in `folder` itself belong together when their names
    are the same but for what follows the last "_", "-" or space (001_neutral.jpg, 001_smiling.jpg).

    Raises PicturesError.
    """
    if not folder.is_dir():
        raise PicturesError(
            f"Không có thư mục {folder}. Hãy ghi đường dẫn của thư mục có một thư mục con cho mỗi người.",
            f"There is no folder {folder}. Name a folder that holds one folder for each person.",
        )
    loose: list[Path] = []
    nested: list[tuple[tuple[str, ...], Path]] = []
    for place, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        parts = Path(place).relative_to(folder).parts
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                if parts:
                    nested.append((parts, Path(place) / name))
                else:
                    loose.append(Path(place) / name)
    if not loose and not nested:
        raise PicturesError(
            f"Thư mục {folder} không có ảnh nào (.jpg, .png, …). Hãy chọn thư mục khác.",
            f"The folder {folder} holds no pictures (.jpg, .png, …). Choose another folder.",
        )
    people: dict[str, list[Path]] = {}
    level = _level([parts for parts, _ in nested])
    for parts, path in nested:
        people.setdefault(unicodedata.normalize("NFC", parts[level]), []).append(path)
    for path in loose:
        people.setdefault(unicodedata.normalize("NFC", _stem(path.stem)), []).append(path)
    return dict(sorted(people.items()))


def _level(places: Sequence[tuple[str, ...]]) -> int:
    """Which part of the pictures' folders is the person's name: the first after what all share, or the last (-1)."""
    if not places:
        return -1
    shared = 0
    while shared < min(map(len, places)) - 1 and len({parts[shared] for parts in places}) == 1:
        shared += 1
    first = {parts[shared] for parts in places}
    return shared if len(first) >= len({parts[-1] for parts in places}) else -1


def _stem(stem: str) -> str:
    return re.sub(r"(?<=.)[_\- ][^_\- ]*$", "", stem)


def read_pairs(listed: Path, folder: Path) -> PairList:
    """The list of pairs in the CSV file `listed`, of pictures in `folder`.

    Columns by their names (file_x, file_y, Decision and the like) or else the first three; commas, semicolons or tabs;
    UTF-8 with or without a mark, UTF-16; yes, true, 1, same … and their opposites. Paths start from `folder`, or from
    the list's own folder, or only their last part is found somewhere in `folder`.

    Raises PicturesError when the file can't be read or no row names two pictures.
    """
    rows = _rows(listed)
    columns, start = _columns(rows)
    find = _Finder(folder, listed.parent)
    people = _Joined()
    result = PairList({}, set())
    different: list[tuple[Path, Path, str]] = []
    for number, row in enumerate(rows[start:], start + 1):
        where = f"{listed.name}:{number}"
        if len(row) <= max(columns):
            result.unclear.append(where)
            continue
        names, decision = (row[columns[0]], row[columns[1]]), row[columns[2]].strip().casefold()
        same = decision in _YES
        if not same and decision not in _NO:
            result.unclear.append(where)
            continue
        a, b = (find.path(name) for name in names)
        if a is None or b is None:
            result.without_picture.append(where)
            continue
        if a == b or (len(people.parent) >= _MOST_PEOPLE and not {a, b} <= people.parent.keys()):
            result.unclear.append(where)
            continue
        result.rows += 1
        people.add(a)
        people.add(b)
        if same:
            result.genuine += 1
            people.join(a, b)
        else:
            result.impostor += 1
            different.append((a, b, where))
    if not result.rows:
        raise PicturesError(
            f"Không dùng được dòng nào của {listed} với ảnh trong {folder}. Mỗi dòng cần hai tên tệp và yes hoặc no "
            "(cột file_x, file_y, Decision).",
            f"No row of {listed} can be used with the pictures in {folder}. A row needs two file names and yes or no "
            "(columns file_x, file_y, Decision).",
        )
    numbers: dict[Path, int] = {}
    for path in people.parent:
        result.person[path] = numbers.setdefault(people.root(path), len(numbers))
    for a, b, where in different:
        one, two = result.person[a], result.person[b]
        if one == two:
            result.contradictions.append(where)
        result.apart |= {(one, two), (two, one)} if one != two else set()
    return result


def _rows(listed: Path) -> list[list[str]]:
    try:
        data = listed.read_bytes()
    except OSError as error:
        raise PicturesError(
            f"Không đọc được danh sách {listed} ({reason(error).vi}). Hãy kiểm tra đường dẫn.",
            f"The list {listed} cannot be read ({reason(error).en}). Check its path.",
        ) from error
    text = _text(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [row for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise PicturesError(
            f"Danh sách {listed} không phải là tệp CSV đọc được. Hãy lưu lại dạng CSV.",
            f"The list {listed} is no readable CSV file. Save it as CSV again.",
        ) from error


def _text(data: bytes) -> str:
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1258"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _columns(rows: list[list[str]]) -> tuple[tuple[int, int, int], int]:
    """The columns of both files and of the decision, and the first row that is no heading."""
    if not rows:
        return (0, 1, 2), 0
    heads = [re.sub(r"\s+", "_", cell.strip().casefold()) for cell in rows[0]]
    found = [next((i for i, head in enumerate(heads) if head in known), None) for known in (_FIRST, _SECOND, _DECISION)]
    first, second, decision = found
    if first is not None and second is not None and decision is not None:
        return (first, second, decision), 1
    # Without known headings: the decision is the column that says yes or no, the files are the first two others.
    sample = rows[1:200] or rows
    width = min(len(row) for row in sample)
    says = [i for i in range(width) if all(row[i].strip().casefold() in _YES | _NO for row in sample)]
    last = says[-1] if says else 2
    others = [i for i in range(width) if i != last][:2] or [0, 1]
    heading = len(rows[0]) > last and rows[0][last].strip().casefold() not in _YES | _NO
    return (others[0], others[-1], last), int(heading)


class _Finder:
    """Finds the files that a list names."""

    def __init__(self, folder: Path, beside: Path) -> None:
        if not folder.is_dir():
            raise PicturesError(
                f"Không có thư mục ảnh {folder}. Hãy ghi đúng sau --pictures.",
                f"There is no picture folder {folder}. Name it after --pictures.",
            )
        self._folders = (folder, beside)
        self._known: dict[str, Path | None] = {}
        self._by_name: dict[str, list[Path]] | None = None

    def path(self, name: str) -> Path | None:
        """The file called `name`, None when there is none or more than one."""
        name = name.strip().strip("\"'").replace("\\", "/")
        if name not in self._known:
            self._known[name] = self._look(name)
        return self._known[name]

    def _look(self, name: str) -> Path | None:
        if not name or "\0" in name:
            return None
        for folder in self._folders:
            try:
                if (path := folder / name).is_file():
                    return path.resolve()
            except OSError:  # a name too long for this system
                return None
        if self._by_name is None:
            self._by_name = {}
            for path in _all_files(self._folders[0]):
                self._by_name.setdefault(path.name, []).append(path)
        last = PurePosixPath(name).name
        found = self._by_name.get(last) or [
            path for suffix in sorted(SUFFIXES) for path in self._by_name.get(last + suffix, [])
        ]
        return found[0].resolve() if len(found) == 1 else None


def _all_files(folder: Path) -> Iterable[Path]:
    for place, _, files in os.walk(folder):
        yield from (Path(place) / name for name in files)


class _Joined:
    """Which files are joined to which, as union-find."""

    def __init__(self) -> None:
        self.parent: dict[Path, Path] = {}

    def add(self, path: Path) -> None:
        self.parent.setdefault(path, path)

    def root(self, path: Path) -> Path:
        while self.parent[path] != path:
            self.parent[path] = self.parent[self.parent[path]]
            path = self.parent[path]
        return path

    def join(self, a: Path, b: Path) -> None:
        self.parent[self.root(a)] = self.root(b)
