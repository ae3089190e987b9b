"""The periods that are reported on: a year, a half, a quarter, a month. Pure."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from central_server.courses.series import VIETNAM
from models.report_records import PERIOD

_PERIOD = re.compile(PERIOD)
FIRST_YEAR, LAST_YEAR = 2000, 2100
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Period:
    """A period by its code (models.report_records.Period), with its first and last day."""

    code: str
    first: date
    last: date

    def label(self, english: bool = False) -> str:
        """năm 2026, 6 tháng đầu năm 2026, quý III năm 2026, tháng 11 năm 2026."""
        year, _, part = self.code.partition("-")
        if not part:
            return f"year {year}" if english else f"năm {year}"
        if part[0] == "H":
            half = ("đầu", "first") if part == "H1" else ("cuối", "second")
            return f"{half[1]} half of {year}" if english else f"6 tháng {half[0]} năm {year}"
        if part[0] == "Q":
            roman = ("I", "II", "III", "IV")[int(part[1]) - 1]
            return f"quarter {roman} of {year}" if english else f"quý {roman} năm {year}"
        return f"{part}/{year}" if english else f"tháng {int(part)} năm {year}"

    def holds(self, day: date) -> bool:
        """Whether the day lies in it."""
        return self.first <= day <= self.last

    def months(self) -> list[Period]:
        """Its months, in order."""
        year = self.first.year
        return [period(f"{year}-{month:02d}") for month in range(self.first.month, self.last.month + 1)]

    def within(self, other: Period) -> bool:
        """Whether all of it lies in the other."""
        return other.first <= self.first and self.last <= other.last


def period(code: str) -> Period:
    """The period of a code, in a year that a report may be about. Raises ValueError."""
    if not _PERIOD.fullmatch(code) or not FIRST_YEAR <= int(code[:4]) <= LAST_YEAR:
        raise ValueError(code)
    year, _, part = code.partition("-")
    if not part:
        first, last = 1, 12
    elif part[0] == "H":
        first = 6 * int(part[1]) - 5
        last = first + 5
    elif part[0] == "Q":
        first = 3 * int(part[1]) - 2
        last = first + 2
    else:
        first = last = int(part)
    days = calendar.monthrange(int(year), last)[1]
    return Period(code, date(int(year), first, 1), date(int(year), last, days))


def periods_of(year: int) -> list[Period]:
    """Those of a year: itself, its halves, quarters and months."""
    parts = ["", "-H1", "-H2", "-Q1", "-Q2", "-Q3", "-Q4", *(f"-{month:02d}" for month in range(1, 13))]
    return [period(f"{year:04d}{part}") for part in parts]


def end_of(day: date) -> int:
    """The last ms of a day in Vietnam: what was entered on that day counts for a report as of it."""
    after = datetime.combine(day + timedelta(days=1), time(), VIETNAM)
    return round(after.timestamp() * 1000) - 1


def start_of(day: date) -> int:
    """The first ms of a day in Vietnam."""
    return end_of(day) + 1 - DAY_MS


def day_of(ms: int) -> date:
    """The day of a moment in Vietnam."""
    return datetime.fromtimestamp(ms / 1000, VIETNAM).date()
