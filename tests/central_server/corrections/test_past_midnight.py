"""A session that ends on the next day: its sheet says both days, and time past midnight is corrected as any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from central_server.web.figures import part_of_day, span
from tests.central_server.reports.opening import pdf_text
from tests.central_server.running import MINUTE, START, Agent, Running

EVENING = START + 14 * 60 * MINUTE
"""22:00"""


@pytest.fixture
def night(server: Running, agent: Agent, course_file: Path) -> str:
    """K1.2 goes from 22:00 to 01:00; its first learner was there until midnight."""
    text = course_file.read_text(encoding="utf-8").replace(
        "[[learners]]",
        '[[sessions]]\ncode = "2"\ntitle = "Buổi đêm"\nstart = 2026-11-24T22:00:00\nend = 2026-11-25T01:00:00\n'
        "breaks = [[23:55:00, 00:05:00]]\n[[learners]]",
        1,
    )
    course_file.write_text(text, encoding="utf-8")
    server.load(course_file)
    learner = agent.today().sessions[0].learners[0].id
    server.clock.ms = EVENING + 200 * MINUTE
    agent.coverage("K1.2", EVENING, EVENING + 180 * MINUTE)
    agent.presence("K1.2", learner, EVENING, EVENING + 115 * MINUTE)
    agent.send_all()
    return str(learner)


def test_the_sheet_says_both_days_and_the_part_of_the_day(server: Running, night: str) -> None:
    said = "22:00, thứ Ba 24/11/2026 – 01:00, thứ Tư 25/11/2026, buổi tối; 3,8 tiết"
    manager = server.manager()
    page = " ".join(manager.get("/sessions/K1.2/sheet").text.split())
    assert said in page and "Ngày 25 tháng 11 năm 2026" in page
    assert said in " ".join(pdf_text(manager.get("/sessions/K1.2/sheet.pdf").content).split())
    assert "22:00, thứ Ba 24/11/2026 – 01:00" in manager.get("/sessions/K1.2/corrections").text
    assert ";22:00;23:55;115,0;55,0;0,0;" in manager.get("/sessions/K1.2/sheet.csv").text


def test_time_past_midnight_is_corrected(server: Running, night: str) -> None:
    manager, address = server.manager(), f"/sessions/K1.2/learners/{night}/correction"
    form = {"change": "added", "why": "camera", "words": "x"}
    for start, end in (("00:30", "23:00"), ("21:00", "23:00"), ("00:30", "01:30"), ("01:00", "01:00")):
        got = manager.post(address, data=form | {"start": start, "end": end})
        assert got.status_code == 422 and "22:00–01:00" in got.text, (start, end)
    assert manager.post(address, data=form | {"start": "00:30", "end": "01:00"}).status_code == 200
    assert ";145,0;25,0;0,0;" in manager.get("/sessions/K1.2/sheet.csv").text
    whole = manager.get(address).text
    assert 'value="22:00"' in whole and 'value="01:00"' in whole
    assert manager.post(address, data=form | {"start": "22:00", "end": "01:00"}).status_code == 200
    assert ";170,0;0,0;0,0;" in manager.get("/sessions/K1.2/sheet.csv").text


def test_a_day_has_three_parts() -> None:
    hour = 60 * MINUTE
    assert [part_of_day(START + n * hour, "vi") for n in (0, 3, 4, 9, 10)] == [
        "buổi sáng", "buổi sáng", "buổi chiều", "buổi chiều", "buổi tối"
    ]  # fmt: skip
    assert span(START, START + hour, "vi") == "08:00–09:00, thứ Ba 24/11/2026"
