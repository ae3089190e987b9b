"""Records whose times contradict what the server had received before them: put in later, or a fault. Pure.

The ledger holds them as the device signed them, so they are no finding against it; a person looks at them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping

from central_server.participation.clocks import Clocks
from central_server.proof.evidence import LogEvidence
from central_server.web.figures import day, second_time
from models.brackets import Bracket, LogOrder, Misfit
from models.participation import FAR
from models.records import AnyRecord

Notice = tuple[str, str]
"""A sentence in Vietnamese and in English."""


class Came:
    """All records, by device, as they came."""

    def __init__(self) -> None:
        self.clocks = Clocks()
        self.devices: dict[str, list[tuple[int, AnyRecord]]] = {}
        """Each record with the server time (ms) at which its batch was received; those of one log in order."""
        self._ends: tuple[LogEvidence, list[int]] | None = None

    def add(self, log: LogEvidence, record: AnyRecord) -> None:
        """Take a record of a log in; those of one log in order. Without a checkpoint nobody knows when it came."""
        if self._ends is None or self._ends[0] is not log:
            self._ends = log, [one.seq for one in log.signed]
        self.clocks.learn(record)
        at = bisect_left(self._ends[1], record.seq)
        if at < len(log.signed):
            self.devices.setdefault(log.device, []).append((log.signed[at].received_at, record))


def misfits(came: Came, joined: Mapping[str, int]) -> list[Notice]:
    """What is to be told. joined: when each device had joined (server time, ms)."""
    notices = []
    for device, records in sorted(came.devices.items()):
        for run in _runs(_placed(came.clocks, records, joined.get(device, -FAR))):
            notices.append(_notice(run))
    return notices


_Misplaced = tuple[AnyRecord, tuple[int, int], Bracket, Misfit]


def _placed(clocks: Clocks, records: list[tuple[int, AnyRecord]], joined: int) -> Iterator[_Misplaced]:
    """The records that don't fit, in the order in which they came. A log goes on where the others of its device were
    when it began."""
    orders: dict[str, LogOrder] = {}
    for received, record in sorted(records, key=lambda one: one[0]):  # stable: each log stays in order
        order = orders.get(record.log)
        if order is None:
            before = [other.acknowledged_before(received) for other in orders.values()]
            order = orders[record.log] = LogOrder(max([joined, *before]))
        told = clocks.told(record)
        bracket = order.place(told[1] if told else None, received)
        misfit = bracket.misfit(*told) if told else None
        if told and misfit:
            yield record, told, bracket, misfit


def _runs(some: Iterator[_Misplaced]) -> Iterator[list[_Misplaced]]:
    """Records that follow each other in one batch, with the same fault, are told of together."""
    run: list[_Misplaced] = []
    for one in some:
        if run:
            last, _, bracket, misfit = run[-1]
            if (one[0].log, one[0].seq, one[2], one[3]) != (last.log, last.seq + 1, bracket, misfit):
                yield run
                run = []
        run.append(one)
    if run:
        yield run


def _notice(run: list[_Misplaced]) -> Notice:
    (first, _, bracket, misfit), last = run[0], run[-1][0]
    number = str(first.seq) if len(run) == 1 else f"{first.seq}–{last.seq}"
    start, end = _dated(min(told[0] for _, told, _, _ in run)), _dated(max(told[1] for _, told, _, _ in run))
    after, before = _dated(bracket.after), _dated(bracket.before)
    told_vi = f"Bản ghi {number} trong nhật ký {first.log} của thiết bị {first.device} nói về {start} – {end}"
    told_en = f"Record {number} of log {first.log} of device {first.device} tells of {start} – {end}"
    if misfit == "backdated":
        return (
            f"{told_vi}, nhưng theo biên nhận chỉ có thể được tạo từ {after} đến {before}: cần người xem lại.",
            f"{told_en}, but by the receipts it was made between {after} and {before}: for a person to look at.",
        )
    return (
        f"{told_vi}, nhưng máy chủ đã nhận lúc {before}: cần người xem lại.",
        f"{told_en}, but the server had received it at {before}: for a person to look at.",
    )


def _dated(ms: int) -> str:
    return f"{second_time(ms)} {day(ms)}"
