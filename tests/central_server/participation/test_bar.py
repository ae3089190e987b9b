from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from central_server.participation.bar import class_slices, presence_bar
from central_server.participation.state import SessionState
from models.records import CheckIn
from tests.central_server.running import MINUTE, START, Agent, Running

END = START + 210 * MINUTE


def drawn(server: Running, agent: Agent) -> tuple[SessionState, list[ET.Element]]:
    who = agent.today().sessions[0].learners[0].id
    agent.add(
        CheckIn, session="K1.1", learner=who, at=START + 21 * MINUTE, method="room_camera", score=0.7, encoder="x"
    )
    agent.coverage("K1.1", START, START + 42 * MINUTE, "dark")
    agent.coverage("K1.1", START + 63 * MINUTE, START + 90 * MINUTE)
    agent.presence("K1.1", who, START + 21 * MINUTE, START + 42 * MINUTE)
    agent.presence("K1.1", who, START + 63 * MINUTE, START + 90 * MINUTE)
    agent.send_all()
    server.clock.ms = END
    state = server.services.books.of("K1.1").state(END)
    (one,) = [one for one in state.learners if one.facts.id == who]
    svg = presence_bar(state.facts, one, "vi")
    return state, list(ET.fromstring(svg).iter())  # noqa: S314 - our own picture


def percent(element: ET.Element, name: str) -> float:
    return float(element.attrib[name].removesuffix("%"))


def test_every_piece_lies_where_its_time_lies_and_says_how_it_is_known(server: Running, agent: Agent) -> None:
    _, elements = drawn(server, agent)
    pieces = [one for one in elements if "piece" in one.attrib.get("class", "")]
    found: list[tuple[Any, ...]] = [
        (one.attrib["class"].split()[1], percent(one, "x"), percent(one, "width"), one.attrib["data-evidence"])
        for one in pieces
    ]
    assert [one[:3] for one in found] == [
        ("not_seen", 0, 10),
        ("seen", 10, 10),
        ("not_observed", 20, 10),
        ("seen", 30, 12.86),
        ("not_observed", 50, 50),
    ]
    assert found[0][3] == "08:00:00–08:21:00 vắng mặt: máy quay ghi nhận, không nhìn thấy học viên"
    assert "có mặt: nhìn thấy 1.260 lần trong 1 bản ghi, giống nhất 0,71 (intel)" in found[1][3]
    assert found[2][3].endswith("không xác định: hình quá tối")
    breaks = [one for one in elements if one.attrib.get("class") == "break"]
    assert [(percent(one, "x1"), percent(one, "x2")) for one in breaks] == [(42.86, 50)]
    (tick,) = [one for one in elements if one.attrib.get("class") == "tick"]
    assert percent(tick, "x") == 10
    assert "máy quay phòng học" in tick.attrib["data-evidence"]


def test_a_name_cannot_break_the_picture(server: Running, agent: Agent) -> None:
    state, elements = drawn(server, agent)
    assert elements[0].attrib["aria-label"].startswith(state.points[1].learners[0].facts.name)
    assert "48 phút" in elements[0].attrib["aria-label"]


def test_the_class_bar_adds_up(server: Running, agent: Agent) -> None:
    drawn(server, agent)
    now = server.services.watches.of("K1.1").look(END)
    slices = class_slices(now.expected, *now.columns, now.shown)
    assert slices
    for one in slices:
        assert abs(sum(share for _, share in one.shares) - 100) < 1e-6
    assert abs(sum(one.width for one in slices) - 195 / 210 * 100) < 1
