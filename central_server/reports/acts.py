"""What the pages of reports write; each function is the work of one job (courses.changes.changing)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, func, select

from central_server.courses.changes import Changes, new_id
from central_server.errors import ConflictError, NotFoundError
from central_server.learners.tables import Learner
from central_server.proof.replay_reports import letterhead_words, result_words
from central_server.reports.reading import units_at
from central_server.reports.sheet import Signer
from central_server.reports.tables import (
    CourseCount,
    CourseResult,
    Letterhead,
    TargetDecision,
    TargetLine,
    UnitVersion,
)
from central_server.reports.told import words
from models.report_records import (
    CourseCounted,
    Held,
    LetterheadKept,
    Outcome,
    ResultRecognised,
    TargetsDecided,
    TargetSet,
    UnitNamed,
)


@dataclass(frozen=True, slots=True)
class UnitName:
    """What a unit is called from a day on, by which decision; into: the unit into which it is merged on that day."""

    name: str
    since: date
    decision: str = ""
    into: str | None = None


def name_unit(changes: Changes, unit: str | None, named: UnitName) -> str:
    """Name a unit, or merge it; None adds one. Its id.

    Raises NotFoundError, and ConflictError where a merge would go in a circle.
    """
    db = changes.db
    if unit is not None and _versions(db, unit) == 0:
        raise NotFoundError("Không có đơn vị này.", "There is no such unit.")
    if named.into is not None and _versions(db, named.into) == 0:
        raise NotFoundError("Không có đơn vị này.", "There is no such unit.")
    unit = unit or new_id("u")
    version = _versions(db, unit) + 1
    row = UnitVersion(unit=unit, version=version, name=named.name, since=named.since, into=named.into,
                      decision=named.decision, by=changes.by, at=changes.now)  # fmt: skip
    db.add(row)
    changes.tell(
        UnitNamed(
            at=changes.now, by=changes.by, unit=unit, version=version, since=named.since.isoformat(), into=named.into,
            words=words(named.name, named.decision),
        )
    )  # fmt: skip
    db.flush()
    _check_merges(changes, unit, named.since)
    return unit


def _versions(db: Session, unit: str) -> int:
    return db.exec(select(func.count()).select_from(UnitVersion).where(UnitVersion.unit == unit)).one()


def _check_merges(changes: Changes, unit: str, since: date) -> None:
    """No unit may end up in itself on any day from `since` on: what holds on a day is what the units' dates say."""
    query = select(col(UnitVersion.since)).where(col(UnitVersion.since) > since).distinct()
    for day in (since, *changes.db.exec(query)):
        merged = units_at(changes.db, changes.now, day).merged
        seen, at = {unit}, unit
        while at in merged:
            at = merged[at][0]
            if at in seen:
                raise ConflictError(
                    f"Hai đơn vị không thể nhập vào nhau (vào ngày {day:%d/%m/%Y}). Hãy chọn đơn vị nhận khác.",
                    f"Two units can't be merged into each other (on {day:%d/%m/%Y}). Choose another unit.",
                )
            seen.add(at)


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision on targets. lines: unit and programme (ids), courses, turns."""

    period: str
    number: str
    day: date
    note: str
    lines: Sequence[tuple[str, str, int, int]]


def decide_targets(changes: Changes, decision: Decision) -> str:
    """Enter a decision with its lines; its id."""
    row = TargetDecision(id=new_id("q"), period=decision.period, number=decision.number, day=decision.day,
                         note=decision.note, by=changes.by, at=changes.now)  # fmt: skip
    changes.db.add(row)
    changes.db.flush()
    changes.tell(
        TargetsDecided(
            at=changes.now, by=changes.by, decision=row.id, period=row.period, day=row.day.isoformat(),
            words=words(row.number, row.note),
        )
    )  # fmt: skip
    for unit, programme, courses, turns in decision.lines:
        changes.db.add(
            TargetLine(decision=row.id, unit=unit, programme=programme, courses=courses, turns=turns)
        )  # fmt: skip
        changes.tell(
            TargetSet(
                at=changes.now, by=changes.by, decision=row.id, unit=unit, programme=programme, courses=courses,
                turns=turns,
            )
        )  # fmt: skip
    changes.db.flush()
    return row.id


def count_course(
    changes: Changes, course: str, unit: str | None, audience: str, held: Held, *, planned: bool
) -> bool:  # fmt: skip
    """Say what a course counts as; whether that is anything new."""
    before = changes.db.exec(
        select(CourseCount).where(CourseCount.course == course).order_by(col(CourseCount.version).desc())
    ).first()
    said = (unit, audience, held, planned)
    if before is not None and (before.unit, before.audience, before.held, before.planned) == said:
        return False
    row = CourseCount(course=course, version=before.version + 1 if before else 1, unit=unit, audience=audience,
                      held=held, planned=planned, by=changes.by, at=changes.now)  # fmt: skip
    changes.db.add(row)
    changes.tell(
        CourseCounted(
            at=changes.now, by=changes.by, course=course, version=row.version, unit=unit, held=held, planned=planned,
            words=words(audience),
        )
    )  # fmt: skip
    changes.db.flush()
    return True


@dataclass(frozen=True, slots=True)
class Result:
    """A learner's result as it is to be recognised. Periods in tenths, share in thousandths.

    before: the version that whoever recognises it had before him; 0: there was none.
    """

    learner: str
    before: int
    outcome: Outcome
    attended: int
    scheduled: int
    share: int | None
    unit: str
    position: str
    grade: str = ""
    certificate: str = ""
    book_number: str = ""


def recognise(changes: Changes, course: str, results: Sequence[Result]) -> int:
    """Recognise results; how many say anything new.

    Raises ConflictError where a certificate's number is taken, or somebody else has saved another result meanwhile.
    """
    versions: dict[str, CourseResult] = {}
    query = select(CourseResult).where(CourseResult.course == course).order_by(col(CourseResult.version))
    for one in changes.db.exec(query):
        versions[one.learner] = one
    count = 0
    for result in results:
        before = versions.get(result.learner)
        row = CourseResult(
            course=course, learner=result.learner, version=before.version + 1 if before else 1, outcome=result.outcome,
            attended=result.attended, scheduled=result.scheduled, share=result.share, unit=result.unit,
            position=result.position, grade=result.grade, certificate=result.certificate,
            book_number=result.book_number, by=changes.by, at=changes.now,
        )  # fmt: skip
        if before is not None and _said(before) == _said(row):
            continue
        if row.version != result.before + 1:
            raise _meanwhile(changes.db, result.learner)
        versions[result.learner] = row
        changes.db.add(row)
        changes.tell(
            ResultRecognised(
                at=changes.now, by=changes.by, course=course, learner=row.learner, version=row.version,
                outcome=result.outcome, attended=row.attended, scheduled=row.scheduled, words=result_words(row),
            )
        )  # fmt: skip
        count += 1
    _check_certificates(changes.db, course, versions)
    changes.db.flush()
    return count


def _meanwhile(db: Session, learner: str) -> ConflictError:
    name = db.exec(select(Learner.name).where(Learner.id == learner)).first() or "?"
    return ConflictError(
        f"Chưa lưu gì: trong lúc đồng chí nhập, người khác đã lưu kết quả khác của {name}. Hãy mở lại trang, xem kết "
        "quả ấy rồi nhập lại.",
        f"Nothing was saved: somebody else has saved another result of {name} meanwhile. Open the page again, look at "
        "it, then enter yours.",
    )


def _said(row: CourseResult) -> tuple[object, ...]:
    return (row.outcome, row.attended, row.scheduled, result_words(row))


def _check_certificates(db: Session, course: str, newest: Mapping[str, CourseResult]) -> None:
    numbers: dict[str, str] = {}
    for learner, row in newest.items():
        if row.certificate and numbers.setdefault(row.certificate, learner) != learner:
            raise _taken(row.certificate)
    query = select(CourseResult).where(col(CourseResult.certificate).in_(numbers), CourseResult.course != course)
    for row in db.exec(query):
        last = db.exec(
            select(CourseResult)
            .where(CourseResult.course == row.course, CourseResult.learner == row.learner)
            .order_by(col(CourseResult.version).desc())
        ).first()
        if last is not None and last.certificate == row.certificate:
            raise _taken(row.certificate)


def _taken(number: str) -> ConflictError:
    return ConflictError(
        f"Chưa lưu gì: số hiệu chứng chỉ {number} đã cấp cho một học viên khác. Hãy kiểm tra lại số.",
        f"Nothing was saved: the certificate {number} belongs to another learner. Check the number.",
    )


@dataclass(frozen=True, slots=True)
class NewHead:
    """A letterhead as it is to be. signers: by kind of sheet."""

    superior: str
    office: str
    place: str
    signers: Mapping[str, Sequence[Signer]]
    grades: Sequence[str]


def keep_letterhead(changes: Changes, new: NewHead) -> int:
    """Make the next version of the letterhead; its number."""
    newest = changes.db.exec(select(func.max(Letterhead.version))).one()
    signers = {kind: [(one.title, one.name) for one in some] for kind, some in new.signers.items()}
    row = Letterhead(
        version=(newest or 0) + 1, superior=new.superior, office=new.office, place=new.place,
        signers=json.dumps(signers, ensure_ascii=False, sort_keys=True), grades="\n".join(new.grades), by=changes.by,
        at=changes.now,
    )  # fmt: skip
    changes.db.add(row)
    changes.tell(LetterheadKept(at=changes.now, by=changes.by, version=row.version, words=letterhead_words(row)))
    changes.db.flush()
    return row.version
