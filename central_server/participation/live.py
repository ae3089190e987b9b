"""The live status: what agents know and their logs do not tell yet. In memory only; it fades when it grows stale."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from central_server.participation.known_by import Blind
from central_server.participation.twice import Stay
from models.wire import LiveStatus

STALE_MS = 15_000
"""Agents send every few seconds; without news for this long, nothing is known about a bridge point's present."""


@dataclass(frozen=True, slots=True)
class LiveReport:
    """A device's last status. Only what concerns a learner or session of its bridge point is ever used."""

    device: str
    bridge_point: str
    received_at: int
    """Server time, ms."""
    status: LiveStatus

    def fresh(self, now: int) -> bool:
        """Whether it still speaks of the present."""
        return now - self.received_at <= STALE_MS


class LiveBoard:
    """The last status of each device."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reports: dict[str, LiveReport] = {}
        self._growth = 0
        self._grown: dict[str, int] = {}
        self._told_by: dict[str, set[str]] = {}
        """By learner, the devices whose last statuses speak of him or her."""
        self._several: set[str] = set()
        """Learners of whom more than one device speaks."""

    def put(self, report: LiveReport) -> None:
        """Take a status in, unless a newer one is here already (requests may overtake each other)."""
        with self._lock:
            before = self._reports.get(report.device)
            if before is None or before.status.at <= report.status.at or not before.fresh(report.received_at):
                self._reports[report.device] = report
                self._note(report.device, before, report)

    def _note(self, device: str, before: LiveReport | None, now: LiveReport | None) -> None:
        old, new = learners_of(before), learners_of(now)
        for who in old - new:
            self._told_by[who].discard(device)
        for who in new - old:
            self._told_by.setdefault(who, set()).add(device)
        for who in old ^ new:
            if len(self._told_by[who]) > 1:
                self._several.add(who)
            else:
                self._several.discard(who)
                if not self._told_by[who]:
                    del self._told_by[who]

    def in_several_places(self, session: str, now: int) -> list[Stay]:
        """Where learners are now of whom several devices speak, at least one of them in this session."""
        with self._lock:
            stays = []
            for who in self._several:
                reports = [self._reports[device] for device in self._told_by[who]]
                fresh = [one for one in reports if one.fresh(now)]
                if any(one.status.session == session for one in fresh):
                    stays += [stay for one in fresh for stay in _stays(one, who)]
            return stays

    def records_came(self, device: str, now: int) -> None:
        """The device's log grew. A status gone stale has been overtaken by it, so what it said is dropped."""
        with self._lock:
            self._growth += 1
            self._grown[device] = self._growth
            report = self._reports.get(device)
            if report is not None and not report.fresh(now):
                del self._reports[device]
                self._note(device, report, None)

    def heard(self, device: str) -> int | None:
        """When the device last sent a status (server time, ms), as far as this is remembered."""
        with self._lock:
            report = self._reports.get(device)
            return report.received_at if report else None

    def grown(self, after: int) -> tuple[int, list[str]]:
        """The devices whose logs grew after a mark that an earlier call gave (0: ever), and the mark of now."""
        with self._lock:
            return self._growth, [device for device, mark in self._grown.items() if mark > after]

    def of(self, session: str) -> list[LiveReport]:
        """The statuses that speak of a session, fresh or stale."""
        with self._lock:
            return [report for report in self._reports.values() if report.status.session == session]


def unobserved(report: LiveReport) -> Iterator[tuple[str, Blind]]:
    """Of whom a status says that nothing can be known, and when. What it says of the future is cut."""
    status = report.status
    until = min(status.at if status.watching_to is None else status.watching_to, report.received_at)
    for one in status.unobserved:
        if one.start < min(one.last, until):
            yield one.learner, Blind(one.start, min(one.last, until), _known(one.why))


def _known(why: str) -> Literal["far_seat", "no_face", "unconfirmed"]:
    """What a newer agent calls otherwise is no face that could be told, too."""
    return "far_seat" if why == "far_seat" else "unconfirmed" if why == "unconfirmed" else "no_face"


def unobserved_now(report: LiveReport) -> set[str]:
    """Ids of the learners of whom a status says that nothing can be known now."""
    return {one.learner for one in report.status.unobserved if one.last >= report.status.at}


def learners_of(report: LiveReport | None) -> set[str]:
    """Ids of the learners whom a status says to be in the room."""
    return set() if report is None else {one.learner for one in report.status.present} | set(report.status.vouched)


def _stays(report: LiveReport, learner: str) -> list[Stay]:
    at = min(report.status.at, report.received_at)
    stays = [Stay(learner, report.bridge_point, at, at)] if learner in report.status.vouched else []
    for one in report.status.present:
        if one.learner == learner:
            last = min(one.last, at)
            stays.append(Stay(learner, report.bridge_point, min(one.start, last), last))
    return stays
