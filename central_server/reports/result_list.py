"""A list of results that somebody pasted or sent as a file: whose grade and which certificate. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from central_server.enrolment.grid import Grid
from central_server.learners.names import plain
from models.report_records import Outcome

Field = Literal["code", "outcome", "grade", "certificate", "book_number"]
HEADINGS: dict[str, Field] = {
    "ma hoc vien": "code", "ma hv": "code", "ma": "code", "learner code": "code", "code": "code",
    "ket qua": "outcome", "result": "outcome",
    "xep loai": "grade", "grade": "grade",
    "so hieu chung chi": "certificate", "so hieu": "certificate", "certificate": "certificate",
    "so vao so": "book_number", "register": "book_number",
}  # fmt: skip
PLAIN: tuple[Field, ...] = ("code", "grade", "certificate", "book_number", "outcome")
"""The order of columns in a list without headings."""
MOST_LINES = 5000
LONGEST = 60
_NOT = re.compile(r"\b(khong|chua|not)\b")


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list. outcome: None where it says nothing of it."""

    line: int
    outcome: Outcome | None
    grade: str
    certificate: str
    book_number: str


@dataclass(frozen=True, slots=True)
class ResultList:
    """What was read, by learners' codes; and what could not be, as sentences."""

    results: Mapping[str, Listed]
    faults: tuple[tuple[str, str], ...]


def rows_of_text(text: str) -> list[list[str]]:
    """Pasted lines: cells apart by tabs (from Excel) or semicolons."""
    return [[cell.strip() for cell in re.split(r"\t|;", line)] for line in text.splitlines()]


def rows_of_grid(grid: Grid) -> list[list[str]]:
    """The cells of a file's sheet."""
    return [[cell.text.strip() if cell else "" for cell in row] for row in grid.rows]


def read_results(rows: Sequence[Sequence[str]], codes: Mapping[str, str]) -> ResultList:
    """The results in rows of cells. codes: of the course's learners, as they are written, by their plain letters.

    Headings are looked for in the first twenty rows (a sheet has its letterhead above); without them the columns are
    those of PLAIN.
    """
    columns, first = _columns(rows)
    found: dict[str, Listed] = {}
    faults: list[tuple[str, str]] = []
    if len(rows) - first > MOST_LINES:
        faults.append((f"Danh sách dài quá {MOST_LINES} dòng. Hãy chia thành nhiều danh sách.",
                       f"The list has more than {MOST_LINES} lines. Split it."))  # fmt: skip
        rows = rows[: first + MOST_LINES]
    for line, cells in enumerate(rows[first:], first + 1):
        told = {field: " ".join(cells[at].split()) for field, at in columns.items() if at < len(cells)}
        written = told.get("code", "")
        if not written or (first and plain(written) not in codes and not any(_said(told))):
            continue
        code = codes.get(plain(written))
        if code is None:
            if first and not re.search(r"\d", written):
                continue  # a note or a signature under the table
            faults.append((f"Dòng {line}: lớp không có học viên mã “{written[:40]}”.",
                           f"Line {line}: the course has no learner “{written[:40]}”."))  # fmt: skip
            continue
        if code in found:
            faults.append((f"Dòng {line}: mã {code} đã có ở dòng {found[code].line}.",
                           f"Line {line}: {code} stands on line {found[code].line} already."))  # fmt: skip
            continue
        if any(len(text) > LONGEST for text in _said(told)):
            faults.append((f"Dòng {line}: có ô dài quá {LONGEST} ký tự.",
                           f"Line {line}: a cell is longer than {LONGEST} characters."))  # fmt: skip
            continue
        found[code] = Listed(
            line, _outcome(told.get("outcome", ""), _said(told)), told.get("grade", ""), told.get("certificate", ""),
            told.get("book_number", ""),
        )  # fmt: skip
    if not found and not faults:
        faults.append((
            "Không thấy dòng nào có mã học viên. Mỗi dòng: mã học viên; xếp loại; số hiệu; số vào sổ.",
            "No line has a learner's code. Write on each line: code; grade; certificate; register.",
        ))  # fmt: skip
    return ResultList(found, tuple(faults))


def _columns(rows: Sequence[Sequence[str]]) -> tuple[dict[Field, int], int]:
    for at, cells in enumerate(rows[:20]):
        found: dict[Field, int] = {}
        for number, cell in enumerate(cells):
            field = HEADINGS.get(plain(cell))
            if field is not None:
                found.setdefault(field, number)
        if "code" in found and len(found) > 1:
            return found, at + 1
    return {field: number for number, field in enumerate(PLAIN)}, 0


def _said(told: Mapping[Field, str]) -> list[str]:
    return [told.get(field, "") for field in ("grade", "certificate", "book_number")]


def _outcome(text: str, said: Sequence[str]) -> Outcome | None:
    if text:
        return "not_completed" if _NOT.search(plain(text)) else "completed"
    return "completed" if any(said) else None
