"""A course's learners over all its sessions: what each has attended, what is still to come, and the outlook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, select

from central_server.courses.overview import PlannedRow, planned_sessions
from central_server.courses.queries import EnrolledRow, learners_of_course
from central_server.courses.tables import Course, Enrolment
from central_server.enrolment.places import places
from central_server.enrolment.tables import Transfer
from central_server.participation.book import Books
from central_server.participation.queries import Damaged
from central_server.participation.rules import rule_of
from central_server.participation.settled import Part, part_of
from central_server.participation.settling import Settling
from central_server.participation.suspects import Suspects, double_booked, find_twice
from central_server.participation.twice import SeenTwice
from models.forecast import Forecast, forecast
from models.participation import Rule, Totals, Verdict, add_up, scheduled


@dataclass(frozen=True, slots=True)
class CourseLearner:
    """A learner in a course, with the outlook."""

    facts: EnrolledRow
    forecast: Forecast
    parts: Mapping[str, Part]
    """Of the sessions so far in which the learner is expected, by their ids."""
    late: int
    """Sessions to which the learner came late."""
    early: int
    """Sessions that the learner left early."""

    @property
    def behind(self) -> bool:
        """Below the needed share so far, though it can still be reached."""
        return self.forecast.outlook == "possible" and self.forecast.done.verdict == "not_completed"


@dataclass(frozen=True, slots=True)
class CourseParticipation:
    """A course, now. `sessions`: those that count, in order of time; cancelled ones and field visits don't."""

    rule: Rule
    sessions: tuple[PlannedRow, ...]
    learners: tuple[CourseLearner, ...]
    """By name."""
    twice: tuple[tuple[PlannedRow, SeenTwice], ...] = ()
    """Who was seen at two bridge points in the same minute, in which session; in order of time."""
    damaged: tuple[Damaged, ...] = ()
    """Records that can't be read: what they told is left out."""


RECENT = 5
"""In so many of the sessions that are over somebody is looked for who was at two bridge points at once."""


def course_participation(
    db: Session,
    books: Books,
    settling: Settling,
    course: Course,
    now: int,
    planned: Sequence[PlannedRow] | None = None,
) -> CourseParticipation:
    """Everybody's participation and outlook in a course at `now` (ms).

    What is over is read as it was settled; a session of which agents still tell comes from its book.
    planned: the course's sessions (planned_sessions) where they have been read already.
    """
    rule = rule_of(db, course.id)
    sessions = counting(planned_sessions(db, course, now) if planned is None else planned)
    over = {session.id for session in sessions if session.phase == "over" and not books.told_of(session.id)}
    parts: dict[str, dict[str, Part]] = {}
    figures = settling.figures(db, course.id, frozenset(over))
    for session, found in figures.parts.items():
        for learner, part in found.items():
            parts.setdefault(learner, {})[session] = part
    twice: list[tuple[PlannedRow, SeenTwice]] = []
    recent = [one for one in sessions if one.id in over][-RECENT:]
    damaged = list(figures.damaged)
    booked = double_booked(db, course.id, [one.id for one in recent])
    for one in recent:
        elsewhere = {point: frozenset(some) for point, some in figures.elsewhere[one.id].items() if some}
        if suspects := Suspects(elsewhere, booked[one.id]):
            twice += [(one, found) for found in find_twice(db, one.id, suspects)]
    for one in sessions:
        if one.phase == "before" or one.id in over:
            continue
        schedule = scheduled(one.start, one.end, one.breaks)
        whole = books.of(one.id).state(now)
        twice += [(one, found) for found in whole.twice]
        damaged += [bad for point in whole.points for bad in point.damaged]
        for state in whole.learners:
            part = part_of(state.participation, one.start, schedule, one.phase == "over", rule)
            parts.setdefault(state.facts.id, {})[one.id] = part
    left = _left(db, course, sessions, parts)
    learners = []
    for who in learners_of_course(db, course.id):
        mine = parts.get(who.id, {})
        outlook = forecast(add_up((part.totals for part in mine.values()), rule), left.get(who.id, 0), rule)
        late, early = sum(part.late for part in mine.values()), sum(part.early for part in mine.values())
        learners.append(CourseLearner(who, outlook, mine, late, early))
    return CourseParticipation(rule, sessions, tuple(learners), tuple(twice), tuple(damaged))


