"""A time made by a clock that can't be believed is said on the learner's row, in the evidence and on the sheet."""

from __future__ import annotations

import pytest

from models.records import CheckIn, Presence
from tests.central_server.running import MINUTE, START, Agent, Running

SESSION = "K1.1"
HOUR = 60 * MINUTE
DOUBT = "thời gian cần xem lại"


def presence(agent: Agent, learner: str, start: int, end: int, **clock: object) -> None:
    agent.add(Presence, session=SESSION, learner=learner, start=start, end=end, sightings=99, best_score=0.7,
              encoder="intel", **clock)  # fmt: skip


@pytest.mark.parametrize("clock", ["three hours off", "never compared"])
def test_a_doubted_clock_is_said_where_it_matters_and_nowhere_else(server: Running, agent: Agent, clock: str) -> None:
    codes = {who.id: who.code for who in agent.today().sessions[0].learners}
    doubted, good = codes
    server.clock.ms = START + 210 * MINUTE
    agent.coverage(SESSION, START, START + 210 * MINUTE)
    presence(agent, good, START, START + 200 * MINUTE)
    off: dict[str, object] = {"offset": None, "uncertainty": None, "boot_id": "boot-2"}
    if clock == "three hours off":
        off = {"wall": server.clock() - 3 * HOUR, "boot": server.clock(), "offset": 3 * HOUR}
    presence(agent, doubted, START, START + 100 * MINUTE, **off)
    agent.send_all()
    page = server.get(f"/sessions/{SESSION}").text
    rows = {who: page.split(f'id="learner-{who}"')[1].split("</tr>")[0] for who in (doubted, good)}
    assert rows[doubted].count(DOUBT) == 2  # beside the name, and with the piece's evidence
    assert DOUBT not in rows[good]
    assert "Cần chú ý" not in page  # over: the verdict of a running session is not given
    (line,) = [one for one in server.get(f"/sessions/{SESSION}/sheet.csv").text.splitlines() if DOUBT in one]
    assert codes[doubted] in line
    assert "không có mặt" not in line  # what was recorded counts all the same


def test_a_check_in_by_a_doubted_clock_is_said(server: Running, agent: Agent) -> None:
    who = agent.today().sessions[0].learners[0].id
    server.clock.ms = START + 60 * MINUTE
    agent.add(CheckIn, session=SESSION, learner=who, at=START, method="face", score=0.7, encoder="x",
              wall=server.clock() - HOUR, boot=server.clock(), offset=HOUR)  # fmt: skip
    agent.send_all()
    row = server.get(f"/sessions/{SESSION}").text.split(f'id="learner-{who}"')[1].split("</tr>")[0]
    assert "điểm danh: khuôn mặt, đã qua thử thách quay đầu; thời gian cần xem lại" in row
