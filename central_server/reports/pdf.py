"""A sheet as a PDF: A4, in Noto Serif, its heading and its page number on every page.

Drawn line by line on reportlab's canvas: its own tables take the time of many measures of each cell, and know the
number of pages only after a second run. The font is a variable one, of which reportlab takes the regular weight; bold
is the same letters with a thin outline.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from importlib.resources import files
from pathlib import Path

from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from central_server.reports.sheet import Column, Row, Sheet, shown, thousandths

FONT = "Noto Serif"
MM = 72 / 25.4
LEFT, RIGHT, TOP, BOTTOM = 16 * MM, 11 * MM, 13 * MM, 15 * MM
BODY, LEAST = 9.0, 6.5
"""Type of the table in points: as it is, and as small as it may get before words are broken."""
LEADING = 1.34
PAD_X, PAD_Y = 2.2, 2.0
SIGN_ROOM = 21.0
"""Height of a row in which somebody signs."""
OUTLINE = 0.034
"""Width of the outline that makes letters bold, as a part of their size."""

Draw = Callable[[Canvas], None]


@cache
def _font() -> str:
    """The font, known to reportlab from the first PDF on."""
    path = Path(str(files("fontpkg_noto_serif"))) / "files" / "NotoSerif[wdth,wght].ttf"
    pdfmetrics.registerFont(TTFont(FONT, str(path)))
    return FONT


def width_of(text: str, size: float) -> float:
    """Points that a text takes."""
    return float(pdfmetrics.stringWidth(text, _font(), size))


@lru_cache(maxsize=8192)  # units, positions and headings come again and again
def wrapped(text: str, width: float, size: float) -> tuple[str, ...]:
    """A text in lines no wider than `width` points; a word that is wider alone is broken."""
    lines: list[str] = []
    for part in unicodedata.normalize("NFC", text).split("\n"):
        line = ""
        for word in part.split(" "):
            longer = f"{line} {word}" if line else word
            if width_of(longer, size) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            line = word
            while width_of(line, size) > width and len(line) > 1:
                cut = len(line) - 1
                while cut > 1 and width_of(line[:cut], size) > width:
                    cut -= 1
                lines.append(line[:cut])
                line = line[cut:]
        lines.append(line)
    return tuple(lines)


def _write(canvas: Canvas, x: float, y: float, text: str, size: float, *, bold: bool = False, align: str = "l") -> None:
    """One line of text; x is its left edge, its middle or its right edge."""
    if align != "l":
        room = width_of(text, size)
        x -= room if align == "r" else room / 2
    line = canvas.beginText(x, y)
    line.setFont(_font(), size)
    if bold:
        canvas.setLineWidth(size * OUTLINE)
        line.setTextRenderMode(2)
    line.textOut(text)
    if bold:
        line.setTextRenderMode(0)
    canvas.drawText(line)


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell with its text broken into lines."""

    lines: Sequence[str]
    column: int
    span: int = 1
    align: str = "l"
    below: float = 0.0
    """How far (points) its top is below the row's: of a heading under another."""
    height: float | None = None
    """None: the row's."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the table as it is drawn."""

    cells: Sequence[_Cell]
    height: float
    bold: bool = False
    shade: bool = False


ALIGN = {"text": "l", "sign": "l", "number": "r", "tenths": "r", "percent": "r"}
"""How the kinds of a column stand; all others in the middle."""


