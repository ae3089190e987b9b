"""The evidence in the database, read in one transaction: a server may be running on it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress

import msgspec
from sqlalchemy import Connection, text
from sqlmodel import Session, col, select

from central_server.accounts.credentials import kept_credentials
from central_server.accounts.tables import Account, AccountGrant
from central_server.bridge_points.tables import Device, DeviceKey, JoinToken
from central_server.courses.changes import digest
from central_server.courses.queries import breaks_of
from central_server.courses.tables import (
    Course,
    CourseSession,
    Enrolment,
    Holiday,
    Lecturer,
    Programme,
    SessionBridgePoint,
    SessionChange,
)
from central_server.enrolment.tables import EndedEnrolment, Guest, Transfer
from central_server.learners.identity import commitment_of
from central_server.learners.tables import Consent, FaceTemplate, Learner, LearnerMeans, Lookalike
from central_server.ledger.forks import doubled
from central_server.ledger.tables import Fork, ForksDropped
from central_server.participation.evidence import no_evidence
from central_server.participation.queries import Arrived, new_records, records_around, session_facts
from central_server.participation.settled import settled
from central_server.participation.state import UNTIL_STEP_MS, point_state
from central_server.participation.tables import RuleVersion
from central_server.proof.classroom import read_classrooms
from central_server.proof.evidence import Fork as ForkOf
from central_server.proof.evidence import LogEvidence, Plan, Row, Signed, Totals
from central_server.proof.replay_portraits import read_portraits
from central_server.proof.replay_reports import read_reports
from central_server.proof.stored_corrections import read_corrections
from central_server.proof.totals import total_of

_OWN = text("SELECT seq, kind, line, head FROM own_record ORDER BY seq")
_LOGS = text(
    "SELECT device, log FROM log_head UNION SELECT device, log FROM signed_head UNION SELECT device, log FROM record"
    " ORDER BY 1, 2"
)
_ROWS = text(
    'SELECT seq, line, head, session, kind, learner, start, "end" FROM record'
    " WHERE device = :device AND log = :log ORDER BY seq"
)
_SIGNED = text(
    "SELECT seq, head, signature, key, received_at FROM signed_head WHERE device = :device AND log = :log ORDER BY seq"
)
_END = text("SELECT seq, head FROM log_head WHERE device = :device AND log = :log")


class StoredEvidence:
    """What one connection sees; the caller holds it in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def own(self) -> tuple[Row, ...]:
        """The server's own log."""
        rows = self._connection.execute(_OWN)
        return tuple(Row(row.seq, bytes(row.line), bytes(row.head), (row.kind,)) for row in rows)

    def plan(self) -> Plan:
        """What the tables say."""
        plan = Plan()
        with Session(self._connection) as db:
            _read_planning(db, plan)
            plan.places = {(one.session, one.bridge_point): True for one in db.exec(select(SessionBridgePoint))}
            plan.enrolled = {(one.course, one.learner): one.bridge_point for one in db.exec(select(Enrolment))}
            for gone in db.exec(select(EndedEnrolment)):
                plan.ended[gone.course, gone.learner, gone.at] = (gone.bridge_point, digest(gone.reason), gone.by)
            for move in db.exec(select(Transfer)):
                plan.transfers[move.course, move.learner, move.since] = move.bridge_point
            plan.guests = {(one.session, one.learner): one.bridge_point for one in db.exec(select(Guest))}
            plan.learners = {one.id: commitment_of(one) for one in db.exec(select(Learner))}
            for consent in db.exec(select(Consent)):
                given = (consent.learner, consent.text_version, consent.way, consent.given_at)
                plan.consents[consent.id] = (*given, consent.witness, consent.withdrawn_at)
            for kept in db.exec(select(FaceTemplate)):
                sealed = hashlib.sha256(kept.sealed).hexdigest()
                plan.templates[kept.learner, kept.encoder] = (kept.portraits, sealed, kept.version)
            _read_means(db, plan)
            read_classrooms(db, plan)
            plan.devices = {one.id: one.bridge_point for one in db.exec(select(Device))}
            for key in db.exec(select(DeviceKey)):
                times = (key.made_at, key.expires_at, key.ended_at)
                plan.keys[key.device, key.number] = (key.public_key, *times, key.revoked)
            for token in db.exec(select(JoinToken)):
                plan.tokens[token.hash] = (token.bridge_point, token.expires_at, token.device)
            plan.accounts = {one.id: (one.disabled, one.learner) for one in db.exec(select(Account))}
            for grant in db.exec(select(AccountGrant)):
                plan.grants[grant.account, grant.role, grant.course, grant.bridge_point] = True
            plan.credentials = kept_credentials(db)
            read_corrections(db, plan)
            for fork in db.exec(select(Fork)):
                plan.forks[fork.device, fork.log, fork.ends, fork.head.hex()] = fork.seq
            for more in db.exec(select(ForksDropped)):
                plan.forks_dropped[more.device, more.log, more.session] = doubled(more.count)
            read_reports(db, plan)
            read_portraits(db, plan)
        return plan

    def forks(self) -> Iterator[ForkOf]:
        """The refused versions."""
        with Session(self._connection) as db:
            for fork in db.exec(select(Fork).order_by(col(Fork.device), col(Fork.log), col(Fork.ends))):
                yield (fork.device, fork.log, fork.ends, fork.head.hex()), fork.key, fork.batch

    def logs(self) -> Iterator[LogEvidence]:
        """Every device's logs."""
        for device, log in self._connection.execute(_LOGS).all():
            which = {"device": device, "log": log}
            rows = tuple(
                Row(row.seq, bytes(row.line), bytes(row.head), tuple(row[3:]))
                for row in self._connection.execute(_ROWS, which)
            )
            signed = tuple(
                Signed(row.seq, bytes(row.head), bytes(row.signature), row.key, row.received_at)
                for row in self._connection.execute(_SIGNED, which)
            )
            end = self._connection.execute(_END, which).one_or_none()
            yield LogEvidence(device, log, rows, signed, (end.seq, bytes(end.head)) if end else None)

    def totals(self) -> Totals:
        """What the pages show of each session as a whole, by the tables and the columns that records are found by."""
        totals: Totals = {}
        with Session(self._connection) as db:
            for session in db.exec(select(CourseSession.id)).all():
                with suppress(msgspec.MsgspecError):  # damaged: no totals are shown; the proof says why
                    totals.update(_shown(db, session))
        return totals

    def settled(self) -> Totals:
        """What is kept and shown in place of what the records give."""
        totals: Totals = {}
        with Session(self._connection) as db:
            for course in db.exec(select(Course.id)).all():
                with suppress(msgspec.MsgspecError):  # damaged: the proof says why
                    sessions = db.exec(select(CourseSession.id).where(CourseSession.course == course)).all()
                    for (session, _), parts in settled(db, course, frozenset(sessions)).parts.items():
                        totals |= {(session, who): total_of(part.totals) for who, part in parts.items()}
        return totals


