"""Pure: each alarm has one thing that can be pressed, and each thing that can be pressed is there."""

from __future__ import annotations

import dataclasses
import re

import msgspec
import pytest

from bridge_agent.alarms import Fault
from bridge_agent.console.acts import ACTS as ROUTES
from bridge_agent.console.rendering import HERE
from bridge_agent.health import lights as lights_module
from bridge_agent.health import remedies
from bridge_agent.health.checklist import Facts, Tried, checklist, undone
from bridge_agent.health.day import faults_of
from bridge_agent.health.lights import Situation, lights
from bridge_agent.health.remedies import ACTS, QUIET, REMEDIES, SAVE_REPORT, Remedy, remedy
from bridge_agent.streaming.showing import StreamView
from models.health import Light
from tests.bridge_agent.console.scripted_desk import FACTS, MACHINE, MINUTE, START

ALL = [*REMEDIES.values(), *QUIET.values(), *(one for one in vars(remedies).values() if isinstance(one, Remedy))]


def test_every_alarm_has_a_remedy() -> None:
    assert set(REMEDIES) == lights_module.names()


def test_every_remedy_can_be_pressed_and_is_said_in_both_languages() -> None:
    for one in ALL:
        assert (one.act is None) != (one.link == ""), one
        assert all(one.label) and bool(one.safe[0]) == bool(one.safe[1])
        assert one.link == "" or one.link.startswith(("/setup/", "/report.zip", "#"))


def test_every_act_is_done_somewhere_and_pressed_somewhere() -> None:
    assert {f"/do/{act}" for act in ACTS} <= ROUTES.keys()
    templates = "".join(path.read_text(encoding="utf-8") for path in (HERE / "templates").iterdir())
    pressed = {one.act for one in ALL if one.act} | set(re.findall(r'data-act="/do/(\w+)"', templates))
    assert pressed == set(ACTS)
    anchors = {one.link[1:] for one in ALL if one.link.startswith("#")}
    assert anchors and all(f'id="{anchor}"' in templates for anchor in anchors)


def test_an_alarm_that_nobody_knows_asks_for_a_report() -> None:
    assert remedy("something new") is SAVE_REPORT


def test_what_needs_attention_without_an_alarm_is_shown_and_can_be_pressed() -> None:
    quiet = Situation({}, in_session=True, watching=False, stream=StreamView("lowered"), waiting=9, oldest_ms=700_000)
    shown = faults_of((), lights(quiet))
    assert [(one.part, one.remedy) for one in shown] == [(part, QUIET[part]) for part in ("camera", "stream", "log")]
    assert all(one.quiet for one in shown)
    told = {light.part for light in lights(quiet) if light.vi}
    assert told <= QUIET.keys()


def test_the_worst_comes_first_and_people_last() -> None:
    standing = tuple(Fault(name, name, name) for name in ("suspicion", "clock", "server"))
    alarms = {one.name: (one.vi, one.en) for one in standing}
    shining = lights(Situation(alarms, in_session=True, watching=True, stream=None, waiting=0, oldest_ms=0))
    assert [one.fault.name for one in faults_of(standing, shining)] == ["server", "clock", "suspicion"]


def test_of_faults_equally_bad_the_camera_comes_before_what_follows_from_it() -> None:
    standing = tuple(Fault(name, name, name) for name in ("server", "stream", "trouble camera_gone"))
    assert [one.fault.name for one in faults_of(standing, ())] == ["trouble camera_gone", "stream", "server"]


def facts(**changed: object) -> Facts:
    given = lights(Situation({}, in_session=False, watching=False, stream=None, waiting=0, oldest_ms=0))
    ready = dataclasses.replace(
        FACTS, now=START - 30 * MINUTE, lights={one.part: one for one in given}, watching=False,
        pictured=START - 40 * MINUTE, on_duty="Hoàng Văn Kỹ", sound=Tried(START - 35 * MINUTE, True),
        stream_tried=Tried(START - 35 * MINUTE, True),
    )  # fmt: skip
    return dataclasses.replace(ready, **changed)  # type: ignore[arg-type]  # a test's own choice of fields


def test_a_room_that_is_ready_has_nothing_left_to_do() -> None:
    checks = checklist(facts())
    assert [one.item for one in checks if one.state != "good"] == []
    assert undone(checks) == 0 and len({one.item for one in checks}) == len(checks) == 9


def test_sound_that_goes_by_another_system_is_not_asked_for() -> None:
    checks = checklist(facts(sound=None, sound_elsewhere=True))
    assert undone(checks) == 0 and checks[-1].item == "sound" and checks[-1].state == "off"


def bad(part: str) -> dict[str, Light]:
    light = Light(part=part, state="bad", vi="Hỏng.", en="Broken.")
    return {**facts().lights, part: light}


@pytest.mark.parametrize(
    ("item", "changed"),
    [
        ("camera", {"pictured": None}),
        ("camera", {"pictured": START - 95 * MINUTE}),
        ("camera", {"lights": bad("camera")}),
        ("faces", {"blind": ("Chưa hiệu chỉnh.", "Not calibrated.")}),
        ("faces", {"lights": bad("faces")}),
        ("faces", {"nothing": 2}),
        ("stream", {"stream_tried": None}),
        ("stream", {"stream_tried": Tried(START - 35 * MINUTE, False)}),
        ("stream", {"lights": bad("stream")}),
        ("server", {"lights": bad("server")}),
        ("server", {"offset_ms": None, "trust": "unmeasured"}),
        ("server", {"trust": "skewed"}),
        ("log", {"lights": bad("log")}),
        ("log", {"machine": msgspec.structs.replace(MACHINE, disk_free=900_000_000)}),
        ("pc", {"machine": msgspec.structs.replace(MACHINE, plugged=False)}),
        ("pc", {"awake": False}),
        ("duty", {"on_duty": None}),
        ("consent", {"consent": False}),
        ("sound", {"sound": None}),
        ("sound", {"sound": Tried(START - 120 * MINUTE, True)}),
        ("sound", {"sound": Tried(START - 35 * MINUTE, False)}),
    ],
)
def test_each_check_that_is_not_good_has_a_sentence_and_a_way(item: str, changed: dict[str, object]) -> None:
    checks = checklist(facts(**changed))
    (left,) = [one for one in checks if one.state != "good"]
    assert left.item == item
    assert all(text.endswith(".") for text in left.said)
    assert left.remedy is not None
