"""The server's own log: its acts, one line of JSON each, chained as the bridge points' logs are (models.records.chain).

Ids only, never names. A record is written in the transaction of the act it tells of, and the log's head stands in every
receipt: whoever rewrites it later contradicts the receipts that the agents keep.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from models.classroom_records import InClassroom
from models.correction_records import OfCorrections
from models.enrolment_records import OfEnrolment
from models.own_record import OwnRecord
from models.participation import Rule
from models.portrait_records import OfPortraits
from models.receipts import Head, KeyId
from models.records import LINE_LIMIT, Count, Id, Milliseconds, RecordError
from models.report_records import OfReports
from models.visit_records import OfVisits

PublicKey = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
Spans = Annotated[tuple[tuple[Milliseconds, Milliseconds], ...], msgspec.Meta(max_length=20)]


class ServerKeyKnown(OwnRecord, frozen=True, kw_only=True, tag="server_key"):
    """From here on receipts are signed with this key."""

    server: KeyId
    public_key: PublicKey


class TokenMade(OwnRecord, frozen=True, kw_only=True, tag="token_made"):
    """A one-time join token was made. `token`: its SHA-256."""

    bridge_point: Id
    token: Head
    expires_at: Milliseconds


class DeviceJoined(OwnRecord, frozen=True, kw_only=True, tag="device_joined"):
    """A token was used: a device with its first key."""

    device: Id
    bridge_point: Id
    token: Head
    public_key: PublicKey
    expires_at: Milliseconds


class KeyRotated(OwnRecord, frozen=True, kw_only=True, tag="key_rotated"):
    """A device's key was followed by another."""

    device: Id
    number: Annotated[int, msgspec.Meta(ge=2)]
    public_key: PublicKey
    expires_at: Milliseconds


class KeyRevoked(OwnRecord, frozen=True, kw_only=True, tag="key_revoked"):
    """A device's key is good for nothing any more."""

    device: Id
    number: Annotated[int, msgspec.Meta(ge=1)]


class CourseRule(OwnRecord, frozen=True, kw_only=True, tag="course_rule"):
    """A course has this participation rule: for all its sessions, until its next version."""

    course: Id
    rule: Rule
    reason: Head | None = None
    """SHA-256 of the reason's text, which the table keeps; None: none was given."""


class ProgrammeKept(OwnRecord, frozen=True, kw_only=True, tag="programme"):
    """A programme has so many teaching periods."""

    programme: Id
    periods: Count


class CoursePlanned(OwnRecord, frozen=True, kw_only=True, tag="course_planned"):
    """What a course is planned to be. `class_rules`: SHA-256 of the text that learners read."""

    course: Id
    programme: Id | None
    period_minutes: Count
    starts: Day | None
    ends: Day | None
    published: bool
    class_rules: Head
    calendar: Count
    """Number of the secret in its calendar's address: a higher one makes the address before it good for nothing."""


class SessionPlanned(OwnRecord, frozen=True, kw_only=True, tag="session_planned"):
    """A session has these times."""

    session: Id
    course: Id
    start: Milliseconds
    end: Milliseconds
    breaks: Spans


class SessionHeld(OwnRecord, frozen=True, kw_only=True, tag="session_held"):
    """Who teaches a session and where; a field visit has no bridge point, so no camera observes it."""

    session: Id
    lecturer: Id | None
    main_point: Id | None
    field_visit: bool


class LecturerBound(OwnRecord, frozen=True, kw_only=True, tag="lecturer_bound"):
    """From here on this account alone teaches the sessions of a lecturer; None: any lecturer's of the course does."""

    lecturer: Id
    account: Id | None


class SessionChanged(OwnRecord, frozen=True, kw_only=True, tag="session_changed"):
    """A session is moved (from the times it had; its new ones follow), cancelled, or held after all."""

    session: Id
    number: Count
    """1, 2, 3 … of this session."""
    change: Literal["moved", "cancelled", "restored"]
    reason: Head
    """SHA-256 of the reason's text, which the table keeps."""


