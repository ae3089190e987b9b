"""Replaying what is kept of portraits (models.portrait_records), and what the tables say of it."""

from __future__ import annotations

import hashlib

from sqlalchemy import text
from sqlmodel import Session, select

from central_server.courses.changes import digest
from central_server.learners.tables import PortraitPolicy
from central_server.proof.evidence import Plan
from models.own_records import AnyOwnRecord
from models.portrait_records import PortraitPolicySet, PortraitsErased, PortraitsKept

# As bytes, whatever somebody has put there in their place: it must be found, not stumbled over.
_KEPT = text(
    "SELECT course, learner, number, days, kept_at, CAST(sealed AS BLOB) FROM kept_portrait ORDER BY course, learner,"
    " number"
)


def play_portrait(plan: Plan, record: AnyOwnRecord) -> None:
    """Play one act; one of another kind changes nothing."""
    match record:
        case PortraitPolicySet():
            told = (record.days, record.reason, record.by, record.at)
            plan.portrait_policies[record.course, record.version] = told
        case PortraitsKept():
            _forget(plan, record.course, record.learner)
            for number, sealed in enumerate(record.sealed, 1):
                plan.portraits[record.course, record.learner, number] = (record.days, record.at, sealed)
        case PortraitsErased():
            _forget(plan, record.course, record.learner)
        case _:
            pass


def _forget(plan: Plan, course: str, learner: str) -> None:
    for key in [key for key in plan.portraits if key[:2] == (course, learner)]:
        del plan.portraits[key]


def read_portraits(db: Session, plan: Plan) -> None:
    """Read what the tables say into the plan."""
    for one in db.exec(select(PortraitPolicy)):
        plan.portrait_policies[one.course, one.version] = (one.days, digest(one.reason), one.by, one.at)
    for course, learner, number, days, kept_at, sealed in db.execute(_KEPT):
        plan.portraits[course, learner, number] = (days, kept_at, hashlib.sha256(sealed).hexdigest())
