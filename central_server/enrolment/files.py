"""From the bytes of a roster file to its sheets: which kind of file it is tells its content, not its name."""

from __future__ import annotations

from central_server.enrolment.faults import RosterError
from central_server.enrolment.grid import FILE_LIMIT, Grid
from central_server.enrolment.text_file import not_a_roster, read_text_file
from central_server.enrolment.workbook import OLE, read_workbook

_OTHERS = (
    b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"{\\rtf", b"MZ", b"\x7fELF", b"GIF8",
)  # fmt: skip
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")


def read_file(data: bytes) -> list[Grid]:
    """The sheets of a roster file, those with something in them. Raises RosterError: one sentence, nothing kept."""
    if len(data) > FILE_LIMIT:
        raise too_big()
    if not data.strip():
        raise RosterError(
            "Tệp rỗng. Hãy kiểm tra đã chọn đúng tệp danh sách.", "The file is empty. Check that it is the roster."
        )
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", OLE)):
        grids = read_workbook(data)
    elif data.startswith(_OTHERS):
        raise not_a_roster()
    elif data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        raise RosterError(
            "Tệp này thật ra là trang web (HTML) hoặc XML, dù tên là .xls. Hãy mở bằng Excel và lưu thành .xlsx.",
            "This file is really a web page (HTML) or XML, whatever its name. Open it in Excel and save it as .xlsx.",
        )
    else:
        grids = [read_text_file(data)]
    filled = [grid for grid in grids if any(cell for row in grid.rows for cell in row)]
    if not filled:
        raise RosterError(
            "Tệp không có dữ liệu ở trang tính nào đang hiện. Hãy kiểm tra tệp, hoặc bỏ ẩn trang tính.",
            "No visible sheet of the file holds anything. Check the file, or unhide the sheet.",
        )
    return filled


def too_big() -> RosterError:
    """The file is larger than any roster."""
    limit = FILE_LIMIT // (1024 * 1024)
    return RosterError(
        f"Tệp lớn quá {limit} MB. Hãy chép riêng danh sách (không kèm ảnh) sang tệp Excel mới.",
        f"The file is larger than {limit} MB. Copy the roster alone, without pictures, into a new Excel file.",
    )
