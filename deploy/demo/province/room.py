"""What happened in one room during one session: who came when, what went wrong, and the records of it. Pure, seeded."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from deploy.demo.province.cards import SHARE, CardLearner, Made, Pair, card_learner
from deploy.demo.province.plan import MINUTE, Meeting
from models.records import AnyRecord, CheckIn, Coverage, CoverageEnd, Headcount, OnDuty, Presence, ProfileUsed, Seal

CUT = 10 * MINUTE
EARLY = 12 * MINUTE
"""The agent watches so long before a session begins."""
ENCODER, DETECTOR = "retail-0095", "YuNet"
Fault = Literal["none", "dark", "power_cut", "frozen", "camera_gone"]
FAULTS: dict[Fault, float] = {"none": 16, "dark": 2, "power_cut": 1.5, "frozen": 1, "camera_gone": 1}
ENDS: dict[Fault, CoverageEnd] = {
    "dark": "dark", "power_cut": "crashed", "frozen": "frozen", "camera_gone": "camera_gone", "none": "stopped"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Room:
    """One room in one session. Times in ms of server time."""

    watched: tuple[tuple[int, int, CoverageEnd], ...]
    there: dict[str, tuple[Pair, ...]]
    """When each learner was in the room, whether watched or not."""
    cards: dict[str, CardLearner]
    """Those whom the camera does not know."""

    def here(self, at: int) -> tuple[int, int]:
        """How many learners are in the room whom the camera knows, and how many by card."""
        inside = [who for who, spans in self.there.items() if any(start <= at < end for start, end in spans)]
        by_card = sum(who in self.cards for who in inside)
        return len(inside) - by_card, by_card

    def seen(self, learner: str, until: int) -> Iterator[Pair]:
        """When the camera saw the learner, up to then: cut where the agent cuts."""
        if learner in self.cards:
            return
        for start, end in self.there[learner]:
            for a, b, _ in self.watched:
                if (low := max(start, a)) < (high := min(end, b, until)):
                    yield low, high


def room(meeting: Meeting, learners: Sequence[str], rng: random.Random, fault: Fault | None = None) -> Room:
    """What happened. learners: ids."""
    fault = fault or rng.choices(list(FAULTS), list(FAULTS.values()))[0]
    begin, end = meeting.start - EARLY, meeting.end + 4 * MINUTE
    spans: list[tuple[int, int, CoverageEnd]] = []
    if fault == "none":
        spans = [(begin, end, "stopped")]
    else:
        lost = meeting.start + rng.randrange(20, 120) * MINUTE
        back = lost + rng.randrange(8, 35) * MINUTE
        spans = [(begin, lost, ENDS[fault]), (back, end, "stopped")]
    watched = tuple(piece for span in spans for piece in _cut(*span))
    there = {who: _presence(meeting, rng) for who in learners}
    by_card = [who for who in learners if rng.random() < SHARE]
    cards = {who: one for who in by_card if (one := card_learner(meeting, there[who], rng)) is not None}
    return Room(watched, there, cards)


def _cut(start: int, end: int, ended_by: CoverageEnd) -> Iterator[tuple[int, int, CoverageEnd]]:
    while end - start > CUT:
        yield start, start + CUT, "cut"
        start += CUT
    yield start, end, ended_by


def _presence(meeting: Meeting, rng: random.Random) -> tuple[Pair, ...]:
    """When a learner was there: most all the time, some late, some gone early, a few not at all."""
    kind = rng.random()
    if kind < 0.04:
        return ()
    come = meeting.start + round(rng.gauss(-4, 3) * MINUTE)
    go = meeting.end + round(rng.gauss(1, 1) * MINUTE)
    if kind < 0.14:
        come = meeting.start + rng.randrange(6, 45) * MINUTE
    elif kind < 0.22:
        go = meeting.end - rng.randrange(8, 70) * MINUTE
    out = []
    (pause, again), *_ = meeting.breaks
    for start, end in ((come, pause + rng.randrange(90_000)), (again + rng.randrange(150_000), go)):
        at = start
        while at < end and rng.random() < 0.35:
            away = at + rng.randrange(10, 70) * MINUTE
            if away >= end:
                break
            out.append((at, away))
            at = away + rng.randrange(30, 400) * 1000
        if at < end:
            out.append((at, end))
    return tuple(out)


@dataclass(slots=True)
class Clock:
    """A PC's clock since it was started: boot-time clock, wall clock, what is known of its offset."""

    boot_id: str
    started: int
    """Server time at which the PC started, ms."""
    offset: int | None
    """What the PC knows of the difference; None: it never reached the server."""
    wall_off: int
    """By how much its wall clock really is behind the server's."""

    def sample(self, at: int) -> dict[str, Any]:
        """The clock fields of a record made at that moment (server time)."""
        return {
            "boot_id": self.boot_id,
            "boot": at - self.started,
            "wall": at - self.wall_off,
            "offset": self.offset,
            "uncertainty": None if self.offset is None else 18,
        }


