"""What travels between agent and server beside the records (models.records): always asked for by the agent.

    POST /api/agent/join      JoinRequest -> JoinAnswer       once, with a one-time token
    GET  /api/agent/time      ServerTime                      unsigned; measures the clock offset
    GET  /api/agent/today     Today                           this bridge point's sessions and their rosters
    POST /api/agent/batches   Batch (NDJSON) -> Receipt       records; idempotent; models.receipts says what it proves
    POST /api/agent/status    LiveStatus -> ServerTime        what is not yet a record, every few seconds
    POST /api/agent/rotate    RotateRequest -> RotateAnswer   a new key for this device; idempotent
    GET  /api/agent/gallery   GalleryAnswer                   templates, cards and PINs of the learners of `today`
    POST /api/agent/enrolments  EnrolmentRequest -> EnrolmentAnswer   consent and template; idempotent by its id
    POST /api/agent/media-token  MediaTokenRequest -> MediaTokenAnswer   to publish the room's streams
    POST /api/agent/classroom-ticket  ClassroomTicketRequest -> ClassroomTicket   lets its room into one class
    POST /api/agent/learner-ticket    LearnerTicketRequest -> LearnerTicket   lets a learner in to the own pages
    POST /api/agent/sessions/{session}/picture  JPEG -> PictureAnswer   a still of the room for the classroom page
    POST /api/agent/health    Health -> ServerTime            how the agent and its PC are, every 30 s (models.health)
    POST /api/agent/line      anything -> LineAnswer          dropped; measures a line
    POST /api/agent/udp       nothing -> UdpAnswer            opens a port for some seconds; finds whether UDP passes

All but join, time and batches carry
`Authorization: Diemdanh DEVICE TIME SIGNATURE`: see `request_message`. A batch is signed itself, and sending it again
changes nothing. Refusals are a Refusal with a 4xx status.

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
    """Base of the messages: immutable, and what is not known is refused, but for Told."""


class Told(Message, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """Base of what is told and bears no signature of its own: live status, health, the server's answers.

    The other side may be a newer version: what this one does not know it passes over, instead of refusing all of it.
    Requests that change something are no such messages: what is not understood must not be done by half.
    """


Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}\Z")]
"""One of a list that newer versions may lengthen: what is not known is taken as its field says."""


class JoinRequest(Message, frozen=True, kw_only=True):
    """A new agent's request to become the device of a bridge point."""

    token: Text
    public_key: PublicKey
    """Ed25519, 32 bytes in hex."""


class JoinAnswer(Told, frozen=True, kw_only=True):
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


class RotateAnswer(Told, frozen=True, kw_only=True):
    """From now on only the new key is this device's."""

    device: Id
    public_key: PublicKey
    key_expires_at: Milliseconds


class ServerTime(Told, frozen=True, kw_only=True):
    """The server's wall clock, ms since 1970 UTC."""

    server_time: Milliseconds


class RosterLearner(Told, frozen=True, kw_only=True):
    """A learner whom a bridge point expects. Two may share a name: unit and birth year tell them apart."""

    id: Id
    """Random, the only thing that records carry."""
    code: Text
    """The office's own number for the learner; portraits may be named by it."""
    name: Text
    unit: Text
    birth_year: int | None
    face: bool = False
    """A face template is on file, under a consent that holds."""


class Witness(Told, frozen=True, kw_only=True):
    """Somebody who may be on duty at a bridge point: a technician's account. `pin`: argon2id, or None: none was set."""

    account: Id
    name: Text
    pin: Text | None


class ConsentText(Told, frozen=True, kw_only=True):
    """What a learner is asked to agree to before a template is made: paragraphs in both languages."""

    version: Id
    vi: tuple[str, ...]
    en: tuple[str, ...]


class KeepingConsent(Told, frozen=True, kw_only=True):
    """A text by which portraits are kept, and the learners whose courses of today keep them for so long."""

    text: ConsentText
    learners: tuple[Id, ...]


