"""A sheet as the file that was asked for."""

from __future__ import annotations

from typing import Literal

from fastapi import Response

from central_server.reports.csv_file import Separator, sheet_csv
from central_server.reports.pdf import sheet_pdf
from central_server.reports.sheet import Sheet
from central_server.reports.xlsx import sheet_xlsx
from central_server.web.downloads import CSV, PDF, XLSX, download

Ending = Literal["xlsx", "pdf", "csv"]
TYPES: dict[Ending, str] = {"xlsx": XLSX, "pdf": PDF, "csv": CSV}
SHEETS: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The sheet.",
        "content": {one.partition(";")[0]: {"schema": {"type": "string"}} for one in TYPES.values()},
    }
}
"""What a route that gives a sheet says of its answer."""


def sheet_file(sheet: Sheet, ending: Ending, separator: Separator = "semicolon") -> Response:
    """The sheet, to be saved by the browser. separator: of CSV."""
    if ending == "xlsx":
        content = sheet_xlsx(sheet)
    elif ending == "pdf":
        content = sheet_pdf(sheet)
    else:
        content = sheet_csv(sheet, separator)
    return download(content, f"{sheet.file}.{ending}", TYPES[ending])
