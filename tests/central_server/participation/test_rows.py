"""What the session's page says in words: minutes of a row, and why a bridge point wants attention."""

from __future__ import annotations

import time
from pathlib import Path

from tests.central_server.running import MINUTE, START, Agent, Running, write_course


def page(server: Running, session: str) -> str:
    got = server.get(f"/sessions/{session}")
    assert got.status_code == 200, got.text
    return " ".join(got.text.split())


def test_an_unknown_face_is_said_with_what_to_do(server: Running, agent: Agent) -> None:
    server.clock.ms = START + 30 * MINUTE
    agent.status("K1.1", {}, watching_from=START)
    assert "chưa nhận ra" not in page(server, "K1.1")
    server.clock.ms += 5_000
    agent.status("K1.1", {}, watching_from=START, unknown=2)
    wanted = "Có 2 người chưa nhận ra; nhờ cán bộ kỹ thuật"
    end = time.monotonic() + 60  # the page's parts are rendered once a second
    while wanted not in page(server, "K1.1"):
        assert time.monotonic() < end, "the page does not say who is unknown"
        time.sleep(0.2)


def test_a_session_under_half_an_hour_shows_tenths_of_minutes(server: Running, agent: Agent, tmp_path: Path) -> None:
    course = write_course(tmp_path / "short.toml", learners=3)
    text = (
        course.read_text(encoding="utf-8")
        .replace("T11:30:00", "T08:10:00")
        .replace("breaks = [[09:30:00, 09:45:00]]", "")
    )
    course.write_text(text, encoding="utf-8")
    server.load(course)
    who = agent.today().sessions[0].learners[0].id
    server.clock.ms = START + 90_000
    agent.status("K1.1", {who: START + 30_000}, watching_from=START)
    shown = page(server, "K1.1")
    assert "có mặt</span> 1,0<" in shown and "vắng</span> 0,5<" in shown
