"""Reading Excel and OpenDocument files: first what is inside is measured, then the values are read; nothing is run."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    XmlError,
    ZipError,
)

from central_server.enrolment.faults import RosterError, too_many_rows, too_wide
from central_server.enrolment.grid import CELL_LIMIT, COLUMN_LIMIT, ROW_LIMIT, Cell, Grid

INFLATED_LIMIT = 60 * 1024 * 1024
"""Bytes that a workbook's parts may have together: 10,000 learners in 12 columns have about 8 MB."""
MEMBER_LIMIT = 2_000
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml\Z", re.IGNORECASE)
_PART = re.compile(r"xl/(?!vbaProject).+\.bin\Z", re.IGNORECASE)  # of an .xlsb
_CELL = re.compile(rb"<(?:\w+:)?c\s([^<>]{0,300}?)(?:/>|>(.{0,40000}?)</(?:\w+:)?c>)", re.DOTALL)
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["']""")
_RESULT = re.compile(rb"<(?:\w+:)?(?:v|is)\b[^>]*[^/>]?>\s*[^<\s]|<(?:\w+:)?is\b")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_ERROR = re.compile(rb"""\bt\s*=\s*["']e["']""")
_ERROR_TEXT = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]{1,20})<")

Flaws = dict[tuple[int, int], Cell]
"""By row and column: cells that hold no value which a person could mean."""


def read_workbook(data: bytes) -> list[Grid]:
    """The sheets of an .xlsx, .xlsm, .xls or .ods file that people see. Raises RosterError."""
    if data.startswith(OLE):
        return _grids(data, [], macros=False)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _inflate(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise _damaged() from error
    names = set(members)
    if not names & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}:
        kind = "Word" if any(name.startswith("word/") for name in names) else ""
        raise RosterError(
            f"Đây là tệp {kind or 'nén'}, không phải tệp Excel. Hãy mở danh sách trong Excel và lưu thành .xlsx.",
            f"This is a {kind or 'zip'} file, not an Excel file. Open the roster in Excel and save it as .xlsx.",
        )
    macros = any(name.lower().endswith("vbaproject.bin") for name in names)
    flaws: dict[str, Flaws] = {}
    for name in sorted(names):
        if _SHEET.match(name):
            flaws[name] = _flaws(members[name])
    return _grids(_packed(members), _by_sheet(members, flaws), macros)


def _inflate(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The parts of the file, counted while they are unpacked: what their headers say proves nothing."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MEMBER_LIMIT or sum(info.file_size for info in infos) > INFLATED_LIMIT:
        raise _bomb()
    members: dict[str, bytes] = {}
    left = INFLATED_LIMIT
    for info in infos:
        if info.flag_bits & 1:
            raise _locked()
        with archive.open(info) as member:
            content = member.read(left + 1)
        left -= len(content)
        if left < 0:
            raise _bomb()
        members[info.filename] = content
    return members


def _packed(members: dict[str, bytes]) -> bytes:
    """The same parts without compression and without macros: the library meets only what was measured here."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            if name.endswith((".xml", ".rels")) or name == "mimetype" or _PART.match(name):
                archive.writestr(name, content)
    return out.getvalue()


def _flaws(sheet: bytes) -> Flaws:
    """Formulas without a result and errors; raises RosterError where a cell lies beyond any roster.

    A single cell at XFD1048576 would make the library reserve room for all cells before it.
    """
    found: Flaws = {}
    for match in _CELL.finditer(sheet):
        place = _PLACE.search(match[1])
        content = match[2] or b""
        formula, error = _FORMULA.search(content), _ERROR.search(match[1])
        valued = bool(_RESULT.search(content))
        if place is None or not (formula or error or valued):
            continue
        row, column = int(place[2]) - 1, _column(place[1])
        if row >= ROW_LIMIT:
            raise too_many_rows(ROW_LIMIT - 100)
        if column >= COLUMN_LIMIT:
            raise too_wide(COLUMN_LIMIT)
        if error:
            text = _ERROR_TEXT.search(content)
            found[row, column] = Cell("error", text[1].decode("ascii", "replace") if text else "#ERROR!")
        elif formula and not valued:
            found[row, column] = Cell("formula", "=…")
    return found


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number - 1


_REL = re.compile(rb"<(?:\w+:)?Relationship\b([^>]*)>")
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*["']([^"']*)["']""")
_SHEET_TAG = re.compile(rb"<(?:\w+:)?sheet\b([^>]*)>")


