"""A year of a district: twelve units, six programmes, 68 courses and 5,476 training turns, against a plan of 61 and
5,250; five courses are outside the plan. Made by the acts that the pages use, each at its own time.
"""  # fmt: skip

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

from sqlmodel import select

from central_server.bridge_points.tables import BridgePoint
from central_server.corrections.acts import Wanted, correct
from central_server.courses.acts import publish
from central_server.courses.changes import Changes, changing
from central_server.courses.moving import cancel, restore
from central_server.courses.planning import PlannedSession, put_course, put_programme, put_session
from central_server.courses.tables import CourseSession, Enrolment
from central_server.database import Job, Writer
from central_server.learners.consents import give, withdraw
from central_server.learners.identity import put_learner
from central_server.learners.tables import Learner
from central_server.reports.acts import Decision, Result, UnitName, count_course, decide_targets, name_unit, recognise
from central_server.reports.period import start_of
from models.enrolment_records import Enrolled

HOUR, DAY = 3_600_000, 86_400_000
YEAR = 2026
UNITS = tuple(f"Xã {name}" for name in (
    "An Bình", "Bình Hòa", "Cẩm Giang", "Định An", "Đức Lập", "Hòa Thạnh", "Long Phước", "Mỹ Lộc", "Phú Thịnh",
    "Tân Đông", "Thạnh Trị", "Vĩnh Hưng",
))  # fmt: skip
PROGRAMMES = (
    ("CV", "Kỹ năng cho chuyên viên"), ("LDP", "Lãnh đạo cấp phòng"), ("CDS", "Chuyển đổi số cho cán bộ xã"),
    ("DVC", "Dịch vụ công trực tuyến"), ("TCD", "Tiếp công dân"), ("QPAN", "Quốc phòng và an ninh"),
)  # fmt: skip
COURSES, TURNS, PERSONS = 68, 5476, 4100
OUTSIDE = {7, 21, 40, 55, 66}
PLAN_COURSES, PLAN_TURNS = 61, 5250


@dataclass
class District:
    """The ids that were made, and what is done in order of time."""

    units: list[str] = field(default_factory=list)
    programmes: list[str] = field(default_factory=list)
    courses: dict[int, str] = field(default_factory=dict)
    people: list[str] = field(default_factory=list)
    withdrew: str = ""
    """The learner who withdraws consent."""
    acts: list[tuple[int, Job[object]]] = field(default_factory=list)

    def at(self, day: date, work: Callable[[Changes], object], hour: int = 9) -> None:
        """Have something done on a day, at an hour in Vietnam."""
        at = start_of(day) + hour * HOUR
        self.acts.append((at, changing(work, at)))


def opened(number: int) -> date:
    """When a course has its first session; they are spread over the year."""
    return date(YEAR, 1, 12) + timedelta(days=number * 5)


def size(number: int) -> int:
    """How many are enrolled: 80 or 81."""
    return TURNS // COURSES + (number < TURNS % COURSES)


