"""What was read of a session is let go when nobody asks for it any more: a server must not grow all day."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from central_server.participation.kept import IDLE_MS, Asked, Kept
from tests.central_server.running import MINUTE, START, running, write_course


@dataclass(frozen=True)
class One:
    """What is kept of a session."""

    session: str
    asked: Asked


def test_a_session_that_is_asked_stays_and_one_that_is_not_goes() -> None:
    kept = Kept(One, most=9)
    first, second = kept.of("a"), kept.of("b")
    first.asked(START)
    second.asked(START + IDLE_MS)
    assert kept.of("a") is first and kept.of("b") is second
    second.asked(START + IDLE_MS + 1)
    assert kept.of("b") is second
    assert kept.of("a") is not first


def test_one_that_was_let_go_may_still_be_asked_by_who_holds_it() -> None:
    kept = Kept(One, most=9)
    first, second = kept.of("a"), kept.of("b")
    first.asked(START)
    second.asked(START + IDLE_MS + 1)
    first.asked(START + IDLE_MS + 2)
    assert kept.of("a") is not first


def test_a_new_one_is_not_let_go_before_it_was_asked() -> None:
    kept = Kept(One, most=9)
    new = kept.of("a")
    kept.of("b").asked(START)
    assert kept.of("a") is new


def test_of_too_many_the_one_that_was_looked_for_first_goes() -> None:
    kept = Kept(One, most=2)
    first, second = kept.of("a"), kept.of("b")
    kept.of("c")
    assert kept.of("b") is second and kept.of("a") is not first


def test_a_server_lets_go_of_the_sessions_of_the_morning(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        for code in ("K1", "K2"):
            server.load(write_course(tmp_path / f"{code}.toml", code=code))
        server.clock.ms = START + MINUTE
        of, now = server.services, server.clock()
        watch, book = of.watches.of("K1.1"), of.books.of("K1.1")
        assert watch.look(now).learners and book.state(now).learners
        held: list[Callable[[], object]] = [weakref.ref(watch), weakref.ref(book)]
        del watch, book
        live, other = of.watches.of("K2.1"), of.books.of("K2.1")
        for passed in (0, IDLE_MS, IDLE_MS + 1):  # as a live page goes on asking
            live.look(now + passed)
            other.state(now + passed)
        gc.collect()
        assert [one() for one in held] == [None, None]
