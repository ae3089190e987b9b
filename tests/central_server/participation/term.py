"""A course of five sessions on five days at one bridge point, and an agent that recorded some of them."""

from __future__ import annotations

from pathlib import Path

from models.receipts import Receipt
from tests.central_server.running import MINUTE, START, Agent, Running, join

DAY = 24 * 60 * MINUTE
LENGTH = 195 * MINUTE
"""Of a session, without its break."""
SESSIONS = 5


def write_term(path: Path, learners: int = 6, rule: str = "") -> Path:
    """Sessions from 08:00 to 11:30 on 24 to 28/11/2026, a break at 09:30."""
    people = "\n".join(
        f'[[learners]]\ncode = "HV{n:03d}"\nname = "Trần Thị {"ABCDEĐGHIKLMNOPQRSTUVXY"[n % 23]}{n}"\n'
        f'unit = "Sở Nội vụ"\nbirth_year = {1970 + n % 30}\nbridge_point = "TDM"\n'
        for n in range(learners)
    )
    sessions = "\n".join(
        f'[[sessions]]\ncode = "{n}"\ntitle = "Buổi {n}"\nstart = 2026-11-{23 + n}T08:00:00\n'
        f"end = 2026-11-{23 + n}T11:30:00\nbreaks = [[09:30:00, 09:45:00]]\n"
        for n in range(1, SESSIONS + 1)
    )
    head = f'[course]\ncode = "K1"\ntitle = "Bồi dưỡng ngạch chuyên viên"\n{rule}\n'
    points = '[[bridge_points]]\ncode = "TDM"\nname = "Thủ Dầu Một"\n'
    path.write_text(f"{head}{points}{sessions}{people}", encoding="utf-8")
    return path


def taught(server: Running, shares: list[list[float]], dark: float = 0.0) -> tuple[Agent, list[str]]:
    """An agent that recorded a session for each row of `shares`: how much of its beginning each learner attended.

    dark: how much of each session's end nobody watched. The clock stands behind the last of them. Also: the learners'
    ids in the order of their codes.
    """
    agent = join(server)
    people = [who.id for who in agent.today().sessions[0].learners]
    for number, row in enumerate(shares, 1):
        start = START + (number - 1) * DAY
        end = start + 210 * MINUTE
        agent.clock.ms = end
        agent.coverage(f"K1.{number}", start, end - round((end - start) * dark), "dark" if dark else "stopped")
        for who, share in zip(people, row, strict=False):
            if share:
                agent.presence(f"K1.{number}", who, start, start + round((end - start) * share))
    assert isinstance(agent.send_all(), Receipt)
    server.clock.ms = START + (len(shares) - 1) * DAY + 240 * MINUTE
    return agent, people


def course_id(server: Running) -> str:
    """The id of the course, as its page's address has it."""
    with server.services.engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT id FROM course WHERE code = 'K1'").scalar_one())
