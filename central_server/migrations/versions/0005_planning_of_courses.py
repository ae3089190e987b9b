"""Planning of courses: programmes, lecturers, holidays, what became of sessions, class rules, publication"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"


def upgrade() -> None:
    """Apply. Courses that were there were loaded to be held: they count as published."""
    op.create_table(
        "programme",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("periods", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "lecturer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("degree", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "holiday",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "session_change",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"]),
        sa.PrimaryKeyConstraint("session", "number"),
    )
    # Alembic can't add a column with its reference on SQLite without rebuilding the table, which others refer to.
    op.execute("ALTER TABLE course ADD COLUMN programme VARCHAR REFERENCES programme (id)")
    op.create_index("ix_course_programme", "course", ["programme"])
    op.add_column("course", sa.Column("period_minutes", sa.Integer(), nullable=False, server_default="45"))
    op.add_column("course", sa.Column("starts", sa.Date(), nullable=True))
    op.add_column("course", sa.Column("ends", sa.Date(), nullable=True))
    op.add_column("course", sa.Column("published", sa.Boolean(), nullable=False, server_default="1"))
    op.add_column("course", sa.Column("class_rules", sa.String(), nullable=False, server_default=""))
    op.add_column("course", sa.Column("calendar", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("course", sa.Column("last_session", sa.Integer(), nullable=False, server_default="0"))
    op.execute("ALTER TABLE session ADD COLUMN lecturer VARCHAR REFERENCES lecturer (id)")
    op.execute("ALTER TABLE session ADD COLUMN main_point VARCHAR REFERENCES bridge_point (id)")
    op.add_column("session", sa.Column("field_visit", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("session", sa.Column("cancelled", sa.Boolean(), nullable=False, server_default="0"))
    op.create_index("seal_of_session", "record", ["session", "device"], sqlite_where=sa.text("kind = 'seal'"))
