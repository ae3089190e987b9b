"""A form as it was sent: what was typed, what it means, and a sentence at each field that can't be read.

A page that shows a form gets the same object back with its errors, so that whatever was typed stays.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import date, time
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from central_server.errors import TooBigError
from central_server.web.written import read_breaks, read_clock, read_date
from models.language import Language

Sentence = tuple[str, str]
"""Vietnamese, English."""
NEEDED: Sentence = ("Hãy điền ô này.", "Fill this in.")


class Form:
    """What was typed into a form, by the names of its fields."""

    def __init__(self, typed: Mapping[str, list[str]], files: Mapping[str, UploadFile] | None = None) -> None:
        self._typed = typed
        self.files = files or {}
        """Files that were chosen, by the names of their fields; closed when the request is answered."""
        self.errors: dict[str, Sentence] = {}

    @classmethod
    def of(cls, data: FormData) -> Form:
        """The form in a request's body."""
        typed: dict[str, list[str]] = {}
        files = {}
        for name, value in data.multi_items():
            if isinstance(value, str):
                typed.setdefault(name, []).append(value)
            elif value.filename:
                files[name] = value
        return cls(typed, files)

    @classmethod
    def filled(cls, **values: str | Iterable[str]) -> Form:
        """A form as it is shown first."""
        return cls({name: [value] if isinstance(value, str) else list(value) for name, value in values.items()})

    def names(self) -> list[str]:
        """The fields that were sent."""
        return list(self._typed)

    def value(self, name: str) -> str:
        """What stands in a field, as it was typed."""
        return next(iter(self._typed.get(name, ())), "")

    def values(self, name: str) -> list[str]:
        """What was chosen of several."""
        return self._typed.get(name, [])

    def has(self, name: str, value: str = "yes") -> bool:
        """Whether a box is ticked."""
        return value in self.values(name)

    def fail(self, name: str, vi: str, en: str) -> None:
        """Say at a field what is wrong with it; the first sentence stands."""
        self.errors.setdefault(name, (vi, en))

    def error(self, name: str, lang: Language) -> str:
        """The sentence at a field; empty when all is well."""
        vi, en = self.errors.get(name, ("", ""))
        return en if lang == "en" else vi

    def words(self, name: str, most: int = 200, needed: bool = False) -> str:
        """One line of text with its spaces set right."""
        text = " ".join(self.value(name).split())
        if needed and not text:
            self.fail(name, *NEEDED)
        if len(text) > most:
            self.fail(name, f"Dài quá {most} ký tự; hãy rút gọn.", f"Longer than {most} characters; shorten it.")
        return text[:most]

    def text(self, name: str, most: int) -> str:
        """Several lines, as they were typed."""
        text = self.value(name).replace("\r\n", "\n").strip()
        if len(text) > most:
            self.fail(name, f"Dài quá {most} ký tự; hãy rút gọn.", f"Longer than {most} characters; shorten it.")
        return text[:most]

    def day(self, name: str, needed: bool = False) -> date | None:
        """A date."""
        text = self.value(name).strip()
        if not text:
            if needed:
                self.fail(name, *NEEDED)
            return None
        day = read_date(text)
        if day is None or not 2000 <= day.year <= 2100:
            self.fail(name, f"Không hiểu ngày “{text}”. Hãy ghi ngày/tháng/năm, ví dụ 24/11/2026.",
                      f"“{text}” is no date. Write day/month/year, such as 24/11/2026.")  # fmt: skip
            return None
        return day

    def clock(self, name: str, needed: bool = False) -> time | None:
        """A time of day."""
        text = self.value(name).strip()
        if not text:
            if needed:
                self.fail(name, *NEEDED)
            return None
        clock = read_clock(text)
        if clock is None:
            self.fail(name, f"Không hiểu giờ “{text}”. Hãy ghi giờ:phút, ví dụ 08:00.",
                      f"“{text}” is no time. Write hours:minutes, such as 08:00.")  # fmt: skip
        return clock

    def breaks(self, name: str) -> tuple[tuple[time, time], ...]:
        """Breaks of a session."""
        text = self.value(name)
        breaks = read_breaks(text)
        if breaks is None:
            self.fail(name, f"Không hiểu giờ giải lao “{text}”. Hãy ghi 09:30–09:45; nhiều lần thì cách bằng dấu phẩy.",
                      f"“{text}” are no breaks. Write 09:30–09:45; several apart by commas.")  # fmt: skip
        return breaks or ()

    def whole(self, name: str, least: int, most: int) -> int | None:
        """A whole number; None when nothing is written."""
        text = self.value(name).strip().replace(".", "")
        if not text:
            return None
        if text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most:
            return int(text)
        self.fail(name, f"Hãy ghi một số từ {least} đến {most}.", f"Write a number from {least} to {most}.")
        return None


FORM_LIMIT = 32 * 1024 * 1024
"""Bytes of a form with its files, where a page doesn't say otherwise."""


async def read_form(request: Request, limit: int = FORM_LIMIT) -> AsyncIterator[Form]:
    """The form in a request's body. Raises TooBigError before reading what is longer, or doesn't say how long it is."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > limit:
        raise TooBigError(limit)
    async with request.form(max_files=4, max_fields=5000, max_part_size=256 * 1024) as data:
        yield Form.of(data)


async def _read(request: Request) -> AsyncIterator[Form]:
    async for form in read_form(request):
        yield form


FormDep = Annotated[Form, Depends(_read)]
"""The form that a request brings; read only once the route's guard let it pass."""
