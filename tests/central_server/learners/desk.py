"""An agent's desk as the server sees it: vectors as an encoder makes them, enrolments, and the gallery opened again."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, select

from central_server.accounts.permission import Grant
from central_server.bridge_points.tables import BridgePoint
from central_server.learners.consent_text import VERSION
from central_server.learners.retention import erase_expired, expired
from central_server.learners.tables import Learner
from models.sealed_box import open_sealed, seal_to
from models.wire import EnrolmentAnswer, EnrolmentRequest, GalleryAnswer, GalleryLearner
from tests.central_server.running import MINUTE, Agent, Running

ENCODER = "face-reidentification-retail-0095"
PAPER = {"signed_on": "20/11/2026", "papers": "yes", "version": VERSION}
"""What a class manager's form sends of a consent that was signed on paper."""
Floats = NDArray[np.float32]
_numbers = itertools.count(1)


def face(seed: int, like: Floats | None = None, distance: float = 0.1) -> Floats:
    """A vector of length 1 as an encoder makes it; `like`: of a face that resembles that one's."""
    vector = np.random.default_rng(seed).normal(size=256)
    vector /= np.linalg.norm(vector)
    if like is not None:
        vector = like + distance * vector
        vector /= np.linalg.norm(vector)
    return vector.astype(np.float32)


def content(vector: Floats) -> bytes:
    """As it travels and is kept."""
    return vector.astype("<f4").tobytes()


def learner(server: Running, code: str) -> str:
    """The id."""
    with Session(server.services.engine) as db:
        return db.exec(select(Learner.id).where(Learner.code == code)).one()


def point(server: Running, code: str) -> str:
    """The id."""
    with Session(server.services.engine) as db:
        return db.exec(select(BridgePoint.id).where(BridgePoint.code == code)).one()


def technician(server: Running, login: str = "ky-thuat", code: str = "TDM") -> str:
    """An account that may be on duty at a bridge point; its id."""
    return server.account(login, Grant("technician", None, point(server, code)))


def request(agent: Agent, who: str, vector: Floats, witness: str, **more: Any) -> EnrolmentRequest:
    """An enrolment as the agent sends it."""
    fields: dict[str, Any] = {
        "id": f"e-{next(_numbers)}", "learner": who, "text_version": VERSION, "witness": witness,
        "consented_at": agent.clock() - MINUTE, "encoder": ENCODER, "portraits": 3,
        "template": seal_to(agent.server_key, content(vector)),
    }  # fmt: skip
    return EnrolmentRequest(**fields | more)


def send(agent: Agent, asked: EnrolmentRequest) -> httpx.Response:
    """Send it."""
    return agent.request("POST", "/api/agent/enrolments", msgspec.json.encode(asked))


def enrol(agent: Agent, who: str, vector: Floats, witness: str, **more: Any) -> EnrolmentAnswer:
    """Send one that is kept."""
    got = send(agent, request(agent, who, vector, witness, **more))
    assert got.status_code == 200, got.text
    return msgspec.json.decode(got.content, type=EnrolmentAnswer)


def gallery(agent: Agent) -> dict[str, GalleryLearner]:
    """What the device is told, by learner."""
    got = agent.request("GET", "/api/agent/gallery")
    assert got.status_code == 200, got.text
    return {one.learner: one for one in msgspec.json.decode(got.content, type=GalleryAnswer).learners}


def opened(agent: Agent, sealed: str | None) -> bytes:
    """What only this device opens."""
    assert sealed is not None
    return open_sealed(agent.key, sealed)


def erased(server: Running, days: int, now: int) -> int:
    """Erase all whose term is over at `now`, as the server does daily; how many things those were."""
    found = server.do(expired(days, now))
    return sum(server.do(erase_expired(one, days, now)) for one in found)
