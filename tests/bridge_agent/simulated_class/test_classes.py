from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.simulated_class.classes import Portrayed, Seat, hard, ordinary, seats_for, two_people
from bridge_agent.simulated_class.script import Dark, Frozen, Moved, Passing, ScriptError, check_script
from bridge_agent.simulated_class.truth import truth

CAST = [Portrayed(f"p{i}", (), Path(f"{i}.png")) for i in range(40)]


def total(spans: tuple[tuple[float, float], ...]) -> float:
    return sum(end - start for start, end in spans)


@given(
    st.integers(1, 34),
    st.sampled_from([(1920, 1080), (1280, 720), (3840, 2160)]),
    st.sampled_from([(60.0, 120.0), (48.0, 110.0), (40.0, 60.0)]),
)
def test_no_face_covers_another(count: int, size: tuple[int, int], faces: tuple[float, float]) -> None:
    try:
        seats = seats_for(count, size, faces)
    except ScriptError:
        assert size == (1280, 720)
        return
    assert len(seats) == count
    for n, seat in enumerate(seats):
        assert faces[0] - 0.1 <= seat.width <= faces[1] + 0.1
        assert 0.75 * seat.width <= seat.x <= size[0] - 0.75 * seat.width
        assert 1.2 * seat.width <= seat.y <= size[1] - 0.75 * seat.width
        assert not any(_overlap(seat, other) for other in seats[:n])


def _overlap(a: Seat, b: Seat) -> bool:
    """Whether the nearer head, with its hair, covers the other's face."""
    back, front = (a, b) if a.row < b.row else (b, a)
    beside = abs(a.x - b.x) >= 0.75 * (a.width + b.width)
    return not beside and back.y + 0.7 * back.width > front.y - 1.2 * front.width


@pytest.mark.parametrize(("count", "seconds"), [(12, 1200), (30, 1200), (30, 60), (12, 2700)])
def test_an_ordinary_class(count: int, seconds: float) -> None:
    script = ordinary(CAST[:count], CAST[30:31], seconds=seconds)
    check_script(script)
    known = truth(script)
    assert len(known.presence) == count and list(known.strangers) == ["p30"]
    spans = list(known.presence.values())
    assert any(s and s[0][0] > 0 for s in spans)
    assert any(len(s) == 1 and s[0][1] < seconds for s in spans)
    assert any(s == () for s in spans)
    assert any(s == ((0, seconds),) for s in spans)
    gaps = [s[1][0] - s[0][1] for s in spans if len(s) == 2]
    assert gaps and all(abs(gap - 300 * min(1, seconds / 1200)) <= 1 for gap in gaps)
    assert all(t == round(t) for s in spans for span in s for t in span)
    assert ordinary(CAST[:count], CAST[30:31], seconds=seconds) == script


def test_a_hard_class() -> None:
    script = hard(CAST[:30], CAST[30:32])
    check_script(script)
    known = truth(script)
    assert min(person.face_width for person in script.people) == 48
    assert set(known.strangers) == {"p30", "p31"}
    assert total(known.observable) == 1200 - 60 - 30
    assert {type(event) for event in script.events} == {Dark, Frozen}
    kinds = [type(action) for person in script.people for action in person.actions]
    assert len(set(kinds)) == 6 and kinds.count(Moved) == 2 and kinds.count(Passing) == 1
    with pytest.raises(ScriptError):
        hard(CAST[:3])


@pytest.mark.parametrize("seconds", [60, 90, 120])
def test_a_class_for_two(seconds: float) -> None:
    script = two_people(CAST[0], CAST[1], seconds=seconds)
    check_script(script)
    known = truth(script)
    first, second = known.presence["p0"]
    ((comes, goes),) = known.strangers["p1"]
    assert 0 < first[0] < 10 < comes < first[1] < second[0] < goes < second[1] < seconds
