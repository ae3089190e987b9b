"""Which learner is meant by a code that somebody typed, perhaps on a pad that has figures alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NO_FIGURES = re.compile(r"\D+")


def meant(typed: str, codes: Mapping[str, str]) -> list[str]:
    """The learners (ids) whose code it is: as it is written, small letters or capitals, else by its figures alone.

    codes: by learner. Several: by figures alone it may be each of these.
    """
    wanted = typed.strip().casefold()
    exact = [who for who, code in codes.items() if code.casefold() == wanted]
    if exact or not wanted.isdecimal():
        return exact
    return [
        who
        for who, code in codes.items()
        if (figures := _NO_FIGURES.sub("", code)) and int(figures) == int(wanted)
    ]  # fmt: skip
