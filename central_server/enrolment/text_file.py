"""Reading CSV and other text tables: the encoding and the separator are found by evidence, never guessed silently."""

from __future__ import annotations

import csv
import io
import unicodedata

from central_server.enrolment.faults import RosterError, too_many_rows, too_wide
from central_server.enrolment.grid import CELL_LIMIT, COLUMN_LIMIT, ROW_LIMIT, Cell, Grid

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SEPARATORS = (";", "\t", ",", "|")
_LETTERS = frozenset(
    unicodedata.normalize(
        "NFC",
        "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệfghiìỉĩíịjklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvwxyỳỷỹýỵz",
    )
)


def read_text_file(data: bytes) -> Grid:
    """The table in a text file. Raises RosterError."""
    text = decode(data)
    if "\0" in text:
        raise not_a_roster()
    lines = text.splitlines()
    separator = ""
    if lines and lines[0].lower().startswith("sep=") and len(lines[0]) == 5:  # Excel's own mark
        separator, text = lines[0][4], text.split("\n", 1)[-1]
    separator = separator or _separator(text)
    rows: list[tuple[Cell | None, ...]] = []
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            if len(rows) >= ROW_LIMIT:
                raise too_many_rows(ROW_LIMIT - 100)
            if len(line) > COLUMN_LIMIT:
                raise too_wide(COLUMN_LIMIT)
            rows.append(tuple(Cell("text", cell[:CELL_LIMIT]) if cell.strip() else None for cell in line))
    except csv.Error as error:
        raise RosterError(
            f"Tệp CSV sai từ dòng {len(rows) + 1}: có dấu ngoặc kép mở mà không đóng, hoặc một ô quá dài. Hãy sửa "
            "dòng đó, hoặc mở bằng Excel và lưu thành .xlsx.",
            f"The CSV file is wrong from line {len(rows) + 1} on: a quotation mark is never closed, or a cell is too "
            "long. Mend that line, or open it in Excel and save it as .xlsx.",
        ) from error
    return Grid("", tuple(rows))


def decode(data: bytes) -> str:
    """The text of a file: by its byte order mark, else UTF-8, UTF-16 or windows-1258, whichever the bytes bear out.

    Raises RosterError where none does.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _strict(data, name)
    sample = data[:4000]
    if sample.count(0) > len(sample) // 8:  # every second byte of Latin letters in UTF-16 is zero
        odd, even = sample[1::2].count(0), sample[::2].count(0)
        if odd > 4 * even or even > 4 * odd:
            return _strict(data, "utf-16-le" if odd > even else "utf-16-be")
        raise not_a_roster()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    text = unicodedata.normalize("NFC", data.decode("cp1258", "replace"))
    strange = sum(ord(one) > 127 and one.lower() not in _LETTERS and one not in "–—“”‘’…°·" for one in text)
    native = sum(ord(one) > 127 and one.lower() in _LETTERS for one in text)
    if native > 20 * strange:
        return text
    raise RosterError(
        "Tệp CSV không dùng mã UTF-8 (có thể là phông cũ TCVN3 hoặc VNI) nên chữ có dấu bị sai. Trong Excel hãy chọn "
        "Lưu thành → CSV UTF-8, hoặc lưu thành .xlsx; nếu là phông cũ, hãy chuyển sang Unicode bằng UniKey trước.",
        "The CSV file is not UTF-8 (perhaps an old TCVN3 or VNI font), so its letters come out wrong. In Excel save it "
        "as CSV UTF-8 or .xlsx; convert an old font to Unicode with UniKey first.",
    )


def _strict(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        raise RosterError(
            "Tệp văn bản bị hỏng hoặc bị cắt giữa chừng: có byte không thuộc bảng mã mà tệp khai ở đầu. Hãy lưu lại từ "
            "Excel thành CSV UTF-8 hoặc .xlsx.",
            "The text file is damaged or cut off: some bytes don't belong to the encoding that it declares. Save it "
            "again from Excel as CSV UTF-8 or .xlsx.",
        ) from error


def _separator(text: str) -> str:
    """The separator that gives the widest table over the first lines."""
    head = "\n".join(text.splitlines()[:60])

    def width(separator: str) -> int:
        try:
            widths = sorted(len(line) for line in csv.reader(io.StringIO(head), delimiter=separator) if line)
        except csv.Error:
            return 0
        return widths[len(widths) // 2] if widths else 0

    return max(_SEPARATORS, key=width)


def not_a_roster() -> RosterError:
    """The bytes are no table at all."""
    return RosterError(
        "Tệp này không phải Excel hay CSV. Hãy mở danh sách trong Excel và lưu thành .xlsx.",
        "This file is neither Excel nor CSV. Open the roster in Excel and save it as .xlsx.",
    )
