"""A course's participation rule: the version in force, all versions, and making the next."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlmodel import Session, col, select

from central_server.accounts.tables import Account
from central_server.courses.changes import Changes, digest
from central_server.errors import ConflictError
from central_server.participation.tables import RuleVersion
from models.own_records import CourseRule
from models.participation import Rule


@dataclass(frozen=True, slots=True)
class RuleTold:
    """One version with who made it and why; by: the account's name, empty where no person did. at: ms."""

    rule: Rule
    by: str
    at: int
    reason: str


def rule_of(db: Session, course: str) -> Rule:
    """The rule in force; the defaults for a course that has none."""
    found = _newest(db, course)
    return msgspec.json.decode(found.rule, type=Rule) if found else Rule()


def rule_versions(db: Session, course: str) -> list[RuleTold]:
    """All versions of a course's rule, newest first."""
    query = (
        select(RuleVersion, Account.name)
        .join(Account, col(Account.id) == RuleVersion.by, isouter=True)
        .where(RuleVersion.course == course)
        .order_by(col(RuleVersion.version).desc())
    )
    return [
        RuleTold(msgspec.json.decode(row.rule, type=Rule), name or "", row.at, row.reason)
        for row, name in db.exec(query)
    ]


def add_rule(changes: Changes, course: str, rule: Rule, reason: str = "") -> Rule:
    """Make the next version of a course's rule, whatever version `rule` says it is."""
    before = _newest(changes.db, course)
    new = msgspec.structs.replace(rule, version=before.version + 1 if before else 1)
    text = msgspec.json.encode(new).decode()
    changes.db.add(
        RuleVersion(course=course, version=new.version, rule=text, reason=reason, by=changes.by, at=changes.now)
    )
    changes.db.flush()
    told = digest(reason) if reason else None
    changes.tell(CourseRule(at=changes.now, by=changes.by, course=course, rule=new, reason=told))
    return new


def put_rule(changes: Changes, course: str, rule: Rule) -> bool:
    """Bring a course's rule to this one; whether that made a version."""
    if same(rule, rule_of(changes.db, course)):
        return False
    add_rule(changes, course, rule)
    return True


def save_rule(changes: Changes, course: str, rule: Rule, reason: str) -> Rule:
    """Make the version after the one that `rule` was made from (`rule.version`).

    Raises ConflictError when somebody else has made another meanwhile.
    """
    before = rule_of(changes.db, course)
    if before.version != rule.version:
        raise ConflictError(
            f"Điều kiện của lớp đã có phiên bản {before.version} trong lúc đồng chí sửa phiên bản {rule.version}.",
            f"The course's rule has got version {before.version} while you were changing version {rule.version}.",
        )
    return add_rule(changes, course, rule, reason)


def same(a: Rule, b: Rule) -> bool:
    """Whether two rules say the same, whatever their versions."""
    return msgspec.structs.replace(a, version=b.version) == b


def _newest(db: Session, course: str) -> RuleVersion | None:
    query = select(RuleVersion).where(RuleVersion.course == course).order_by(col(RuleVersion.version).desc())
    return db.exec(query).first()
