"""Every learner's totals in every session, computed from raw records and the replayed plan alone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from central_server.corrections.effect import pairs
from central_server.enrolment.places import places
from central_server.participation.evidence import PointEvidence
from central_server.proof.evidence import Plan, Total, Totals
from central_server.proof.findings import Finding
from central_server.proof.replay_corrections import corrections_in
from models.participation import Participation, Rule, participation, scheduled
from models.participation import Totals as Figures
from models.records import AnyRecord
from models.spans import spans

Around = Callable[[AnyRecord], Iterable[AnyRecord]]
"""The records before and after one in its log."""
Records = Mapping[str, Iterable[tuple[str, AnyRecord]]]
"""By session, each with the device whose log holds it."""


def _rule_in(plan: Plan, course: str) -> Rule:
    """The course's newest rule; the defaults for one that has none."""
    versions = [version for of, version in plan.rules if of == course]
    return msgspec.json.decode(plan.rules[course, max(versions)][0], type=Rule) if versions else Rule()


class _Seats:
    """Who sits where in each session of a plan, looked up quickly."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._enrolled: dict[str, dict[str, str]] = {}
        for (course, who), point in plan.enrolled.items():
            self._enrolled.setdefault(course, {})[who] = point
        self._transfers: dict[str, dict[str, list[tuple[int, str]]]] = {}
        for (course, who, since), point in plan.transfers.items():
            self._transfers.setdefault(course, {}).setdefault(who, []).append((since, point))
        self._guests: dict[str, dict[str, str]] = {}
        for (session, who), point in plan.guests.items():
            self._guests.setdefault(session, {})[who] = point
        self._points: dict[str, set[str]] = {}
        for session, point in plan.places:
            self._points.setdefault(session, set()).add(point)

    def of(self, session: str) -> dict[str, frozenset[str]]:
        """By bridge point that takes part, the learners who sit there."""
        course, start, *_ = self._plan.sessions[session]
        seats = places(self._enrolled.get(course, {}), self._transfers.get(course, {}), start)
        everybody = self._guests.get(session, {}) | seats
        return {
            point: frozenset(who for who, place in everybody.items() if place == point)
            for point in self._points.get(session, ())
        }


def totals_of(plan: Plan, records: Records, around: Around) -> Totals:
    """Everybody's totals of the whole of each session."""
    found: dict[tuple[str, str], Total] = {}
    seats = _Seats(plan)
    rules = {course: _rule_in(plan, course) for course, *_ in plan.sessions.values()}
    corrections = corrections_in(plan)
    for session, (course, start, end, breaks) in plan.sessions.items():
        schedule = scheduled(start, end, breaks)
        evidence = {point: PointEvidence(learners) for point, learners in seats.of(session).items()}
        for device, record in records.get(session, ()):
            point = plan.devices.get(device, "")
            if point in evidence:
                evidence[point].add(record)
        said = corrections.get(session, {})
        for measured in evidence.values():
            measured.learn_missing_clocks(around)
            known = measured.with_live(())  # with what waited for a clock
            coverage = spans([(one.start, one.end) for one in known.watched])
            for who in known.learners:
                seen = spans([(one.start, one.end) for one in known.seen.get(who, ())])
                check_in = known.check_ins.get(who)
                vouched = [(one.start, one.end) for one in known.confirmed.get(who, ())]
                blind = [(one.start, one.end) for one in known.blind.get(who, ())]
                at = check_in.at if check_in else None
                added, taken = pairs(said.get(who, ()))
                found[session, who] = total_of(
                    participation(schedule, seen, coverage, rules[course], at, vouched, blind, added, taken)
                )
    return found


def total_of(part: Participation | Figures) -> Total:
    """The figures of one learner in one session."""
    return part.scheduled_ms, part.seen_ms, part.not_seen_ms, part.not_observed_ms, part.verdict


def compare_totals(raw: Totals, shown: Totals) -> list[Finding]:
    """Where what is shown differs from what the raw records give."""
    return [
        Finding(
            "total",
            f"Tổng của học viên {learner} trong buổi {session} là {shown.get((session, learner), '–')}, "
            f"tính từ bản ghi gốc là {raw.get((session, learner), '–')}.",
            f"The totals of learner {learner} in session {session} are {shown.get((session, learner), '–')}, "
            f"but {raw.get((session, learner), '–')} from the raw records.",
            learner,
        )
        for session, learner in sorted(raw.keys() | shown.keys())
        if raw.get((session, learner)) != shown.get((session, learner))
    ]
