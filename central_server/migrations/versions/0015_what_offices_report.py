"""What offices report: units, targets, what courses count as, recognised results, letterheads"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "unit_version",
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("into", sa.String(), nullable=True),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("unit", "version"),
    )
    op.create_table(
        "target_decision",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "target_line",
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("programme", sa.String(), nullable=False),
        sa.Column("courses", sa.Integer(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["decision"], ["target_decision.id"]),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"]),
        sa.PrimaryKeyConstraint("decision", "unit", "programme"),
    )
    op.create_table(
        "course_count",
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("held", sa.String(), nullable=False),
        sa.Column("planned", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["course"], ["course.id"]),
        sa.PrimaryKeyConstraint("course", "version"),
    )
    op.create_table(
        "course_result",
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("attended", sa.Integer(), nullable=False),
        sa.Column("scheduled", sa.Integer(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("certificate", sa.String(), nullable=False),
        sa.Column("book_number", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["course"], ["course.id"]),
        sa.ForeignKeyConstraint(["learner"], ["learner.id"]),
        sa.PrimaryKeyConstraint("course", "learner", "version"),
    )
    op.create_table(
        "letterhead",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("superior", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("signers", sa.String(), nullable=False),
        sa.Column("grades", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
