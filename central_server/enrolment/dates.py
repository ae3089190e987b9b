"""The year of birth from what people write: a date, a year, an Excel day number, 12/05/1980, 1980-05-12, 12.5.1980."""

from __future__ import annotations

import re
from datetime import date, timedelta

from central_server.enrolment.grid import Cell

OLDEST, YOUNGEST = 100, 14
"""Ages of a learner that are believed."""
_PARTS = re.compile(r"[0-9]+")
_SHAPE = re.compile(
    r"(?:ng[aà]y\s*)?[0-9]{1,2}\s*(?:[/.\-\s]|th[aá]ng)\s*[0-9]{1,2}\s*(?:[/.\-\s]|n[aă]m)\s*[0-9]{4}(?:\s+[0-9:]+)?\Z"
    r"|[0-9]{4}[/.\-][0-9]{1,2}[/.\-][0-9]{1,2}(?:[T ][0-9:.]+)?\Z|[0-9]{1,2}[/.\-][0-9]{4}\Z|[0-9]{4}\Z",
    re.IGNORECASE,
)
_EXCEL_DAY_0 = date(1899, 12, 30)


def birth_year(cell: Cell, this_year: int) -> int | tuple[str, str]:
    """The year of birth in a cell, or why there is none, in both languages."""
    text = cell.text.strip()
    if cell.kind in ("formula", "error"):
        return ("là công thức không có kết quả; hãy gõ năm sinh.", "is a formula without a result; type the year.")
    if cell.kind == "date":
        return _believed(int(text[:4]), this_year)
    if cell.kind == "number":
        return _of_number(float(text), this_year)
    if re.match(r"[0-9]{1,2}\s*[/.\-]\s*[0-9]{1,2}\s*[/.\-]\s*[0-9]{2}\Z", text):
        return (
            "năm chỉ có hai chữ số; hãy ghi đủ bốn chữ số, ví dụ 12/05/1980.",
            "the year has only two digits; write all four, for example 12/05/1980.",
        )
    if not _SHAPE.match(text):
        return (
            "không phải ngày hoặc năm sinh; hãy ghi như 12/05/1980 hoặc 1980.",
            "is no date or year of birth; write it as 12/05/1980 or 1980.",
        )
    numbers = [int(part) for part in _PARTS.findall(text)][:3]
    years = [number for number in numbers if number > 31]
    others = [number for number in numbers if number not in years]
    if len(others) == 2 and not _is_day(years[0], others):
        return ("ngày này không có trong lịch; hãy sửa lại ngày sinh.", "there is no such day; mend the date of birth.")
    return _believed(years[0], this_year)


def _is_day(year: int, others: list[int]) -> bool:
    """Whether day and month, in either order, are a day of that year."""
    for day, month in (others, others[::-1]):
        try:
            date(year, month, day)
        except ValueError:
            continue
        return True
    return False


def _of_number(number: float, this_year: int) -> int | tuple[str, str]:
    if 1000 <= number <= 9999 and number == int(number):
        return _believed(int(number), this_year)
    if 10_000 <= number < 60_000:  # a date whose cell lost its format: days since 30/12/1899
        return _believed((_EXCEL_DAY_0 + timedelta(days=int(number))).year, this_year)
    return (
        "không phải ngày hoặc năm sinh; hãy ghi như 12/05/1980 hoặc 1980.",
        "is no date or year of birth; write it as 12/05/1980 or 1980.",
    )


def _believed(year: int, this_year: int) -> int | tuple[str, str]:
    if this_year - OLDEST <= year <= this_year - YOUNGEST:
        return year
    return (
        f"năm sinh {year} không thể đúng; hãy kiểm tra lại.",
        f"{year} can't be the year of birth; check it.",
    )
