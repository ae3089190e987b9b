"""The first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "bridge_point",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "course",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "learner",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "record",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=True),
        sa.Column("start", sa.BigInteger(), nullable=True),
        sa.Column("end", sa.BigInteger(), nullable=True),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("device", "log", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_index("record_of_session", "record", ["session", "device", "log", "seq"])

    op.create_table(
        "device",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("bridge_point", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bridge_point"], ["bridge_point.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_key"),
    )
    op.create_index("ix_device_bridge_point", "device", ["bridge_point"])

    op.create_table(
        "enrolment",
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("bridge_point", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["bridge_point"], ["bridge_point.id"]),
        sa.ForeignKeyConstraint(["course"], ["course.id"]),
        sa.ForeignKeyConstraint(["learner"], ["learner.id"]),
        sa.PrimaryKeyConstraint("course", "learner"),
    )
    op.create_index("ix_enrolment_bridge_point", "enrolment", ["bridge_point"])

    op.create_table(
        "session",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["course"], ["course.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_session_course", "session", ["course"])
    op.create_index("ix_session_start", "session", ["start"])

    op.create_table(
        "join_token",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("bridge_point", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("device", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["bridge_point"], ["bridge_point.id"]),
        sa.ForeignKeyConstraint(["device"], ["device.id"]),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "log_head",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["device.id"]),
        sa.PrimaryKeyConstraint("device", "log"),
    )
    op.create_table(
        "session_break",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"]),
        sa.PrimaryKeyConstraint("session", "start"),
    )
    op.create_table(
        "session_bridge_point",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("bridge_point", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["bridge_point"], ["bridge_point.id"]),
        sa.ForeignKeyConstraint(["session"], ["session.id"]),
        sa.PrimaryKeyConstraint("session", "bridge_point"),
    )
    op.create_index("ix_session_bridge_point_bridge_point", "session_bridge_point", ["bridge_point"])

    op.create_table(
        "signed_head",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device", "log"], ["log_head.device", "log_head.log"]),
        sa.PrimaryKeyConstraint("device", "log", "seq"),
    )
