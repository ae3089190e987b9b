from __future__ import annotations

import random

from bridge_agent.errors import IdentityError, RefusedError, ServerAwayError
from bridge_agent.sync import ASK_AGAIN_MS, FORK_WAIT_MS, LONGEST_WAIT_MS, REFUSED_WAIT_MS, Sync
from models.receipts import Receipt
from models.records import BATCH_LIMIT
from models.wire import Reason, Refusal
from tests.receipts import receipt_of


def made(acknowledged: int = 0) -> Sync:
    return Sync(acknowledged, 5_000, random.Random(1))


def receipt(seq: int, head: str = "0" * 64) -> Receipt:
    return receipt_of("d", "l", seq, head)


def refused(reason: Reason, wanted: int | None = None, fork: int | None = None) -> RefusedError:
    return RefusedError(Refusal(reason=reason, vi="không", en="no", wanted_seq=wanted, fork_seq=fork))


AWAY = ServerAwayError("vắng", "away")


def test_a_backlog_goes_batch_after_batch_then_waits_its_turn() -> None:
    sync = made()
    assert sync.batch(0, 0) is None
    assert sync.batch(0, 1_200) == (1, BATCH_LIMIT)
    assert sync.acknowledged(0, receipt(500), True, 1_200)
    assert sync.batch(0, 1_200) == (501, 1_000)
    assert sync.acknowledged(0, receipt(1_000), True, 1_200)
    assert sync.acknowledged(10, receipt(1_200), True, 1_200)
    assert sync.batch(11, 1_201) is None
    assert sync.batch(5_010, 1_201) == (1_201, 1_201)


def test_a_start_goes_on_after_what_was_acknowledged() -> None:
    assert made(7).batch(0, 9) == (8, 9)


def test_an_idle_agent_asks_at_the_start_and_then_now_and_again_whether_the_server_still_holds_all() -> None:
    sync = made(9)
    assert sync.batch(0, 9) == (9, 9)
    assert not sync.acknowledged(0, receipt(9), True, 9)  # nothing new to keep
    assert (sync.alarm, sync.batch(ASK_AGAIN_MS - 1, 9)) == (None, None)
    assert sync.batch(ASK_AGAIN_MS, 9) == (9, 9)
    sync.failed(ASK_AGAIN_MS, refused("gap", 4))  # restored from a backup
    assert (sync.held, sync.batch(ASK_AGAIN_MS, 9)) == (3, (4, 9))
    assert sync.acknowledged(ASK_AGAIN_MS, receipt(9), True, 9)
    sync.ask_again()
    assert sync.batch(ASK_AGAIN_MS + 5_000, 9) == (9, 9)


def test_a_log_without_records_asks_nothing() -> None:
    assert made(0).batch(0, 0, 1) is None
    assert made(40).batch(0, 40, 41) is None  # all of them let go


def test_a_server_that_wants_what_was_let_go_is_an_alarm() -> None:
    sync = made(100)
    assert sync.batch(0, 120, 50) == (101, 120)
    sync.failed(0, refused("gap", 41), 50)
    assert sync.alarm is not None
    assert "41" in sync.alarm.vi
    assert sync.batch(FORK_WAIT_MS - 1, 120, 50) is None


def test_without_the_server_it_tries_less_and_less_often_and_then_at_once() -> None:
    sync, now, waits = made(), 0, []
    for _ in range(12):
        assert sync.batch(now, 3) == (1, 3)
        sync.failed(now, AWAY)
        before = now
        while sync.batch(now, 3) is None:
            now += 100
        waits.append(now - before)
    assert waits[0] <= 1_000
    assert max(waits) <= LONGEST_WAIT_MS
    assert min(waits[8:]) >= LONGEST_WAIT_MS // 2
    assert len(set(waits[6:])) > 3  # jitter
    assert (sync.away, sync.alarm) == (True, None)
    assert sync.acknowledged(now, receipt(3), True, 3)
    assert (sync.away, sync.alarm) == (False, None)
    sync.failed(now, AWAY)
    assert sync.batch(now + 1_000, 4) == (4, 4)


