from __future__ import annotations

import errno
import os
import re
import socket
import sqlite3
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest

from models.reasons import explain, reason

LATIN = re.compile(r"\b(expected|got|such|file|directory|denied|length|invalid|object|at|line)\b", re.IGNORECASE)


class All(msgspec.Struct, forbid_unknown_fields=True):
    a: Annotated[int, msgspec.Meta(ge=1, le=5)] = 1
    b: Annotated[str, msgspec.Meta(min_length=2, max_length=3, pattern="^[a-z]+\\Z")] = "ab"
    c: Literal["x", "y"] = "x"
    d: tuple[int, int] = (1, 2)
    f: float | None = None


@pytest.mark.parametrize(
    ("value", "vi"),
    [
        ({"a": "q"}, "cần số nguyên, không phải chuỗi, ở a"),
        ({"f": "q"}, "cần số hoặc trống, không phải chuỗi, ở f"),
        ({"a": 0}, "phải từ 1 trở lên, ở a"),
        ({"a": 9}, "phải không quá 5, ở a"),
        ({"b": "a"}, "số ký tự phải từ 2 trở lên, ở b"),
        ({"b": "aB"}, "có ký tự không dùng được, ở b"),
        ({"c": "z"}, "không có lựa chọn 'z', ở c"),
        ({"d": [1]}, "số phần tử phải đúng 2, ở d"),
        ({"q": 1}, 'không có khóa "q"'),
        ([], "cần bảng, không phải danh sách"),
    ],
)
def test_what_msgspec_says_is_said_in_vietnamese(value: Any, vi: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, All)
    assert reason(caught.value) == (vi, str(caught.value))
    assert not LATIN.search(vi)


@pytest.mark.parametrize("text", [b"", b"{x}", b'{"a":1', b"\xff"])
def test_what_is_no_json_is_said_in_vietnamese(text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError) as caught:
        msgspec.json.decode(text)
    assert not LATIN.search(reason(caught.value).vi)


def test_what_the_system_says_is_said_in_vietnamese(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:
        (tmp_path / "none").read_text(encoding="utf-8")
    assert reason(caught.value) == ("không có tệp hoặc thư mục này", "No such file or directory")
    for number in (errno.EACCES, errno.ENOSPC, errno.EADDRINUSE, errno.EISDIR, errno.ENOTDIR, errno.ECONNREFUSED, 9999):
        said = reason(OSError(number, os.strerror(number)))
        assert not LATIN.search(said.vi)
        assert said.en == os.strerror(number)
    assert reason(TimeoutError()).vi == "quá thời gian chờ"
    assert "mạng" in reason(socket.gaierror(-2, "Name or service not known")).vi
    assert reason(OSError()).vi == "lỗi hệ thống OSError"


def test_toml_and_sqlite_are_said_in_vietnamese() -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads('a = 1\nb = "\n')
    assert reason(caught.value).vi == "dòng 2, cột 6"
    assert reason(sqlite3.DatabaseError("file is not a database")).vi == "tệp không phải là cơ sở dữ liệu"
    assert explain("something new").vi == "giá trị không hợp lệ"


@pytest.mark.parametrize("name", [">", ">=", "<", "", "{}", "{0}", "{7}"])
def test_a_field_named_like_a_sign_of_comparison_or_a_gap_is_only_a_name(name: str) -> None:
    """The decoders' long loop found this one: a record with the field ">" ended in an IndexError."""
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(msgspec.json.encode({name: 1}), type=All)
    assert reason(caught.value).vi == (f'không có khóa "{name}"' if name else "giá trị không hợp lệ")
