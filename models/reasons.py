"""What the system and msgspec say of an error, in both languages, for use inside a sentence."""

from __future__ import annotations

import errno
import re
import socket
import sqlite3
import tomllib
from typing import NamedTuple

import msgspec


class Reason(NamedTuple):
    """A few words, to be put in brackets."""

    vi: str
    en: str


def reason(error: BaseException) -> Reason:
    """The reason in an error of the system, of SQLite, msgspec or tomllib; an unknown one by its name or number."""
    match error:
        case socket.gaierror():
            return Reason("không tìm thấy địa chỉ này trên mạng", "no such address on the network")
        case TimeoutError():
            return Reason(_SYSTEM[errno.ETIMEDOUT], error.strerror or "timed out")
        case OSError():
            en = error.strerror or type(error).__name__
            return Reason(_SYSTEM.get(error.errno or 0) or f"lỗi hệ thống {error.errno or type(error).__name__}", en)
        case UnicodeDecodeError():
            return Reason("không phải UTF-8", "not UTF-8")
        case sqlite3.Error():
            return Reason(_translated(str(error), _SQLITE), str(error))
        case tomllib.TOMLDecodeError():
            return Reason(_translated(str(error), _TOML), str(error))
        case msgspec.MsgspecError():
            return explain(str(error))
        case _:
            name = type(error).__name__
            return Reason(name, name)


def explain(message: str) -> Reason:
    """msgspec's message, such as ``Expected `int`, got `str` - at `$.a` ``."""
    what, _, where = message.partition(" - at `")
    place = where.removesuffix("`").removeprefix("$").lstrip(".")
    vi = _translated(what, _MSGSPEC)
    return Reason(f"{vi}, ở {place}" if place else vi, message)


_SYSTEM: dict[int, str] = {
    errno.ENOENT: "không có tệp hoặc thư mục này",
    errno.EACCES: "không có quyền",
    errno.EPERM: "không có quyền",
    errno.ENOSPC: "hết chỗ trống trên đĩa",
    errno.EROFS: "ổ đĩa chỉ cho đọc",
    errno.EIO: "ổ đĩa báo lỗi",
    errno.EISDIR: "đó là một thư mục",
    errno.ENOTDIR: "có phần của đường dẫn không phải là thư mục",
    errno.EEXIST: "đã có tệp hoặc thư mục này",
    errno.EBUSY: "đang bị chương trình khác dùng",
    errno.ENAMETOOLONG: "tên quá dài",
    errno.ELOOP: "đường dẫn đi vòng",
    errno.EMFILE: "mở quá nhiều tệp",
    errno.ENODEV: "không có thiết bị này",
    errno.EINVAL: "giá trị không hợp lệ",
    errno.EPIPE: "đầu kia đã đóng",
    errno.EADDRINUSE: "cổng đang được dùng",
    errno.EADDRNOTAVAIL: "máy này không có địa chỉ đó",
    errno.ECONNREFUSED: "bị từ chối kết nối",
    errno.ECONNRESET: "kết nối bị ngắt",
    errno.ECONNABORTED: "kết nối bị ngắt",
    errno.ETIMEDOUT: "quá thời gian chờ",
    errno.ENETUNREACH: "không có đường mạng",
    errno.EHOSTUNREACH: "không có đường mạng tới máy đó",
}  # fmt: skip
_TYPES = {
    "str": "chuỗi", "int": "số nguyên", "float": "số", "bool": "true hoặc false", "array": "danh sách",
    "object": "bảng", "null": "trống", "datetime": "ngày giờ", "date": "ngày", "time": "giờ", "bytes": "dữ liệu",
}  # fmt: skip
_PLAIN = {">=": "từ {} trở lên", "<=": "không quá {}", ">": "lớn hơn {}", "<": "nhỏ hơn {}", "": "đúng {}"}
_MSGSPEC = (
    (r"Expected `(.+?)`, got `(.+?)`", "cần {0}, không phải {1}"),
    (r"Expected `(?:str|bytes)` of length (>=|<=|)\s*(\d+)(?:, got \d+)?", "số ký tự phải {}"),
    (r"Expected `array` of length (>=|<=|)\s*(\d+)(?:, got \d+)?", "số phần tử phải {}"),
    (r"Expected `.+?` (>=|<=|>|<) (\S+)", "phải {}"),
    (r"Expected `.+?` matching regex .+", "có ký tự không dùng được"),
    (r"Expected `(.+?)`", "cần {0}"),
    (r"Invalid enum value (.+)", "không có lựa chọn {0}"),
    (r"Invalid value (.+)", "không có lựa chọn {0}"),
    (r"Object missing required field `(.+?)`", 'thiếu "{0}"'),
    (r"Object contains unknown field `(.+?)`", 'không có khóa "{0}"'),
    (r"Input data was truncated", "dữ liệu bị cắt ngang"),
    (r"JSON is malformed: .*\((byte \d+)\)", "không đúng JSON, ở {0}"),
    (r"Invalid (?:RFC3339 encoded )?(datetime|date|time).*", "{0} không đúng"),
    (r".*", "giá trị không hợp lệ"),
)  # fmt: skip
_SQLITE = (
    (r"file is not a database", "tệp không phải là cơ sở dữ liệu"),
    (r"unable to open database file", "không mở được tệp"),
    (r"database disk image is malformed", "tệp bị hỏng"),
    (r"database is locked", "chương trình khác đang giữ"),
    (r"attempt to write a readonly database", "tệp chỉ cho đọc"),
    (r"database or disk is full", "hết chỗ trống trên đĩa"),
    (r"disk I/O error", "ổ đĩa báo lỗi"),
    (r".*", "lỗi cơ sở dữ liệu"),
)
_TOML = (
    (r"(?s).*\(at line (\d+), column (\d+)\)", "dòng {0}, cột {1}"),
    (r"(?s).*\(at end of document\)", "ở cuối tệp"),
    (r"(?s).*", "không đọc được"),
)  # fmt: skip


def _translated(message: str, known: tuple[tuple[str, str], ...]) -> str:
    for pattern, words in known:
        if match := re.fullmatch(pattern, message):
            parts = list(match.groups())
            if "{}" in words:  # a comparison: its sign and its limit
                return words.format(_PLAIN[parts[0] or ""].format(parts[1]))
            return words.format(*(_type(part) for part in parts))
    return message


def _type(name: str) -> str:
    """`str | null` in Vietnamese; all else as it is."""
    return " hoặc ".join(_TYPES.get(part, part) for part in name.split(" | "))
