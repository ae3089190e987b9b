"""What people say about presence: corrections, leave, contests, signed sheets with their revisions, evidence"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0008"


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _said() -> tuple[sa.Column[str], sa.Column[int]]:
    """Who did it, and when."""
    return _text("by", nullable=True), sa.Column("at", sa.BigInteger(), nullable=False)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "correcting_rule",
        _text("course"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("second_person", sa.Boolean(), nullable=False),
        sa.Column("contest_days", sa.Integer(), nullable=False),
        _text("reason"),
        *_said(),
        sa.ForeignKeyConstraint(["course"], ["course.id"]),
        sa.PrimaryKeyConstraint("course", "version"),
    )
    op.create_table(
        "evidence_file",
        _text("id"),
        _text("session"),
        _text("content"),
        _text("media_type"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_evidence_file_session", "evidence_file", ["session"])
    op.create_table(
        "contest",
        _text("id"),
        _text("session"),
        _text("learner"),
        _text("words"),
        _text("evidence", nullable=True),
        *_said(),
        sa.ForeignKeyConstraint(["session"], ["session.id"]),
        sa.ForeignKeyConstraint(["learner"], ["learner.id"]),
        sa.ForeignKeyConstraint(["evidence"], ["evidence_file.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_contest_session", "contest", ["session"])
    op.create_index("ix_contest_learner", "contest", ["learner"])
    op.create_table(
        "correction",
        _text("id"),
        _text("session"),
        _text("change"),
        _text("way"),
        _text("why"),
        _text("words"),
        _text("evidence", nullable=True),
        sa.Column("second_needed", sa.Boolean(), nullable=False),
        _text("contest", nullable=True),
        _text("of", nullable=True),
        *_said(),
        sa.ForeignKeyConstraint(["session"], ["session.id"]),
        sa.ForeignKeyConstraint(["evidence"], ["evidence_file.id"]),
        sa.ForeignKeyConstraint(["contest"], ["contest.id"]),
        sa.ForeignKeyConstraint(["of"], ["correction.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_correction_session", "correction", ["session"])
    op.create_table(
        "correction_part",
        _text("correction"),
        _text("learner"),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["correction"], ["correction.id"]),
        sa.ForeignKeyConstraint(["learner"], ["learner.id"]),
        sa.PrimaryKeyConstraint("correction", "learner", "start"),
    )
    op.create_index("ix_correction_part_learner", "correction_part", ["learner"])
    op.create_table(
        "correction_answer",
        _text("correction"),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        _text("words"),
        *_said(),
        sa.ForeignKeyConstraint(["correction"], ["correction.id"]),
        sa.PrimaryKeyConstraint("correction"),
    )
    op.create_table(
        "contest_answer",
        _text("contest"),
        _text("correction", nullable=True),
        _text("words"),
        *_said(),
        sa.ForeignKeyConstraint(["contest"], ["contest.id"]),
        sa.ForeignKeyConstraint(["correction"], ["correction.id"]),
        sa.PrimaryKeyConstraint("contest"),
    )
    op.create_table(
        "leave",
        _text("session"),
        _text("learner"),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("leave"),
        _text("words"),
        _text("approver"),
        _text("evidence", nullable=True),
        *_said(),
        sa.ForeignKeyConstraint(["session"], ["session.id"]),
        sa.ForeignKeyConstraint(["learner"], ["learner.id"]),
        sa.ForeignKeyConstraint(["evidence"], ["evidence_file.id"]),
        sa.PrimaryKeyConstraint("session", "learner", "number"),
    )
    op.create_index("ix_leave_learner", "leave", ["learner"])
    op.create_table(
        "sheet_revision",
        _text("session"),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("cause"),
        _text("of", nullable=True),
        sa.Column("figures", sa.LargeBinary(), nullable=False),
        _text("words"),
        *_said(),
        sa.ForeignKeyConstraint(["session"], ["session.id"]),
        sa.ForeignKeyConstraint(["of"], ["correction.id"]),
        sa.PrimaryKeyConstraint("session", "number"),
    )
    op.create_table(
        "sheet_signature",
        _text("session"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        _text("signer"),
        _text("bridge_point", nullable=True),
        _text("figures"),
        *_said(),
        sa.ForeignKeyConstraint(["session"], ["session.id"]),
        sa.ForeignKeyConstraint(["bridge_point"], ["bridge_point.id"]),
        sa.PrimaryKeyConstraint("session", "number"),
    )
