"""A session's figures as people sign them: what is signed, by whom, and the numbered revisions that followed.

A signature is over the SHA-256 of figures: of one bridge point, or of all. So it stands for as long as these figures
do, and a revision that changes another bridge point's does not undo it. Nothing is blocked by a seal: what changes
later makes another revision, which says what and why, and can be signed again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from sqlmodel import Session, col, select

from central_server.corrections.reading import LeaveFacts, leaves_of_course
from central_server.corrections.tables import SheetRevisionRow, SheetSignature
from central_server.courses.queries import breaks_of
from central_server.courses.tables import CourseSession, SessionBridgePoint
from central_server.participation.rules import rule_of
from central_server.participation.settled import Part, compute, settled
from models.correction_records import Cause, Leave, Signer

State = Literal["open", "partly", "sealed", "revised"]
"""Nobody signed; not all have; all have signed the figures of now; they did once, and there is a revision since."""


class LearnerRow(msgspec.Struct, frozen=True, array_like=True):
    """A learner's figures. scheduled = seen + not seen + not observed, ms."""

    learner: str
    scheduled_ms: int
    seen_ms: int
    not_seen_ms: int
    not_observed_ms: int
    leave: Leave | None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """A session's figures: ids only. Times are ms since 1970 UTC."""

    session: str
    start: int
    end: int
    breaks: tuple[tuple[int, int], ...]
    rule: int
    """Version of the course's participation rule."""
    points: dict[str, list[LearnerRow]]
    """By bridge point, in order of ids."""

    def encoded(self) -> bytes:
        """The bytes that are kept, whose SHA-256 is signed."""
        return msgspec.json.encode(self)

    @property
    def digest(self) -> str:
        """SHA-256 of all, in hex."""
        return hashlib.sha256(self.encoded()).hexdigest()

    def digest_at(self, point: str | None) -> str:
        """SHA-256 of one bridge point's figures; None: of all."""
        if point is None:
            return self.digest
        return hashlib.sha256(msgspec.json.encode((self.session, point, self.points.get(point, [])))).hexdigest()

    def rows(self) -> dict[str, LearnerRow]:
        """By learner."""
        return {row.learner: row for some in self.points.values() for row in some}


def figures_of(db: Session, session: CourseSession) -> Figures:
    """The figures of a session that is over, as they are now."""
    return _figures_of(db, session.course, [session.id])[session.id]


def drifted_in(db: Session, course: str, sessions: Sequence[str]) -> tuple[str, ...]:
    """Those of a course's sessions that are over whose figures are others now than those that were signed last."""
    seals = {session: seal for session, seal in seals_of(db, sessions).items() if seal.last is not None}
    figures = _figures_of(db, course, list(seals))
    return tuple(session for session, seal in seals.items() if seal.drifted(figures[session]))


def _figures_of(db: Session, course: str, sessions: Sequence[str]) -> dict[str, Figures]:
    if not sessions:
        return {}
    kept = settled(db, course, frozenset(sessions))
    parts: dict[str, dict[str, Mapping[str, Part]]] = {session: {} for session in sessions}
    for (session, point), some in kept.parts.items():
        parts[session][point] = some
    for basis in kept.missing:
        parts[basis.session][basis.bridge_point] = compute(db, basis).parts
    leaves, rule = leaves_of_course(db, course), rule_of(db, course).version
    rows = db.exec(select(CourseSession).where(col(CourseSession.id).in_(sessions)))
    return {one.id: _figures(db, one, parts[one.id], leaves.get(one.id, {}), rule) for one in rows}