def records(
    meeting: Meeting,
    what: Room,
    clock: Clock,
    common: dict[str, Any],
    rng: random.Random,
    after: int,
    until: int,
    witness: str,
    profile: str | None,
) -> Iterator[AnyRecord]:
    """The records of a room up to `until`, in the order they were made.

    common: device and log; witness: the account on duty; profile: of the calibration, SHA-256;
    after: seq of the log's last record before. The seal closes a session that is over by then.
    """
    made: list[tuple[int, type[AnyRecord], dict[str, Any]]] = []
    told: dict[str, Any]
    whole = present = 0
    for start, end, ended_by in what.watched:
        if end > until:
            continue
        told = {"start": start - clock.started, "end": end - clock.started}
        made.append((end, Coverage, told | {"ended_by": ended_by, "detector": DETECTOR, "encoder": ENCODER}))
        whole += end - start
    covered_to = max((at for at, _, _ in made), default=0)
    count = len(made)
    for who in what.there:
        first = True
        for start, end in what.seen(who, covered_to):
            if first:
                first = False
                told = {"learner": who, "at": start - clock.started, "method": "room_camera", "encoder": ENCODER}
                made.append((start, CheckIn, told | {"score": round(rng.uniform(0.56, 0.82), 2)}))
            seen = {"sightings": max(1, round((end - start) / 1000 * rng.uniform(0.6, 0.97))), "encoder": ENCODER}
            told = {"learner": who, "start": start - clock.started, "end": end - clock.started}
            made.append((end, Presence, told | seen | {"best_score": round(rng.uniform(0.62, 0.93), 2)}))
            present += end - start
    check_ins = sum(kind is CheckIn for _, kind, _ in made)
    presences = len(made) - count - check_ins
    beside = list(_beside_the_camera(meeting, what, witness, profile, rng))
    beside = [one for one in beside if one[0] <= covered_to]
    check_ins += sum(kind is CheckIn for _, kind, _ in beside)
    for at, kind, told in beside:
        moved = {name: told[name] - clock.started for name in ("start", "end", "at", "asked") if name in told}
        made.append((at, kind, told | moved))
    made.sort(key=lambda one: one[0])
    if until >= meeting.end + 4 * MINUTE:
        totals: dict[str, Any] = {"check_ins": check_ins, "presences": presences, "coverages": count}
        made.append((meeting.end + 5 * MINUTE, Seal, totals | {"present_ms": present, "covered_ms": whole}))
    for seq, (at, kind, told) in enumerate(made, after + 1):
        fields = common | {"seq": seq, "session": meeting.id} | clock.sample(at) | told
        yield kind(**fields)


def _beside_the_camera(
    meeting: Meeting, what: Room, witness: str, profile: str | None, rng: random.Random
) -> Iterator[Made]:
    """Who is on duty, the profile, the headcounts, and the learners by card; with server times."""
    begin = what.watched[0][0]
    yield begin, OnDuty, {"at": begin, "witness": witness, "named_by": None}
    state = "missing" if profile is None else "good"
    yield begin, ProfileUsed, {"at": begin, "profile": profile, "state": state, "encoder": ENCODER, "threshold": 0.5}
    stranger = rng.random() < 0.08
    for start, end, _ in what.watched:
        known, by_card = what.here(end - MINUTE)
        unknown = by_card + (stranger and end > meeting.start)
        told = {"people": known + unknown, "known": known, "unknown": unknown, "vouched": by_card}
        yield end, Headcount, told | {"start": max(start, end - MINUTE), "end": end, "roster": len(what.there)}
    for who, one in what.cards.items():
        yield from one.records(who, witness)
