"""The steps come one after the other, survive a restart, and what is bad can't be accepted."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.setup.progress import STEPS, Light, Progress, ProgressFile, Result, Sentence, Step

LIGHTS: tuple[Light, ...] = ("good", "attention", "bad")


def result(light: Light = "good") -> Result:
    return Result(light=light, at=5, said=(Sentence(light, "Câu.", "A sentence."),), figures={"ms": 1.5})


@given(st.lists(st.tuples(st.sampled_from(STEPS[1:]), st.sampled_from(LIGHTS), st.booleans())), st.booleans())
def test_while_guided_nothing_opens_before_what_is_before_it_is_green(
    done: list[tuple[Step, Light, bool]], joined: bool
) -> None:
    progress = Progress(guided=True)
    for step, light, accept in done:
        progress = progress.with_result(step, result(light))
        if accept:
            progress = progress.accepting(step)
        assert progress.passed(step, joined) == (light == "good" or (light == "attention" and accept))
    open_ = [step for step in STEPS if progress.may_open(step, joined)]
    first = progress.first_open(joined)
    if not joined:
        assert open_ == ["join"] and first == "join"
    elif first is None or not progress.guided:
        assert open_ == list(STEPS)
    else:
        assert open_ == list(STEPS[: STEPS.index(first) + 1])
        assert all(progress.passed(step, joined) for step in open_[:-1])


def test_all_steps_once_end_the_guidance_for_good() -> None:
    progress = Progress(guided=True)
    for step in STEPS[1:]:
        assert progress.guided
        progress = progress.with_result(step, result())
    assert not progress.guided
    again = progress.with_result("camera", result(), outdates={"calibration": True, "sound": False})
    assert again.first_open(joined=True) == "calibration" and "sound" in again.results
    assert all(again.may_open(step, joined=True) for step in STEPS)  # one thing can be changed later


def test_a_pc_that_was_joined_by_command_may_open_any_step() -> None:
    assert all(Progress().may_open(step, joined=True) for step in STEPS)


def test_what_is_kept_is_read_again_and_damage_is_as_nothing(tmp_path: Path) -> None:
    file = ProgressFile(tmp_path / "setup.json")
    assert file.read() == Progress()
    progress = Progress(guided=True).with_result("camera", result("attention")).accepting("camera")
    file.write(progress)
    assert file.read() == progress
    assert file.path.stat().st_mode & 0o777 == 0o600
    file.path.write_bytes(file.path.read_bytes()[:40])
    assert file.read() == Progress()
