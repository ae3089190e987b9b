"""The course of a soak: so many bridge points, and sessions one after the other with a pause between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from tests.central_server.running import START

VIETNAM: Final = timezone(timedelta(hours=7))
SESSIONS, SESSION_S, PAUSE_S = 4, 7_200.0, 1_200.0
"""Eight hours of class."""
BEFORE_S: Final = 600.0
"""From when before the first session on a soak begins: the agent's own `watch_before_minutes`."""
WHOLE_S: Final = BEFORE_S + SESSIONS * SESSION_S + (SESSIONS - 1) * PAUSE_S + 60.0
"""All of it, the last seal too."""
BEGIN: Final = START - round(BEFORE_S * 1000)
"""Server time at a soak's beginning, ms."""
WITNESS, WITNESS_PIN = "ky-thuat", "481590"


def point(number: int) -> str:
    """A bridge point's code."""
    return f"DC{number:02}"


def learner(at: int, number: int) -> str:
    """A learner's code."""
    return f"HV{at:02}{number:02}"


def pin(code: str) -> str:
    """A learner's PIN."""
    return f"7{code[2:]}3"


def by_pin(code: str) -> bool:
    """One in eight has no face on file."""
    return int(code[4:]) % 8 == 7


def write_course(path: Path, points: int, learners: int, *, days_later: int = 0) -> Path:
    """The course file; `learners` at each bridge point. days_later: so many days after a soak's beginning."""
    lines = ['[course]\ncode = "K1"\ntitle = "Bồi dưỡng ngạch chuyên viên"\n']
    lines += [f'[[bridge_points]]\ncode = "{point(n)}"\nname = "Điểm cầu {n:02}"\n' for n in range(points)]
    for number in range(SESSIONS):
        begin = START + round(number * (SESSION_S + PAUSE_S) * 1000) + days_later * 86_400_000
        start, end, rest, again = (
            datetime.fromtimestamp(begin / 1000 + after, UTC).astimezone(VIETNAM)
            for after in (0, SESSION_S, SESSION_S / 2, SESSION_S / 2 + 600)
        )
        lines.append(
            f'[[sessions]]\ncode = "{number + 1}"\ntitle = "Buổi {number + 1}"\n'
            f"start = {start:%Y-%m-%dT%H:%M:%S}\nend = {end:%Y-%m-%dT%H:%M:%S}\n"
            f"breaks = [[{rest:%H:%M:%S}, {again:%H:%M:%S}]]\n"
        )
    for at in range(points):
        for number in range(learners):
            code = learner(at, number)
            lines.append(
                f'[[learners]]\ncode = "{code}"\nname = "Nguyễn Văn {code}"\nunit = "Sở Nội vụ"\nbirth_year = 1980\n'
                f'bridge_point = "{point(at)}"\n'
            )
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
