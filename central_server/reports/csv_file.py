"""A sheet's table as CSV, for Excel or a program."""

from __future__ import annotations

import csv
import io
from typing import Literal

from central_server.reports.sheet import Sheet, shown

Separator = Literal["semicolon", "comma", "tab"]
SEPARATORS: dict[Separator, str] = {"semicolon": ";", "comma": ",", "tab": "\t"}


def sheet_csv(sheet: Sheet, separator: Separator = "semicolon") -> bytes:
    """UTF-8 with its mark, one heading, figures as they are shown; a group is a column of its own.

    Excel in Vietnamese puts what stands between semicolons into columns, for the comma is its decimal sign. Texts that
    a spreadsheet would run are disarmed.
    """
    out = io.StringIO(newline="")
    write = csv.writer(out, delimiter=SEPARATORS[separator])
    grouped = [sheet.grouped_by] if sheet.grouped_by else []
    write.writerow([*grouped, *(_heading(column.over, column.title) for column in sheet.columns)])
    group = ""
    for row in sheet.rows:
        if row.style == "group":
            group = str(row.cells[0])
            continue
        if row.style == "total":
            group = ""
        texts = (
            shown(cell, column.kind, sheet.lang)
            for cell, column in zip(row.cells, sheet.columns, strict=True)
        )  # fmt: skip
        write.writerow([_disarmed(text) for text in ([group, *texts] if grouped else texts)])
    return out.getvalue().encode("utf-8-sig")


def _heading(over: str, title: str) -> str:
    return f"{over}: {title}" if over else title


def _disarmed(text: str) -> str:
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