class SessionDropped(OwnRecord, frozen=True, kw_only=True, tag="session_dropped"):
    """A session of which no record speaks is gone from the plan."""

    session: Id


class HolidayMarked(OwnRecord, frozen=True, kw_only=True, tag="holiday"):
    """On this day there is no class, or there is one again."""

    day: Day
    off: bool


class TakesPart(OwnRecord, frozen=True, kw_only=True, tag="takes_part"):
    """A bridge point takes part in a session, or no longer does."""

    session: Id
    bridge_point: Id
    takes_part: bool


class ConsentGiven(OwnRecord, frozen=True, kw_only=True, tag="consent_given"):
    """A learner consents to face recognition. `by`: the witness."""

    consent: Id
    learner: Id
    text_version: Id
    way: Literal["on_screen", "signed_form"]
    given_at: Milliseconds


class ConsentWithdrawn(OwnRecord, frozen=True, kw_only=True, tag="consent_withdrawn"):
    """A consent holds no longer."""

    consent: Id


class TemplateKept(OwnRecord, frozen=True, kw_only=True, tag="template_kept"):
    """A learner's face template of one encoder is this one. `sealed`: SHA-256 of its sealed bytes."""

    learner: Id
    encoder: Id
    portraits: Annotated[int, msgspec.Meta(ge=1)]
    sealed: Head
    version: Count = 1
    """1, 2, 3 … of this learner's templates."""
    lookalikes: Annotated[tuple[Id, ...], msgspec.Meta(max_length=20)] = ()
    """Learners whose templates of this encoder are as like it as one person's are, the most alike first."""


class TemplateErased(OwnRecord, frozen=True, kw_only=True, tag="template_erased"):
    """A learner's face template is gone."""

    learner: Id
    encoder: Id


class LookalikesJudged(OwnRecord, frozen=True, kw_only=True, tag="lookalikes_judged"):
    """Somebody looked at two learners who are alike and said that they are two people."""

    learner: Id
    other: Id
    encoder: Id


class PinMade(OwnRecord, frozen=True, kw_only=True, tag="pin_made"):
    """A learner has this PIN from now on. `sealed`: SHA-256 of what is kept of it."""

    learner: Id
    sealed: Head


class PinErased(OwnRecord, frozen=True, kw_only=True, tag="pin_erased"):
    """A learner has no PIN any more."""

    learner: Id


class CardSet(OwnRecord, frozen=True, kw_only=True, tag="card_set"):
    """A learner has this card, or none any more."""

    learner: Id
    sealed: Head | None
    """SHA-256 of the sealed number."""
    card: Head | None
    """HMAC of the number, under a key that is not in this log."""


class ForkSeen(OwnRecord, frozen=True, kw_only=True, tag="fork_seen"):
    """A device sent another history than it had sent before: both are kept."""

    device: Id
    log: Id
    differs: Count
    """The first record known to differ; 0 where only the heads tell."""
    ends: Count
    """The refused batch's last record."""
    head: Head
    """And the head that it claims there."""


class ForksDropped(OwnRecord, frozen=True, kw_only=True, tag="forks_dropped"):
    """A device goes on sending other histories of one log. What is no longer kept is counted: told at 1, 2, 4, 8, …"""

    device: Id
    log: Id
    session: Id | None
    """The session of which they speak; None: of no session that there is."""
    count: Count
    """Batches refused and not kept; one that is sent again counts again."""


class GapClosed(OwnRecord, frozen=True, kw_only=True, tag="gap_closed"):
    """Records that the server did not hold when later ones came (it was restored from a copy) have come again."""

    device: Id
    log: Id
    first: Count
    last: Count


class AccountMade(OwnRecord, frozen=True, kw_only=True, tag="account_made"):
    """There is an account."""

    account: Id


class AccountChanged(OwnRecord, frozen=True, kw_only=True, tag="account_changed"):
    """From here on an account is disabled or not, and belongs to this learner or to none."""

    account: Id
    disabled: bool
    learner: Id | None


