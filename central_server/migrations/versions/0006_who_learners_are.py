"""Who learners are: commitments, positions, consents, sealed details and templates, transfers, guests"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
    op.add_column("learner", sa.Column("position", sa.String(), nullable=False, server_default=""))
    op.add_column("learner", sa.Column("name_key", sa.String(), nullable=False, server_default=""))
    op.add_column("learner", sa.Column("salt", sa.LargeBinary(), nullable=False, server_default=sa.text("(x'')")))
    op.create_index("ix_learner_name_key", "learner", ["name_key"])
    op.create_table(
        "consent",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("text_version", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("witness", sa.String(), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["learner"], ["learner.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_consent_learner", "consent", ["learner"])
    op.create_table(
        "sensitive_field",
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["learner"], ["learner.id"]),
        sa.PrimaryKeyConstraint("learner", "field"),
    )
    op.create_table(
        "face_template",
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("encoder", sa.String(), nullable=False),
        sa.Column("portraits", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["learner"], ["learner.id"]),
        sa.PrimaryKeyConstraint("learner", "encoder"),
    )
    op.create_table(
        "transfer",
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bridge_point", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["bridge_point"], ["bridge_point.id"]),
        sa.ForeignKeyConstraint(["course"], ["course.id"]),
        sa.ForeignKeyConstraint(["learner"], ["learner.id"]),
        sa.PrimaryKeyConstraint("course", "learner", "since"),
    )
    op.create_index("ix_transfer_bridge_point", "transfer", ["bridge_point"])
    op.create_table(
        "guest",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("bridge_point", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["bridge_point"], ["bridge_point.id"]),
        sa.ForeignKeyConstraint(["learner"], ["learner.id"]),
        sa.ForeignKeyConstraint(["session"], ["session.id"]),
        sa.PrimaryKeyConstraint("session", "learner"),
    )
    _commit_to_learners(op.get_bind())


def _commit_to_learners(connection: sa.Connection) -> None:
    """Give every learner a salt, and tell the own log who they are from now on."""
    last = connection.execute(sa.text("SELECT seq, head FROM own_record ORDER BY seq DESC LIMIT 1")).one_or_none()
    seq, head = (last.seq, bytes(last.head)) if last else (0, bytes(32))
    at = time.time_ns() // 1_000_000
    learners = connection.execute(sa.text("SELECT id, name, code, unit, birth_year FROM learner ORDER BY id")).all()
    for learner, name, code, unit, birth_year in learners:
        seq += 1
        salt = secrets.token_bytes(16)
        details = [unicodedata.normalize("NFC", name), code, unicodedata.normalize("NFC", unit), birth_year]
        text = json.dumps(details, ensure_ascii=False, separators=(",", ":")).encode()
        record = {"kind": "learner_known", "v": 1, "seq": seq, "at": at, "learner": learner,
                  "commitment": hashlib.sha256(salt + text).hexdigest()}  # fmt: skip
        line = json.dumps(record, separators=(",", ":")).encode()
        head = hashlib.sha256(head + line).digest()
        connection.execute(
            sa.text("UPDATE learner SET salt = :salt, name_key = :key WHERE id = :id"),
            {"salt": salt, "key": _plain(name), "id": learner},
        )
        connection.execute(
            sa.text("INSERT INTO own_record (seq, kind, line, head) VALUES (:seq, 'learner_known', :line, :head)"),
            {"seq": seq, "line": line, "head": head},
        )


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    bare = "".join(one for one in letters if not unicodedata.combining(one))
    return " ".join(re.sub(r"[^\w]+", " ", bare).split())