def _read_means(db: Session, plan: Plan) -> None:
    for means in db.exec(select(LearnerMeans)):
        if means.pin is not None:
            plan.pins[means.learner] = hashlib.sha256(means.pin).hexdigest()
        if means.card is not None:
            plan.cards[means.learner] = (hashlib.sha256(means.card).hexdigest(), means.card_digest or "")
    for pair in db.exec(select(Lookalike)):
        judged = None if pair.judged_at is None else (pair.judged_by, pair.judged_at)
        plan.lookalikes[pair.learner, pair.other, pair.encoder] = judged


def _read_planning(db: Session, plan: Plan) -> None:
    for course in db.exec(select(Course)):
        starts, ends = (day.isoformat() if day else None for day in (course.starts, course.ends))
        plan.courses[course.id] = (
            course.programme, course.period_minutes, starts, ends, course.published, digest(course.class_rules),
            course.calendar,
        )  # fmt: skip
    for version in db.exec(select(RuleVersion)):
        reason = digest(version.reason) if version.reason else ""
        plan.rules[version.course, version.version] = (version.rule, version.by, version.at, reason)
    for session in db.exec(select(CourseSession)).all():
        plan.sessions[session.id] = (session.course, session.start, session.end, breaks_of(db, session.id))
        plan.held[session.id] = (session.lecturer, session.main_point, session.field_visit)
        if session.cancelled:
            plan.cancelled[session.id] = True
    for change in db.exec(select(SessionChange)):
        told = (change.change, change.start, change.end, digest(change.reason), change.by, change.at)
        plan.changes[change.session, change.number] = told
    plan.programmes = {one.id: one.periods for one in db.exec(select(Programme))}
    plan.lecturers = {one.id: one.account for one in db.exec(select(Lecturer)) if one.account is not None}
    plan.holidays = {one.day.isoformat(): True for one in db.exec(select(Holiday))}


def _shown(db: Session, session: str) -> Totals:
    totals: Totals = {}
    facts = session_facts(db, session)
    for point in facts.points:
        evidence = no_evidence(facts, point.id)
        for device in point.devices:
            for one in new_records(db, session, device, {}):
                if isinstance(one, Arrived):  # a damaged one is a finding of its own
                    evidence.add(one.record)
        evidence.learn_missing_clocks(lambda record: records_around(db, record))
        state = point_state(facts, point, evidence, (), facts.end + UNTIL_STEP_MS)
        for learner in state.learners:
            totals[session, learner.facts.id] = total_of(learner.participation)
    return totals