class Granted(OwnRecord, frozen=True, kw_only=True, tag="granted"):
    """An account was given a role, or it was taken away: in a course or all, at a bridge point or all."""

    account: Id
    role: Literal["administrator", "class_manager", "lecturer", "technician", "learner"]
    course: Id | None
    bridge_point: Id | None
    granted: bool


class CredentialChanged(OwnRecord, frozen=True, kw_only=True, tag="credential_changed"):
    """What an account proves itself with: password, second factor, the office's sign-on, PIN at the bridge point."""

    account: Id
    what: Literal["password", "second_factor", "recovery_codes", "sign_on", "pin"]
    digest: Head | None
    """SHA-256 of what is kept of it; none: it was taken away."""


class SignInLinkMade(OwnRecord, frozen=True, kw_only=True, tag="sign_in_link_made"):
    """A one-time link was made that signs an account in. `link`: its SHA-256."""

    account: Id
    link: Head
    expires_at: Milliseconds


class SignedIn(OwnRecord, frozen=True, kw_only=True, tag="signed_in"):
    """A browser was signed in."""

    account: Id
    browser_session: Id
    how: Literal["password", "link", "sso"]
    second_factor: Literal["none", "code", "recovery_code"]


class SignedOut(OwnRecord, frozen=True, kw_only=True, tag="signed_out"):
    """An account's sign-in was ended, or all of them (none named)."""

    account: Id
    browser_session: Id | None


class SignInsFailed(OwnRecord, frozen=True, kw_only=True, tag="sign_ins_failed"):
    """So many tries to sign in failed in a row that the next has to wait. Told when a pause begins, not each time."""

    account: Id | None
    """Or a learner whose PIN was tried. None: tries from one address, or a bridge point's PC, in several names."""
    failures: Count
    until: Milliseconds


class Restored(OwnRecord, frozen=True, kw_only=True, tag="restored"):
    """The database was restored from a copy that ends right before this record: later acts are lost from this log."""

    copy: Head
    """SHA-256 of the copy."""


AnyOwnRecord = (
    ServerKeyKnown
    | TokenMade
    | DeviceJoined
    | KeyRotated
    | KeyRevoked
    | CourseRule
    | ProgrammeKept
    | CoursePlanned
    | SessionPlanned
    | SessionHeld
    | LecturerBound
    | SessionChanged
    | SessionDropped
    | HolidayMarked
    | TakesPart
    | ConsentGiven
    | ConsentWithdrawn
    | TemplateKept
    | TemplateErased
    | LookalikesJudged
    | PinMade
    | PinErased
    | CardSet
    | ForkSeen
    | ForksDropped
    | GapClosed
    | AccountMade
    | AccountChanged
    | Granted
    | CredentialChanged
    | SignInLinkMade
    | SignedIn
    | SignedOut
    | SignInsFailed
    | Restored
    | InClassroom
    | OfCorrections
    | OfReports
    | OfPortraits
    | OfVisits
    | OfEnrolment
)

_decoder = msgspec.json.Decoder(AnyOwnRecord)
_encoder = msgspec.json.Encoder()


def encode_own(record: AnyOwnRecord) -> bytes:
    """The record's line, without newline. Raises RecordError when it is not valid or too long."""
    line = _encoder.encode(record)
    decode_own(line)
    return line


def decode_own(line: bytes) -> AnyOwnRecord:
    """The record in `line` (without newline). Raises RecordError when it is too long or not valid."""
    if len(line) > LINE_LIMIT or b"\n" in line:
        raise RecordError(
            f"Một bản ghi phải nằm trên một dòng, tối đa {LINE_LIMIT} byte.",
            f"A record must be one line of at most {LINE_LIMIT} bytes.",
        )
    try:
        record: AnyOwnRecord = _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(f"Bản ghi không hợp lệ: {error}.", f"The record is not valid: {error}.") from error
    if record.seq < 1:
        raise RecordError("Bản ghi chưa có số thứ tự.", "The record has no place in its log.")
    return record
