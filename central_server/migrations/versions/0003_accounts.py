"""Accounts, their grants, sign-ins and second factors"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _time(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "account",
        _text("id"),
        _text("login"),
        _text("name"),
        _text("email", nullable=True),
        _text("password", nullable=True),
        sa.Column("totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0"),
        _text("learner", nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        _time("made_at"),
        sa.ForeignKeyConstraint(["learner"], ["learner.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("login"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("learner"),
    )
    op.create_table(
        "account_grant",
        _text("id"),
        _text("account"),
        _text("role"),
        _text("course", nullable=True),
        _text("bridge_point", nullable=True),
        _time("made_at"),
        sa.ForeignKeyConstraint(["account"], ["account.id"]),
        sa.ForeignKeyConstraint(["course"], ["course.id"]),
        sa.ForeignKeyConstraint(["bridge_point"], ["bridge_point.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "browser_session",
        _text("id"),
        _text("token"),
        _text("account"),
        _time("made_at"),
        _time("seen_at"),
        _time("expires_at"),
        _time("ended_at", nullable=True),
        _text("waits_for", nullable=True),
        _text("how"),
        _text("address"),
        _text("browser"),
        sa.ForeignKeyConstraint(["account"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token"),
    )
    op.create_table(
        "sign_in_link",
        _text("hash"),
        _text("account"),
        sa.Column("new_password", sa.Boolean(), nullable=False),
        _time("made_at"),
        _time("expires_at"),
        _time("used_at", nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"]),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "recovery_code",
        _text("hash"),
        _text("account"),
        _time("used_at", nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"]),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "sign_on_identity",
        _text("issuer"),
        _text("subject"),
        _text("account"),
        _time("linked_at"),
        sa.ForeignKeyConstraint(["account"], ["account.id"]),
        sa.PrimaryKeyConstraint("issuer", "subject"),
    )
    op.create_table(
        "sign_in_limit",
        _text("key"),
        sa.Column("failures", sa.Integer(), nullable=False),
        _time("last_at"),
        _time("until"),
        sa.PrimaryKeyConstraint("key"),
    )
    for table in ("account_grant", "browser_session", "sign_in_link", "recovery_code", "sign_on_identity"):
        op.create_index(f"ix_{table}_account", table, ["account"])
