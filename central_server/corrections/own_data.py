"""All that the server keeps of a learner, as a file for the learner: readable names for fields, ISO times with +07."""

from __future__ import annotations

import msgspec
from sqlmodel import Session, col, select

from central_server.corrections.contests import contests_of_learner
from central_server.corrections.own_said import (
    OwnCorrection,
    OwnLeave,
    OwnResult,
    OwnSignature,
    own_corrections,
    own_leaves,
    own_results,
    own_signatures,
)
from central_server.corrections.reading import Standing, leaves_of_session
from central_server.courses.tables import CourseSession
from central_server.errors import NotFoundError
from central_server.learners.kept_portraits import kept_of
from central_server.learners.sealing import SealingKey
from central_server.learners.tables import Consent, FaceTemplate, Learner, LearnerMeans, SensitiveField
from central_server.participation.known_by import Value
from central_server.participation.live import LiveBoard
from central_server.participation.of_learner import seats
from central_server.participation.one_learner import OneLearner, one_learner
from central_server.participation.wording import check_in_evidence, evidence
from central_server.web.figures import iso
from models.correction_records import Leave


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a session: what it counts as, and what that is known by."""

    value: Value
    start: str
    end: str
    known_by: str


class OwnSessionData(msgspec.Struct, frozen=True, kw_only=True):
    """A session in which the learner was expected."""

    session: str
    title: str
    start: str
    end: str
    bridge_point: str
    seen_s: float
    not_seen_s: float
    not_observed_s: float
    check_in: str | None
    leave: Leave | None
    stretches: list[Stretch]


class OwnCourse(msgspec.Struct, frozen=True, kw_only=True):
    """A course to which the learner belongs."""

    code: str
    title: str
    sessions: list[OwnSessionData]


class OwnConsent(msgspec.Struct, frozen=True, kw_only=True):
    """A consent to face recognition."""

    text_version: str
    way: str
    given: str
    withdrawn: str | None


class OwnTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A face template: that there is one. What it holds is of no use to anybody but this system."""

    encoder: str
    portraits: int
    made: str


class OwnPortrait(msgspec.Struct, frozen=True, kw_only=True):
    """A portrait that a course keeps."""

    course: str
    number: int
    kept: str
    days_after_end: int
    """For how long after the course's end the learner agreed to, at most."""


class OwnContest(msgspec.Struct, frozen=True, kw_only=True):
    """A contest and its answer."""

    session: str
    made: str
    words: str
    file: str | None
    answered: str | None
    answer: str | None
    standing: Standing | None
    """How the correction that answers it stands."""
    against: str | None


class OwnData(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    made: str
    code: str
    name: str
    unit: str
    position: str
    birth_year: int | None
    other: dict[str, str]
    """Other details of the roster, which nobody sees of a single person."""
    pin_since: str | None
    card_since: str | None
    consents: list[OwnConsent]
    face_templates: list[OwnTemplate]
    kept_portraits: list[OwnPortrait]
    courses: list[OwnCourse]
    corrections: list[OwnCorrection]
    leaves: list[OwnLeave]
    contests: list[OwnContest]
    signatures: list[OwnSignature]
    """Over figures among which the learner's stand."""
    results: list[OwnResult]


def own_data(db: Session, live: LiveBoard, key: SealingKey, learner: str, now: int) -> OwnData:
    """All that is kept of a learner at `now` (server time, ms). Raises NotFoundError, SealError."""
    who = db.get(Learner, learner)
    if who is None:
        raise NotFoundError("Không có học viên này.", "There is no such learner.")
    means = db.get(LearnerMeans, learner)
    consents = db.exec(select(Consent).where(Consent.learner == learner).order_by(col(Consent.given_at)))
    templates = db.exec(select(FaceTemplate).where(FaceTemplate.learner == learner))
    courses = _courses(db, live, learner, now)
    details = db.exec(
        select(SensitiveField).where(SensitiveField.learner == learner, SensitiveField.field == "ethnicity")
    )
    return OwnData(
        made=iso(now),
        code=who.code,
        name=who.name,
        unit=who.unit,
        position=who.position,
        birth_year=who.birth_year,
        other={one.field: key.open("ethnicity", learner, one.sealed).decode() for one in details},
        pin_since=_maybe(means.pin_made_at if means and means.pin else None),
        card_since=_maybe(means.card_set_at if means and means.card else None),
        consents=[
            OwnConsent(
                text_version=one.text_version, way=one.way, given=iso(one.given_at), withdrawn=_maybe(one.withdrawn_at)
            )
            for one in consents
        ],
        face_templates=[
            OwnTemplate(encoder=one.encoder, portraits=one.portraits, made=iso(one.made_at)) for one in templates
        ],
        kept_portraits=[
            OwnPortrait(course=one.course, number=one.number, kept=iso(one.kept_at), days_after_end=one.days)
            for one in kept_of(db, learner)
        ],
        courses=courses,
        corrections=own_corrections(db, learner),
        leaves=own_leaves(db, learner),
        contests=[
            OwnContest(
                session=one.session, made=iso(one.at), words=one.words, file=one.evidence,
                answered=_maybe(one.answered_at), answer=one.answer, standing=one.standing, against=one.against,
            )
            for one in contests_of_learner(db, learner)
        ],
        signatures=own_signatures(db, learner, [one.session for course in courses for one in course.sessions]),
        results=own_results(db, learner),
    )  # fmt: skip


def _courses(db: Session, live: LiveBoard, learner: str, now: int) -> list[OwnCourse]:
    found = []
    for seat in seats(db, learner):
        if not seat.course.published:
            continue
        query = select(CourseSession).where(CourseSession.course == seat.course.id, CourseSession.start <= now)
        sessions = []
        for session in db.exec(query.order_by(col(CourseSession.start))).all():
            one = one_learner(db, live, session.id, learner, now)
            if one is not None and not session.cancelled and not session.field_visit:
                sessions.append(_session(db, one))
        found.append(OwnCourse(code=seat.course.code, title=seat.course.title, sessions=sessions))
    return found


def _session(db: Session, one: OneLearner) -> OwnSessionData:
    facts, state = one.facts, one.state
    leave = leaves_of_session(db, facts.id).get(state.facts.id)
    return OwnSessionData(
        session=facts.id,
        title=facts.title,
        start=iso(facts.start),
        end=iso(facts.end),
        bridge_point=facts.points[0].name,
        seen_s=state.participation.seen_ms / 1000,
        not_seen_s=state.participation.not_seen_ms / 1000,
        not_observed_s=state.participation.not_observed_ms / 1000,
        check_in=check_in_evidence(state.check_in, "vi", state.names) if state.check_in else None,
        leave=leave.leave if leave else None,
        stretches=[
            Stretch(
                value=piece.value, start=iso(piece.start), end=iso(piece.end),
                known_by=evidence(piece, "vi", state.names),
            )
            for piece in state.pieces
        ],
    )  # fmt: skip


def _maybe(ms: int | None) -> str | None:
    return None if ms is None else iso(ms)
