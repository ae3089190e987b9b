"""One learner at two bridge points in the same minute: told on both points' rows, the course's page, and by verify."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_server.participation.twice import MINUTE_MS, Stay, seen_twice
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import verify
from models.receipts import Receipt
from models.records import CheckIn, Vouched
from tests.central_server.running import MINUTE, START, Agent, Running, join, write_course

SESSION = "K1.1"
END = START + 210 * MINUTE
SENTENCE = "được ghi nhận ở cả Bến Cát và Thủ Dầu Một trong cùng một phút"

moments = st.integers(0, 12 * MINUTE_MS)
stays = st.lists(
    st.builds(
        lambda who, point, start, length: Stay(who, point, start, start + length),
        st.sampled_from("ab"), st.sampled_from("xyz"), moments, st.integers(0, 3 * MINUTE_MS),
    ),
    max_size=12,
)  # fmt: skip


@given(stays)
def test_who_shares_a_minute_is_found_and_nobody_else(some: list[Stay]) -> None:
    minutes: dict[tuple[str, str], set[int]] = {}
    for one in some:
        minutes.setdefault((one.learner, one.point), set()).update(
            range(one.start // MINUTE_MS, one.end // MINUTE_MS + 1)
        )
    wanted = {
        (who, (here, there)): shared
        for (who, here), mine in minutes.items()
        for (other, there), theirs in minutes.items()
        if who == other and here < there and (shared := mine & theirs)
    }
    found = {(one.learner, one.points): (one.first // MINUTE_MS, one.minutes) for one in seen_twice(some)}
    assert found == {key: (min(shared), len(shared)) for key, shared in wanted.items()}


@pytest.fixture
def other(server: Running) -> Agent:
    return join(server, "BC")


def roster(agent: Agent) -> list[str]:
    return [who.id for who in agent.today().sessions[0].learners]


def page(server: Running, path: str = f"/sessions/{SESSION}") -> str:
    server.clock.ms += 6_000
    server.services.watches.of(SESSION).look(server.clock())
    got = server.get(path)
    assert got.status_code == 200, got.text
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", got.text)).split())


def notices(server: Running) -> list[tuple[str, str]]:
    with server.services.engine.connect() as connection:
        report = verify(StoredEvidence(connection), [])
    assert report.findings == []
    return report.notices


def at_both(server: Running, agent: Agent, other: Agent, between: int = 0) -> str:
    """A learner of TDM is seen there, and at BC so many ms later; the second agent's clock stands right."""
    who = roster(agent)[0]
    agent.coverage(SESSION, START, END)
    agent.presence(SESSION, who, START, START + 10 * MINUTE)
    other.coverage(SESSION, START, END)
    seen = START + 10 * MINUTE + between
    other.presence(SESSION, who, seen, seen + 5 * MINUTE)
    server.clock.ms = END
    assert isinstance(agent.send_all(), Receipt) and isinstance(other.send_all(), Receipt)
    return who


def test_two_agents_and_one_learner(server: Running, agent: Agent, other: Agent) -> None:
    who = at_both(server, agent, other)
    shown = page(server)
    assert shown.count(f"(Sở Nội vụ) {SENTENCE}, lúc 08:10 24/11/2026. Hãy gọi cán bộ kỹ thuật ở cả hai") == 2
    now = server.services.watches.of(SESSION).look(server.clock())
    assert {row.trouble for row in now.rows.values()} == {"attention"}
    state = server.services.books.of(SESSION).state(server.clock())
    assert [point.trouble for point in state.points] == ["attention", "attention"]
    (told,) = server.get(f"/api/sessions/{SESSION}/participation").json()["twice"]
    assert (told["points"], told["first"], told["minutes"]) == (["Bến Cát", "Thủ Dầu Một"], START + 10 * MINUTE, 1)
    assert f"Buổi 1: {state.learners[1].facts.name}" in page(server, f"/courses/{now.facts.course}")
    assert SENTENCE in page(server, f"/courses/{now.facts.course}")
    ((vi, en),) = notices(server)
    assert f"Học viên {who} được ghi nhận ở cả hai điểm cầu" in vi
    assert "in the same minute, first at 08:10:00 24/11/2026, 1 minute in all" in en
    assert any(one["seen_ms"] == 10 * MINUTE for one in figures(server) if one["id"] == who)  # elsewhere never counts