def place(number: int) -> tuple[int, int]:
    """Which unit and programme a course is of (their numbers)."""
    return number % len(UNITS), (number // len(UNITS)) % len(PROGRAMMES)


def district() -> District:
    """The year, still to be played."""
    made, rng = District(), random.Random(11)
    made.at(date(YEAR, 1, 3), lambda changes: _begin(changes, made))
    made.at(date(YEAR, 1, 8), lambda changes: _targets(changes, made, "12/QĐ-UBND", date(YEAR, 1, 5), first=True))
    for number in range(COURSES):
        made.at(opened(number) - timedelta(days=8), partial(_open, made=made, number=number, rng=rng))
        if number % 3 != 2:
            made.at(opened(number) + timedelta(days=12), partial(_results, made=made, number=number), 15)
    made.at(date(YEAR, 7, 20), lambda changes: _targets(changes, made, "345/QĐ-UBND", date(YEAR, 7, 15), first=False))
    made.at(
        date(YEAR, 5, 12),
        lambda changes: name_unit(changes, made.units[0], UnitName("Phường An Bình", date(YEAR, 6, 1), "77/NQ-HĐND")),
    )
    made.at(
        date(YEAR, 8, 3),
        lambda changes: name_unit(
            changes, made.units[3], UnitName(UNITS[3], date(YEAR, 7, 1), "80/NQ-HĐND", into=made.units[4])
        ),
    )
    withdrawn = start_of(date(YEAR, 8, 14)) + 9 * HOUR
    made.at(date(YEAR, 1, 28), lambda changes: _consent(changes, made, 1))
    made.acts.append((withdrawn, lambda connection: withdraw(made.withdrew, withdrawn, None)(connection)))
    made.at(date(YEAR, 9, 8), lambda changes: _correct(changes, made, 1))
    made.at(date(YEAR, 9, 9), lambda changes: _mend_results(changes, made, 1))
    made.at(
        date(YEAR, 10, 2),
        lambda changes: count_course(changes, made.courses[2], made.units[5], "công chức cấp xã", "both", planned=True),
    )
    made.at(
        date(YEAR, 10, 20),
        lambda changes: count_course(
            changes, made.courses[2], made.units[2], "công chức cấp xã", "online", planned=True
        ),
    )
    made.at(date(YEAR, 11, 4), lambda changes: _cancel(changes, made, 10))
    made.at(date(YEAR, 11, 18), lambda changes: _hold(changes, made, 10))
    made.at(date(YEAR, 12, 1), lambda changes: publish(changes, made.courses[15], False))
    made.at(date(YEAR, 12, 8), lambda changes: publish(changes, made.courses[15], True))
    made.acts.sort(key=lambda act: act[0])
    return made


def play(made: District, writer: Writer, done: int, until: int) -> int:
    """Do what is to be done before `until` (ms), from the act number `done` on; the number of the next one."""
    while done < len(made.acts) and made.acts[done][0] < until:
        writer.submit(made.acts[done][1]).result()
        done += 1
    return done


def _begin(changes: Changes, made: District) -> None:
    changes.db.add(BridgePoint(id="p-1", code="HT", name="Hội trường huyện"))
    made.units = [name_unit(changes, None, UnitName(name, date(2020, 1, 1))) for name in UNITS]
    made.programmes = [put_programme(changes, code, title, 24).id for code, title in PROGRAMMES]
    for number in range(PERSONS):
        learner, told = put_learner(
            changes.db, None, changes.now, code=f"CB{number:05d}", name=f"Nguyễn Văn {number}",
            unit=UNITS[number % len(UNITS)], birth_year=1970 + number % 30, position="Chuyên viên",
        )  # fmt: skip
        if told:
            changes.tell(told)
        made.people.append(learner.id)
    changes.db.flush()


def _targets(changes: Changes, made: District, number: str, day: date, *, first: bool) -> None:
    """The plan of the year: at first 58 courses and 5,000 turns, then 61 and 5,250 by more for three units."""
    pairs = sorted({place(n) for n in range(COURSES) if n not in OUTSIDE})
    courses = dict.fromkeys(pairs, 0)
    for at in range(58):
        courses[pairs[at % len(pairs)]] += 1
    turns = {pair: 5000 // len(pairs) + (at < 5000 % len(pairs)) for at, pair in enumerate(pairs)}
    lines = [(made.units[u], made.programmes[p], courses[u, p], turns[u, p]) for u, p in pairs]
    if not first:
        lines = [(u, p, c + 1, t + (84 if at else 82)) for at, (u, p, c, t) in enumerate(lines[:3])]
    decide_targets(changes, Decision(f"{YEAR}", number, day, "", lines))


def _open(changes: Changes, made: District, number: int, rng: random.Random) -> None:
    unit, programme = place(number)
    title = f"{PROGRAMMES[programme][1]}, khóa {number + 1}"
    course = put_course(changes, f"K{number:03d}", title=title, programme=made.programmes[programme])
    made.courses[number] = course.id
    for part in range(2):
        start = start_of(opened(number) + timedelta(days=part)) + 8 * HOUR
        put_session(changes, course.id, PlannedSession(
            f"K{number:03d}.{part + 1}", f"Buổi {part + 1}", start, start + 3 * HOUR, (), ("p-1",)))  # fmt: skip
    for learner in rng.sample(made.people, size(number)):
        changes.db.add(Enrolment(course=course.id, learner=learner, bridge_point="p-1"))
        changes.tell(Enrolled(at=changes.now, course=course.id, learner=learner, bridge_point="p-1"))
    publish(changes, course.id, True)
    count_course(changes, course.id, made.units[unit], "công chức cấp xã" if unit % 2 else "chuyên viên", "online",
                 planned=number not in OUTSIDE)  # fmt: skip


def _learners(changes: Changes, course: str) -> list[str]:
    return sorted(changes.db.exec(select(Enrolment.learner).where(Enrolment.course == course)))


def _results(changes: Changes, made: District, number: int) -> None:
    units = dict(changes.db.exec(select(Learner.id, Learner.unit)).all())
    recognise(changes, made.courses[number], [
        Result(who, 0, "completed" if at % 10 else "not_completed", 76 if at % 10 else 30, 80, 950 if at % 10 else 375,
               units[who], "Chuyên viên", "Khá" if at % 10 else "", f"CC{number:03d}{at:03d}" if at % 10 else "")
        for at, who in enumerate(_learners(changes, made.courses[number]))
    ])  # fmt: skip


def _mend_results(changes: Changes, made: District, number: int) -> None:
    """Those who had not completed have, after all: corrections came later."""
    late = _learners(changes, made.courses[number])[::10]
    recognise(changes, made.courses[number], [
        Result(who, 1, "completed", 70, 80, 875, "", "", "Khá", f"CCX{at}") for at, who in enumerate(late)
    ])  # fmt: skip


def _consent(changes: Changes, made: District, number: int) -> None:
    """A learner of the course agrees to face recognition; in August he or she withdraws that."""
    made.withdrew = _learners(changes, made.courses[number])[1]
    give(changes, made.withdrew, "signed_form", changes.now, "a-1")


def _correct(changes: Changes, made: District, number: int) -> None:
    """Those who had not completed were there in the first session, after all."""
    session = changes.db.get_one(CourseSession, f"K{number:03d}.1")
    parts = [(who, session.start, session.end) for who in _learners(changes, made.courses[number])[::10]]
    correct(changes, Wanted(session.id, "added", parts, "camera", "Máy quay hỏng"))


def _cancel(changes: Changes, made: District, number: int) -> None:
    for part in (1, 2):
        cancel(changes, changes.db.get_one(CourseSession, f"K{number:03d}.{part}"), "Nhập nhầm")


def _hold(changes: Changes, made: District, number: int) -> None:
    for part in (1, 2):
        restore(changes, changes.db.get_one(CourseSession, f"K{number:03d}.{part}"))
