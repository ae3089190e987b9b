"""An enrolment at the desk: consent first, then portraits, then a template that the server gets. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bridge_agent.check_in.gallery_store import Waiting
from bridge_agent.recognition.events import TemplateMade
from models.sealed_box import seal_to
from models.wire import EnrolmentRequest, RosterLearner

PORTRAITS = 3


@dataclass(frozen=True, slots=True)
class Enrolling:
    """A learner agreed to the text `text_version` at `consented_at` (server time) before `witness`."""

    learner: RosterLearner
    text_version: str
    consented_at: int
    witness: str
    keep: bool = False
    """By that text portraits are kept."""
    taken: int = 0
    needed: int = PORTRAITS

    def with_portrait(self, taken: int, needed: int) -> Enrolling:
        """So many portraits are good."""
        return replace(self, taken=taken, needed=needed)

    def waiting(self, made: TemplateMade, server_key: Ed25519PublicKey) -> Waiting:
        """What the server is to get, under an id of its own: sent twice it is one enrolment."""
        request = EnrolmentRequest(
            id=secrets.token_hex(16),
            learner=self.learner.id,
            text_version=self.text_version,
            consented_at=self.consented_at,
            witness=self.witness,
            encoder=made.encoder,
            portraits=made.portraits,
            template=seal_to(server_key, made.vector),
            pictures=tuple(seal_to(server_key, one) for one in made.pictures) if self.keep else (),
        )
        return Waiting(request=request, template=made.vector)


def resembling(made: TemplateMade, learners: Mapping[str, RosterLearner]) -> tuple[str, str]:
    """Whom the new template resembles, as a sentence in both languages; empty ones when nobody."""
    names = [f"{one.name} ({one.code})" for learner, _ in made.like if (one := learners.get(learner))]
    if not made.like:
        return "", ""
    vi = ", ".join(names) or "một người khác đã có dữ liệu"
    en = ", ".join(names) or "somebody else on file"
    return (
        f" Rất giống {vi}: có thể đã lấy mẫu hai lần, hoặc hai người giống nhau. Hãy kiểm tra.",
        f" Very like {en}: enrolled twice, or two who look alike. Please check.",
    )
