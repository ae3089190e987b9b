"""What fails of the server's work: since when, tried again later and later, forgotten when it is well or gone."""

from __future__ import annotations

from central_server.works import AGAIN_S, COSTS, Works


class Time:
    """Both clocks."""

    def __init__(self) -> None:
        self.s = 1_000.0

    def works(self) -> Works:
        return Works(lambda: round(self.s * 1000), lambda: self.s)


def test_a_thing_is_tried_again_later_and_later_and_at_least_every_hour() -> None:
    time = Time()
    works = time.works()
    for pause in (*AGAIN_S, AGAIN_S[-1]):
        assert works.due("erasing", "a")
        works.failed("erasing", "KeyError", "x.py:1", "a")
        time.s += pause - 1
        assert not works.due("erasing", "a") and works.due("erasing", "b")
        time.s += 1
    (found,) = works.failing()
    assert found.since == 1_000_000, "it has not been well since"
    works.well("erasing", "a")
    works.failed("erasing", "KeyError", "x.py:1", "a")
    time.s += AGAIN_S[0]
    assert works.due("erasing", "a"), "it begins anew"


def test_things_are_counted_by_work_and_the_longest_comes_first() -> None:
    time = Time()
    works = time.works()
    works.failed("settling", "A", "a.py:1", "c1")
    time.s += 1
    works.failed("erasing", "B", "b.py:2", "l1")
    works.failed("settling", "C", "c.py:3", "c2")
    assert [(one.work, one.since, one.things) for one in works.failing()] == [
        ("settling", 1_000_000, 2), ("erasing", 1_001_000, 1),
    ]  # fmt: skip
    works.failed("settling", "D", "d.py:4", "c1")
    assert (works.failing()[0].kind, works.failing()[0].place) == ("D", "d.py:4"), "of the last error"
    works.keep_only("settling", {"c2"})
    assert [(one.work, one.things) for one in works.failing()] == [("erasing", 1), ("settling", 1)]
    works.keep_only("erasing", {"l1"})
    assert works.things("erasing") == {"l1"}


def test_what_ends_again_and_again_is_not_well_because_it_has_just_begun() -> None:
    time = Time()
    works = time.works()
    works.failed("relay", "lost", calm_s=30)
    time.s += 5
    works.well("relay", calm_s=30)
    time.s += 20
    works.failed("relay", "lost", calm_s=30)
    assert [one.since for one in works.failing()] == [1_000_000]
    works.well("relay", calm_s=30)
    time.s += 59
    assert works.failing()
    time.s += 2
    assert works.failing() == ()
    works.well("relay", calm_s=30)
    assert works.failing() == ()


def test_every_sentence_says_what_to_do() -> None:
    works = Time().works()
    for work in (*COSTS, "something new"):
        works.failed(work, "KeyError")
    for one in works.failing():
        vi, en = one.said
        assert "Hãy" in vi and ("See" in en or "Check" in en or "Run" in en), one.work
