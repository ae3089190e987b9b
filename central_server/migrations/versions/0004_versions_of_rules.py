"""Versions of each course's participation rule, with who made them and why"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0006"


def upgrade() -> None:
    """Apply. Each course's rule becomes its version 1, made when the own log was last told of it."""
    op.create_table(
        "course_rule",
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["course"], ["course.id"]),
        sa.PrimaryKeyConstraint("course", "version"),
    )
    connection = op.get_bind()
    told: dict[str, dict[str, object]] = {}
    lines = connection.execute(sa.text("SELECT line FROM own_record WHERE kind = 'course_rule' ORDER BY seq"))
    for line in lines.scalars():
        record = json.loads(bytes(line))
        told[record["course"]] = record
    for course, text in connection.execute(sa.text("SELECT id, rule FROM course")).all():
        record = told.get(course, {})
        values = {"course": course, "rule": _as_written_now(text), "by": record.get("by"), "at": record.get("at", 0)}
        values["version"] = json.loads(values["rule"])["version"]
        statement = (
            "INSERT INTO course_rule (course, version, rule, reason, by, at)"
            " VALUES (:course, :version, :rule, '', :by, :at)"
        )
        connection.execute(sa.text(statement), values)
    op.drop_column("course", "rule")


def _as_written_now(text: str) -> str:
    """The rule with the fields that it has from this version on, in their order, as it is compared with the own log."""
    before = json.loads(text)
    usual = {
        "version": 1, "gap_tolerance_s": 60, "late_after_min": 5, "early_before_min": 5, "share_needed": 0.8,
        "before_check_in_counts": True, "not_observed": "excused", "not_observed_up_to": 0.2,
    }  # fmt: skip
    return json.dumps(usual | before, separators=(",", ":"))
