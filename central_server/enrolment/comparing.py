"""What a roster would change: each row against the learners whom the server knows. Pure, and the reading for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from central_server.bridge_points.tables import BridgePoint
from central_server.courses.tables import Course, CourseSession, Enrolment
from central_server.enrolment.rows import Row
from central_server.learners.means import owners_of
from central_server.learners.names import plain
from central_server.learners.queries import CHUNK, learners_of
from central_server.learners.sealing import SealingKey
from central_server.learners.tables import Learner
from models.participation import Verdict

Verdicts = Callable[[Course], Mapping[str, Verdict]]
"""What a course came to for each of its learners (ids)."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A course of the same programme that a learner has been through."""

    title: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Person:
    """A learner whom the server knows."""

    id: str
    code: str
    name: str
    unit: str
    birth_year: int | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the server knows that matters to a roster."""

    by_code: Mapping[str, Person]
    by_name: Mapping[str, tuple[Person, ...]]
    """Key: the name in plain letters."""
    enrolled: Mapping[str, str]
    """Learners of this course, and their bridge points (ids)."""
    points: Mapping[str, str]
    """Code and name of each bridge point in plain letters: its id."""
    earlier: Mapping[str, Earlier] = field(default_factory=dict)
    """Learners who were in a course of the same programme that is over."""
    cards: Mapping[str, Person] = field(default_factory=dict)
    """Numbers of cards: whose they are."""


@dataclass(frozen=True, slots=True)
class Namesake:
    """A row with a new code, whose name and birth year a known learner has: the same person or another?"""

    row: Row
    person: Person


@dataclass(frozen=True, slots=True)
class Comparison:
    """A roster, row by row, against what is known."""

    new: tuple[Row, ...]
    """Learners whom the server does not know."""
    known: tuple[tuple[Row, Person], ...]
    """Known learners who are not yet in this course."""
    enrolled: tuple[tuple[Row, Person], ...]
    """In this course already."""
    taken: tuple[tuple[Row, Person], ...]
    """The code belongs to somebody else: name and birth year both differ. They can't be enrolled so."""
    changed: tuple[tuple[Row, Person], ...]
    """Known or enrolled, and the file writes a detail differently."""
    namesakes: tuple[Namesake, ...]
    """To be asked about; they are among `new`."""
    lookalikes: tuple[tuple[Row, ...], ...]
    """Rows of the file with one name."""
    earlier: tuple[tuple[Row, Earlier], ...]
    """Who has been through the same programme: those who completed it first."""
    elsewhere: tuple[tuple[Row, str], ...]
    """Enrolled at another bridge point (id) than the file says: that stays; a transfer changes it."""
    cards_taken: tuple[tuple[Row, Person], ...]
    """The card is somebody else's. They can't be enrolled so."""
    unknown_points: tuple[tuple[str, int], ...]
    """Bridge points that the server does not know, and how many rows name them."""


def compare(rows: Sequence[Row], known: Known) -> Comparison:
    """Compare a roster's rows with what is known."""
    new: list[Row] = []
    old: list[tuple[Row, Person]] = []
    enrolled: list[tuple[Row, Person]] = []
    taken, changed, namesakes, earlier, elsewhere, cards_taken = [], [], [], [], [], []
    unknown: dict[str, int] = {}
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(plain(row.name), []).append(row)
        point = known.points.get(plain(row.bridge_point))
        if point is None and row.bridge_point:
            unknown[row.bridge_point] = unknown.get(row.bridge_point, 0) + 1
        person = known.by_code.get(row.code)
        owner = known.cards.get(row.card)
        if owner is not None and owner.code != row.code:
            cards_taken.append((row, owner))
            continue
        if person is None:
            new.append(row)
            same = [one for one in known.by_name.get(plain(row.name), ()) if one.birth_year == row.birth_year]
            if same and row.birth_year is not None:
                namesakes.append(Namesake(row, same[0]))
            continue
        if plain(person.name) != plain(row.name) and person.birth_year != row.birth_year:
            taken.append((row, person))
            continue
        (enrolled if person.id in known.enrolled else old).append((row, person))
        if (person.name, person.unit, person.birth_year) != (row.name, row.unit, row.birth_year):
            changed.append((row, person))
        if person.id in known.earlier:
            earlier.append((row, known.earlier[person.id]))
        at = known.enrolled.get(person.id)
        if at is not None and point is not None and at != point:
            elsewhere.append((row, at))
    return Comparison(
        tuple(new), tuple(old), tuple(enrolled), tuple(taken), tuple(changed), tuple(namesakes),
        tuple(tuple(some) for some in by_name.values() if len(some) > 1),
        tuple(sorted(earlier, key=lambda one: one[1].verdict != "completed")), tuple(elsewhere), tuple(cards_taken),
        tuple(unknown.items()),
    )  # fmt: skip


