"""Work beside requests goes on after any error, and says in the log that there was one."""

from __future__ import annotations

import logging
import threading

import pytest

from central_server.background import Background


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