class SessionPlan(Told, frozen=True, kw_only=True):
    """A session in which this bridge point takes part. Times are server wall time, ms since 1970 UTC."""

    session: Id
    course: Text
    title: Text
    start: Milliseconds
    end: Milliseconds
    breaks: tuple[tuple[Milliseconds, Milliseconds], ...]
    learners: tuple[RosterLearner, ...]


class Today(Told, frozen=True, kw_only=True):
    """The sessions of this bridge point that have not ended, soonest first."""

    sessions: tuple[SessionPlan, ...]
    witnesses: tuple[Witness, ...] = ()
    consent: ConsentText | None = None
    """By which no picture is kept."""
    keeping: tuple[KeepingConsent, ...] = ()
    """Learners in none of these are asked by `consent` alone; the others may choose that one, too."""
    retention_hours: Annotated[int, msgspec.Meta(ge=0, le=720)] = 24
    """For so long after a learner's last session here the agent keeps his or her template, card and PIN."""


Sealed = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9+/]+={0,2}\Z", max_length=8192)]
"""A libsodium sealed box in base64, that only the receiver's Ed25519 key opens: models.sealed_box."""


DESK_PORTRAITS = 3
PORTRAIT_BYTES = 96 * 1024
"""A portrait from a bridge point is no longer, so that an enrolment crosses a line of 512 kbit/s in some 6 s."""
SealedPortrait = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z0-9+/]+={0,2}\Z", max_length=PORTRAIT_BYTES * 4 // 3 + 99)
]
"""A JPEG of the face with a margin, sealed to the server's key as a Sealed is."""


class GalleryLearner(Told, frozen=True, kw_only=True):
    """What one learner can be known by at a bridge point, beside the name."""

    learner: Id
    template: Sealed | None
    """Of the newest template; float32 little-endian of the vector, sealed to the device's key."""
    encoder: Text
    portraits: Count
    version: Count
    """1, 2, 3 … of this learner's templates."""
    card: Sealed | None
    """The card's number as text, sealed likewise."""
    pin: Text | None
    """argon2id."""


class GalleryAnswer(Told, frozen=True, kw_only=True):
    """All learners of the sessions of `today` who have a template, a card or a PIN."""

    learners: tuple[GalleryLearner, ...]


class EnrolmentRequest(Message, frozen=True, kw_only=True):
    """A learner consented at a bridge point, and a template was made there."""

    id: Id
    """Made by the agent; the same one twice is one enrolment."""
    learner: Id
    text_version: Id
    consented_at: Milliseconds
    witness: Id
    """The account on duty."""
    encoder: Id
    portraits: Annotated[int, msgspec.Meta(ge=1, le=20)]
    template: Sealed
    """As in GalleryLearner, sealed to the server's key."""
    pictures: Annotated[tuple[SealedPortrait, ...], msgspec.Meta(max_length=DESK_PORTRAITS)] = ()
    """None unless `text_version` lets them be kept."""


class Lookalike(Told, frozen=True, kw_only=True):
    """Another learner whose template is as like the new one as templates of one person are."""

    learner: Id
    code: Text
    name: Text
    unit: Text
    score: float


class EnrolmentAnswer(Told, frozen=True, kw_only=True):
    """The template is kept. `lookalikes`: most alike first; a double enrolment, or two people a camera may confuse."""

    learner: Id
    version: Count
    lookalikes: tuple[Lookalike, ...]


class LivePresence(Told, frozen=True, kw_only=True):
    """A learner's presence interval that still runs, or has ended and whose record the server may not have yet.

    Without the latter a room that was watched without a break would say that whoever has just left was never there.
    """

    learner: Id
    start: Milliseconds
    last: Milliseconds


