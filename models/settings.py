"""Settings files (TOML) into typed structs, with the line and a way out named where something is wrong."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import TypeVar, get_type_hints

import msgspec

from models.errors import DiemdanhError
from models.reasons import explain, reason

T = TypeVar("T", bound=msgspec.Struct)


class SettingsError(DiemdanhError):
    """A settings file is missing, is no TOML, or holds something unknown or impossible."""


def read(path: Path, kind: type[T]) -> T:
    """The settings in the TOML file at `path`; `kind` is a msgspec Struct with forbid_unknown_fields.

    Raises SettingsError with one sentence that names the file, the line and what to write instead.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = reason(error)
        raise SettingsError(
            f"Không đọc được tệp cấu hình {path} ({why.vi}). Hãy kiểm tra đường dẫn.",
            f"The settings file {path} cannot be read ({why.en}). Check the path.",
        ) from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"Tệp cấu hình {path} sai cú pháp TOML: {reason(error).vi}. Hãy sửa dòng đó.",
            f"The settings file {path} is not valid TOML: {error}. Mend that line.",
        ) from error
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise _explain(path, text, kind, str(error)) from error


def _explain(path: Path, text: str, kind: type[msgspec.Struct], message: str) -> SettingsError:
    """Turn msgspec's message (``Object contains unknown field `x` - at `$.a.b` ``) into a sentence with a line."""
    what, _, where = message.partition(" - at `$")
    keys = re.findall(r"[^.\[\]`]+|\[\d*\.*\]", where)
    keys = [key for key in keys if not key.startswith("[")]
    if match := re.search(r"unknown field `(.+?)`", what):
        unknown = match[1]
        line = find_line(text, [*keys, unknown])
        known = _fields(kind, keys)
        near = difflib.get_close_matches(unknown, known, n=1)
        hint_vi = f'Có phải là "{near[0]}"?' if near else f"Các khóa dùng được: {', '.join(known)}."
        hint_en = f'Did you mean "{near[0]}"?' if near else f"Known keys here: {', '.join(known)}."
        return SettingsError(
            f'{path}, dòng {line}: không có khóa "{unknown}". {hint_vi}',
            f'{path}, line {line}: there is no key "{unknown}". {hint_en}',
        )
    if match := re.search(r"missing required field `(.+?)`", what):
        name, table = match[1], ".".join(keys)
        line = find_line(text, keys)
        place_vi, place_en = (f" dưới [{table}]", f" below [{table}]") if table else ("", "")
        return SettingsError(
            f'{path}, dòng {line}: thiếu khóa "{name}". Hãy thêm một dòng {name} = …{place_vi}.',
            f'{path}, line {line}: the key "{name}" is missing. Add a line {name} = …{place_en}.',
        )
    line = find_line(text, keys)
    name = ".".join(keys)
    why = explain(what)
    return SettingsError(
        f'{path}, dòng {line}: giá trị của "{name}" không dùng được ({why.vi}). Hãy sửa giá trị đó.',
        f'{path}, line {line}: the value of "{name}" will not do ({why.en}). Write one that fits.',
    )


def find_line(text: str, keys: list[str]) -> int:
    """The line (from 1) at which the dotted key stands in TOML text; the nearest table's line when it is not found."""
    at, table = 1, ""
    wanted = ".".join(keys)
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            table = header[1].replace('"', "")
        elif key := re.match(r"\s*([\w.\"-]+)\s*=", line):
            full = f"{table}.{key[1]}" if table else key[1]
            if full.replace('"', "") == wanted:
                return number
            continue
        if table and (wanted == table or wanted.startswith(f"{table}.")):
            at = number
    return at


def _fields(kind: type[msgspec.Struct], keys: list[str]) -> list[str]:
    """Names of the fields of the struct that lies under `keys` in `kind`."""
    current: object = kind
    for key in keys:
        if not (isinstance(current, type) and issubclass(current, msgspec.Struct)):
            break
        hint = get_type_hints(current).get(key)
        inner = [a for a in (hint, *getattr(hint, "__args__", ())) if isinstance(a, type)]
        current = next((a for a in inner if issubclass(a, msgspec.Struct)), None)
    if isinstance(current, type) and issubclass(current, msgspec.Struct):
        return list(current.__struct_encode_fields__)
    return []
