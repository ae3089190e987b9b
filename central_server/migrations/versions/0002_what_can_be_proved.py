"""What can be proved: the server's own log, heads of single records, devices' keys, forks and gaps"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "own_record",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "device_key",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["device.id"]),
        sa.PrimaryKeyConstraint("device", "number"),
        sa.UniqueConstraint("public_key"),
    )
    op.create_table(
        "fork",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("ends", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("batch", sa.LargeBinary(), nullable=False),
        sa.Column("sessions", sa.String(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["device.id"]),
        sa.PrimaryKeyConstraint("device", "log", "ends", "head"),
    )
    op.create_table(
        "gap",
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["device.id"]),
        sa.PrimaryKeyConstraint("device", "log"),
    )
    op.add_column("signed_head", sa.Column("key", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("record", sa.Column("head", sa.LargeBinary(), nullable=False, server_default=sa.text("(x'')")))
    connection = op.get_bind()
    connection.execute(
        sa.text(
            "INSERT INTO device_key (device, number, public_key, made_at, expires_at, ended_at, revoked)"
            " SELECT id, 1, public_key, joined_at, joined_at + :life, NULL, 0 FROM device"
        ),
        {"life": 400 * 24 * 3_600_000},
    )
    _heads(connection)


def _heads(connection: sa.Connection) -> None:
    """Give each record the head of its log after it."""
    before: tuple[str, str] | None = None
    head = bytes(32)
    rows = connection.execute(sa.text("SELECT device, log, seq, line FROM record ORDER BY device, log, seq")).all()
    for device, log, seq, line in rows:
        head = hashlib.sha256((head if before == (device, log) else bytes(32)) + line).digest()
        before = (device, log)
        connection.execute(
            sa.text("UPDATE record SET head = :head WHERE device = :device AND log = :log AND seq = :seq"),
            {"head": head, "device": device, "log": log, "seq": seq},
        )
