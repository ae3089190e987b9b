"""A sheet as an Excel file, ready to print: A4, as wide as the page, its heading on every page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, time
from math import ceil

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from central_server.reports.sheet import Kind, Row, Sheet, Style
from central_server.web.figures import moment

FONT = {"font_name": "Times New Roman", "font_size": 12, "valign": "vcenter"}
FORMS: dict[Kind, str] = {
    "number": "#,##0", "plain": "0", "tenths": "#,##0.0", "percent": '0.0" "%', "time": "hh:mm", "date": "dd/mm/yyyy",
}  # fmt: skip
"""Excel shows them with the reader's own signs: 5.476 and 111,5 % on a Vietnamese PC."""
PARTS: dict[Kind, int] = {"tenths": 10, "percent": 1000}
"""What whole numbers of a kind are parts of."""
HEADING = "#F0EFEA"
A4 = 9
HIGHEST = 409.0
"""Points: Excel's rows get no higher, and it calls a file with a higher one damaged."""
SIGN_ROOM = 24.0
"""Height (points) of a row in which somebody signs."""


class _Formats:
    """Each look is made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[Kind, Style], Format] = {}
        self.plain = book.add_format(FONT)
        self.bold = book.add_format({**FONT, "bold": True})
        self.centred = book.add_format({**FONT, "align": "center", "text_wrap": True})
        self.centred_bold = book.add_format({**FONT, "bold": True, "align": "center", "text_wrap": True})
        self.title = book.add_format({**FONT, "bold": True, "font_size": 15, "align": "center", "text_wrap": True})
        self.small = book.add_format({**FONT, "italic": True, "font_size": 11, "text_wrap": True, "valign": "top"})
        self.heading = book.add_format(
            {**FONT, "bold": True, "align": "center", "text_wrap": True, "border": 1, "bg_color": HEADING}
        )

    def cell(self, kind: Kind, style: Style) -> Format:
        """The look of a cell of the table."""
        if (kind, style) not in self._made:
            look: dict[str, object] = {**FONT, "border": 1, "bold": style != "plain"}
            if kind in ("text", "sign"):
                look["text_wrap"] = True
            else:
                look["align"] = "right" if kind in ("number", "tenths", "percent") else "center"
            if kind in FORMS:
                look["num_format"] = FORMS[kind]
            self._made[kind, style] = self._book.add_format(look)
        return self._made[kind, style]


def sheet_xlsx(sheet: Sheet) -> bytes:
    """The file. Texts are written as texts, never as formulas or links."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        looks = _Formats(book)
        _page(book.add_worksheet(), sheet, looks)
        if sheet.beside is not None:
            _page(book.add_worksheet(sheet.beside.title), sheet.beside, looks)
        book.set_properties({"title": sheet.title})
    return out.getvalue()


def _page(page: Worksheet, sheet: Sheet, looks: _Formats) -> None:
    last = len(sheet.columns) - 1
    for number, column in enumerate(sheet.columns):
        page.set_column(number, number, column.width)
    at = _above(page, sheet, looks, last)
    top = at + 1 if sheet.two_headings else at
    _headings(page, sheet, looks, at)
    texts = [(number, column.width) for number, column in enumerate(sheet.columns) if column.kind == "text"]
    kinds: dict[Style, list[tuple[Kind, Format]]] = {
        style: [(column.kind, looks.cell(column.kind, style)) for column in sheet.columns]
        for style in dict.fromkeys(row.style for row in sheet.rows)
    }
    least = SIGN_ROOM if any(column.kind == "sign" for column in sheet.columns) else 18.0
    for at, row in enumerate(sheet.rows, top + 1):
        if row.style == "group":
            page.set_row(at, 20)
            page.merge_range(at, 0, at, last, str(row.cells[0]), looks.cell("text", "group"))
            continue
        page.set_row(at, _height(row, texts, least))
        _cells(page, at, row, kinds[row.style])
    _below(page, sheet, looks, top + len(sheet.rows) + 2, last)
    page.freeze_panes(top + 1, min(2, last))
    page.repeat_rows(top - sheet.two_headings, top)
    page.set_landscape()
    page.set_paper(A4)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.6, right=0.4, top=0.6, bottom=0.7)
    page.set_footer("&C&P/&N")


