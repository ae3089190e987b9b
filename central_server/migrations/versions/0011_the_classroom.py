"""The classroom: which acts are of which session's, questions' texts, rooms' tickets"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0008"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "classroom_act",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["own_record.seq"]),
        sa.ForeignKeyConstraint(["session"], ["session.id"]),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_classroom_act_session", "classroom_act", ["session"])
    op.create_table(
        "classroom_question",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("question", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"]),
        sa.PrimaryKeyConstraint("session", "question"),
    )
    op.create_table(
        "room_ticket",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("bridge_point", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["bridge_point"], ["bridge_point.id"]),
        sa.ForeignKeyConstraint(["device"], ["device.id"]),
        sa.ForeignKeyConstraint(["session"], ["session.id"]),
        sa.PrimaryKeyConstraint("hash"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_room_ticket_device", "room_ticket", ["device"])
