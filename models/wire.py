"""What travels between agent and server beside the records (models.records): always asked for by the agent.

    POST /api/agent/join      JoinRequest -> JoinAnswer       once, with a one-time token
    GET  /api/agent/time      ServerTime                      unsigned; measures the clock offset
    GET  /api/agent/today     Today                           this bridge point's sessions and their rosters
    POST /api/agent/batches   Batch (NDJSON) -> Receipt       records; idempotent
    POST /api/agent/status    LiveStatus -> ServerTime        what is not yet a record, every few seconds

All but join and time carry `Authorization: Diemdanh DEVICE TIME SIGNATURE`: see `request_message`. Refusals are a
Refusal with a 4xx status.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import msgspec

from models.records import Count, Id, Milliseconds

REQUEST_TIME_LIMIT_MS = 300_000
"""A signed request older or newer than this, by the server's clock, is refused: it may be a copy of an earlier one."""

PublicKey = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Text = Annotated[str, msgspec.Meta(max_length=200)]


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the messages: immutable, and what is not known is refused."""


class JoinRequest(Message, frozen=True, kw_only=True):
    """A new agent's request to become the device of a bridge point."""

    token: Text
    public_key: PublicKey
    """Ed25519, 32 bytes in hex."""


class JoinAnswer(Message, frozen=True, kw_only=True):
    """The server's answer: who the agent is from now on."""

    device: Id
    bridge_point: Id
    bridge_point_name: Text


class ServerTime(Message, frozen=True, kw_only=True):
    """The server's wall clock, ms since 1970 UTC."""

    server_time: Milliseconds


class RosterLearner(Message, frozen=True, kw_only=True):
    """A learner whom a bridge point expects. Two may share a name: unit and birth year tell them apart."""

    id: Id
    """Random, the only thing that records carry."""
    code: Text
    """The office's own number for the learner; portraits may be named by it."""
    name: Text
    unit: Text
    birth_year: int | None


class SessionPlan(Message, frozen=True, kw_only=True):
    """A session in which this bridge point takes part. Times are server wall time, ms since 1970 UTC."""

    session: Id
    course: Text
    title: Text
    start: Milliseconds
    end: Milliseconds
    breaks: tuple[tuple[Milliseconds, Milliseconds], ...]
    learners: tuple[RosterLearner, ...]


class Today(Message, frozen=True, kw_only=True):
    """The sessions of this bridge point that have not ended, soonest first."""

    sessions: tuple[SessionPlan, ...]


class LivePresence(Message, frozen=True, kw_only=True):
    """A learner whose presence interval still runs."""

    learner: Id
    start: Milliseconds
    last: Milliseconds


class LiveStatus(Message, frozen=True, kw_only=True):
    """What the agent knows and its log does not tell yet. All times are server wall time as the agent reckons it."""

    session: Id
    at: Milliseconds
    """When this was so."""
    watching_from: Milliseconds | None
    """Since when the room is watched without a break; None while it is not."""
    watching_to: Milliseconds | None
    present: tuple[LivePresence, ...]
    unknown: Count
    """Faces in the room now that match nobody."""
    waiting: Count
    """Records not yet acknowledged."""
    detector: Text
    encoder: Text
    alarms: tuple[Text, ...]
    """Sentences for the class manager, in Vietnamese; empty when all is well."""


class Receipt(Message, frozen=True, kw_only=True):
    """The server holds the log up to `seq`, durably."""

    device: Id
    log: Id
    seq: Count
    head: str
    server_time: Milliseconds


Reason = Literal["token", "signature", "clock", "unknown_device", "invalid", "gap", "fork", "too_large", "other"]


class Refusal(Message, frozen=True, kw_only=True):
    """Why a request was refused; no log was changed."""

    reason: Reason
    vi: str
    en: str
    wanted_seq: int | None = None
    """With `gap`: the seq that the server needs next."""


def request_message(method: str, path: str, time_ms: int, body: bytes) -> bytes:
    """The bytes that a device signs with its Ed25519 key for one request.

    time_ms is the server's clock as the device reckons it.
    """
    return f"diemdanh request 1\n{method.upper()}\n{path}\n{time_ms}\n{hashlib.sha256(body).hexdigest()}".encode()
