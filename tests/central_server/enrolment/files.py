"""Rosters made byte for byte: a good one in every format, and fifty broken ones with what must be said of each."""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import xlsxwriter

HEAD = ("STT", "Mã học viên", "Họ và tên", "Ngày sinh", "Đơn vị", "Chức vụ", "Điểm cầu", "Dân tộc")
GIVEN = ("An", "Bình", "Chi", "Dũng", "Giang", "Hà", "Hùng", "Lan", "Mai", "Tú")


def person(n: int) -> list[Any]:
    """The n-th learner's cells, from 1 on."""
    born = date(1970 + n % 30, 1 + n % 12, 1 + n % 28)
    point = "Bến Cát" if n % 3 == 0 else "TDM"
    return [n, f"CB{n:04d}", f"Nguyễn Thị {GIVEN[n % 10]}", born, "Sở Nội vụ", "Chuyên viên", point, "Kinh"]


def people(count: int = 4) -> list[list[Any]]:
    return [person(n) for n in range(1, count + 1)]


def xlsx(rows: Sequence[Sequence[Any]], head: Sequence[str] | None = HEAD, titles: Sequence[str] = (),
         sheet: str = "Danh sách", hidden: bool = False) -> bytes:  # fmt: skip
    """An Excel file: merged titles, the headings, the rows. ("formula", F, result) writes a formula."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_numbers": False}) as book:
        page = book.add_worksheet(sheet)
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        at = 0
        for title in titles:
            page.merge_range(at, 0, at, 7, title)
            at += 1
        for row in [head, *rows] if head is not None else rows:
            for column, value in enumerate(row):
                if isinstance(value, tuple):
                    page.write_formula(at, column, value[1], None, value[2])
                elif isinstance(value, date):
                    page.write_datetime(at, column, value, day)
                elif value is not None:
                    (page.write_string if isinstance(value, str) else page.write)(at, column, value)
            at += 1
        if hidden:
            other = book.add_worksheet("Trống")
            other.activate()
            other.set_first_sheet()
            page.hide()
    return out.getvalue()


def text_rows(rows: Sequence[Sequence[Any]], head: Sequence[str] = HEAD, separator: str = ",") -> str:
    def cell(value: Any) -> str:
        text = value.strftime("%d/%m/%Y") if isinstance(value, date) else "" if value is None else str(value)
        return f'"{text}"' if separator in text or "\n" in text else text

    return "".join(separator.join(map(cell, row)) + "\r\n" for row in [head, *rows])


def put(rows: list[list[Any]], row: int, column: str, value: Any) -> list[list[Any]]:
    """The rows with one cell (row from 0; its column by its heading) exchanged."""
    rows[row][HEAD.index(column)] = value
    return rows


def with_members(data: bytes, change: Callable[[str, bytes], bytes | None], **added: bytes) -> bytes:
    """The zip file with its members changed (None: left out) and others added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = change(info.filename, old.read(info))
            if content is not None:
                new.writestr(info.filename, content)
        for name, content in added.items():
            new.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return out.getvalue()


def same(_name: str, content: bytes) -> bytes:
    return content


def without_results(name: str, content: bytes) -> bytes:
    """Formulas as a program writes them that computes nothing."""
    return content.replace(b"</f><v>0</v>", b"</f>") if name.startswith("xl/worksheets/") else content


def far_cell(name: str, content: bytes) -> bytes:
    if name != "xl/worksheets/sheet1.xml":
        return content
    return content.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')


TCVN3: dict[int, Any] = str.maketrans(
    "ăâđêôơưàáảãạễịũùúởộụếìồổứỹòóọ",
    "¨©®ª«¬\u00adµ¸¶·¹ÔÞòïóëéôÕ×åæøüßãä",
)
VNI: dict[int, Any] = str.maketrans(
    {"ễ": "eã", "ị": "ò", "ũ": "uõ", "à": "aø", "á": "aù", "ả": "aû", "ạ": "aï", "ở": "ôû", "ộ": "oä", "ụ": "uï",
     "ế": "eá", "ơ": "ô", "ư": "ö", "đ": "ñ", "ì": "ì", "ù": "uø", "ú": "uù", "ă": "aê", "â": "aâ", "ứ": "öù"}
)  # fmt: skip


def legacy(table: dict[int, Any]) -> list[list[Any]]:
    return [[v.translate(table) if isinstance(v, str) else v for v in row] for row in people(8)]


def broken_zip_bomb() -> bytes:
    """80 MB of spaces inside a sheet, as 80 kB."""

    def grow(name: str, content: bytes) -> bytes:
        return content + b" " * 80_000_000 if name == "xl/worksheets/sheet1.xml" else content

    return with_members(xlsx(people()), grow)


