"""The attendance sheet as a file: Excel, ready to print, or CSV."""

from __future__ import annotations

import csv
import io
import os
import secrets
from datetime import datetime
from pathlib import Path

import xlsxwriter

from central_server.errors import OutputError
from central_server.participation.sheet import Cell, Column, Sheet
from central_server.web.figures import percent
from models.language import Language
from models.reasons import reason


def sheet_xlsx(sheet: Sheet) -> bytes:
    """The sheet as an Excel file, ready to print on A4. Texts are written as texts, never as formulas."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        font = {"font_name": "Times New Roman", "font_size": 12, "valign": "vcenter"}
        plain, bold = book.add_format(font), book.add_format({**font, "bold": True})
        title = book.add_format({**font, "bold": True, "font_size": 15, "align": "center"})
        centred = book.add_format({**font, "bold": True, "align": "center"})
        small = book.add_format({**font, "italic": True, "font_size": 11})
        box = {**font, "border": 1}
        head = book.add_format({**box, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#F0EFEA"})
        forms = [
            book.add_format({**box, "num_format": c.form, "align": "center"} if c.form else {**box, "text_wrap": True})
            for c in sheet.columns
        ]
        page = book.add_worksheet("Điểm danh")
        last = len(sheet.columns) - 1
        page.merge_range(0, 0, 0, last, sheet.title, title)
        for at, (name, value) in enumerate(sheet.above, 2):
            page.write_string(at, 1, name, bold)
            page.write_string(at, 2, value, plain)
        top = len(sheet.above) + 3
        page.set_row(top, 50)
        for column, one in enumerate(sheet.columns):
            page.set_column(column, column, one.width)
            page.write_string(top, column, one.title, head)
        for at, row in enumerate(sheet.rows, top + 1):
            page.set_row(at, 24)
            for column, cell in enumerate(row):
                match cell:
                    case None | "":
                        page.write_blank(at, column, None, forms[column])
                    case str():
                        page.write_string(at, column, cell, forms[column])
                    case datetime():
                        page.write_datetime(at, column, cell.replace(tzinfo=None), forms[column])
                    case _:
                        page.write_number(at, column, cell, forms[column])
        under = top + len(sheet.rows) + 2
        for at, note in enumerate(sheet.notes, under):
            page.write_string(at, 1, note, small)
        at = under + len(sheet.notes) + 1
        page.merge_range(at, 1, at, 3, sheet.signers[0], centred)
        page.merge_range(at, last - 4, at, last, sheet.signers[1], centred)
        page.freeze_panes(top + 1, 2)
        page.repeat_rows(top)
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        page.set_margins(left=0.6, right=0.4, top=0.6, bottom=0.7)
        page.set_footer("&C&P/&N")
        book.set_properties({"title": sheet.title})
    return out.getvalue()


def sheet_csv(sheet: Sheet) -> bytes:
    """The table as CSV that a Vietnamese Excel opens in columns: UTF-8 with its mark, semicolons between.

    (Its decimal sign is the comma, so commas would put all into one column.) Texts that it would run are disarmed.
    """
    out = io.StringIO(newline="")
    write = csv.writer(out, delimiter=";")
    write.writerow([column.title for column in sheet.columns])
    for row in sheet.rows:
        write.writerow([_plain(cell, column, sheet.lang) for cell, column in zip(row, sheet.columns, strict=True)])
    return out.getvalue().encode("utf-8-sig")


def _plain(cell: Cell, column: Column, lang: Language) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.strftime("%H:%M:%S")
        case float() if column.form == "0.0%":
            return percent(cell, lang)
        case float():
            return f"{cell:.1f}".replace(".", "," if lang == "vi" else ".")
        case str() if cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
            return "'" + cell
        case _:
            return str(cell)


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises OutputError."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        why = reason(error)
        raise OutputError(
            f"Không ghi được tệp {path} ({why.vi}). Hãy kiểm tra thư mục, hoặc đóng tệp nếu Excel đang mở.",
            f"The file {path} can't be written ({why.en}). Check the folder; close the file if Excel has it open.",
        ) from error
