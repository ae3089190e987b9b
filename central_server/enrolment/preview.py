"""A roster's preview: what the file says, what a person chose about it, and what saving would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session, select

from central_server.bridge_points.tables import BridgePoint
from central_server.enrolment.comparing import Comparison, Verdicts, compare, what_is_known
from central_server.enrolment.faults import Fault
from central_server.enrolment.grid import address
from central_server.enrolment.headings import FIELDS, Field, Headings, with_choice
from central_server.enrolment.kept import KeptRoster
from central_server.enrolment.rows import Roster, read_rows
from central_server.enrolment.table import find_table
from central_server.learners.names import plain
from central_server.learners.sealing import SealingKey
from central_server.web.figures import moment

NAMES: Mapping[Field, tuple[str, str]] = {
    "name": ("Họ và tên", "Full name"),
    "family": ("Họ và tên đệm", "Family and middle names"),
    "given": ("Tên", "Given name"),
    "code": ("Mã học viên", "Learner code"),
    "birth": ("Ngày hoặc năm sinh", "Date or year of birth"),
    "born_male": ("Năm sinh (nam)", "Year of birth (men)"),
    "born_female": ("Năm sinh (nữ)", "Year of birth (women)"),
    "unit": ("Đơn vị", "Unit"),
    "position": ("Chức vụ", "Position"),
    "bridge_point": ("Điểm cầu", "Bridge point"),
    "ethnicity": ("Dân tộc", "Ethnicity"),
    "card": ("Số thẻ", "Card number"),
}
CHOOSABLE: tuple[Field, ...] = ("code", "name", "birth", "unit", "position", "bridge_point", "ethnicity", "card")


@dataclass(frozen=True, slots=True)
class Point:
    """A bridge point to choose."""

    id: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Preview:
    """All that the page shows."""

    kept: KeptRoster
    sheet: int
    headings: Headings
    roster: Roster
    comparison: Comparison
    faults: tuple[Fault, ...]
    """The cells' own, and codes that belong to somebody else."""
    points: tuple[Point, ...]
    chosen_points: Mapping[str, str]
    """Bridge points as the file writes them: the id that is known for it or was chosen."""
    everybody_at: str
    """The bridge point (id) of all rows where the file has no such column."""

    @property
    def faulty_rows(self) -> int:
        """How many rows can't be saved."""
        return len({fault.row for fault in self.faults})

    @property
    def savable(self) -> int:
        """How many rows can."""
        counts = self.comparison
        return len(counts.new) + len(counts.known) + len(counts.enrolled)

    @property
    def needs_points(self) -> bool:
        """Whether a bridge point is yet to be chosen for somebody."""
        if "bridge_point" in self.headings.columns:
            return any(name not in self.chosen_points for name, _ in self.comparison.unknown_points)
        return not self.everybody_at

    @property
    def missing(self) -> tuple[Field, ...]:
        """Columns to be chosen before anybody can be enrolled. Without a bridge point column one is chosen for all."""
        return tuple(one for one in self.headings.missing if one != "bridge_point")


def make_preview(
    db: Session, kept: KeptRoster, choices: Mapping[str, str], now: int, verdicts: Verdicts, key: SealingKey
) -> Preview:
    """The preview of a kept roster. choices: by the names of the page's fields.

    sheet; column.FIELD (a column's number, or "-" for none); point.N (the N-th unknown bridge point: an id);
    everybody_at (an id). verdicts: what an earlier course came to. key: by which cards are found.

    Raises RosterError where no sheet is a roster.
    """
    sheet = choices.get("sheet", "")
    number, headings = find_table(kept.grids, int(sheet) if sheet.isascii() and sheet.isdigit() else None)
    headings = with_choice(headings, _columns(choices))
    roster = read_rows(kept.grids[number], headings, moment(now).year)
    known = what_is_known(db, kept.course, roster.rows, now, verdicts, key)
    comparison = compare(roster.rows, known)
    points = tuple(
        Point(one.id, one.code, one.name) for one in sorted(db.exec(select(BridgePoint)), key=lambda one: one.name)
    )
    ids = {point.id for point in points}
    chosen = {
        row.bridge_point: point
        for row in roster.rows
        if (point := known.points.get(plain(row.bridge_point))) is not None
    }  # fmt: skip
    for at, (name, _) in enumerate(comparison.unknown_points):
        if (point := choices.get(f"point.{at}", "")) in ids:
            chosen[name] = point
    everybody_at = choices.get("everybody_at", "")
    if everybody_at in ids and "bridge_point" not in headings.columns:
        chosen[""] = everybody_at
    return Preview(
        kept, number, headings, roster, comparison, _faults(roster, comparison, headings), points, chosen,
        everybody_at if everybody_at in ids else "",
    )  # fmt: skip


def _columns(choices: Mapping[str, str]) -> dict[Field, int | None]:
    found: dict[Field, int | None] = {}
    for field in FIELDS:
        value = choices.get(f"column.{field}", "")
        if value == "-":
            found[field] = None
        elif value.isascii() and value.isdigit():
            found[field] = int(value)
    return found


def _faults(roster: Roster, comparison: Comparison, headings: Headings) -> tuple[Fault, ...]:
    column = headings.columns.get("code", 0)
    taken = [
        Fault(
            row.row, address(row.row, column), headings.titles[column], row.code,
            f"mã này đã là của {person.name}, {person.unit}, sinh {person.birth_year or 'không rõ'}; hãy sửa mã hoặc "
            "họ tên.",
            f"the code belongs to {person.name}, {person.unit}, born {person.birth_year or 'unknown'}; mend the code "
            "or the name.",
        )
        for row, person in comparison.taken
    ]  # fmt: skip
    at = headings.columns.get("card", 0)
    cards = [
        Fault(
            row.row, address(row.row, at), headings.titles[at], f"…{row.card[-4:]}",
            f"thẻ này đã là của {person.name}, {person.unit} ({person.code}); mỗi người một thẻ.",
            f"the card is {person.name}'s, {person.unit} ({person.code}); one card a person.",
        )
        for row, person in comparison.cards_taken
    ]  # fmt: skip
    return tuple(sorted((*roster.faults, *taken, *cards), key=lambda one: (one.row, one.address)))
