"""Today's gallery at rest: by what the learners of today's sessions can be known, and enrolments that wait to be sent.

Two sealed files (sealed_file): the gallery, and the outbox of enrolments that the server does not have yet. A learner's
entry goes `retention_hours` after the end of his or her last session here, an enrolment that the server never got no
sooner than UNSENT_MS after it was made; when the server says that a template, a card
or a PIN is no more (a consent withdrawn), it goes at once. Times are server wall time, ms.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bridge_agent.check_in.sealed_file import SealedFiles
from bridge_agent.recognition.commands import HeldTemplate
from models.cards import card_number
from models.sealed_box import open_sealed
from models.wire import (
    ConsentText,
    EnrolmentAnswer,
    EnrolmentRequest,
    GalleryAnswer,
    KeepingConsent,
    SessionPlan,
    Today,
    Witness,
)

HOUR_MS = 3_600_000
UNSENT_MS = 7 * 24 * HOUR_MS
"""An enrolment is kept so long for a server that is away: a week's backlog is what an agent must be able to bring."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of one learner."""

    learner: str
    template: bytes | None
    encoder: str
    portraits: int
    version: int
    card: str | None
    pin: str | None
    until: int
    """When it is erased."""


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    learners: dict[str, Kept] = {}
    witnesses: tuple[Witness, ...] = ()
    consent: ConsentText | None = None
    keeping: tuple[KeepingConsent, ...] = ()


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolment made here that the server does not have. Portraits that are kept lie in the request, sealed to the
    server's key: nobody opens them here any more."""

    request: EnrolmentRequest
    template: bytes
    until: int = 0
    """When the learner's retention ends, as far as it was known here."""


