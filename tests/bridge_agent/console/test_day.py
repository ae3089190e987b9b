"""Pure: the verdict, the phase of the day and the figures, read from the view."""

from __future__ import annotations

import pytest

from bridge_agent.console import day
from bridge_agent.health.checklist import Tried
from bridge_agent.health.day import Kept, Planned
from bridge_agent.streaming.showing import StreamView
from tests.bridge_agent.console.scripted_desk import MINUTE, START, ScriptedDesk

HOUR = 60 * MINUTE


@pytest.fixture
def desk() -> ScriptedDesk:
    desk = ScriptedDesk()
    desk.on_duty()
    return desk


def level(desk: ScriptedDesk) -> str:
    return day.verdict(desk.view()).level


def test_all_is_well_only_when_the_room_is_watched_and_nothing_is_the_matter(desk: ScriptedDesk) -> None:
    assert level(desk) == "good"
    desk.set_session(unknown=1)
    assert level(desk) == "attention"
    desk.set_session(unknown=0)
    desk.set(on_duty=None)
    assert level(desk) == "attention"
    desk.on_duty()
    desk.alarm("clock", "Đồng hồ chậm.", "The clock is slow.")
    assert level(desk) == "attention"
    desk.alarm("server", "Mất kết nối.", "The server is away.")
    assert day.verdict(desk.view()) == day.Verdict(
        "failure", ("Máy chủ: xem việc cần làm bên dưới.", "Server: see what is to be done below.")
    )
    desk.over("server")
    desk.set_session(watching=False)
    assert level(desk) == "failure"


def test_without_a_session_all_is_well_unless_something_is_wrong(desk: ScriptedDesk) -> None:
    desk.set(session=None, on_duty=None)
    desk.situation(in_session=False, watching=False, stream=None)
    assert level(desk) == "good" and day.phase(desk.view()) == "none"
    desk.alarm("log", "Ổ đĩa đầy.", "The disk is full.")
    assert level(desk) == "failure"


def test_an_hour_before_what_is_left_to_do_is_the_verdict(desk: ScriptedDesk) -> None:
    desk.set_session(watching=False, unknown=3)
    desk.situation(in_session=False, watching=False, stream=None)
    desk.now = START - 61 * MINUTE
    assert (day.phase(desk.view()), level(desk)) == ("far", "good")
    assert "hôm nay lúc 08:00" in day.verdict(desk.view()).why[0]
    desk.now = START - 60 * MINUTE
    desk.facts(watching=False, pictured=desk.now, on_duty="x", sound=None, stream_tried=Tried(desk.now, True))
    assert day.phase(desk.view()) == "near"
    assert "Còn 1 việc phải làm trước buổi học lúc 08:00" in day.verdict(desk.view()).why[0]
    desk.facts(sound=Tried(desk.now, True))
    assert day.verdict(desk.view()) == day.Verdict(
        "good", ("Sẵn sàng cho buổi học lúc 08:00.", "Ready for the session at 08:00.")
    )


def test_a_session_that_has_just_ended_is_shown_for_an_hour(desk: ScriptedDesk) -> None:
    session = desk.view().session
    assert session
    over = Planned(session.session, session.course, session.title, session.start, session.end, 8)
    desk.set_day(sessions=(over.over(Kept(412, 412, 7, 218 * MINUTE), 20),))
    desk.set(session=None)
    desk.now = session.end + 59 * MINUTE
    assert day.phase(desk.view()) == "ended"
    assert "Hãy để máy bật" in day.verdict(desk.view()).why[0]
    desk.now = session.end + 60 * MINUTE
    assert day.phase(desk.view()) == "none"


def test_a_day_is_named_when_it_is_not_today() -> None:
    assert day.when(START + 24 * HOUR, START) == ("thứ Tư 25/11 lúc 08:00", "on Wednesday 25/11 at 08:00")
    assert day.when(START + HOUR, START) == ("hôm nay lúc 09:00", "today at 09:00")
    assert day.duration(208 * MINUTE) == ("3 giờ 28 phút", "3 h 28 min")


def test_each_light_has_its_number(desk: ScriptedDesk) -> None:
    stream = StreamView("good", None, START, 820, 15)
    desk.set(stream=stream)
    desk.situation(stream=stream, waiting=143, oldest_ms=90_000)
    view = desk.view()
    said = {light.part: day.figure(light.part, view) for light in view.day.lights}
    assert {part: one.said[0] for part, one in said.items()} == {
        "camera": "xem lại mỗi 1,0 giây", "faces": "6/8 có khuôn mặt", "stream": "820 kbit/giây, 15 hình/giây",
        "server": "trả lời lúc 08:05", "log": "143 bản ghi chờ gửi", "pc": "ổ đĩa còn 42 GB",
    }  # fmt: skip
    assert said["log"].since == view.now - 90_000


def test_those_whom_somebody_should_look_for_come_first(desk: ScriptedDesk) -> None:
    desk.set_row("l7", presence="away")
    desk.set_row("l6", presence="unobserved")
    desk.set_row("l0", presence="present")
    session = desk.view().session
    assert session
    learners = [row.learner for row in day.trouble_first(session.rows)]
    assert learners[:2] == ["l7", "l6"] and learners[-1] == "l0"
    assert sorted(learners) == sorted(row.learner for row in session.rows)