def what_is_known(
    db: Session, course: str, rows: Sequence[Row], now: int, verdicts: Verdicts, key: SealingKey
) -> Known:  # fmt: skip
    """What the server knows of these rows' codes and names, of the course and of the bridge points."""
    by_code = {one.code: one for one in _people(db, "code", [row.code for row in rows])}
    by_name: dict[str, list[Person]] = {}
    for one in _people(db, "name_key", [plain(row.name) for row in rows]):
        by_name.setdefault(plain(one.name), []).append(one)
    enrolled = dict(db.exec(select(Enrolment.learner, Enrolment.bridge_point).where(Enrolment.course == course)).all())
    points: dict[str, str] = {}
    for point in db.exec(select(BridgePoint)):
        points.setdefault(plain(point.name), point.id)
    for point in db.exec(select(BridgePoint)):
        points[plain(point.code)] = point.id
    learners = [one.id for one in by_code.values()]
    return Known(
        by_code, {name: tuple(some) for name, some in by_name.items()}, enrolled, points,
        earlier_courses(db, course, learners, now, verdicts), _owners(db, key, rows),
    )  # fmt: skip


def _owners(db: Session, key: SealingKey, rows: Sequence[Row]) -> dict[str, Person]:
    owners = owners_of(db, key, {row.card for row in rows if row.card})
    people = {one.id: one for one in learners_of(db, set(owners.values()))}
    return {
        number: Person(who.id, who.code, who.name, who.unit, who.birth_year)
        for number, learner in owners.items()
        if (who := people[learner])
    }


def _people(db: Session, column: str, values: Iterable[str]) -> list[Person]:
    wanted = sorted(set(values))
    field_ = col(Learner.code) if column == "code" else col(Learner.name_key)
    return [
        Person(who.id, who.code, who.name, who.unit, who.birth_year)
        for at in range(0, len(wanted), CHUNK)
        for who in db.exec(select(Learner).where(field_.in_(wanted[at : at + CHUNK])))
    ]


def earlier_courses(
    db: Session, course: str, learners: Sequence[str], now: int, verdicts: Verdicts
) -> dict[str, Earlier]:
    """Which of these learners were in a course of the same programme whose sessions are over, and what it came to.

    Of several courses one that was completed counts. verdicts: asked only of courses in which one of them was.
    """
    programme = db.exec(select(Course.programme).where(Course.id == course)).first()
    if programme is None:
        return {}
    running = select(CourseSession.course).where(CourseSession.end > now, col(CourseSession.cancelled).is_(False))
    held = select(CourseSession.course).where(CourseSession.end <= now)
    query = select(Course).where(Course.programme == programme, Course.id != course)
    query = query.where(col(Course.id).in_(held), col(Course.id).not_in(running))
    others = {one.id: one for one in db.exec(query)}
    were: dict[str, set[str]] = {}
    for at in range(0, len(learners), CHUNK):
        part = learners[at : at + CHUNK]
        here = select(Enrolment).where(col(Enrolment.course).in_(others), col(Enrolment.learner).in_(part))
        for one in db.exec(here):
            were.setdefault(one.course, set()).add(one.learner)
    found: dict[str, Earlier] = {}
    for id_, some in were.items():
        came_to = verdicts(others[id_])
        for learner in some:
            verdict = came_to.get(learner, "undecided")
            if learner not in found or verdict == "completed":
                found[learner] = Earlier(others[id_].title, verdict)
    return found
