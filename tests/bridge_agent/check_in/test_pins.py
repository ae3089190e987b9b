from __future__ import annotations

import asyncio

import pytest

from bridge_agent.check_in.desk import DeskError
from bridge_agent.check_in.pins import FREE_TRIES, LONGEST_PAUSE_MS, Lockout, Pins
from central_server.accounts import passwords
from tests.bridge_agent.check_in.office import phc


def tried(lockout: Lockout, who: str, now: int) -> bool:
    try:
        lockout.begin(who, now)
    except DeskError:
        return False
    return True


def test_five_wrong_tries_cost_a_minute_and_each_further_one_twice_as_much() -> None:
    lockout = Lockout()
    assert all(tried(lockout, "a", 0) for _ in range(FREE_TRIES))
    assert not tried(lockout, "a", 59_999)
    assert tried(lockout, "b", 0)  # another person is not kept waiting
    assert tried(lockout, "a", 60_000)
    assert not tried(lockout, "a", 179_999)
    assert tried(lockout, "a", 180_000)
    now = 180_000
    for _ in range(20):
        now += LONGEST_PAUSE_MS
        assert tried(lockout, "a", now)
    assert not tried(lockout, "a", now + LONGEST_PAUSE_MS - 1)


def test_a_right_pin_forgets_the_wrong_ones() -> None:
    lockout = Lockout()
    for _ in range(4):
        lockout.begin("a", 0)
    lockout.right("a")
    assert all(tried(lockout, "a", 0) for _ in range(FREE_TRIES))


async def test_tries_at_the_same_time_win_nothing() -> None:
    pins, right = Pins(), phc("123456")
    done = await asyncio.gather(*(pins.check("a", f"{n:06}", right, 0) for n in range(20)), return_exceptions=True)
    said = [str(error) for error in done]
    assert sum("không đúng" in one for one in said) == FREE_TRIES
    assert sum("quá nhiều lần" in one for one in said) == 20 - FREE_TRIES
    with pytest.raises(DeskError, match="quá nhiều lần"):
        await pins.check("a", "123456", right, 1)
    pins.close()


async def test_the_servers_own_hashes_are_read_and_the_loop_goes_on_meanwhile() -> None:
    pins, made = Pins(), passwords.hashed("48 15 16")
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.001)

    beating = asyncio.create_task(beat())
    await pins.check("a", " 48 15 16 ", made, 0)
    with pytest.raises(DeskError, match="không đúng"):
        await pins.check("a", "481516", made, 0)
    assert beats > 3
    beating.cancel()
    with pytest.raises(DeskError, match="chưa có mã PIN"):
        await pins.check("b", "1", None, 0)
    pins.close()
