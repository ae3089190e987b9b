"""What people are told of the stream."""

from __future__ import annotations

from typing import get_args

import pytest

from bridge_agent.streaming import showing
from bridge_agent.streaming.messages import StreamState, Trouble
from bridge_agent.streaming.showing import ALARM_S

TROUBLES: tuple[Trouble, ...] = get_args(Trouble)


def state(trouble: Trouble | None = None, *, up: bool = False, step: int = 0, said: str = "") -> StreamState:
    return StreamState(1, up, 404, 15, step, trouble=trouble, vi=said, en=said)


GOES_ON = ("Việc điểm danh vẫn tiếp tục.", "Attendance goes on.")


@pytest.mark.parametrize("trouble", TROUBLES)
def test_every_trouble_has_words_and_says_that_attendance_goes_on(trouble: Trouble) -> None:
    said = showing.trouble(state(trouble, said="ENODEV."))
    assert said is not None
    for whole, plain, goes_on in zip(said, showing.TROUBLES[trouble], GOES_ON, strict=True):
        what, _, then = plain.partition(".")
        assert whole == f"{what} (ENODEV).{then} {goes_on}"
    assert showing.view(state(trouble), 1).light == "down"


def test_a_reason_of_several_sentences_stands_behind_what_is_wrong_without_brackets() -> None:
    said = showing.trouble(state("refused", said="It starts. Attendance goes on."))
    assert said is not None and said[1].startswith(
        "The server does not take this room's stream. It starts. Attendance goes on. The agent tries again"
    )


@pytest.mark.parametrize("trouble", sorted(set(TROUBLES) - {"no_picture"}))
@pytest.mark.parametrize("watching", [True, False])
def test_a_trouble_that_stands_becomes_an_alarm(trouble: Trouble, watching: bool) -> None:
    assert showing.alarm(state(trouble), ALARM_S - 0.1, watching=watching) is None
    assert showing.alarm(state(trouble), ALARM_S, watching=watching) == showing.trouble(state(trouble))


def test_without_a_picture_recognition_speaks_of_the_camera_and_the_stream_of_its_encoder() -> None:
    assert showing.alarm(state("no_picture"), 1000, watching=False) is None
    said = showing.alarm(state("no_picture"), ALARM_S, watching=True)
    assert said == showing.trouble(state("not_encoded"))
    assert said is not None and "restart the PC" in said[1]


def test_the_light_tells_of_a_weak_line_and_of_the_rate() -> None:
    assert showing.view(None, None).light == "waiting"
    assert showing.view(state(), None).light == "waiting"
    good, weak = showing.view(state(up=True), 5), showing.view(state(up=True, step=2), 5)
    assert (good.light, good.since, good.kbit_s, good.fps, good.why) == ("good", 5, 400, 15, None)
    assert weak.light == "lowered"
