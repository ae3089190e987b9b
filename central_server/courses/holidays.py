"""Vietnam's public holidays by law, to be taken over and mended by the administrator.

They come from the package `holidays`, the lunar ones too. The government decides each year which days make up for
weekends and which working days are exchanged, mostly in autumn, so whatever is taken over is marked as reckoned until
somebody has compared it with that decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import holidays as package

FIRST_YEAR, LAST_YEAR = 2020, 2099
"""The package reckons Tết and Giỗ Tổ by tables up to 2100; the Labour Code of 2019 counts from 2021 on."""


@dataclass(frozen=True, slots=True)
class DayOff:
    """A day without classes."""

    day: date
    name: str


def by_law(year: int) -> tuple[DayOff, ...]:
    """The public holidays of a year (FIRST_YEAR to LAST_YEAR), days that make up for weekends included."""
    found = package.country_holidays("VN", years=year, language="vi")
    return tuple(DayOff(day, name) for day, name in sorted(found.items()))
