"""Fill a server that runs with the province, then play its live session until somebody ends it.

python -m deploy.demo.province --data FOLDER --address http://… [--once]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bridge_agent.errors import ServerAwayError
from central_server.database import Writer, open_database
from deploy.demo.province.filling import Held, fill_plan, join_points, rooms
from deploy.demo.province.past import PastClock, past_server
from deploy.demo.province.plan import DAY, MINUTE, province
from deploy.demo.province.reports import fill_reports
from deploy.demo.province.room import DETECTOR, ENCODER
from models.presence import GAP_MS
from models.wire import LivePresence, LiveStatus, LiveUnobserved

STATUS_S = 5.0
SEALED_AFTER = 6 * MINUTE
"""So long after a session's end its seal is at the server."""


def main() -> int:
    """Fill and play."""
    parser = argparse.ArgumentParser(prog="deploy.demo.province", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the server's data folder")
    parser.add_argument("--address", required=True, help="where the server answers")
    parser.add_argument("--once", action="store_true", help="fill, tell each status once, and end")
    args = parser.parse_args()
    if hasattr(os, "nice"):
        os.nice(10)  # whoever watches the demo's class comes first
    asyncio.run(run(args.data, args.address, once=args.once))
    return 0


def now_ms() -> int:
    """This PC's time, which the demo's server shares."""
    return time.time_ns() // 1_000_000


async def run(data: Path, address: str, *, once: bool) -> None:
    """Plan first, so that the pages have something to show; then the past as it came; then the live session."""
    begin, now = time.monotonic(), now_ms()
    where = province(now)
    engine = open_database(data / "diemdanh.db")
    try:
        with Writer(engine) as writer:
            await asyncio.to_thread(fill_plan, writer, where, now)
            await asyncio.to_thread(fill_reports, writer, where, now)
            _say(f"{len(where.classes)} lớp, {len(where.people)} học viên", begin)
            recorded = [one for each in where.classes for one in each.meetings if one.recorded]
            clock = PastClock(min(one.start for one in recorded) - DAY)
            with past_server(data, clock) as past:
                seats = await join_points(writer, past, where, clock())
                held = list(rooms(engine, where, seats))
                for one in held:
                    if one.meeting.id != where.live:
                        clock.on_to(one.meeting.end + SEALED_AFTER)
                        await one.tell(clock())
    finally:
        engine.dispose()
    for seat in seats:
        await seat.come_to(address)
    live = [one for one in held if one.meeting.id == where.live]
    await _tell(live, now)
    _say(f"{sum(seat.seq for seat in seats)} bản ghi của {len(seats)} điểm cầu", begin)
    while not once and now_ms() < live[0].meeting.end + 10 * MINUTE:
        await asyncio.sleep(STATUS_S)
        with suppress(ServerAwayError):  # a server that is started anew: told at the next turn
            await _tell(live, now_ms())
    for seat in seats:
        await seat.server.close()


async def _tell(live: Sequence[Held], now: int) -> None:
    """One status of every bridge point of the live session, and what has become a record."""
    for n, one in enumerate(live):
        await one.tell(now)
        status = _status(one, now, n)
        if status is not None:
            await one.seat.server.send_status(status)


def _status(one: Held, now: int, number: int) -> LiveStatus | None:
    """What a bridge point's agent says now; one has lost its line."""
    if number == 2:
        return None
    spans = [(start, end) for start, end, _ in one.room.watched if start <= now < end]
    present = []
    for start, _ in spans:
        for who in one.room.there:
            for low, high in one.room.seen(who, now):
                if high > start and high >= now - GAP_MS:
                    present.append(LivePresence(learner=who, start=max(low, start), last=high))
    known, by_card = one.room.here(now)
    vouched = tuple(
        who
        for who, card in one.room.cards.items()
        if card.checked_in <= now and any(start <= now < end for start, end in one.room.there[who])
    )
    strangers = 1 if number == 4 else 0
    alarms = ("Ánh sáng trong phòng yếu, hai chỗ ngồi cuối phòng khó nhận diện. Hãy bật thêm đèn.",)
    return LiveStatus(
        session=one.meeting.id,
        at=now,
        watching_from=spans[0][0] if spans else None,
        watching_to=now if spans else None,
        present=tuple(present),
        unknown=by_card + strangers if spans else 0,
        people=known + by_card + strangers if spans else 0,
        vouched=vouched,
        unobserved=tuple(
            LiveUnobserved(learner=who, start=one.room.cards[who].confirmed_to(now), last=now, why="unconfirmed")
            for who in vouched
        ),
        sweep_ms=1000 if spans else 0,
        waiting=143 if number == 5 else 0,
        detector=DETECTOR,
        encoder=ENCODER,
        alarms=alarms if number == 1 else (),
    )


def _say(what: str, begin: float) -> None:
    print(f"{what}; {time.monotonic() - begin:.1f} s", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