class LiveUnobserved(Told, frozen=True, kw_only=True):
    """Time in which nothing can be known of a learner, though the room was watched; the server may not have its record.

    Without it a room that was watched would say that whoever sits where no face can be told was not there.
    """

    learner: Id
    start: Milliseconds
    last: Milliseconds
    """Not before the status's `at`: it goes on."""
    why: Word
    """`far_seat`, `no_face`, or `unconfirmed`: the learner is known by confirmations, and the record of the next one
    will count the time. Another one, of a newer agent, is taken as `no_face`."""


class LiveStream(Told, frozen=True, kw_only=True):
    """The room's stream, as its agent sees it."""

    up_since: Milliseconds | None
    """Server time; None: it is not up."""
    kbit_s: Count = 0
    fps: Count = 0
    lowered: bool = False
    """The line is bad: less is sent than the settings say."""


class LiveStatus(Told, frozen=True, kw_only=True):
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
    people: Count = 0
    """Faces in the room now, known or not."""
    vouched: tuple[Id, ...] = ()
    """Learners checked in without the camera, who are taken to be in the room."""
    unobserved: tuple[LiveUnobserved, ...] = ()
    sweep_ms: Count = 0
    """How often the room is looked at now; 0: not at all."""
    waiting: Count
    """Records not yet acknowledged."""
    detector: Text
    encoder: Text
    alarms: tuple[Text, ...]
    """Sentences for whoever sees the session, in Vietnamese; they name nobody. Empty when all is well."""
    suspicions: tuple[Text, ...] = ()
    """Likewise, but of what is suspected of people: only for technicians and class managers."""
    stream: LiveStream | None = None
    """None: the agent publishes none, by its settings."""


Source = Literal["camera", "sound", "screen"]
"""What a room publishes: (session, room, source) names a stream, the room by its bridge point's id."""


class IceServer(Told, frozen=True, kw_only=True):
    """A STUN or TURN server (RTCIceServer of the W3C's WebRTC)."""

    urls: tuple[Text, ...]
    username: Text | None = None
    credential: Text | None = None


class MediaTokenRequest(Message, frozen=True, kw_only=True):
    """A bridge point asks to publish in a session that runs or is about to."""

    session: Id
    sources: Annotated[tuple[Source, ...], msgspec.Meta(min_length=1, max_length=3)]


class MediaTokenAnswer(Told, frozen=True, kw_only=True):
    """The bearer token for `POST /media/whip/{session}/{room}/{source}` (RFC 9725), and by which servers to connect."""

    token: Annotated[str, msgspec.Meta(max_length=2000)]
    room: Id
    expires_at: Milliseconds
    """Server time. A stream that is up then stays up: the token is asked for again before publishing anew."""
    ice_servers: tuple[IceServer, ...] = ()


class PictureAnswer(Told, frozen=True, kw_only=True):
    """To `POST /api/agent/sessions/{session}/picture`: in how many seconds the next one is wanted."""

    next_in_s: Annotated[int, msgspec.Meta(ge=1, le=3600)]


class ClassroomTicketRequest(Message, frozen=True, kw_only=True):
    """A bridge point's technician opens the classroom of a session on this PC."""

    session: Id


class ClassroomTicket(Told, frozen=True, kw_only=True):
    """A way in for one browser, once, for some minutes: as the room, not as a person."""

    path: Text
    """Follows the server's address."""
    expires_at: Milliseconds


class LearnerTicketRequest(Message, frozen=True, kw_only=True):
    """A learner wants to read his or her own pages on this PC."""

    code: Text
    """As it was typed."""
    pin: Sealed
    """As it was typed, sealed to the server's key."""
    console_port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    """Where the agent's pages are on this PC, to come back to."""


class LearnerTicket(Told, frozen=True, kw_only=True):
    """A way in for one browser, once, for a minute: to that learner's own pages."""

    path: Text
    """Follows the server's address."""
    expires_at: Milliseconds


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
"""What a server says. An agent reads a Word: one that it does not know it treats as it treats `other`."""


class Refusal(Told, frozen=True, kw_only=True):
    """Why a request was refused; no log was changed."""

    reason: Word
    """A Reason."""
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