def _by_sheet(members: dict[str, bytes], flaws: dict[str, Flaws]) -> list[Flaws]:
    """The flaws of each sheet, in the workbook's order."""
    targets: dict[bytes, str] = {}
    for match in _REL.finditer(members.get("xl/_rels/workbook.xml.rels", b"")):
        one = dict(_ATTRIBUTE.findall(match[1]))
        target = one.get(b"Target", b"").decode("utf-8", "replace")
        targets[one.get(b"Id", b"")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    ordered = []
    for match in _SHEET_TAG.finditer(members.get("xl/workbook.xml", b"")):
        one = {name.split(b":")[-1]: value for name, value in _ATTRIBUTE.findall(match[1]) if b":" in name}
        ordered.append(flaws.get(targets.get(one.get(b"id", b""), ""), {}))
    return ordered


def _grids(data: bytes, flaws: list[Flaws], macros: bool) -> list[Grid]:
    try:
        book = CalamineWorkbook.from_object(io.BytesIO(data))
        visible = [
            (number, sheet.name)
            for number, sheet in enumerate(book.sheets_metadata)
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        return [
            Grid(name, tuple(_rows(book, number, flaws[number] if number < len(flaws) else {})), macros)
            for number, name in visible
        ]
    except PasswordError as error:
        raise _locked() from error
    except (CalamineError, XmlError, ZipError, OSError, ValueError) as error:
        if "password" in str(error).lower() or b"E\0n\0c\0r\0y\0p\0t" in data[:100_000]:
            raise _locked() from error
        raise _damaged() from error


def _rows(book: CalamineWorkbook, number: int, flaws: Flaws) -> Iterator[tuple[Cell | None, ...]]:
    sheet = book.get_sheet_by_index(number)
    if sheet.total_height >= ROW_LIMIT:
        raise too_many_rows(ROW_LIMIT - 100)
    if sheet.total_width >= COLUMN_LIMIT:
        raise too_wide(COLUMN_LIMIT)
    of_row: dict[int, list[tuple[int, Cell]]] = {}
    for (at, column), flaw in flaws.items():
        of_row.setdefault(at, []).append((column, flaw))
    rows = sheet.to_python(skip_empty_area=False)
    for at in range(max(len(rows), max(of_row, default=-1) + 1)):
        cells = [_cell(value) for value in rows[at]] if at < len(rows) else []
        for column, flaw in of_row.get(at, ()):
            cells += [None] * (column + 1 - len(cells))
            cells[column] = flaw
        yield tuple(cells)


def _cell(value: str | float | bool | date | datetime | time | timedelta) -> Cell | None:
    match value:
        case "":
            return None
        case str():
            return Cell("text", value[:CELL_LIMIT])
        case bool():
            return Cell("text", "TRUE" if value else "FALSE")
        case int() | float():
            return Cell("number", repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value))
        case datetime():
            return Cell("date", value.date().isoformat())
        case date():
            return Cell("date", value.isoformat())
        case _:
            return Cell("text", str(value))


def _damaged() -> RosterError:
    return RosterError(
        "Tệp Excel bị hỏng hoặc chưa tải xong. Hãy mở lại bằng Excel, lưu thành tệp .xlsx mới rồi gửi lại.",
        "The Excel file is damaged or incomplete. Open it in Excel, save it as a new .xlsx file and send that.",
    )


def _locked() -> RosterError:
    return RosterError(
        "Tệp có mật khẩu nên không đọc được. Hãy bỏ mật khẩu trong Excel, lưu lại rồi gửi.",
        "The file is locked with a password. Remove the password in Excel, save it and send it again.",
    )


def _bomb() -> RosterError:
    limit = INFLATED_LIMIT // (1024 * 1024)
    return RosterError(
        f"Tệp nở ra quá {limit} MB khi giải nén nên không được đọc. Hãy chép riêng danh sách sang một tệp Excel mới.",
        f"The file unpacks to more than {limit} MB and was not read. Copy the roster alone into a new Excel file.",
    )