def figures(server: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.get(f"/api/sessions/{SESSION}/participation").json()["learners"]
    return found


def test_a_minute_later_is_no_alarm(server: Running, agent: Agent, other: Agent) -> None:
    at_both(server, agent, other, between=MINUTE)
    assert SENTENCE not in page(server)
    assert notices(server) == []


def test_a_card_at_one_and_a_face_at_the_other(server: Running, agent: Agent, other: Agent) -> None:
    who = roster(agent)[0]
    agent.coverage(SESSION, START, END)
    agent.add(Vouched, session=SESSION, learner=who, start=START, end=START + 30 * MINUTE, method="card", witness="a-1")
    other.add(CheckIn, session=SESSION, learner=who, at=START + 9 * MINUTE, method="face", score=0.7, encoder="intel")
    server.clock.ms = END
    agent.send_all()
    other.send_all()
    assert f"{SENTENCE}, lúc 08:09" in page(server)
    assert len(notices(server)) == 1


def test_a_clock_that_cannot_be_believed_raises_no_alarm(server: Running, agent: Agent, other: Agent) -> None:
    who = roster(agent)[0]
    agent.presence(SESSION, who, START, START + 10 * MINUTE)
    other.add(
        CheckIn, session=SESSION, learner=who, at=START + MINUTE, method="face", score=0.7, encoder="intel",
        offset=3_600_000, boot=START + 3_600_000 + 5,
    )  # fmt: skip
    server.clock.ms = END
    agent.send_all()
    other.send_all()
    assert SENTENCE not in page(server)
    assert not [vi for vi, _ in notices(server) if "hai điểm cầu" in vi]


def test_live_statuses_of_two_points_raise_it_before_there_is_a_record(
    server: Running, agent: Agent, other: Agent
) -> None:
    who = roster(agent)[0]
    server.clock.ms = START + 20 * MINUTE
    agent.status(SESSION, {who: START + 5 * MINUTE}, watching_from=START)
    other.status(SESSION, {}, watching_from=START)
    assert SENTENCE not in page(server)
    other.status(SESSION, {who: START + 19 * MINUTE}, watching_from=START)
    agent.status(SESSION, {who: START + 5 * MINUTE}, watching_from=START)
    assert page(server).count(f"{SENTENCE}, lần đầu lúc 08:19") == 2
    other.status(SESSION, {}, watching_from=START)
    assert SENTENCE not in page(server)


def test_a_learner_of_two_courses_at_once_is_seen_in_both(
    server: Running, agent: Agent, other: Agent, tmp_path: Path
) -> None:
    """Somebody sits for him in the other course, held at the same time at the other bridge point."""
    text = write_course(tmp_path / "second.toml", code="K2").read_text(encoding="utf-8")
    text = text.replace('bridge_point = "TDM"', 'bridge_point = "BC"')
    (tmp_path / "second.toml").write_text(text, encoding="utf-8")
    server.load(tmp_path / "second.toml")
    who = roster(agent)[0]
    agent.presence(SESSION, who, START, START + 30 * MINUTE)
    other.presence("K2.1", who, START + 20 * MINUTE, START + 60 * MINUTE)
    server.clock.ms = END
    agent.send_all()
    other.send_all()
    for session in (SESSION, "K2.1"):
        server.services.watches.of(session).look(server.clock())
        assert f"{SENTENCE}, lần đầu lúc 08:20 24/11/2026, tất cả 11 phút" in page(server, f"/sessions/{session}")
        course = server.services.books.of(session).state(server.clock()).facts.course
        assert SENTENCE in page(server, f"/courses/{course}")
    assert len(notices(server)) == 1
