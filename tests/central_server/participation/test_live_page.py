"""The live page of a session with many bridge points: what it lists, opens, finds and sends, and to whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook

from central_server.accounts.permission import Grant
from central_server.participation.finding import OPEN_ALL, PAGE
from tests.central_server.running import MINUTE, START, Agent, Running, join, running

SESSION = "L.1"
POINTS = 120
EACH = 3


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("large")
    text = '[course]\ncode = "L"\ntitle = "Lớp lớn"\n'
    for n in range(POINTS):
        text += f'[[bridge_points]]\ncode = "X{n:03d}"\nname = "Xã {n:03d}"\n'
    text += '[[sessions]]\ncode = "1"\ntitle = "Buổi 1"\nstart = 2026-11-24T08:00:00\nend = 2026-11-24T11:30:00\n'
    for n in range(POINTS * EACH):
        text += (
            f'[[learners]]\ncode = "H{n:04d}"\nname = "Đỗ Thị Hằng K{n}"\nunit = "Ủy ban {n % 7}"\nbirth_year = 1980\n'
            f'bridge_point = "X{n // EACH:03d}"\n'
        )
    course = folder / "course.toml"
    course.write_text(text, encoding="utf-8")
    with running(folder / "data") as server:
        server.load(course)
        server.clock.ms = START + 30 * MINUTE
        yield server


@pytest.fixture(scope="module")
def far(large: Running) -> Agent:
    """The agent of a bridge point that would stand on the last page by name."""
    agent = join(large, "X119")
    large.clock.ms += 6000  # the plan, devices too, is looked at every five seconds
    agent.status(SESSION, {agent.today().sessions[0].learners[0].id: START}, watching_from=START)
    return agent


def ids(html: str, kind: str) -> list[str]:
    return re.findall(rf'id="{kind}-([^"]+)"', html)


def test_a_page_lists_some_bridge_points_and_renders_no_learner(large: Running) -> None:
    assert POINTS * EACH > OPEN_ALL
    html = large.get(f"/sessions/{SESSION}").text
    assert len(ids(html, "point")) == PAGE
    assert ids(html, "learner") == []
    assert "1–50" in html and f"trong {POINTS}" in html
    pages = [ids(large.get(f"/sessions/{SESSION}?page={n}").text, "point") for n in (1, 2, 3)]
    assert len({id_ for some in pages for id_ in some}) == POINTS
    assert ids(large.get(f"/sessions/{SESSION}?page=999").text, "point") == pages[-1]


def test_trouble_comes_first_and_can_be_asked_for(large: Running, far: Agent) -> None:
    first = ids(large.get(f"/sessions/{SESSION}").text, "point")
    assert far.bridge_point not in first  # the only one that is well
    assert ids(large.get(f"/sessions/{SESSION}?trouble=good").text, "point") == [far.bridge_point]
    assert "Không tìm thấy" in large.get(f"/sessions/{SESSION}?trouble=attention").text
    assert large.get(f"/sessions/{SESSION}?trouble=else").status_code == 422


@pytest.mark.parametrize("text", ["xã x119", "X119", "hang k359", "HẰNG K359", "h0359 uy ban 1980"])
def test_the_search_finds_any_bridge_point_and_learner(large: Running, far: Agent, text: str) -> None:
    html = large.get(f"/sessions/{SESSION}?text={text}").text
    assert ids(html, "point") == [far.bridge_point]
    assert len(ids(html, "learner")) == (0 if text.lower() in ("xã x119", "x119") else EACH)


def test_a_bridge_point_opens_with_and_without_script(large: Running, far: Agent) -> None:
    people = [who.id for who in far.today().sessions[0].learners]
    html = large.get(f"/sessions/{SESSION}?trouble=good&open={far.bridge_point}").text
    assert sorted(ids(html, "learner")) == sorted(people)
    part = large.get(f"/sessions/{SESSION}/points/{far.bridge_point}")
    assert sorted(ids(part.text, "learner")) == sorted(people)
    assert "<html" not in part.text
    assert large.get(f"/sessions/{SESSION}/points/p-none").status_code == 404


def messages(client: httpx.Client, path: str, count: int = 3) -> str:
    """The first messages of a stream: the head at once, what nobody else shows within a second."""
    with client.stream("GET", path) as answer:
        text = ""
        for block in answer.iter_text():
            text += block
            if text.count("\n\n") >= count:
                return text
    raise AssertionError("the stream ended")


def test_a_stream_tells_of_what_its_page_shows_and_nothing_else(large: Running, far: Agent) -> None:
    html = large.get(f"/sessions/{SESSION}?trouble=good&open={far.bridge_point}").text
    address = re.search(r'hx-sse:connect="([^"]+)"', html)
    assert address
    plan = re.search(r"since=([0-9a-f]+)-", address[1])
    assert plan
    # Without a version of this server the whole page is sent: all of its parts, and no other.
    path = re.sub(r"since=[^&]+", f"since={plan[1]}-other-1", unescape(address[1]))
    told = messages(large.manager(), path)
    assert ids(told, "point") == [far.bridge_point]
    assert len(ids(told, "learner")) == EACH
    assert 'hx-target="#headline"' in told


def test_a_technician_sees_his_own_bridge_point_only(large: Running, far: Agent, tmp_path: Path) -> None:
    large.account("ky-thuat", Grant("technician", bridge_point=far.bridge_point))
    client = large.signed_in("ky-thuat")
    people = {who.id for who in far.today().sessions[0].learners}
    html = client.get(f"/sessions/{SESSION}?text=hang").text
    assert ids(html, "point") == [far.bridge_point]
    assert set(ids(html, "learner")) == people
    figures = client.get(f"/api/sessions/{SESSION}/participation").json()
    assert {one["id"] for one in figures["learners"]} == people
    (tmp_path / "sheet.xlsx").write_bytes(client.get(f"/sessions/{SESSION}/sheet.xlsx").content)
    written = load_workbook(tmp_path / "sheet.xlsx").active
    assert written is not None
    rows = [row for row in written.iter_rows(values_only=True) if row[0]]
    assert len([row for row in rows if isinstance(row[0], int)]) == EACH
    assert client.get(f"/sessions/{SESSION}/sheet.csv").text.count("Đỗ Thị Hằng") == EACH
    other = ids(large.get(f"/sessions/{SESSION}").text, "point")[0]
    assert client.get(f"/sessions/{SESSION}/points/{other}").status_code == 404
    told = messages(client, f"/sessions/{SESSION}/events?points={other},{far.bridge_point}&open={other}")
    assert ids(told, "point") == [far.bridge_point]
    assert ids(told, "learner") == []
