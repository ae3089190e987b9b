"""Finding the heading row of a roster among titles and merged cells, and which column holds what."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from central_server.enrolment.faults import RosterError
from central_server.enrolment.grid import Grid
from central_server.learners.names import plain

Field = Literal[
    "name", "family", "given", "code", "birth", "born_male", "born_female", "unit", "position", "bridge_point",
    "ethnicity", "card",
]  # fmt: skip
FIELDS: tuple[Field, ...] = get_args(Field)
NEEDED: tuple[Field, ...] = ("name", "code", "unit", "bridge_point")

# In plain letters; where two columns of a file mean one field, the earlier word wins and the other column is named as
# not used. A heading also counts that begins with a word of two or more parts ("đơn vị công tác hiện nay").
_WORDS: Mapping[Field, tuple[str, ...]] = {
    "name": (
        "ho va ten", "ho ten", "ho va ten hoc vien", "ho ten hoc vien", "ten hoc vien", "hoc vien", "full name",
        "name", "learner", "student name",
    ),
    "family": ("ho dem", "ho va ten dem", "ho va dem", "ho lot", "ho va chu lot", "ho chu lot", "ho",
               "last name", "family name", "surname"),
    "given": ("ten", "first name", "given name"),
    "code": (
        "ma hoc vien", "ma hv", "ma so hoc vien", "ma cong chuc", "ma so cong chuc", "ma can bo", "ma so can bo",
        "ma cbcc", "ma cbccvc", "so hieu", "so hieu cong chuc", "so hieu cbcc", "so hieu can bo", "ma nhan vien",
        "ma vien chuc", "ma so", "ma", "code", "learner code", "student id", "employee id", "id", "so cccd", "cccd",
        "so can cuoc cong dan", "can cuoc cong dan", "so can cuoc", "can cuoc", "so dinh danh ca nhan",
        "so dinh danh", "ma dinh danh", "cccd cmnd", "so cmnd cccd", "so cmnd", "cmnd",
    ),
    "birth": (
        "nam sinh", "ngay sinh", "ngay thang nam sinh", "ngay thang sinh", "ngay thang nam", "sinh ngay", "sinh nam",
        "birth year", "year of birth", "date of birth", "birth date", "birthday", "dob", "born",
    ),
    "born_male": ("nam",),
    "born_female": ("nu",),
    "unit": (
        "don vi", "don vi cong tac", "co quan", "co quan cong tac", "co quan don vi", "noi cong tac", "phong ban",
        "don vi cu di", "ten don vi", "ten co quan", "unit", "office", "department", "organisation",
        "organization", "workplace", "agency",
    ),
    "position": ("chuc vu", "chuc danh", "chuc vu chuc danh", "chuc vu chuc danh hien nay", "vi tri viec lam",
                 "position", "job title", "title"),
    "bridge_point": ("diem cau", "ma diem cau", "ten diem cau", "diem cau tham du", "diem hoc", "dia diem hoc",
                     "noi hoc", "bridge point", "site", "location"),
    "ethnicity": ("dan toc", "thanh phan dan toc", "ethnicity", "ethnic group"),
    "card": ("so the", "ma the", "so the tu", "so the diem danh", "the diem danh", "so the hoc vien", "the tu",
             "card", "card number", "card no"),
}  # fmt: skip
EXACT: frozenset[Field] = frozenset({"card"})
"""Not from the beginning of a heading: "số thẻ căn cước", "số thẻ đảng viên" and "số thẻ BHYT" are no such card."""
_HEADING_ROWS = 40


@dataclass(frozen=True, slots=True)
class Headings:
    """Where the table begins and what its columns hold."""

    row: int
    """The heading row, from 0."""
    first: int
    """The first row below all heading rows."""
    columns: dict[Field, int]
    titles: tuple[str, ...]
    """The heading above each column; empty where there is none."""

    @property
    def missing(self) -> tuple[Field, ...]:
        """The needed fields that no column holds."""
        named = "name" in self.columns or "given" in self.columns
        return tuple(
            field for field in NEEDED if not (named if field == "name" else field in self.columns)
        )  # fmt: skip

    @property
    def unused(self) -> tuple[str, ...]:
        """The headings of the columns that are not read, but for the running number."""
        used = set(self.columns.values())
        return tuple(
            title
            for at, title in enumerate(self.titles)
            if title and at not in used and heading_words(title) not in ("stt", "tt", "so tt", "so thu tu", "no", "so")
        )


def heading_words(text: str) -> str:
    """A heading as it is compared: plain, without what stands in brackets."""
    return plain(re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", text))


def field_of(heading: str) -> tuple[Field, int] | None:
    """Which field a heading names, and how good the word is for it (0 is best)."""
    words = heading_words(heading)
    found: list[tuple[int, int, Field]] = []
    for field, known in _WORDS.items():
        for rank, word in enumerate(known):
            if words == word:
                found.append((0, rank, field))
            elif " " in word and field not in EXACT and words.startswith(word + " "):
                found.append((-len(word), 100 + rank, field))
    if not found:
        return None
    exact = [one for one in found if one[0] == 0]
    _, rank, field = min(exact or found)
    return field, rank


def find_headings(grid: Grid) -> Headings | None:
    """The headings of a sheet: the row, of the first 40, that names most fields; None when no row names two."""
    best: Headings | None = None
    for row in range(min(len(grid.rows), _HEADING_ROWS)):
        columns = _columns(grid, row)
        named = {"name", "family", "given"} & columns.keys()
        if len(columns) >= 2 and named and (best is None or len(columns) > len(best.columns)):
            best = _headings(grid, row, columns)
    return best


def with_choice(headings: Headings, chosen: Mapping[Field, int | None]) -> Headings:
    """The headings with the columns that a person chose; None: the file has no such column."""
    columns = {field: at for field, at in headings.columns.items() if field not in chosen}
    taken = {at for at in chosen.values() if at is not None}
    columns = {field: at for field, at in columns.items() if at not in taken}
    columns |= {field: at for field, at in chosen.items() if at is not None and 0 <= at < len(headings.titles)}
    if "name" in columns:
        columns.pop("family", None)
        if "name" in chosen:
            columns.pop("given", None)
    return Headings(headings.row, headings.first, columns, headings.titles)


def no_headings(sheets: tuple[str, ...]) -> RosterError:
    """No sheet has a heading row."""
    where = f" ({', '.join(sheets[:5])})" if any(sheets) else ""
    return RosterError(
        f"Không tìm thấy dòng tiêu đề cột trong tệp{where}. Danh sách cần một dòng có các tiêu đề như: Mã học viên, "
        "Họ và tên, Ngày sinh, Đơn vị, Điểm cầu.",
        f"No heading row was found in the file{where}. The roster needs a row with headings such as: Learner code, "
        "Full name, Date of birth, Unit, Bridge point.",
    )


def _columns(grid: Grid, row: int) -> dict[Field, int]:
    """Which fields the cells of one row name."""
    ranked: dict[Field, tuple[int, int]] = {}
    for column in range(len(grid.rows[row])):
        cell = grid.at(row, column)
        found = field_of(cell.text) if cell and cell.kind == "text" and len(cell.text) <= 80 else None
        if found:
            field, rank = found
            if field not in ranked or rank < ranked[field][0]:
                ranked[field] = (rank, column)
    return {field: column for field, (_, column) in ranked.items()}


def _headings(grid: Grid, row: int, columns: dict[Field, int]) -> Headings:
    """Take the sub-headings into account: "Năm sinh" over "Nam | Nữ", and a name that fills two columns."""
    width = max(len(cells) for cells in grid.rows)
    titles = [cell.text.strip() if (cell := grid.at(row, column)) else "" for column in range(width)]
    titles = [" ".join(unicodedata.normalize("NFC", title).split()) for title in titles]
    first = row + 1
    found = dict(columns)
    under = _columns(grid, first) if first < len(grid.rows) else {}
    if {"born_male", "born_female"} <= under.keys() and "birth" in found:
        del found["birth"]
        found |= {"born_male": under["born_male"], "born_female": under["born_female"]}
        for field in ("born_male", "born_female"):
            titles[under[field]] = f"Năm sinh, {'nam' if field == 'born_male' else 'nữ'}"
        first += 1
    elif under and len(under) >= 2 and not (under.keys() & found.keys() - {"given"}):
        found |= {field: column for field, column in under.items() if column not in found.values()}
        first += 1
    if not {"born_male", "born_female"} <= found.keys() or "birth" in found:
        found.pop("born_male", None)
        found.pop("born_female", None)
    if "name" in found:
        found.pop("family", None)
        beside = found["name"] + 1
        if "given" not in found and beside < width and not titles[beside] and _mostly_text(grid, first, beside):
            found["given"] = beside
            titles[beside] = titles[found["name"]]
        elif "given" in found and found["given"] != beside:
            del found["given"]
    return Headings(row, first, found, tuple(titles))


def _mostly_text(grid: Grid, first: int, column: int) -> bool:
    cells = [grid.at(row, column) for row in range(first, min(first + 40, len(grid.rows)))]
    texts = [cell for cell in cells if cell is not None and cell.kind == "text"]
    return len(texts) > len(cells) / 2
