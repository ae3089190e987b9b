"""A child process, as its owner's event loop hears it."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection

import pytest

from models.child_process import ChildProcess


def talk(conn: Connection, given: int) -> None:
    """Tell numbers as fast as the pipe takes them, until nobody reads."""
    try:
        while True:
            conn.send(given)
    except OSError:
        pass


def keep_quiet(conn: Connection, given: None) -> None:
    """Tell nothing until something is asked, then end."""
    conn.recv()


async def test_who_waits_for_an_event_can_be_cancelled_though_one_comes_at_the_same_time() -> None:
    child = ChildProcess[int, None]("talker", talk, 7)
    assert await child.event(30) == 7
    for _ in range(300):
        waiting = asyncio.ensure_future(child.event(30))
        await asyncio.sleep(0)
        if waiting.cancel():
            with pytest.raises(asyncio.CancelledError):
                await waiting
    child.kill()


async def test_a_silent_child_is_told_from_one_that_has_ended() -> None:
    child = ChildProcess[int, str]("silent", keep_quiet, None)
    with pytest.raises(TimeoutError):
        await child.event(0.05)
    child.tell("end")
    assert await child.event(30) is None
    assert await child.exit_code() == 0