def lying_bomb() -> bytes:
    """The same, whose directory says that the sheet has 1,000 bytes."""
    data = bytearray(broken_zip_bomb())
    at = data.index(b"PK\x01\x02")
    while True:
        size, name_length = struct.unpack_from("<I", data, at + 24)[0], struct.unpack_from("<H", data, at + 28)[0]
        if size > 50_000_000:
            struct.pack_into("<I", data, at + 24, 1_000)
        following = at + 46 + name_length + sum(struct.unpack_from("<HH", data, at + 30))
        if data[following : following + 4] != b"PK\x01\x02":
            return bytes(data)
        at = following


def encrypted() -> bytes:
    """The container in which Excel keeps a workbook with a password (its directory names EncryptedPackage)."""
    sector = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header = sector + bytes(6) + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", 0) + b"\xff\xff\xff\xff" * 108
    fat = struct.pack("<II", 0xFFFFFFFD, 0xFFFFFFFE) + b"\xff\xff\xff\xff" * 126
    entries = b""
    for name, kind in (("Root Entry", 5), ("EncryptionInfo", 2), ("EncryptedPackage", 2), ("", 0)):
        raw = (name + "\0").encode("utf-16-le") if name else b""
        child = 1 if kind == 5 else 0xFFFFFFFF
        entries += raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw), kind, 1)
        entries += struct.pack("<III", 0xFFFFFFFF, 2 if name == "EncryptionInfo" else 0xFFFFFFFF, child)
        entries += bytes(36) + struct.pack("<IQ", 0xFFFFFFFE, 0)
    return header + fat + entries


@dataclass(frozen=True)
class Broken:
    """A broken roster: its bytes, and what must be said (Vietnamese). `at`: the faulty cells; none: the whole file."""

    name: str
    make: Callable[[], bytes]
    says: str
    at: tuple[str, ...] = ()


def _cell(name: str, column: str, value: Any, says: str) -> Broken:
    """A roster whose third learner has one bad cell."""
    where = f"{'ABCDEFGH'[HEAD.index(column)]}4"
    return Broken(name, lambda: xlsx(put(people(), 2, column, value)), says, (where,))


def _without(column: str) -> bytes:
    at = HEAD.index(column)
    return xlsx([row[:at] + row[at + 1 :] for row in people()], HEAD[:at] + HEAD[at + 1 :])


def _two_years() -> bytes:
    return xlsx(
        [["", "", "", "Nam", "Nữ", "", ""], [1, "CB1", "Lê Văn Ba", 1980, 1980, "Sở Y tế", "TDM"]],
        ("STT", "Mã học viên", "Họ và tên", "Năm sinh", "", "Đơn vị", "Điểm cầu"),
    )


def _flipped(data: bytes) -> bytes:
    at = data.index(b"xl/worksheets/sheet1.xml") + 200
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