def verdicts_of(course: CourseParticipation) -> dict[str, Verdict]:
    """What it comes to for each learner (id), by the sessions so far."""
    return {one.facts.id: one.forecast.done.verdict for one in course.learners}


def counting(planned: Sequence[PlannedRow]) -> tuple[PlannedRow, ...]:
    """Those of a course's sessions that count."""
    return tuple(one for one in planned if not one.cancelled and not one.field_visit)


def _left(
    db: Session, course: Course, sessions: tuple[PlannedRow, ...], parts: Mapping[str, Mapping[str, Part]]
) -> dict[str, int]:
    """Scheduled ms still to come by learner: what is left of a running session, and all of those to come.

    A session to come without bridge points counts for everybody: they are chosen later.
    """
    enrolled = dict(
        db.exec(select(Enrolment.learner, Enrolment.bridge_point).where(Enrolment.course == course.id)).all()
    )
    transfers: dict[str, list[tuple[int, str]]] = {}
    for one in db.exec(select(Transfer).where(Transfer.course == course.id)):
        transfers.setdefault(one.learner, []).append((one.since, one.bridge_point))
    left = dict.fromkeys(enrolled, 0)
    for session in sessions:
        if session.phase == "running":
            for who in left.keys() & parts.keys():
                if session.id in parts[who]:
                    left[who] += session.teaching_ms - parts[who][session.id].totals.scheduled_ms
        elif session.phase == "before":
            for who, point in places(enrolled, transfers, session.start).items():
                if not session.points or point in session.points:
                    left[who] += session.teaching_ms
    return left


@dataclass(frozen=True, slots=True)
class Change:
    """A learner whose verdict another rule would change, over the sessions so far."""

    facts: EnrolledRow
    before: Totals
    after: Totals


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """Learners completed, not completed, undecided in one session, under the rule in force and under the other."""

    session: PlannedRow
    before: tuple[int, int, int]
    after: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What another rule would make of the sessions that are over."""

    before: tuple[int, int, int]
    """Learners by verdict over all of them, under the rule in force."""
    after: tuple[int, int, int]
    changes: tuple[Change, ...]
    """By name."""
    sessions: tuple[SessionCounts, ...]


VERDICTS: tuple[Verdict, ...] = ("completed", "not_completed", "undecided")


def what_if(db: Session, books: Books, course: Course, rule: Rule, now: int) -> WhatIf:
    """Try a rule on the sessions that are over; nothing is saved."""
    enrolled = learners_of_course(db, course.id)
    ids = {one.id for one in enrolled}
    old_rule = rule_of(db, course.id)
    old: dict[str, list[Totals]] = {who: [] for who in ids}
    new: dict[str, list[Totals]] = {who: [] for who in ids}
    sessions = []
    for session in counting(planned_sessions(db, course, now)):
        if session.phase != "over":
            continue
        book = books.of(session.id)
        counts = []
        for kept, totals in ((old, book.totals(now)), (new, book.totals(now, rule))):
            mine = {who: one for who, one in totals.items() if who in ids}
            for who, one in mine.items():
                kept[who].append(one)
            counts.append(_counts(mine.values()))
        sessions.append(SessionCounts(session, *counts))
    before = {who: add_up(some, old_rule) for who, some in old.items() if some}
    after = {who: add_up(some, rule) for who, some in new.items() if some}
    changes = tuple(
        Change(one, before[one.id], after[one.id])
        for one in enrolled
        if one.id in before and before[one.id].verdict != after[one.id].verdict
    )
    return WhatIf(_counts(before.values()), _counts(after.values()), changes, tuple(sessions))


def _counts(some: Iterable[Totals]) -> tuple[int, int, int]:
    verdicts = [one.verdict for one in some]
    completed, not_completed, undecided = (verdicts.count(verdict) for verdict in VERDICTS)
    return completed, not_completed, undecided
