"""Which sheet of a file is the roster, and what a person chose about it."""

from __future__ import annotations

from collections.abc import Sequence

from central_server.enrolment.grid import Grid
from central_server.enrolment.headings import Headings, find_headings, no_headings
from central_server.enrolment.rows import refuse_writing


def find_table(grids: Sequence[Grid], sheet: int | None = None) -> tuple[int, Headings]:
    """The number of the sheet that is the roster, with its headings: the one whose headings name most fields.

    sheet: the one that a person chose. Raises RosterError when there is none.
    """
    among = range(len(grids)) if sheet is None or not 0 <= sheet < len(grids) else (sheet,)
    best: tuple[int, Headings] | None = None
    for number in among:
        headings = find_headings(grids[number])
        if headings and (best is None or len(headings.columns) > len(best[1].columns)):
            best = number, headings
    if best is None:
        for number in among:
            rows = grids[number].rows[:100]
            refuse_writing([cell.text for row in rows for cell in row if cell is not None and cell.kind == "text"])
        raise no_headings(tuple(grids[number].sheet for number in among))
    return best
