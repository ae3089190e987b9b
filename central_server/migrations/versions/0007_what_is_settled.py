"""What is settled: the figures of sessions that are over, kept by bridge point"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "settled_point",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("bridge_point", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("figures", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session", "bridge_point"),
    )