def test_hurry_tries_now() -> None:
    sync = made()
    sync.failed(0, AWAY)
    assert sync.batch(1, 1) is None
    sync.hurry()
    assert sync.batch(1, 1) == (1, 1)


def test_a_gap_goes_back_to_the_seq_that_the_server_wants() -> None:
    sync = made(100)
    assert sync.batch(0, 120) == (101, 120)
    sync.failed(0, refused("gap", 41))
    assert sync.batch(0, 120) == (41, 120)
    sync.failed(0, refused("gap", 41))  # asking for what was just sent is no gap: no endless loop
    assert sync.batch(0, 120) is None
    assert sync.alarm is not None


def test_a_fork_alarms_and_is_tried_again_much_later() -> None:
    for sync in (made(), made()):
        assert sync.alarm is None
    sync = made()
    sync.failed(0, refused("fork"))
    assert sync.alarm is not None
    assert "chép sang máy khác" in sync.alarm.vi and "dừng một máy" in sync.alarm.vi and "gia nhập lại" in sync.alarm.vi
    assert sync.batch(FORK_WAIT_MS - 1, 1) is None
    assert sync.batch(FORK_WAIT_MS, 1) == (1, 1)
    sync = made()
    assert not sync.acknowledged(0, receipt(5), False, 5)
    assert sync.alarm is not None
    assert sync.batch(1, 5) is None
    sync = made()
    assert not sync.acknowledged(0, receipt(9), False, 5)  # the server holds more than we do
    assert sync.alarm is not None


def test_a_fork_before_the_batch_is_looked_for_until_its_record_is_named() -> None:
    sync = made(1_200)
    assert sync.batch(0, 1_200) == (1_200, 1_200)
    sync.failed(0, refused("fork", fork=0))
    assert sync.alarm is not None
    assert "số" not in sync.alarm.vi
    assert sync.batch(1, 1_200) == (700, 1_199)
    sync.failed(1, refused("fork", fork=700))  # the first of the batch: there may be more before it
    assert sync.batch(2, 1_200) == (200, 699)
    sync.failed(2, refused("fork", fork=321))
    assert sync.alarm is not None
    assert "từ bản ghi số 321" in sync.alarm.vi
    assert sync.batch(FORK_WAIT_MS + 1, 1_200) is None
    assert sync.batch(FORK_WAIT_MS + 2, 1_200) == (200, 699)


def test_a_log_that_was_cut_off_names_what_is_missing() -> None:
    sync = made(5)
    assert not sync.acknowledged(0, receipt(9), False, 5)
    assert sync.alarm is not None
    assert "from record 6 on" in sync.alarm.en


def test_too_large_is_halved_and_grows_again() -> None:
    sync = made()
    sync.failed(0, refused("too_large"))
    assert sync.batch(0, 1_000) == (1, BATCH_LIMIT // 2)
    assert sync.acknowledged(0, receipt(250), True, 1_000)
    assert sync.batch(0, 1_000) == (251, 750)


def test_other_refusals_alarm_until_a_receipt() -> None:
    for error in (refused("invalid"), IdentityError("lạ", "unknown")):
        sync = made()
        sync.failed(0, error)
        assert sync.alarm is not None
        assert sync.batch(REFUSED_WAIT_MS - 1, 1) is None
        assert sync.batch(REFUSED_WAIT_MS, 1) == (1, 1)
        assert sync.acknowledged(REFUSED_WAIT_MS, receipt(1), True, 1)
        assert sync.alarm is None


def test_a_clock_refusal_is_tried_again_soon_without_alarm() -> None:
    sync = made()
    sync.failed(0, refused("clock"))
    assert sync.alarm is None
    assert sync.batch(10_000, 1) == (1, 1)
