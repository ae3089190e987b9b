"""Lines of targets as they are typed or pasted from Excel: unit, programme, courses, turns. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from central_server.learners.names import plain

MOST_LINES = 2000


@dataclass(frozen=True, slots=True)
class TargetList:
    """What was read, as (unit, programme, courses, turns) with ids; and what could not be, as sentences."""

    lines: Sequence[tuple[str, str, int, int]]
    faults: Sequence[tuple[str, str]]


def known_as(names: Iterable[tuple[str, str]]) -> dict[str, str | None]:
    """Ids by their plain names, of pairs of both; None: several have that name."""
    found: dict[str, str | None] = {}
    for name, id_ in names:
        found[plain(name)] = id_ if found.get(plain(name), id_) == id_ else None
    return found


def read_targets(text: str, units: Mapping[str, str | None], programmes: Mapping[str, str | None]) -> TargetList:
    """Each line: unit; programme (code or name); courses; turns, apart by semicolons or tabs.

    units, programmes: ids by their plain names and codes; None where several have that name.
    """
    lines: list[tuple[str, str, int, int]] = []
    faults: list[tuple[str, str]] = []
    seen: dict[tuple[str, str], int] = {}
    rows = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    for number, line in rows[:MOST_LINES]:
        cells = [cell.strip() for cell in re.split(r"\t|;", line)]
        if len(cells) < 4:
            faults.append((f"Dòng {number}: hãy ghi đơn vị; chương trình; số lớp; số lượt.",
                           f"Line {number}: write unit; programme; courses; turns."))  # fmt: skip
            continue
        unit, programme = units.get(plain(cells[0])), programmes.get(plain(cells[1]))
        courses, turns = (_whole(cell) for cell in cells[2:4])
        for cell, known, at in ((cells[0], units, unit), (cells[1], programmes, programme)):
            if at is None and plain(cell) in known:
                faults.append((f"Dòng {number}: có nhiều mục tên “{cell[:60]}”. Hãy ghi tên có số như ở trang Đơn vị, "
                               "hoặc mã chương trình.",
                               f"Line {number}: several are called “{cell[:60]}”. Write the name with its number as on "
                               "the page of units, or the programme's code."))  # fmt: skip
        if unit is None and plain(cells[0]) not in units:
            faults.append((f"Dòng {number}: chưa có đơn vị “{cells[0][:60]}”. Hãy thêm ở trang Đơn vị.",
                           f"Line {number}: there is no unit “{cells[0][:60]}”. Add it first."))  # fmt: skip
        if programme is None and plain(cells[1]) not in programmes:
            faults.append((f"Dòng {number}: chưa có chương trình “{cells[1][:60]}”.",
                           f"Line {number}: there is no programme “{cells[1][:60]}”."))  # fmt: skip
        if courses is None or turns is None:
            faults.append((f"Dòng {number}: số lớp và số lượt phải là số, ví dụ 12 và 1.050.",
                           f"Line {number}: courses and turns must be numbers, such as 12 and 1.050."))  # fmt: skip
        if unit is None or programme is None or courses is None or turns is None:
            continue
        if (unit, programme) in seen:
            faults.append((f"Dòng {number}: đơn vị và chương trình này đã có ở dòng {seen[unit, programme]}.",
                           f"Line {number}: unit and programme stand on line {seen[unit, programme]}."))  # fmt: skip
            continue
        seen[unit, programme] = number
        lines.append((unit, programme, courses, turns))
    if not rows:
        faults.append(("Hãy ghi ít nhất một dòng chỉ tiêu.", "Write one line at least."))
    if len(rows) > MOST_LINES:
        faults.append((f"Quá {MOST_LINES} dòng.", f"More than {MOST_LINES} lines."))
    return TargetList(lines, faults)


def _whole(text: str) -> int | None:
    bare = re.sub(r"(?<=\d)[. ](?=\d{3}\b)", "", text)
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 8 else None
