"""What every record of the server's own log carries (models.own_records)."""

from __future__ import annotations

from typing import Literal

import msgspec

from models.records import Count, Id, Milliseconds

VERSION: Literal[1] = 1


class OwnRecord(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """What every record carries."""

    v: Literal[1] = VERSION
    seq: Count = 0
    """Given when it is written, from 1 on."""
    at: Milliseconds
    """Server time."""
    by: Id | None = None
    """The account of the person who did it, or a learner's own id at a bridge point (as deputy, or of his or her own
    pages there); none: a command on the server, a device, or the server itself."""
