"""Learners whom the records place at two bridge points in the same minute, in whatever sessions. Pure.

The ledger holds what the devices signed, so this is no finding against it; a person looks at them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from central_server.participation.clocks import Clocks
from central_server.participation.known_by import doubtful
from central_server.participation.twice import Stay, seen_twice
from central_server.proof.bracketing import Notice
from central_server.web.figures import day, second_time
from models.language import counted
from models.records import AnyRecord, CheckIn, Presence, Vouched


def at_two_points(records: Iterable[AnyRecord], clocks: Clocks, devices: Mapping[str, str]) -> list[Notice]:
    """What is to be told, by ids: a proof pack holds no names. devices: the bridge point of each."""
    notices = []
    for one in seen_twice(_stays(records, clocks, devices)):
        here, there = one.points
        when = f"{second_time(one.first)} {day(one.first)}"
        notices.append(
            (
                f"Học viên {one.learner} được ghi nhận ở cả hai điểm cầu {here} và {there} trong cùng một phút, lần "
                f"đầu {when}, tất cả {one.minutes} phút: cần người xem lại.",
                f"Learner {one.learner} was recorded at both bridge points {here} and {there} in the same minute, "
                f"first at {when}, {counted(one.minutes, 'minute')} in all: for a person to look at.",
            )
        )
    return notices


def _stays(records: Iterable[AnyRecord], clocks: Clocks, devices: Mapping[str, str]) -> Iterator[Stay]:
    """Where learners were, by records whose clock can be believed."""
    for record in records:
        if not isinstance(record, (Presence, Vouched, CheckIn)) or doubtful(clocks.trust(record)):
            continue
        start, end = (record.at, record.at) if isinstance(record, CheckIn) else (record.start, record.end)
        at = clocks.server_time(record, start), clocks.server_time(record, end)
        yield Stay(record.learner, devices.get(record.device, record.device), *at)
