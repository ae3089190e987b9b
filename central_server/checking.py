"""What the settings file's form can't tell: whether the addresses and the data folder can be used."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from central_server.accounts.sign_on import provider
from central_server.config import Config
from central_server.errors import AddressError, DataFolderError
from central_server.serving import check_host
from models.errors import DiemdanhError
from models.reasons import reason
from models.settings import SettingsError, find_line


def check(config: Config, path: Path | None, typed: frozenset[str] = frozenset()) -> None:
    """Check the settings; nothing is left behind.

    path: the settings file. typed: the keys that the command line gave instead. Raises SettingsError with the file's
    line, or AddressError or DataFolderError where the file does not hold the key.
    """

    def at(key: str, one: Callable[[Config], None]) -> None:
        try:
            one(config)
        except DiemdanhError as error:
            if path is None or key in typed:
                raise
            line = find_line(path.read_text(encoding="utf-8"), [key])
            raise SettingsError(f"{path}, dòng {line}: {error.vi}", f"{path}, line {line}: {error.en}") from error

    at("public_address", _public_address)
    at("host", check_host)
    at("data", _data)
    at("oidc", _sign_on)


def _public_address(config: Config) -> None:
    address = config.public_address
    if address is None:
        return
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        good = good and parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    except ValueError:
        good = False
    if not good:
        raise AddressError(
            f'"{address}" không phải là địa chỉ mà trình duyệt mở được. Hãy ghi đầy đủ, không có đường dẫn, '
            'ví dụ public_address = "https://diemdanh.example.vn".',
            f'"{address}" is no address that a browser opens. Write it in full and without a path, '
            'for example public_address = "https://diemdanh.example.vn".',
        )


def _sign_on(config: Config) -> None:
    """The office's sign-on can be used, as far as that is known without asking it."""
    provider(config.oidc)


def _data(config: Config) -> None:
    """A folder can be made in the data folder, or in the nearest one above it that exists."""
    folder = config.data_folder.absolute()
    there = next(one for one in (folder, *folder.parents) if one.exists())
    try:
        with tempfile.TemporaryDirectory(prefix=".diemdanh-", dir=there):
            pass
    except OSError as error:
        why = reason(error)
        raise DataFolderError(
            f"Không dùng được thư mục dữ liệu {folder} ({why.vi}). Hãy ghi data = một thư mục ghi được, "
            'ví dụ data = "du-lieu".',
            f"The data folder {folder} can't be used ({why.en}). Write data = a folder that can be written, "
            'for example data = "data".',
        ) from error