class _Layout:
    """Where everything goes; drawn once the number of pages is known."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.page = landscape(A4)
        self.room = self.page[0] - LEFT - RIGHT
        self.size, self.widths = _columns(sheet, self.room)
        self.edges = [LEFT + sum(self.widths[:n]) for n in range(len(self.widths) + 1)]
        self.pages: list[list[Draw]] = [[]]
        self.y = self.page[1] - TOP

    def put(self, draw: Draw) -> None:
        """Draw on the page that is being filled."""
        self.pages[-1].append(draw)

    def next_page(self) -> None:
        """Go on on another page."""
        self.pages.append([])
        self.y = self.page[1] - TOP

    def fits(self, height: float) -> bool:
        """Whether so much (points) still goes on this page."""
        return bool(self.y - height >= BOTTOM)

    def text(self, x: float, text: str, size: float, *, bold: bool = False, align: str = "l") -> None:
        """One line at this height, without going on to the next."""
        y = self.y - size
        self.put(lambda canvas: _write(canvas, x, y, text, size, bold=bold, align=align))

    def paragraph(self, text: str, size: float, *, bold: bool = False, align: str = "l") -> None:
        """Lines over the whole width."""
        x = {"l": LEFT, "c": LEFT + self.room / 2, "r": LEFT + self.room}[align]
        for line in wrapped(text, self.room, size):
            if not self.fits(size * LEADING):
                self.next_page()
            self.text(x, line, size, bold=bold, align=align)
            self.y -= size * LEADING

    def row(self, line: _Line) -> None:
        """A row of the table; the page must have room for it."""
        top, bottom, size = self.y, self.y - line.height, self.size
        edges, leading = self.edges, self.size * LEADING

        def draw(canvas: Canvas) -> None:
            if line.shade:
                canvas.setFillGray(0.93)
                canvas.rect(edges[0], bottom, edges[-1] - edges[0], line.height, stroke=0, fill=1)
                canvas.setFillGray(0)
            canvas.setLineWidth(0.5)
            for cell in line.cells:
                left, right = edges[cell.column], edges[cell.column + cell.span]
                height = line.height if cell.height is None else cell.height
                canvas.rect(left, top - cell.below - height, right - left, height, stroke=1, fill=0)
                x = {"l": left + PAD_X, "c": (left + right) / 2, "r": right - PAD_X}[cell.align]
                y = top - cell.below - height / 2 + len(cell.lines) * leading / 2 - size * 1.03
                for text in cell.lines:
                    if text:
                        _write(canvas, x, y, text, size, bold=line.bold, align=cell.align)
                    y -= leading

        self.put(draw)
        self.y = bottom


def sheet_pdf(sheet: Sheet) -> bytes:
    """The file."""
    layout = _Layout(sheet)
    _above(layout)
    _table(layout)
    _below(layout)
    out = io.BytesIO()
    language = "vi-VN" if sheet.lang == "vi" else "en"
    canvas = Canvas(out, pagesize=layout.page, pageCompression=1, invariant=1, lang=language)
    canvas.setTitle(sheet.title)
    canvas.setCreator("Điểm danh")
    for number, drawn in enumerate(layout.pages, 1):
        for draw in drawn:
            draw(canvas)
        word = "Trang" if sheet.lang == "vi" else "Page"
        middle = layout.page[0] / 2
        _write(canvas, middle, BOTTOM - 20, f"{word} {number}/{len(layout.pages)}", 8.5, align="c")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _columns(sheet: Sheet, room: float) -> tuple[float, list[float]]:
    """The table's type and the widths of its columns (points): as wide as the page, in their proportions, but none
    narrower than its figures or the longest word of its heading.
    """  # fmt: skip
    size = BODY
    while True:
        least = [_least(sheet, number, column, size) for number, column in enumerate(sheet.columns)]
        if sum(least) <= room or size <= LEAST:
            break
        size -= 0.5
    spare = max(0.0, room - sum(least))
    wanted = [max(0.0, column.width * size * 0.56 - low) for column, low in zip(sheet.columns, least, strict=True)]
    if not sum(wanted):
        wanted = [column.width for column in sheet.columns]
    widths = [low + spare * want / sum(wanted) for low, want in zip(least, wanted, strict=True)]
    return size, [width * room / sum(widths) for width in widths]


def _least(sheet: Sheet, number: int, column: Column, size: float) -> float:
    """How narrow a column may be: its figures stand in one line, so do words that are no longer than usual."""
    words = [word for title in (column.title, column.over) for word in title.split()]
    if column.kind not in ("text", "sign"):
        words += [
            shown(row.cells[number], column.kind, sheet.lang) for row in sheet.rows if row.style != "group"
        ]  # fmt: skip
    widest = max((width_of(word, size) * 1.04 for word in words), default=0.0)
    return max(widest, column.width * size * 0.22) + 2 * PAD_X


def _above(layout: _Layout) -> None:
    sheet, left, right = layout.sheet, LEFT + layout.room * 0.22, LEFT + layout.room * 0.74
    size = 10.5
    lefts = [(line, bold) for text, bold in ((sheet.head.superior, False), (sheet.head.office, True)) if text
             for line in wrapped(text, layout.room * 0.42, size)]  # fmt: skip
    rights = [(line, True) for text in sheet.motto for line in wrapped(text, layout.room * 0.52, size)]
    for n in range(max(len(lefts), len(rights))):
        for x, lines in ((left, lefts), (right, rights)):
            if n < len(lines):
                layout.text(x, lines[n][0], size, bold=lines[n][1], align="c")
        layout.y -= size * LEADING
    y = layout.y - 1
    half = width_of(sheet.motto[1], size) / 2
    layout.put(lambda canvas: _rule(canvas, right - half, right + half, y))
    layout.y -= 14
    layout.paragraph(sheet.title, 13.5, bold=True, align="c")
    layout.y -= 4
    for name, value in sheet.about:
        layout.paragraph(f"{name}: {value}", BODY)
    layout.y -= 6


def _rule(canvas: Canvas, x1: float, x2: float, y: float) -> None:
    canvas.setLineWidth(0.6)
    canvas.line(x1, y, x2, y)


def _heading(layout: _Layout) -> _Line:
    """The heading. A column that shares no heading with others has both of its rows."""
    sheet, size = layout.sheet, layout.size
    own = [_cell(layout, number, column.title, "c") for number, column in enumerate(sheet.columns)]
    if not sheet.two_headings:
        return _Line(own, _height(own, size), bold=True, shade=True)
    shared = [number for number, column in enumerate(sheet.columns) if column.over]
    over: list[_Cell] = []
    for number in shared:
        first = over[-1].column if over and sheet.columns[number - 1].over == sheet.columns[number].over else number
        one = _spanning(layout, first, number + 1 - first, sheet.columns[number].over, "c")
        over = [*over[:-1], one] if first != number else [*over, one]
    upper = _height(over, size)
    lower = max(_height([own[number] for number in shared], size), _height(own, size) - upper)
    cells = [replace(one, height=upper) for one in over]
    for number, one in enumerate(own):
        cells.append(replace(one, below=upper, height=lower) if number in shared else one)
    return _Line(cells, upper + lower, bold=True, shade=True)


def _cell(layout: _Layout, column: int, text: str, align: str) -> _Cell:
    return _spanning(layout, column, 1, text, align)


def _spanning(layout: _Layout, column: int, span: int, text: str, align: str) -> _Cell:
    room = sum(layout.widths[column : column + span]) - 2 * PAD_X
    fits = "\n" not in text and width_of(text, layout.size) <= room
    return _Cell([text] if fits else wrapped(text, room, layout.size), column, span, align)


def _height(cells: Sequence[_Cell], size: float) -> float:
    return max(len(cell.lines) for cell in cells) * size * LEADING + 2 * PAD_Y


def _line(layout: _Layout, row: Row) -> _Line:
    sheet, size = layout.sheet, layout.size
    if row.style == "group":
        cells = [_spanning(layout, 0, len(sheet.columns), str(row.cells[0]), "l")]
        return _Line(cells, _height(cells, size), bold=True)
    cells = [
        _cell(layout, number, shown(cell, column.kind, sheet.lang), ALIGN.get(column.kind, "c"))
        for number, (cell, column) in enumerate(zip(row.cells, sheet.columns, strict=True))
    ]
    signed = any(column.kind == "sign" for column in sheet.columns) and row.style == "plain"
    return _Line(cells, max(_height(cells, size), SIGN_ROOM if signed else 0.0), bold=row.style == "total")


def _pieces(line: _Line, room: float, size: float) -> Iterator[_Line]:
    """A row in rows of a page's height (`room`, points) at most: what is taller goes on on the next page."""
    if line.height <= room:
        yield line
        return
    most = max(1, int((room - 2 * PAD_Y) / (size * LEADING)))
    for first in range(0, max(len(cell.lines) for cell in line.cells), most):
        cells = [replace(cell, lines=cell.lines[first : first + most]) for cell in line.cells]
        yield replace(line, cells=cells, height=_height(cells, size))


