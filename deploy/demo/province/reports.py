"""What the province reports: units with targets by a decision, what its courses count as, results of those that are
over, and the letterhead of its sheets; by the acts that the pages use.
"""  # fmt: skip

from __future__ import annotations

from datetime import date, timedelta

from sqlmodel import Session, select

from central_server.courses.changes import Changes, changing
from central_server.courses.tables import Course, Enrolment, Programme
from central_server.database import Writer
from central_server.learners.tables import Learner
from central_server.reports.acts import (
    Decision,
    NewHead,
    Result,
    UnitName,
    count_course,
    decide_targets,
    keep_letterhead,
    name_unit,
    recognise,
)
from central_server.reports.period import day_of
from central_server.reports.reading import SIGNERS
from central_server.reports.sheet import Signer
from deploy.demo.province.plan import PLACES, Class, Province

UNITS = PLACES[1:7]
OUTSIDE = 9
"""Every ninth course is outside the plan."""
AUDIENCES = ("cán bộ, công chức cấp xã", "chuyên viên", "đại biểu Hội đồng nhân dân cấp xã")
SHARES = (1000, 975, 950, 925, 875, 825, 700)
"""Of those who completed by the registers on paper; the last one is too little."""


def fill_reports(writer: Writer, where: Province, now: int) -> None:
    """Enter it all."""
    writer.submit(changing(lambda changes: _fill(changes, where), now)).result()


def _fill(changes: Changes, where: Province) -> None:
    year = day_of(changes.now).year
    units = [name_unit(changes, None, UnitName(name, date(year - 2, 1, 1))) for name in UNITS]
    db = changes.db
    programmes = {one.code: one.id for one in db.exec(select(Programme))}
    lines: dict[tuple[str, str], tuple[int, int]] = {}
    for number, one in enumerate(where.classes):
        course = db.exec(select(Course.id).where(Course.code == one.code)).one()
        unit, outside = units[number % len(units)], number % OUTSIDE == OUTSIDE - 1
        audience, held = AUDIENCES[number % len(AUDIENCES)], "both" if number % 5 == 4 else "online"
        count_course(changes, course, unit, audience, held, planned=not outside)  # type: ignore[arg-type]  # a Held
        if not outside:
            courses, turns = lines.get((unit, programmes[one.programme]), (0, 0))
            lines[unit, programmes[one.programme]] = (courses + 1, turns + len(one.learners) - number % 7)
        if one.state == "over" and number % 4:
            _results(db, changes, course, one, number)
    decided = date(year, 1, 15)
    targets = [(*pair, *figures) for pair, figures in sorted(lines.items())]
    decide_targets(changes, Decision(f"{year}", "15/QĐ-UBND", decided, "Kế hoạch bồi dưỡng năm", targets))
    later = [(unit, programme, courses + 1, turns + 40) for unit, programme, courses, turns in targets[:1]]
    decide_targets(
        changes, Decision(f"{year}", "208/QĐ-UBND", decided + timedelta(days=150), "Điều chỉnh giữa năm", later)
    )
    signers = SIGNERS | {"plan": (Signer("NGƯỜI LẬP BIỂU"), Signer("HIỆU TRƯỞNG"))}
    keep_letterhead(
        changes, NewHead("ỦY BAN NHÂN DÂN TỈNH", "TRƯỜNG CHÍNH TRỊ TỈNH", "Bình Lãng", signers,
                         ("Giỏi", "Khá", "Trung bình"))
    )  # fmt: skip


def _results(db: Session, changes: Changes, course: str, one: Class, number: int) -> None:
    """Results of a course that is over, as the office's registers on paper had them."""
    people = db.exec(
        select(Learner).join(Enrolment, Enrolment.learner == Learner.id).where(Enrolment.course == course)  # type: ignore[arg-type]  # columns
    ).all()
    scheduled = 40 * len(one.meetings)
    results = []
    for at, who in enumerate(sorted(people, key=lambda person: person.code)):
        share = SHARES[at % len(SHARES)]
        done = share >= 800
        grade = ("Giỏi" if share >= 950 else "Khá") if done else ""
        numbers = (f"CC{number:02d}{at + 1:04d}", f"{number:02d}/{at + 1:03d}") if done else ("", "")
        results.append(
            Result(who.id, 0, "completed" if done else "not_completed", scheduled * share // 1000, scheduled, share,
                   who.unit, who.position, grade, *numbers)
        )  # fmt: skip
    recognise(changes, course, results)
