"""What the desk at a bridge point needs: versions of templates, PINs and cards, lookalikes, enrolments made there"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply."""
    op.add_column("face_template", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.create_index("ix_face_template_newest", "face_template", ["encoder", "learner", "version"])
    op.add_column("account", sa.Column("pin", sa.LargeBinary(), nullable=True))
    op.create_table(
        "learner_means",
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("templates", sa.Integer(), nullable=False),
        sa.Column("pin", sa.LargeBinary(), nullable=True),
        sa.Column("pin_made_at", sa.BigInteger(), nullable=True),
        sa.Column("card", sa.LargeBinary(), nullable=True),
        sa.Column("card_digest", sa.String(), nullable=True),
        sa.Column("card_set_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["learner"], ["learner.id"]),
        sa.PrimaryKeyConstraint("learner"),
        sa.UniqueConstraint("card_digest"),
    )
    # Templates from before were not counted: each of them is its learner's first.
    op.execute("INSERT INTO learner_means (learner, templates) SELECT DISTINCT learner, 1 FROM face_template")
    op.create_table(
        "lookalike",
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=False),
        sa.Column("encoder", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("judged_by", sa.String(), nullable=True),
        sa.Column("judged_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["learner"], ["learner.id"]),
        sa.ForeignKeyConstraint(["other"], ["learner.id"]),
        sa.PrimaryKeyConstraint("learner", "other", "encoder"),
    )
    op.create_index("ix_lookalike_other", "lookalike", ["other"])
    op.create_table(
        "desk_enrolment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("encoder", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["device.id"]),
        sa.ForeignKeyConstraint(["learner"], ["learner.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
