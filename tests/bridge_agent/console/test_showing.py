"""The headcount and who is asked, read from the view."""

from __future__ import annotations

import pytest

from bridge_agent.check_in.desk import DutyPerson, Outcome, Presence
from bridge_agent.console import showing
from tests.bridge_agent.console.scripted_desk import MINUTE, START, ScriptedDesk


@pytest.fixture
def desk() -> ScriptedDesk:
    desk = ScriptedDesk()
    desk.on_duty()
    return desk


def test_the_headcount_is_said_as_people_say_it(desk: ScriptedDesk) -> None:
    desk.set_session(people=28, known=27, unknown=1)
    session = desk.view().session
    assert session
    assert showing.headcount(session) == ("28 người, 27 đã biết, 1 không quen", "28 people, 27 known, 1 unknown")


def test_every_learner_counts_once_in_the_summary(desk: ScriptedDesk) -> None:
    every: list[Presence] = ["present", "away", "vouched", "not_yet", "unobserved"]
    for number, presence in enumerate(every):
        desk.set_row(f"l{number}", presence=presence)
    session = desk.view().session
    assert session
    summary = showing.summary(session.rows)
    assert [count for _, count, _ in summary] == [1, 1, 1, 4, 1]
    assert {look for look, _, _ in summary} == {"seen", "not_seen", "not_yet", "not_observed"}


def test_those_who_are_asked_come_in_the_order_of_their_time(desk: ScriptedDesk) -> None:
    desk.set_row("l1", spot_check_until=START + 9 * MINUTE)
    desk.set_row("l5", spot_check_until=START + 8 * MINUTE)
    assert [row.learner for row in showing.asked(desk.view().session)] == ["l5", "l1"]
    assert showing.asked(None) == []


def test_no_enrolment_without_text_and_witness(desk: ScriptedDesk) -> None:
    def step(done: Outcome | None = None) -> str:
        return showing.enrol_step(desk.view(), "l3", done)

    assert step() == "consent"
    desk.set(on_duty=DutyPerson("l0", "Nguyễn Thị Phương Thảo", True, True))
    assert step() == "deputy"
    desk.set(on_duty=None)
    assert step() == "no_duty"
    desk.set(consent=None)
    assert step() == "no_text"
    desk.on_duty()
    assert step() == "no_text"
    row = desk.set_row("l4")
    desk.set(enrolling=row)
    assert step() == "busy"
    desk.set(enrolling=desk.set_row("l3"))
    assert step() == "taking"
    desk.set(enrolling=None)
    assert step(desk.outcome("enrolled", row, None, "Xong.", "Done.")) == "done"
