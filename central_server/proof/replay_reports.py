"""Replaying what reports rest on (models.report_records), and what the tables say of it. Pure but for the reading."""

from __future__ import annotations

from sqlmodel import Session, select

from central_server.proof.evidence import Plan
from central_server.reports.tables import (
    CourseCount,
    CourseResult,
    Letterhead,
    TargetDecision,
    TargetLine,
    UnitVersion,
)
from central_server.reports.told import words
from models.own_records import AnyOwnRecord
from models.report_records import (
    CourseCounted,
    LetterheadKept,
    ResultRecognised,
    TargetsDecided,
    TargetSet,
    UnitNamed,
)


def play_report(plan: Plan, record: AnyOwnRecord) -> None:
    """Play one act; one of another kind changes nothing."""
    who, at = record.by, record.at
    match record:
        case UnitNamed():
            plan.units[record.unit, record.version] = (record.since, record.into, record.words, who, at)
        case TargetsDecided():
            plan.decisions[record.decision] = (record.period, record.day, record.words, who, at)
        case TargetSet():
            plan.targets[record.decision, record.unit, record.programme] = (record.courses, record.turns)
        case CourseCounted():
            told = (record.unit, record.held, record.planned, record.words, who, at)
            plan.counted[record.course, record.version] = told
        case ResultRecognised():
            figures = (record.outcome, record.attended, record.scheduled)
            plan.results[record.course, record.learner, record.version] = (*figures, record.words, who, at)
        case LetterheadKept():
            plan.letterheads[record.version] = (record.words, who, at)
        case _:
            pass


def read_reports(db: Session, plan: Plan) -> None:
    """Read what the tables say into the plan."""
    for unit in db.exec(select(UnitVersion)):
        told = (unit.since.isoformat(), unit.into, words(unit.name, unit.decision), unit.by, unit.at)
        plan.units[unit.unit, unit.version] = told
    for one in db.exec(select(TargetDecision)):
        plan.decisions[one.id] = (one.period, one.day.isoformat(), words(one.number, one.note), one.by, one.at)
    for line in db.exec(select(TargetLine)):
        plan.targets[line.decision, line.unit, line.programme] = (line.courses, line.turns)
    for count in db.exec(select(CourseCount)):
        said = (count.unit, count.held, count.planned, words(count.audience), count.by, count.at)
        plan.counted[count.course, count.version] = said
    for got in db.exec(select(CourseResult)):
        plan.results[got.course, got.learner, got.version] = (
            got.outcome, got.attended, got.scheduled, result_words(got), got.by, got.at
        )  # fmt: skip
    for head in db.exec(select(Letterhead)):
        plan.letterheads[head.version] = (letterhead_words(head), head.by, head.at)


def result_words(row: CourseResult) -> str:
    """The digest of what a result says beside its figures."""
    return words(row.share, row.unit, row.position, row.grade, row.certificate, row.book_number)


def letterhead_words(row: Letterhead) -> str:
    """The digest of a letterhead."""
    return words(row.superior, row.office, row.place, row.signers, row.grades)
