"""What travels between agent and server beside the records (models.records): always asked for by the agent.

    POST /api/agent/join      JoinRequest -> JoinAnswer       once, with a one-time token
    GET  /api/agent/time      ServerTime                      unsigned; measures the clock offset
    GET  /api/agent/today     Today                           this bridge point's sessions and their rosters
    POST /api/agent/batches   Batch (NDJSON) -> Receipt       records; idempotent; models.receipts says what it proves
    POST /api/agent/status    LiveStatus -> ServerTime        what is not yet a record, every few seconds
    POST /api/agent/rotate    RotateRequest -> RotateAnswer   a new key for this device; idempotent

Today, status and rotate carry `Authorization: Diemdanh DEVICE TIME SIGNATURE`: see `request_message`. A batch is signed
itself, and sending it again changes nothing. Refusals are a Refusal with a 4xx status.

Keys. An agent keeps the server's key that joining gave it (`server_key`) and believes no receipt that it did not sign.
Its own key is good until `key_expires_at`. From then on batches are refused with `key_expired` and nothing else is:
the agent goes on recording, asking for today's sessions and telling its status; it rotates, which the old key may ask
for until ROTATE_GRACE_MS after its end. The request is signed by the old key, its body carries the new public key
and that key's own proof (`rotate_message`). An answer that was lost is asked for again with the same body and the old
key; from the answer on only the new key signs requests and batches. A server that was restored from a copy of the time
before is asked in the same way. A revoked key is refused everything
(`key_revoked`): the bridge point joins anew with a new token, under a new device id.

A fork is refused and kept on both sides; where only the heads tell, the agent sends what came before, until the record
that differs is named. A gap is refused with the seq that the server wants: after a server was
restored from an older copy, that is one that it had acknowledged before, and the agent sends from there.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import msgspec

from models.receipts import Signature
from models.records import Count, Id, Milliseconds

REQUEST_TIME_LIMIT_MS = 300_000
"""A signed request older or newer than this, by the server's clock, is refused: it may be a copy of an earlier one."""
ROTATE_GRACE_MS = 90 * 24 * 3_600_000
"""For so long after its end a key may still ask for its successor."""

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
    server_key: PublicKey
    """Ed25519, 32 bytes in hex: what the server's receipts are signed with."""
    key_expires_at: Milliseconds
    """Server time: until when the agent's key is good; it rotates before."""


class RotateRequest(Message, frozen=True, kw_only=True):
    """A device asks for a new key; the request itself is signed with the old one."""

    public_key: PublicKey
    """The new one."""
    proof: Signature
    """The new key's signature over `rotate_message`: whoever asks holds it."""


class RotateAnswer(Message, frozen=True, kw_only=True):
    """From now on only the new key is this device's."""

    device: Id
    public_key: PublicKey
    key_expires_at: Milliseconds


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


Reason = Literal[
    "token",
    "signature",
    "clock",
    "unknown_device",
    "key_expired",
    "key_revoked",
    "invalid",
    "gap",
    "fork",
    "too_large",
    "other",
]


class Refusal(Message, frozen=True, kw_only=True):
    """Why a request was refused; no log was changed."""

    reason: Reason
    vi: str
    en: str
    wanted_seq: int | None = None
    """With `gap`: the seq that the server needs next."""
    fork_seq: int | None = None
    """With `fork`: the first record of the batch that differs, 0 where only the heads tell that one before it does."""


def request_message(method: str, path: str, time_ms: int, body: bytes) -> bytes:
    """The bytes that a device signs with its Ed25519 key for one request.

    time_ms is the server's clock as the device reckons it.
    """
    return f"diemdanh request 1\n{method.upper()}\n{path}\n{time_ms}\n{hashlib.sha256(body).hexdigest()}".encode()


def rotate_message(device: str, public_key: str) -> bytes:
    """The bytes that a device's new key signs to prove itself. public_key: the new one, in hex."""
    return f"diemdanh rotate 1\n{device}\n{public_key}".encode()
