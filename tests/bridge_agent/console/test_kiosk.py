"""What the learners' page is told, and above all what it is not."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.console import kiosk
from tests.bridge_agent.console.scripted_desk import MINUTE, ScriptedDesk, rows

PEOPLE = rows()


@given(
    st.sampled_from(PEOPLE), st.sampled_from(["doubt", "refused", "admitted", "again"]), st.sampled_from(["vi", "en"])
)
def test_a_name_is_told_only_when_it_was_proved(row: object, kind: str, lang: str) -> None:
    desk = ScriptedDesk()
    desk.outcome(kind, row, "face", "Câu.", "Sentence.")  # type: ignore[arg-type]  # a Row
    told = msgspec.json.encode(kiosk.state(desk.view(), lang, None)["outcome"]).decode()  # type: ignore[arg-type]
    proved = kind in ("admitted", "again")
    for part in (row.name, row.unit, str(row.birth_year)):  # type: ignore[attr-defined]
        assert (part in told) is proved
    assert row.learner not in told.replace("null", "")  # type: ignore[attr-defined]


def test_a_doubt_is_answered_by_its_number_while_it_is_the_newest_and_young() -> None:
    desk = ScriptedDesk()
    first = desk.doubt("l1")
    assert kiosk.doubted(desk.view(), first.number) == "l1"
    assert kiosk.doubted(desk.view(), first.number + 1) is None
    assert kiosk.doubted(replace(desk.view(), now=desk.now + MINUTE + 1), first.number) is None
    desk.face("l0")
    assert kiosk.doubted(desk.view(), first.number) is None
    assert kiosk.doubted(desk.view(), first.number + 1) is None  # no doubt
    unknown = desk.doubt(None)
    assert kiosk.doubted(desk.view(), unknown.number) is None


@pytest.mark.parametrize("text", ["CC-0142", "cc-0142", "0142", "142"])
def test_a_code_is_known_with_or_without_its_letters(text: str) -> None:
    assert kiosk.read(text, PEOPLE) == kiosk.Typed("code", "l1")


def test_what_is_no_code_is_taken_for_a_card() -> None:
    assert kiosk.read("9900112233", PEOPLE) == kiosk.Typed("card")
    assert kiosk.read("CC-9999", PEOPLE) == kiosk.Typed("card")
    assert kiosk.read("142", ()) == kiosk.Typed("card")


def test_a_code_printed_on_the_card_of_somebody_without_a_pin_is_the_card() -> None:
    assert not PEOPLE[2].pin and PEOPLE[2].card
    assert kiosk.read("CC-0143", PEOPLE) == kiosk.Typed("card")


def test_figures_that_several_codes_share_ask_for_the_letters() -> None:
    twins = (PEOPLE[0], replace(PEOPLE[1], code="NV-0141"))
    assert kiosk.read("141", twins) == kiosk.Typed("several")
    assert kiosk.read("NV-0141", twins) == kiosk.Typed("code", "l1")


@given(st.text(max_size=64))
def test_whatever_is_typed_names_nobody_else(text: str) -> None:
    read = kiosk.read(text, PEOPLE)
    if read.kind == "code":
        code = next(row.code for row in PEOPLE if row.learner == read.learner)
        assert text.casefold() == code.casefold() or int(text) == int(code[3:])


def test_the_time_for_a_step_is_told_as_what_is_left() -> None:
    desk = ScriptedDesk()
    desk.set(purpose="check_in")
    desk.guide("challenge", "Quay trái", "Turn left", prompt="left", step=1, steps=3, until=desk.now + 2500)
    told = kiosk.state(desk.view(), "vi", None)["guidance"]
    assert (told["left_ms"], told["prompt"], told["sentence"]) == (2500, "left", "Quay trái")
    desk.now += 9000
    assert kiosk.state(desk.view(), "en", None)["guidance"]["left_ms"] == 0
    desk.set(purpose="enrol")
    assert kiosk.state(desk.view(), "en", None)["guidance"] is None