class GalleryStore:
    """The gallery and the outbox, in memory and in their files. `version` counts changes of templates."""

    def __init__(self, files: SealedFiles, gallery: Path, outbox: Path) -> None:
        self._files = files
        self._gallery_path = gallery
        self._outbox_path = outbox
        self._content = _Content()
        self._outbox: tuple[Waiting, ...] = ()
        self._ends: dict[str, int] = {}
        """When the last session of each learner of today ends, and how long he or she is kept then."""
        self.version = 0

    # What is known

    @property
    def witnesses(self) -> tuple[Witness, ...]:
        """Who may be on duty."""
        return self._content.witnesses

    @property
    def consent(self) -> ConsentText | None:
        """The text that learners agree to now, by which no portrait is kept."""
        return self._content.consent

    @property
    def keeping(self) -> dict[str, ConsentText]:
        """By learner, the text by which portraits are kept, where a course of today keeps them."""
        return {learner: one.text for one in self._content.keeping for learner in one.learners}

    @property
    def outbox(self) -> tuple[Waiting, ...]:
        """The enrolments that the server does not have, oldest first."""
        return self._outbox

    def templates(self, learners: Iterable[str] | None = None) -> tuple[HeldTemplate, ...]:
        """The newest template of each of these learners (None: of all) who has one."""
        held = {
            kept.learner: HeldTemplate(kept.learner, kept.template, kept.encoder, kept.portraits)
            for kept in self._content.learners.values()
            if kept.template is not None
        }
        for waiting in self._outbox:
            request = waiting.request
            held[request.learner] = HeldTemplate(request.learner, waiting.template, request.encoder, request.portraits)
        wanted = None if learners is None else set(learners)
        return tuple(held[learner] for learner in sorted(held) if wanted is None or learner in wanted)

    def has_template(self, learner: str) -> bool:
        """The learner has a template."""
        kept = self._content.learners.get(learner)
        waits = any(waiting.request.learner == learner for waiting in self._outbox)
        return waits or (kept is not None and kept.template is not None)

    def pin(self, learner: str) -> str | None:
        """The hash of a learner's PIN (argon2id), if there is one."""
        kept = self._content.learners.get(learner)
        return kept.pin if kept else None

    def has_card(self, learner: str) -> bool:
        """The learner has a card."""
        kept = self._content.learners.get(learner)
        return kept is not None and kept.card is not None

    def holder(self, card: str, learners: Iterable[str]) -> str | None:
        """Who of these learners holds the card with this number."""
        number = card_number(card)
        held = [one for learner in learners if (one := self._content.learners.get(learner)) and one.card]
        found = [one.learner for one in held if number and card_number(one.card or "") == number]
        return found[0] if len(found) == 1 else None

    # What changes it; each raises DataFolderError or IdentityError when it can't be kept, and holds it in memory then

    def load(self, now: int) -> None:
        """Take what the files keep. Raises SealedFileError, IdentityError; what could be read is taken."""
        try:
            if (data := self._files.read(self._gallery_path)) is not None:
                self._content = msgspec.json.decode(data, type=_Content)
        finally:
            if (data := self._files.read(self._outbox_path)) is not None:
                self._outbox = msgspec.json.decode(data, type=tuple[Waiting, ...])
            self.version += 1
        self._put(self._content, now)  # enrolments go by `forget` alone, whose caller tells of it

    def today(self, today: Today, now: int) -> bool:
        """The server told who may be on duty, the consent's text and the sessions; True when that is news."""
        self._expect(today.sessions, today.retention_hours)
        learners = {
            one.learner: msgspec.structs.replace(one, until=max(one.until, self._ends.get(one.learner, 0)))
            for one in self._content.learners.values()
        }
        said = _Content(
            learners=learners, witnesses=today.witnesses, consent=today.consent, keeping=today.keeping
        )  # fmt: skip
        return self._put(said, now)

    def take(self, answer: GalleryAnswer, key: Ed25519PrivateKey, now: int) -> bool:
        """The server told by what today's learners can be known; True when that is news. Raises SealedBoxError."""
        learners = dict(self._content.learners)
        told = {one.learner: one for one in answer.learners}
        for learner in self._ends.keys() - told.keys():
            learners.pop(learner, None)  # a learner of today of whom the server keeps nothing (any more)
        for one in told.values():
            learners[one.learner] = Kept(
                learner=one.learner,
                template=None if one.template is None else open_sealed(key, one.template),
                encoder=one.encoder,
                portraits=one.portraits,
                version=one.version,
                card=None if one.card is None else open_sealed(key, one.card).decode("utf-8"),
                pin=one.pin,
                until=self._ends.get(one.learner, now + HOUR_MS),
            )
        return self._put(msgspec.structs.replace(self._content, learners=learners), now)

    def enrolled(self, waiting: Waiting) -> None:
        """A template was made here: used at once, kept until the server has it."""
        learner = waiting.request.learner
        rest = tuple(one for one in self._outbox if one.request.learner != learner)
        kept = self._content.learners.get(learner)
        until = max(self._ends.get(learner, 0), kept.until if kept else 0)
        self._outbox = (*rest, msgspec.structs.replace(waiting, until=until))
        self.version += 1
        self._write_outbox(self._outbox)

    def sent(self, waiting: Waiting, answer: EnrolmentAnswer | None, now: int) -> None:
        """The server has it (or, None: refuses it), so the outbox need not keep it."""
        request = waiting.request
        self._outbox = tuple(one for one in self._outbox if one.request.id != request.id)
        self.version += 1
        if answer is not None:
            before = self._content.learners.get(request.learner)
            kept = Kept(
                learner=request.learner, template=waiting.template, encoder=request.encoder,
                portraits=request.portraits, version=answer.version, card=before.card if before else None,
                pin=before.pin if before else None, until=self._ends.get(request.learner, now + HOUR_MS),
            )  # fmt: skip
            learners = {**self._content.learners, request.learner: kept}
            self._put(msgspec.structs.replace(self._content, learners=learners), now)
        self._write_outbox(self._outbox)

    def forget(self, now: int) -> int:
        """Erase whose time is over; how many enrolments went that the server never got."""
        self._put(self._content, now)
        rest = tuple(one for one in self._outbox if max(one.until, one.request.consented_at + UNSENT_MS) > now)
        gone = len(self._outbox) - len(rest)
        if gone:
            self._write_outbox(rest)  # what can't be erased is tried again
            self._outbox = rest
            self.version += 1
        return gone

    def _expect(self, sessions: Iterable[SessionPlan], retention_hours: int) -> None:
        self._ends = {}
        for session in sessions:
            for learner in session.learners:
                end = session.end + retention_hours * HOUR_MS
                self._ends[learner.id] = max(end, self._ends.get(learner.id, 0))

    def _put(self, content: _Content, now: int) -> bool:
        learners = {name: kept for name, kept in content.learners.items() if kept.until > now}
        content = msgspec.structs.replace(content, learners=learners)
        if content == self._content:
            return False
        if _faces(content) != _faces(self._content):
            self.version += 1
        self._content = content
        if content == _Content():
            self._files.erase(self._gallery_path)
        else:
            self._files.write(self._gallery_path, msgspec.json.encode(content))
        return True

    def _write_outbox(self, outbox: tuple[Waiting, ...]) -> None:
        if outbox:
            self._files.write(self._outbox_path, msgspec.json.encode(outbox))
        else:
            self._files.erase(self._outbox_path)


def _faces(content: _Content) -> dict[str, bytes | None]:
    return {kept.learner: kept.template for kept in content.learners.values()}