def _height(row: Row, texts: list[tuple[int, float]], least: float) -> float:
    """Room for the longest text of a row in its column: programs other than Excel do not find it by themselves.

    texts: number and width of the columns of texts.
    """
    lines = 1.0
    for number, width in texts:
        cell = row.cells[number]
        if isinstance(cell, str) and len(cell) > width:
            lines = max(lines, ceil(len(cell) * 1.1 / width))
    return min(max(lines * 16.0, least), HIGHEST)


def _merged(page: Worksheet, at: int, first: int, last: int, text: str, look: Format) -> None:
    if first == last:
        page.write_string(at, first, text, look)
    else:
        page.merge_range(at, first, at, last, text, look)


def _above(page: Worksheet, sheet: Sheet, looks: _Formats, last: int) -> int:
    """The letterhead, the title and the lines under it; the number of the next free row."""
    half = max(1, round(last * 0.45))
    left = [(text, look) for text, look in
            ((sheet.head.superior, looks.centred), (sheet.head.office, looks.centred_bold)) if text]  # fmt: skip
    right = ((sheet.motto[0], looks.centred_bold), (sheet.motto[1], looks.centred_bold))
    for at, (text, look) in enumerate(left):
        _merged(page, at, 0, half, text, look)
    for at, (text, look) in enumerate(right):
        _merged(page, at, min(half + 1, last), last, text, look)
    _merged(page, 3, 0, last, sheet.title, looks.title)
    page.set_row(3, 24)
    for at, (name, value) in enumerate(sheet.about, 4):
        page.write_string(at, 1 if last else 0, f"{name}: {value}", looks.plain)
    return 4 + len(sheet.about) + 1


def _headings(page: Worksheet, sheet: Sheet, looks: _Formats, at: int) -> None:
    if not sheet.two_headings:
        page.set_row(at, 48)
        for number, column in enumerate(sheet.columns):
            page.write_string(at, number, column.title, looks.heading)
        return
    page.set_row(at, 34)
    page.set_row(at + 1, 34)
    number = 0
    while number < len(sheet.columns):
        column = sheet.columns[number]
        if not column.over:
            page.merge_range(at, number, at + 1, number, column.title, looks.heading)
            number += 1
            continue
        first = number
        while number < len(sheet.columns) and sheet.columns[number].over == column.over:
            page.write_string(at + 1, number, sheet.columns[number].title, looks.heading)
            number += 1
        _merged(page, at, first, number - 1, column.over, looks.heading)


def _cells(page: Worksheet, at: int, row: Row, columns: Sequence[tuple[Kind, Format]]) -> None:
    """The cells of a row. What is most of a long sheet, texts and numbers, is asked for first."""
    for number, (cell, (kind, look)) in enumerate(zip(row.cells, columns, strict=True)):
        if isinstance(cell, str):
            page.write_string(at, number, cell, look)
        elif isinstance(cell, date):
            page.write_datetime(at, number, datetime.combine(cell, time()), look)
        elif cell is None and kind == "percent":
            page.write_string(at, number, "–", look)
        elif cell is None:
            page.write_blank(at, number, None, look)
        elif kind == "time":
            page.write_datetime(at, number, moment(cell).replace(tzinfo=None), look)
        else:
            page.write_number(at, number, cell / PARTS[kind] if kind in PARTS else cell, look)


def _below(page: Worksheet, sheet: Sheet, looks: _Formats, at: int, last: int) -> None:
    characters = sum(column.width for column in sheet.columns)
    for note in sheet.notes:
        _merged(page, at, 0, last, note, looks.small)
        page.set_row(at, 16 * max(1, -(-len(note) // max(1, int(characters)))))
        at += 1
    at += 1
    if not sheet.head.signers:
        return
    count = len(sheet.head.signers)
    edges = [round((last + 1) * n / count) for n in range(count + 1)]
    spans = [(edges[n], max(edges[n], edges[n + 1] - 1)) for n in range(count)]
    _merged(page, at, *spans[-1], sheet.dated_line(), looks.centred)
    for (first, end), signer in zip(spans, sheet.head.signers, strict=True):
        _merged(page, at + 1, first, end, signer.title, looks.centred_bold)
        page.set_row(at + 1, 34)
        _merged(page, at + 6, first, end, signer.name, looks.centred_bold)
