from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.recognition.suspicions import QUIET_MS, Doubt, Suspicions
from bridge_agent.recognition.track import Seen

Alike = dict[str, float]


def told(
    *sweeps: list[tuple[str | None, Alike]], every: int = 1000, width: float = 60, frontal: bool = True
) -> list[Doubt]:
    suspicions = Suspicions(threshold=0.45, margin=0.05)
    out: list[Doubt] = []
    for n, faces in enumerate(sweeps):
        seen = [Seen(n * every, (200.0 * i, 0, width, width), None, frontal, f[0], 0.5) for i, f in enumerate(faces)]
        out += suspicions.sweep(n * every, seen, [face[1] for face in faces])
    return out


TWINS: list[tuple[str | None, Alike]] = [(None, {"a": 0.61, "b": 0.60, "c": 0.1})]
BOTH: list[tuple[str | None, Alike]] = [("a", {"a": 0.7, "b": 0.1}), (None, {"a": 0.55, "b": 0.1})]


def test_a_face_that_fits_two_learners_again_and_again_is_told_once_a_minute() -> None:
    assert told(TWINS, TWINS) == []
    assert told(*[TWINS] * 3) == [Doubt("lookalike", 2000, ("a", "b"))]
    assert [doubt.at for doubt in told(*[TWINS] * 130)] == [2000, 2000 + QUIET_MS, 2000 + 2 * QUIET_MS]


def test_two_faces_that_fit_one_learner_are_told() -> None:
    assert told(*[BOTH] * 4) == [Doubt("two_faces", 2000, ("a",))]


def test_also_at_the_slowest_pace() -> None:
    assert len(told(*[TWINS] * 4, every=5000)) == 1


def test_now_and_then_is_no_suspicion() -> None:
    calm: list[tuple[str | None, Alike]] = [("a", {"a": 0.8, "b": 0.2})]
    assert told(*(TWINS if n % 8 == 0 else calm for n in range(60))) == []


def test_who_is_told_from_a_lookalike_beside_is_no_doubt() -> None:
    beside: list[tuple[str | None, Alike]] = [("a", {"a": 0.70, "b": 0.67}), ("b", {"a": 0.6, "b": 0.75})]
    assert told(*[beside] * 10) == []


def test_small_and_turned_faces_prove_nothing() -> None:
    assert told(*[TWINS] * 10, width=47) == []
    assert told(*[TWINS] * 10, frontal=False) == []


def test_scores_below_the_threshold_fit_nobody() -> None:
    low: list[tuple[str | None, Alike]] = [(None, {"a": 0.46, "b": 0.44}), (None, {"a": 0.44, "b": 0.2}), (None, {})]
    assert told(*[low] * 10) == []


faces: st.SearchStrategy[list[tuple[str | None, Alike]]] = st.lists(
    st.tuples(st.none(), st.dictionaries(st.sampled_from("abc"), st.floats(-1, 1), min_size=1)), max_size=3
)


@given(st.lists(faces, max_size=100))
def test_the_same_doubt_never_comes_twice_within_a_minute(sweeps: list[list[tuple[str | None, Alike]]]) -> None:
    doubts = told(*sweeps)
    for doubt in doubts:
        same = [d.at for d in doubts if (d.kind, d.learners) == (doubt.kind, doubt.learners) and d.at != doubt.at]
        assert all(abs(at - doubt.at) >= QUIET_MS for at in same)
