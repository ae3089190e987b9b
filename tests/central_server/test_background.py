"""Work beside requests goes on after any error, and says in the log that there was one."""

from __future__ import annotations

import functools
import logging
import threading

import pytest

from central_server.background import Background
from central_server.errors import UnavailableError
from central_server.works import Works


class Counting(Background):
    """Its first two turns fail, by an error that nobody thought of, whose message names somebody."""

    def __init__(self) -> None:
        super().__init__("counting", pause_s=0.001)
        self.turns = 0
        self.went_on = threading.Event()

    def _turn(self) -> float | None:
        self.turns += 1
        if self.turns <= 2:
            raise KeyError("Trần Thị Mai")
        self.went_on.set()
        return None if self.turns == 5 else 0.001


def test_a_turn_that_fails_is_told_without_names_and_the_next_one_comes(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), Counting() as work:
        assert work.went_on.wait(60)
        work._thread.join(60)
        assert not work._thread.is_alive() and work.turns == 5, "None: there is no more to do"
    told = [one.getMessage() for one in caplog.records]
    assert len(told) == 2
    assert all("work='counting' reason=KeyError at=test_background.py:" in one for one in told)
    assert "Mai" not in caplog.text


class Sweeping(Background):
    """Works on three things, of which one always fails."""

    def __init__(self, works: Works) -> None:
        super().__init__("sweeping", pause_s=0.001, works=works)
        self.done: list[str] = []
        self.tried = 0

    def _turn(self) -> float | None:
        for thing in ("a", "b", "c"):
            self._tried(thing, functools.partial(self._one, thing))
        return None if self.done.count("c") == 3 else 0.001

    def _one(self, thing: str) -> None:
        if thing == "b":
            self.tried += 1
            raise ValueError("Trần Thị Mai")
        self.done.append(thing)


def test_a_thing_that_always_fails_holds_up_no_other_and_waits_before_it_is_tried_again() -> None:
    works = Works(lambda: 7, lambda: 0.0)
    with Sweeping(works) as work:
        work._thread.join(60)
        assert not work._thread.is_alive()
    assert work.done == ["a", "c"] * 3 and work.tried == 1
    (found,) = works.failing()
    assert (found.work, found.since, found.things, found.kind) == ("sweeping", 7, 1, "ValueError")
    assert found.place.startswith("test_background.py:")


def test_what_fails_for_all_fails_the_turn() -> None:
    """Where the database can't be written, a thousand learners are not a thousand failures."""

    class Unwritable(Background):
        tried = 0

        def _turn(self) -> float | None:
            for thing in "abc":
                self._tried(thing, self._one)
            return None

        def _one(self) -> None:
            Unwritable.tried += 1
            self._end.set()
            raise UnavailableError("", "")

    works = Works(lambda: 7)
    with Unwritable("writing much", pause_s=0.001, works=works) as work:
        work._thread.join(60)
    assert Unwritable.tried == 1
    assert [one.work for one in works.failing()] == ["writing much"] and works.things("writing much") == set()