BROKEN: list[Broken] = [
    Broken("empty file", lambda: b"", "rỗng"),
    Broken("only blanks", lambda: b" \r\n\t\r\n", "rỗng"),
    Broken("a PDF named .xlsx", lambda: b"%PDF-1.7\n%\xe2\xe3", "không phải Excel hay CSV"),
    Broken("a photo", lambda: b"\xff\xd8\xff\xe0" + bytes(500), "không phải Excel hay CSV"),
    Broken("random bytes", lambda: bytes((n * 7919 + n * n) % 256 for n in range(5000)), "CSV"),
    Broken("a web page named .xls", lambda: b"<html><table><tr><td>STT</td></tr></table></html>", "trang web"),
    Broken("Excel 2003 XML", lambda: b'<?xml version="1.0"?><Workbook></Workbook>', "trang web (HTML) hoặc XML"),
    Broken("a Word file", lambda: with_members(xlsx([]), lambda n, c: None, word__document_dot_xml=b"<x/>"), "Word"),
    Broken("any zip file", lambda: with_members(xlsx([]), lambda n, c: None, a_dot_txt=b"x"), "tệp nén"),
    Broken("cut off in the middle", lambda: xlsx(people(50))[:3000], "bị hỏng"),
    Broken("a flipped byte", lambda: _flipped(xlsx(people(50))), "bị hỏng"),
    Broken("a sheet that is no XML",
           lambda: with_members(xlsx(people()), lambda n, c: c[: len(c) // 2] if "sheet1" in n else c), "bị hỏng"),
    Broken("a locked workbook", encrypted, "mật khẩu"),
    Broken("a zip bomb", broken_zip_bomb, "giải nén"),
    Broken("a zip bomb with a lying directory", lying_bomb, "bị hỏng"),
    Broken("thousands of parts", lambda: with_members(xlsx([]), same, **{f"x{n}": b"" for n in range(2100)}),
           "giải nén"),
    Broken("a cell at XFD1048576", lambda: with_members(xlsx(people()), far_cell), "10.000 dòng"),
    Broken("10,001 learners", lambda: xlsx(people(10_101)), "10.000 dòng"),
    Broken("10,101 lines of CSV", lambda: text_rows(people(10_101)).encode(), "10.000 dòng"),
    Broken("201 columns", lambda: xlsx([list(range(230))], [f"c{n}" for n in range(230)]), "200 cột"),
    Broken("over 20 MB", lambda: b"x" * (20 * 1024 * 1024 + 1), "20 MB"),
    Broken("no headings", lambda: xlsx(people(), None), "dòng tiêu đề"),
    Broken("headings of another table", lambda: xlsx([[1, 2]], ("Mặt hàng", "Đơn giá")), "dòng tiêu đề"),
    Broken("headings and nobody", lambda: xlsx([]), "Không có học viên nào"),
    Broken("only a hidden sheet", lambda: xlsx(people(), hidden=True), "trang tính nào đang hiện"),
    Broken("TCVN3 in Excel", lambda: xlsx(legacy(TCVN3)), "phông chữ cũ TCVN3"),
    Broken("VNI in Excel", lambda: xlsx(legacy(VNI)), "phông chữ cũ VNI"),
    Broken("TCVN3 in CSV", lambda: text_rows(legacy(TCVN3)).translate(TCVN3).encode("cp1252", "replace"), "UTF-8"),
    Broken("UTF-8 read as windows-1252", lambda: text_rows(people()).encode().decode("latin-1").encode(),
           "sai bảng mã"),
    Broken("UTF-8 cut within a letter", lambda: b"\xef\xbb\xbf" + text_rows(people()).encode() + "ễ".encode()[:2],
           "bị cắt"),
    Broken("an odd byte of UTF-16", lambda: text_rows(people()).encode("utf-16") + b"\x00", "bị cắt"),
    Broken("a quotation mark never closed", lambda: text_rows(people()).encode() + b'"' + b"a," * 100_000, "ngoặc kép"),
    Broken("letters lost as ?", lambda: xlsx(put(people(), 1, "Họ và tên", "Nguy?n Th? An")), "dấu ?", ("C3",)),
    Broken("a formula without a result",
           lambda: with_members(xlsx(put(people(), 1, "Họ và tên", ("f", "=A1&B1", 0))), without_results),
           "công thức chưa có kết quả", ("C3",)),
    _cell("an error of a formula", "Đơn vị", ("f", "=VLOOKUP(1,A1:A2,2)", "#N/A"), "lỗi của công thức"),
    _cell("no code", "Mã học viên", None, "thiếu mã"),
    _cell("no name", "Họ và tên", "   ", "thiếu họ tên"),
    _cell("no unit", "Đơn vị", None, "thiếu đơn vị"),
    _cell("no bridge point", "Điểm cầu", None, "thiếu điểm cầu"),
    _cell("a number for a name", "Họ và tên", 42, "là số"),
    _cell("digits in a name", "Họ và tên", "Nguyễn Thị 3", "chữ số"),
    _cell("one word for a name", "Họ và tên", "An", "chỉ có một chữ"),
    _cell("a date for a code", "Mã học viên", date(2026, 5, 1), "là ngày tháng"),
    _cell("a power of ten for a code", "Mã học viên", 7.90851e19, "số mũ"),
    _cell("a fraction for a code", "Mã học viên", 12.5, "số lẻ"),
    _cell("signs in a code", "Mã học viên", "CB/!/01", "không phải mã"),
    _cell("a year of two digits", "Ngày sinh", "12/5/80", "hai chữ số"),
    _cell("the 31st of February", "Ngày sinh", "31/02/1980", "không có trong lịch"),
    _cell("words for a date", "Ngày sinh", "không nhớ", "không phải ngày"),
    _cell("born next year", "Ngày sinh", 2027, "2027 không thể đúng"),
    _cell("born 1890", "Ngày sinh", date(1902, 1, 1), "1902 không thể đúng"),
    _cell("a unit of 400 letters", "Đơn vị", "Sở " * 150, "dài quá"),
    _cell("a sign that can't be printed", "Họ và tên", "Nguyễn\ue000 Thị Ba", "ký tự lạ"),
    Broken("one code for two people", lambda: xlsx(put(people(), 2, "Mã học viên", "CB0001")),
           "đã dùng ở dòng 2", ("B4",)),
    Broken("one learner twice", lambda: xlsx([*people(), person(1)]), "đã có ở dòng 2", ("B6",)),
    Broken("codes that lost their zero",
           lambda: xlsx(put(put(people(), 0, "Mã học viên", "001234"), 2, "Mã học viên", 1235)), "số 0 ở đầu", ("B4",)),
    Broken("two columns of years, both filled",
           _two_years,
           "cả cột Nam và cột Nữ", ("E3",)),
]  # fmt: skip


def decomposed(rows: list[list[Any]]) -> list[list[Any]]:
    """The rows as a Mac writes them: letters and their marks apart (NFD)."""
    return [[unicodedata.normalize("NFD", v) if isinstance(v, str) else v for v in row] for row in rows]
