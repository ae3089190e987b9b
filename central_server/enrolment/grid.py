"""What a roster file is read into: cells with what stands in them, and where they stand (B7)."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["text", "number", "date", "formula", "error"]

FILE_LIMIT = 20 * 1024 * 1024
"""Bytes of a roster file."""
ROW_LIMIT = 10_100
"""Rows of a sheet: 10,000 learners and the titles above them."""
COLUMN_LIMIT = 200
CELL_LIMIT = 500
"""Characters of a cell that are read: longer than any name, unit or title."""


class Cell(msgspec.Struct, frozen=True, array_like=True):
    """What stands in a cell, as text: a number as Python writes it, a date as YYYY-MM-DD."""

    kind: Kind
    """formula: one whose result the file does not hold; error: #N/A and its like."""
    text: str


class Grid(msgspec.Struct, frozen=True, array_like=True):
    """One sheet. Row 0 is the file's line 1, column 0 is A."""

    sheet: str
    """Its name; empty for a text file."""
    rows: tuple[tuple[Cell | None, ...], ...]
    macros: bool = False
    """The file carries macros, which nobody ran."""

    def at(self, row: int, column: int) -> Cell | None:
        """The cell at that place; None where nothing stands."""
        cells = self.rows[row]
        return cells[column] if column < len(cells) else None


def column_name(column: int) -> str:
    """0: A, 25: Z, 26: AA."""
    name = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def address(row: int, column: int) -> str:
    """Where a cell stands, as Excel shows it: (6, 1) is B7."""
    return f"{column_name(column)}{row + 1}"