def _table(layout: _Layout) -> None:
    heading = _heading(layout)
    layout.row(heading)
    room = layout.page[1] - TOP - BOTTOM - heading.height
    rows = [(row.style == "group", piece) for row in layout.sheet.rows
            for piece in _pieces(_line(layout, row), room, layout.size)]  # fmt: skip
    for at, (group, line) in enumerate(rows):
        with_next = rows[at + 1][1].height if group and at + 1 < len(rows) else 0.0
        if not layout.fits(line.height + with_next):
            layout.next_page()
            layout.row(heading)
        layout.row(line)


BAR = 11.0
"""Height (points) of a bar with the room around it."""


def _bars(layout: _Layout) -> None:
    """Plan against done as bars: filled as far as was done, with an outline as far as was planned."""
    sheet, size, leading = layout.sheet, 8.0, BAR
    if not layout.fits(4 * leading):
        layout.next_page()
    layout.y -= 4
    layout.paragraph(sheet.bars_of, 9, bold=True)
    left, room = LEFT + layout.room * 0.32, layout.room * 0.5
    longest = max(max(one.planned, one.done) for one in sheet.bars) or 1
    for one in sheet.bars:
        if not layout.fits(leading):
            layout.next_page()
        planned, done = (room * count / longest for count in (one.planned, one.done))
        layout.text(LEFT, _cut(one.name, layout.room * 0.31, size), size)
        layout.put(partial(_bar, x=left, y=layout.y - BAR + 2.2, planned=planned, done=done))
        percent = thousandths(one.done, one.planned)
        said = f"{shown(one.done, 'number', sheet.lang)}/{shown(one.planned, 'number', sheet.lang)}"
        if percent is not None:
            said = f"{said} = {shown(percent, 'percent', sheet.lang)}"
        layout.text(left + max(planned, done) + 4, said, size)
        layout.y -= leading
    layout.y -= 3


