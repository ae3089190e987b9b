"""Every learner's totals in every session, computed from raw records and the replayed plan alone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from central_server.enrolment.places import places
from central_server.participation.evidence import PointEvidence
from central_server.proof.evidence import Plan, Total, Totals
from central_server.proof.findings import Finding
from models.participation import Participation, Rule, participation, scheduled
from models.participation import Totals as Figures
from models.records import AnyRecord
from models.spans import spans


def totals_of(
    plan: Plan,
    records: Mapping[str, Iterable[tuple[str, AnyRecord]]],
    around: Callable[[AnyRecord], Iterable[AnyRecord]],
) -> Totals:
    """The totals of the whole of each session. records: by session, each with the device whose log holds it. around:
    the records before and after one in its log.
    """  # fmt: skip
    totals: Totals = {}
    rules = {course: rule for (course, _), (rule, *_) in sorted(plan.rules.items())}  # the newest version holds
    for session, (course, start, end, breaks) in plan.sessions.items():
        rule = msgspec.json.decode(rules[course], type=Rule) if course in rules else Rule()
        schedule = scheduled(start, end, breaks)
        points = {point for at, point in plan.places if at == session}
        everybody = _places(plan, session, course, start)
        here = {point: frozenset(who for who, place in everybody.items() if place == point) for point in points}
        evidence = {point: PointEvidence(learners) for point, learners in here.items()}
        for device, record in records.get(session, ()):
            point = plan.devices.get(device, "")
            if point in evidence:
                evidence[point].add(record)
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
                part = participation(schedule, seen, coverage, rule, at, vouched, blind)
                totals[session, who] = total_of(part)
    return totals


def _places(plan: Plan, session: str, course: str, start: int) -> dict[str, str]:
    """The bridge point of everybody in a session."""
    enrolled = {who: point for (of, who), point in plan.enrolled.items() if of == course}
    transfers: dict[str, list[tuple[int, str]]] = {}
    for (of, who, since), point in plan.transfers.items():
        if of == course:
            transfers.setdefault(who, []).append((since, point))
    guests = {who: point for (at, who), point in plan.guests.items() if at == session}
    return guests | places(enrolled, transfers, start)


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
