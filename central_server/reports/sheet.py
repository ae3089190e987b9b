"""A sheet as offices sign it: what stands in it. Pure.

The page, Excel, PDF and CSV are all written from this one model. Its figures are whole numbers of the unit in which
they are shown (tenths, thousandths), rounded once, so that no writer can round another way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from central_server.web.figures import day_time, number
from models.language import Language

Kind = Literal["text", "centred", "plain", "number", "tenths", "percent", "time", "date", "sign"]
"""What a column holds. text, centred: str. plain: int without separators (a year). number: int. tenths: int, of tenths.
percent: int, of thousandths. time: int, ms since 1970 UTC. date: datetime.date. sign: nothing, room for a signature."""
Cell = str | int | date | None
Style = Literal["plain", "group", "total"]

MOTTO = (
    ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"),
    ("SOCIALIST REPUBLIC OF VIET NAM", "Independence - Freedom - Happiness"),
)
"""Stands on the right of every letterhead (Decree 30/2020/ND-CP)."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what it holds, how wide it is (characters), the heading that it shares with others."""

    title: str
    kind: Kind = "text"
    width: float = 10
    over: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row. Of a group's row only the first cell says anything; it stands over the whole width."""

    cells: tuple[Cell, ...]
    style: Style = "plain"
    links: Mapping[int, str] = field(default_factory=dict)
    """By number of the column: the page's address that opens the figure."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: in what capacity, and the name where it is known."""

    title: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The letterhead and who signs under it. Empty parts are left out."""

    superior: str = ""
    """The office above, in its own line."""
    office: str = ""
    place: str = ""
    signers: tuple[Signer, ...] = ()


@dataclass(frozen=True, slots=True)
class Against:
    """A bar of a picture of plan against done: what it is of, what was planned, what was done."""

    name: str
    planned: int
    done: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet."""

    file: str
    """Name of its files, without ending."""
    head: Head
    title: str
    about: tuple[tuple[str, str], ...]
    """Lines above the table: what, and its value."""
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    dated: date
    """The day on which it is signed."""
    lang: Language
    grouped_by: str = ""
    """What the groups are; in CSV that is a column of its own."""
    beside: Sheet | None = None
    """Another one, on a page of its own in the Excel file; in no other file."""
    bars_of: str = ""
    bars: tuple[Against, ...] = ()
    """In print, figures of the table as a picture; bars_of: what they count."""

    @property
    def two_headings(self) -> bool:
        """Whether some columns share a heading above their own."""
        return any(column.over for column in self.columns)

    def upper_headings(self) -> list[tuple[str, int, int]]:
        """The upper row of headings: title, how many columns it stands over, how many rows."""
        found: list[tuple[str, int, int]] = []
        for at, column in enumerate(self.columns):
            if not column.over:
                found.append((column.title, 1, 2 if self.two_headings else 1))
            elif at and self.columns[at - 1].over == column.over:
                found[-1] = (column.over, found[-1][1] + 1, 1)
            else:
                found.append((column.over, 1, 1))
        return found

    @property
    def motto(self) -> tuple[str, str]:
        """The two lines on the right of the letterhead."""
        return MOTTO[self.lang == "en"]

    @property
    def count(self) -> int:
        """Its rows without those of groups and totals."""
        return sum(row.style == "plain" for row in self.rows)

    def dated_line(self) -> str:
        """Bình Dương, ngày 24 tháng 11 năm 2026"""
        day = self.dated
        said = f"ngày {day:%d} tháng {day:%m} năm {day:%Y}" if self.lang == "vi" else f"{day:%d/%m/%Y}"
        return f"{self.head.place}, {said}" if self.head.place else said[0].upper() + said[1:]


def shown(cell: Cell, kind: Kind, lang: Language) -> str:
    """A cell as people read it: 5.476; 111,5 %; 24/11/2026."""
    match cell:
        case None:
            return "–" if kind == "percent" else ""
        case str():
            return cell
        case date():
            return cell.strftime("%d/%m/%Y")
    match kind:
        case "percent":
            return f"{number(cell / 10, lang, 1)} %"
        case "tenths":
            return number(cell / 10, lang, 1)
        case "time":
            return day_time(cell)
        case "plain":
            return str(cell)
        case _:
            return number(cell, lang)


def thousandths(part: int, whole: int) -> int | None:
    """part / whole in thousandths, halves up; None where the whole is nothing. 68 of 61: 1115."""
    return None if whole <= 0 else (2000 * part + whole) // (2 * whole)


def of_share(share: float | None) -> int | None:
    """A share that was computed elsewhere, in thousandths. What a double can't tell from a half is rounded up."""
    return None if share is None else int(share * 1000 + 0.5 + 1e-9)