def _bar(canvas: Canvas, *, x: float, y: float, planned: float, done: float) -> None:
    canvas.setFillGray(0.62)
    canvas.rect(x, y, done, BAR - 4, stroke=0, fill=1)
    canvas.setFillGray(0)
    canvas.setLineWidth(0.7)
    canvas.rect(x, y, planned, BAR - 4, stroke=1, fill=0)


def _cut(text: str, width: float, size: float) -> str:
    """The text, or as much of it as has room, with dots."""
    first, *more = wrapped(text, width - (width_of("…", size)), size)
    return f"{first}…" if more and width_of(text, size) > width else text


def _below(layout: _Layout) -> None:
    sheet = layout.sheet
    layout.y -= 5
    if sheet.bars:
        _bars(layout)
    for note in sheet.notes:
        layout.paragraph(note, 9)
    signers, size = sheet.head.signers, 10.5
    if not signers:
        return
    share = layout.room / len(signers)
    titles, names = ([wrapped(text, share - 8, size) for text in texts]
                     for texts in ([one.title for one in signers], [one.name for one in signers]))  # fmt: skip
    high = (max(map(len, titles)) + max(map(len, names)) + 1) * size * LEADING + 62
    if not layout.fits(high):
        layout.next_page()
    layout.y -= 6
    middle = [LEFT + share * (n + 0.5) for n in range(len(signers))]
    layout.text(middle[-1], sheet.dated_line(), size, align="c")
    layout.y -= size * LEADING
    _side_by_side(layout, middle, titles, size)
    layout.y -= 50
    _side_by_side(layout, middle, names, size)


def _side_by_side(layout: _Layout, middle: Sequence[float], blocks: Sequence[Sequence[str]], size: float) -> None:
    """Blocks of bold lines, each around its middle."""
    for n in range(max(map(len, blocks))):
        for x, lines in zip(middle, blocks, strict=True):
            if n < len(lines):
                layout.text(x, lines[n], size, bold=True, align="c")
        layout.y -= size * LEADING
