from hypothesis import given
from hypothesis import strategies as st

from calibration.clock import Asked, measure


@given(
    st.integers(-100_000, 100_000),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=20),
)
def test_the_true_offset_lies_within_the_uncertainty_however_lopsided_the_line(
    offset: int, ways: list[tuple[int, int]]
) -> None:
    """The way there and back take as long as they like; the server reads its clock in between."""
    asked = []
    for i, (there, back) in enumerate(ways):
        sent = 1_000 * i
        wall = 50_000_000 + sent + there + back
        asked.append(Asked(sent, sent + there + back, wall, 50_000_000 + sent + there + offset))
    part = measure(asked, 1, "https://server")
    assert part.offset is not None and part.uncertainty is not None
    assert abs(part.offset - offset) <= part.uncertainty + 1
    assert part.uncertainty <= min(there + back for there, back in ways) / 2 + 1


def test_a_clock_that_is_behind_is_told_and_what_to_do() -> None:
    skewed = measure([Asked(0, 20, 1_000_000, 1_005_000)], 1, "s")
    assert skewed.trust == "skewed" and skewed.offset == 5_010 and skewed.uncertainty == 10
    assert "5.010 s behind" in skewed.sentences[0].en and "chậm 5,010 giây" in skewed.sentences[0].vi
    assert "automatic time" in skewed.sentences[1].en
    good = measure([Asked(0, 20, 1_000_000, 1_000_000)], 1, "s")
    assert good.trust == "good" and len(good.sentences) == 1
    assert "set this PC's clock" in measure([Asked(0, 20, 1_000_000, 2_000_000)], 1, "s").sentences[1].en


def test_without_an_answer_the_clock_is_unmeasured() -> None:
    assert measure([], 1, "s").trust == "unmeasured" and measure([], 1, "s").offset is None


def test_when_the_clock_was_set_in_between_the_shortest_way_counts() -> None:
    part = measure([Asked(0, 10, 1_000_000, 1_000_000), Asked(1_000, 1_100, 1_500_000, 1_001_000)], 1, "s")
    assert part.offset == 5 and part.uncertainty == 5
