from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from models.presence import CUT_MS, GAP_MS, CoverageInterval, Interval, PresenceInterval, Recorder, recover

SECOND = 1000


def run(sightings: dict[str, set[int]], dark: set[int], seconds: int) -> list[Interval]:
    """Sweep once a second; `dark` seconds are not watched."""
    recorder, out = Recorder(), []
    watching = False
    for t in range(seconds):
        if t in dark:
            if watching:
                out += recorder.unwatch((t - 1) * SECOND, "dark")
            watching = False
            continue
        watching = True
        out += recorder.watch(t * SECOND)
        for learner, seen in sightings.items():
            if t in seen:
                out += recorder.sight(learner, t * SECOND, 0.7)
    return out + recorder.unwatch((seconds - 1) * SECOND, "stopped")


moments = st.sets(st.integers(0, 119), max_size=120)


@given(st.dictionaries(st.sampled_from("ab"), moments, max_size=2), st.sets(st.integers(0, 119), max_size=30))
def test_intervals_are_the_sightings_joined_over_short_gaps_and_never_leave_coverage(
    sightings: dict[str, set[int]], dark: set[int]
) -> None:
    out = run(sightings, dark, 120)
    coverage = [c for c in out if isinstance(c, CoverageInterval)]
    lit = sorted(set(range(120)) - dark)
    assert {t for c in coverage for t in range(c.start // SECOND, c.end // SECOND + 1)} == set(lit)
    for learner, seen in sightings.items():
        mine = [i for i in out if isinstance(i, PresenceInterval) and i.learner == learner]
        expected: list[list[int]] = []
        for t in sorted(seen - dark):
            unbroken = expected and all(u not in dark for u in range(expected[-1][-1], t))
            if unbroken and (t - expected[-1][-1]) * SECOND <= GAP_MS:
                expected[-1].append(t)
            else:
                expected.append([t])
        assert [(i.start, i.end, i.sightings) for i in mine] == [
            (run[0] * SECOND, run[-1] * SECOND, len(run)) for run in expected
        ]


@given(st.integers(601, 4000))
def test_a_long_stay_is_cut_every_ten_minutes_and_loses_nothing(seconds: int) -> None:
    out = run({"a": set(range(seconds))}, set(), seconds)
    mine = [i for i in out if isinstance(i, PresenceInterval)]
    assert all(i.end - i.start <= CUT_MS for i in mine)
    assert sum(i.end - i.start for i in mine) == (seconds - 1) * SECOND
    assert sum(i.sightings for i in mine) == seconds
    assert all(a.end == b.start for a, b in pairwise(mine))
    assert [c.ended_by for c in out if isinstance(c, CoverageInterval)][-1] == "stopped"


@given(st.dictionaries(st.sampled_from("ab"), moments, max_size=2), st.sets(st.integers(0, 119), max_size=30))
def test_no_beginning_of_the_intervals_makes_an_absence_of_a_presence(
    sightings: dict[str, set[int]], dark: set[int]
) -> None:
    out = run(sightings, dark, 120)
    for place, one in enumerate(out):
        if isinstance(one, CoverageInterval):
            later = [other for other in out[place:] if isinstance(other, PresenceInterval)]
            assert not [other for other in later if other.start < one.end and other.end > one.start]


def test_sightings_from_stale_frames_are_cut_off_at_the_last_live_one() -> None:
    recorder = Recorder()
    recorder.watch(0)
    recorder.sight("a", 0, 0.6)
    recorder.sight("a", 4000, 0.9)
    recorder.sight("b", 3000, 0.9)
    assert recorder.unwatch(2000, "frozen") == [
        PresenceInterval("a", 0, 2000, 2, 0.9),
        CoverageInterval(0, 2000, "frozen"),
    ]


def test_a_sighting_outside_coverage_is_nobodys_presence() -> None:
    recorder = Recorder()
    assert recorder.sight("a", 0, 0.9) == []
    recorder.watch(5000)
    recorder.sight("a", 4000, 0.9)
    assert recorder.present() == {}


def test_identity_that_is_settled_late_counts_from_its_first_sighting() -> None:
    recorder = Recorder()
    recorder.watch(0)
    recorder.watch(2000)
    recorder.sight("a", 2000, 0.6)
    recorder.sight("a", 0, 0.5)
    assert recorder.unwatch(2000, "stopped")[0] == PresenceInterval("a", 0, 2000, 2, 0.6)


def test_what_was_open_when_the_agent_died_closes_at_its_last_saved_sighting() -> None:
    recorder = Recorder()
    recorder.watch(0)
    recorder.sight("a", 0, 0.5)
    recorder.watch(9000)
    recorder.sight("a", 7000, 0.5)
    assert recover(recorder.state) == [PresenceInterval("a", 0, 7000, 2, 0.5), CoverageInterval(0, 9000, "crashed")]
    assert recover(Recorder().state) == []