def _figures(
    db: Session,
    session: CourseSession,
    parts: Mapping[str, Mapping[str, Part]],
    leaves: Mapping[str, LeaveFacts],
    rule: int,
) -> Figures:
    points: dict[str, list[LearnerRow]] = {}
    for point in sorted(parts):
        points[point] = [
            LearnerRow(
                who, it.scheduled_ms, it.seen_ms, it.not_seen_ms, it.not_observed_ms,
                leaves[who].leave if who in leaves else None,
            )
            for who in sorted(parts[point])
            for it in (parts[point][who].totals,)
        ]  # fmt: skip
    return Figures(
        session=session.id, start=session.start, end=session.end, breaks=breaks_of(db, session.id),
        rule=rule, points=points,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Revision:
    """The figures at one time. at: server time, ms."""

    number: int
    cause: Cause
    of: str | None
    figures: Figures
    words: str
    by: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed which figures. at: server time, ms."""

    revision: int
    signer: Signer
    point: str | None
    figures: str
    by: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Seal:
    """How a session's sheet stands."""

    points: tuple[str, ...]
    """Bridge points (ids) that take part."""
    revisions: tuple[Revision, ...]
    signatures: tuple[Signature, ...]

    @property
    def last(self) -> Revision | None:
        """The newest revision."""
        return self.revisions[-1] if self.revisions else None

    def signed(self, revision: Revision, signer: Signer, point: str | None) -> Signature | None:
        """Who signed these figures in that role, for that bridge point or for all; the last one."""
        places = (None,) if point is None else (point, None)
        good = {(place, revision.figures.digest_at(place)) for place in places}
        found = [one for one in self.signatures if one.signer == signer and (one.point, one.figures) in good]
        return found[-1] if found else None

    def missing(self, revision: Revision) -> tuple[tuple[Signer, str | None], ...]:
        """Whose signatures the revision still lacks; a bridge point without learners needs none."""
        here = [point for point in self.points if revision.figures.points.get(point)]
        lacking: list[tuple[Signer, str | None]] = [
            ("technician", point) for point in here if self.signed(revision, "technician", point) is None
        ]
        if self.signed(revision, "class_manager", None) is None:
            lacking.append(("class_manager", None))
        return tuple(lacking)

    def drifted(self, figures: Figures) -> bool:
        """Whether a signed sheet's figures, as they are now, are others than its newest revision's."""
        return self.last is not None and figures.digest != self.last.figures.digest

    @property
    def state(self) -> State:
        """How it stands."""
        if self.last is None:
            return "open"
        if not self.missing(self.last):
            return "sealed"
        return "revised" if any(not self.missing(one) for one in self.revisions) else "partly"


def seal_of(db: Session, session: str) -> Seal:
    """How a session's sheet stands."""
    return seals_of(db, [session])[session]


def unsealed_of_courses(db: Session, sessions: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """By course, those of its sessions whose newest revision lacks a signature, or that nobody has signed."""
    found = seals_of(db, [one for some in sessions.values() for one in some])
    return {course: tuple(one for one in some if found[one].state != "sealed") for course, some in sessions.items()}


def _decoded(session: str, figures: bytes) -> Figures:
    """Damaged ones are as good as none: nobody has signed them, and the proof says what is wrong."""
    try:
        return msgspec.json.decode(figures, type=Figures)
    except msgspec.MsgspecError:
        return Figures(session=session, start=0, end=0, breaks=(), rule=0, points={})


def seals_of(db: Session, sessions: Sequence[str]) -> dict[str, Seal]:
    """The same of several, by session."""
    revisions: dict[str, list[Revision]] = {one: [] for one in sessions}
    query = select(SheetRevisionRow).where(col(SheetRevisionRow.session).in_(sessions))
    for row in db.exec(query.order_by(col(SheetRevisionRow.number))):
        figures = _decoded(row.session, row.figures)
        cause = msgspec.convert(row.cause, Cause)
        revisions[row.session].append(Revision(row.number, cause, row.of, figures, row.words, row.by, row.at))
    signatures: dict[str, list[Signature]] = {one: [] for one in sessions}
    signed = select(SheetSignature).where(col(SheetSignature.session).in_(sessions))
    for one in db.exec(signed.order_by(col(SheetSignature.number))):
        signer = msgspec.convert(one.signer, Signer)
        told = Signature(one.revision, signer, one.bridge_point, one.figures, one.by, one.at)
        signatures[one.session].append(told)
    points: dict[str, list[str]] = {one: [] for one in sessions}
    places = select(SessionBridgePoint).where(col(SessionBridgePoint.session).in_(sessions))
    for place in db.exec(places.order_by(col(SessionBridgePoint.bridge_point))):
        points[place.session].append(place.bridge_point)
    return {one: Seal(tuple(points[one]), tuple(revisions[one]), tuple(signatures[one])) for one in sessions}
