"""Records lie in the order of their arrival, which is quicker; refused versions that are not kept are counted"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_COLUMNS = 'device, log, seq, session, kind, learner, start, "end", line, head'


def upgrade() -> None:
    """Apply. The copy needs as much room again as the records take; what they held is free for new ones after it."""
    op.create_table(
        "record_by_arrival",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=True),
        sa.Column("start", sa.BigInteger(), nullable=True),
        sa.Column("end", sa.BigInteger(), nullable=True),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False, server_default=sa.text("(x'')")),
        sa.PrimaryKeyConstraint("device", "log", "seq"),
    )
    op.execute(
        f"INSERT INTO record_by_arrival ({_COLUMNS}) SELECT {_COLUMNS} FROM record ORDER BY device, log, seq"  # noqa: S608 - our own names
    )
    op.drop_table("record")
    op.rename_table("record_by_arrival", "record")
    op.create_index("record_of_session", "record", ["session", "device", "log", "seq"])
    op.create_index("seal_of_session", "record", ["session", "device"], sqlite_where=sa.text("kind = 'seal'"))
    op.create_table(
        "forks_dropped",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["device.id"]),
        sa.PrimaryKeyConstraint("device", "log", "session"),
    )
