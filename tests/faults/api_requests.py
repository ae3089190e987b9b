"""Requests generated from the API's own description, right and wrong ones, against a real server.

Schemathesis makes them; agents' requests are signed with a joined device's key, pages come with the manager's cookie.
Much of what it makes up is aimed at what is really there (the session, the learners, the log), or all would end at a
404. No answer may be a 5xx, and each must be one that the description knows: status, media type and content.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote

import hypothesis
import requests
import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st
from requests.auth import AuthBase
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from central_server.learners.consent_text import VERSION
from central_server.media.tokens import Act
from central_server.web.description import NDJSON, SDP
from models.records import GENESIS, AnyRecord, Checkpoint, Coverage, Presence, Seal, chain, encode, sign_batch
from models.sealed_box import seal_to
from models.wire import Source
from tests.central_server.bridge_points.test_rotation import body_for
from tests.central_server.learners.desk import ENCODER, content, face
from tests.central_server.running import MINUTE, START, Agent, Running, join, running, write_course
from tests.faults.fuzz_records import mutate
from tests.faults.loop import Budget, Found, Tally, round_seed
from tests.faults.sending import held

REQUESTS, AT_ONCE = 100_000, 200
AIMS = 5
"""So often one generated request is aimed anew and sent."""
WAIT_S = 20
SESSION = "K1.1"
EDGES = (-(2**53), -1, 0, 1, START, START + 30 * MINUTE, START + 400 * MINUTE, 2**31, 2**53)
"""Moments (ms) that a record or status may carry and that a page must be able to show."""
OFFER = (Path(__file__).parents[1] / "vectors" / "whip_offer.sdp").read_bytes()
"""What Chromium offers to publish a picture."""
OFFERED: dict[str, Any] = {"data": OFFER, "headers": {"Content-Type": SDP}}
AnyCase = Case[Any]
UNSIGNED = ("/api/agent/time", "/api/agent/join")


class Signed(AuthBase):
    """Signs an agent's requests as they go out."""

    def __init__(self, agent: Agent, server: Running) -> None:
        self.agent, self.of = agent, server.services

    def media_token(self, path: str) -> str:
        """What lets somebody publish or play there, whatever it is called."""
        parts = [*unquote(path).split("/"), "", "", ""]
        act: Act = "play" if parts[2] == "whep" else "publish"
        return self.of.media.tokens.issue("account:a1", parts[3], parts[4], act, get_args(Source), self.of.now())

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        path = request.path_url.partition("?")[0]
        if path.startswith("/media/"):
            request.headers.setdefault("Authorization", f"Bearer {self.media_token(path)}")
        if path.startswith("/api/agent/") and path not in UNSIGNED:
            body = request.body or b""
            body = body.encode() if isinstance(body, str) else body
            assert isinstance(body, bytes)
            request.headers.update(self.agent.headers(request.method or "", path, body))
        return request


@dataclass
class World:
    """The server, and who asks."""

    server: Running
    agent: Agent
    learners: list[str]
    session: requests.Session = field(default_factory=requests.Session)
    new_key: Ed25519PrivateKey | None = None
    """The key that the rotation under way asks for."""

    @classmethod
    def of(cls, server: Running) -> World:
        """A joined device and a browser that signed in."""
        agent = join(server)
        world = cls(server, agent, [learner.id for learner in agent.today().sessions[0].learners])
        world.session.auth = Signed(agent, server)
        while world.session.post(f"{server.address}/media/whip/K1.1/r1/camera", **OFFERED).status_code == 503:
            time.sleep(0.1)  # the relay starts when it is first asked
        for name, value in server.manager().cookies.items():
            world.session.cookies.set(name, value)
        return world

    def known(self) -> dict[str, list[str]]:
        """Names that stand in addresses and bodies, and what is really there under them."""
        return {
            "session": [SESSION], "course": ["K1"], "learner": self.learners, "device": [self.agent.device],
            "bridge_point": [self.agent.bridge_point], "log": ["log-1", "log-2"],
            "room": [self.agent.bridge_point], "source": ["camera", "sound"], "sources": ["camera"],
            "witness": self.learners, "text_version": [VERSION], "encoder": [ENCODER],
        }  # fmt: skip

    def send(self, case: AnyCase) -> requests.Response:
        """Send a case; of a stream that never ends only the beginning is read.

        Raises requests.ConnectionError when the server doesn't answer.
        """
        asked = case.as_transport_kwargs(base_url=self.server.address)
        asked |= {"stream": True, "timeout": WAIT_S, "allow_redirects": False}
        try:
            answer = self.session.request(**asked)
        except requests.ConnectionError:  # the server may close a connection between two requests, not before an answer
            answer = self.session.request(**asked)
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            answer.close()
        else:
            _ = answer.content
        if self.new_key is not None and answer.status_code == 200:
            self.agent.key = self.new_key
        self.new_key = None
        return answer


def batch(world: World, rng: random.Random) -> bytes:
    """A batch of a few records, signed, mostly one that follows from what the log holds; some of them spoilt."""
    agent, log = world.agent, rng.choice(("log-1", "log-2", "log-3"))
    kept = held(world.server, agent.device, log)
    back = rng.randint(0, min(3, len(kept)))
    first = len(kept) - back + 1 + rng.choice((0, 0, 0, 0, 1))
    lines = kept[len(kept) - back :]
    for seq in range(first + len(lines), first + len(lines) + rng.randint(0 if lines else 1, 4)):
        lines.append(encode(record(world, rng, log, seq)))
    head = chain(chain(GENESIS, kept[: first - 1]), lines)
    body = sign_batch(agent.key, Checkpoint(agent.device, log, first + len(lines) - 1, head.hex()), lines).encode()
    return mutate(rng, body, [body]) if rng.random() < 0.2 else body


def record(world: World, rng: random.Random, log: str, seq: int) -> AnyRecord:
    """A valid record that tells of possible and of impossible moments."""

    def moment() -> int:
        return rng.choice((*EDGES, rng.randint(START, START + 240 * MINUTE)))

    start, end = sorted((moment(), moment()))
    wall, offset = moment(), rng.choice((None, 0, 5_000, -(2**53), 2**53))
    common: dict[str, Any] = {
        "device": world.agent.device, "log": log, "seq": seq, "session": rng.choice((SESSION, SESSION, "x")),
        "wall": wall, "boot_id": "b", "boot": rng.choice((wall, 0, -(2**53), 2**53)), "offset": offset,
        "uncertainty": None if offset is None else 5,
    }  # fmt: skip
    match rng.randrange(4):
        case 0:
            return Coverage(**common, start=start, end=end, ended_by="cut", detector="yunet", encoder="intel")
        case 1:
            most = 2**53
            return Seal(**common, check_ins=most, presences=most, coverages=most, present_ms=most, covered_ms=most)
        case _:
            learner = rng.choice([*world.learners, "x"])
            return Presence(
                **common, learner=learner, start=start, end=end, sightings=1, best_score=0.7, encoder="intel"
            )


def aim(world: World, case: AnyCase, rng: random.Random) -> None:
    """Aim most requests at what is really there. What hypothesis makes may not depend on that, so it comes after."""
    known, path = world.known(), case.operation.path
    if rng.random() < 0.75:
        for name in case.path_parameters or {}:
            if name in known:
                case.path_parameters[name] = rng.choice(known[name])
        if isinstance(case.body, dict | list):
            _aim(rng, case.body, known)
    if isinstance(case.body, bytes) and path == "/api/agent/batches" and rng.random() < 0.9:
        case.body = batch(world, rng)
    if path.startswith("/media/wh") and rng.random() < 0.8:
        case.body = mutate(rng, OFFER, [OFFER]) if rng.random() < 0.9 else OFFER
    if isinstance(case.body, dict) and path == "/api/agent/join" and rng.random() < 0.1:
        case.body["token"] = world.server.token()
    if isinstance(case.body, dict) and path == "/api/agent/enrolments" and rng.random() < 0.8:
        _aim(rng, case.body, known)
        case.body["template"] = seal_to(world.agent.server_key, content(face(rng.randrange(5))))
        case.body["consented_at"] = rng.choice((START - MINUTE, START, *EDGES))
    if isinstance(case.body, dict) and path == "/api/agent/rotate" and rng.random() < 0.2:
        world.new_key = Ed25519PrivateKey.generate()
        case.body = json.loads(body_for(world.agent, world.new_key))


def _aim(rng: random.Random, body: Any, known: dict[str, list[str]]) -> None:
    """Put what is really there, and the edges of time, where a body speaks of it."""
    for key, value in list(body.items()) if isinstance(body, dict) else list(enumerate(body)):
        if isinstance(value, dict | list):
            _aim(rng, value, known)
        elif key in known and isinstance(value, str):
            body[key] = rng.choice(known[key])
        elif isinstance(value, int) and not isinstance(value, bool) and rng.random() < 0.5:
            body[key] = rng.choice(EDGES)


class Fuzzing:
    """A world and the description that its server gives of itself."""

    def __init__(self, server: Running) -> None:
        self.world, self.tally, self.seen = World.of(server), Tally(), Counter[str]()
        described = self.world.session.get(f"{server.address}/api/openapi.json").json()
        schemathesis.openapi.media_type(NDJSON, st.binary(max_size=200))
        schemathesis.openapi.media_type(SDP, st.binary(max_size=200))
        self.schema = schemathesis.openapi.from_dict(described)
        self.operations = len(list(self.schema.get_all_operations()))

    def round(self, mode: GenerationMode, count: int, seed: int, budget: Budget) -> None:
        """Send up to `count` requests that the seed makes."""

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=count, database=None, deadline=None, phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )  # fmt: skip
        @hypothesis.given(case=self.schema.as_strategy(generation_mode=mode), aimed=st.integers(0, 2**32))
        def send(case: AnyCase, aimed: int) -> None:
            rng = random.Random(aimed)
            for _ in range(AIMS if case.path_parameters or case.body else 1):  # to make one costs more than to send it
                if not budget.over:
                    aim(self.world, case, rng)
                    self.one(case)

        send()

    def one(self, case: AnyCase) -> None:
        """Send one request and look at the answer."""
        self.tally.counts["requests"] += 1
        try:
            answer = self.world.send(case)
        except requests.ConnectionError as error:
            trouble = f"no answer ({error})"
        else:
            self.tally.counts[f"{answer.status_code // 100}xx"] += 1
            trouble = f"{answer.status_code}" if answer.status_code >= 500 else _undescribed(case, answer)
        where = f"{case.method} {case.operation.path}"
        if trouble and not self.seen[f"{where} {trouble}"]:
            self.tally.failures.append(
                f"{where}: {trouble}: {case.as_curl_command(base_url=self.world.server.address)}"
            )
        self.seen[f"{where} {trouble}" if trouble else where] += 1


def _undescribed(case: AnyCase, answer: requests.Response) -> str:
    """What the answer has that the description does not know; empty when it is as described."""
    checks = [status_code_conformance, content_type_conformance]
    if not answer.headers.get("content-type", "").startswith("text/event-stream"):
        checks.append(response_schema_conformance)
    try:
        case.validate_response(answer, checks=checks)
    except (Failure, FailureGroup) as failure:
        first = failure.exceptions[0] if isinstance(failure, FailureGroup) else failure
        return f"{answer.status_code}, {getattr(first, 'title', first)}"
    return ""


def loop(folder: Path, seed: int, budget: Budget) -> Found:
    """Right requests and wrong ones in turn."""
    logging.getLogger("schemathesis").setLevel(logging.ERROR)
    with running(folder / "data") as server:
        server.load(write_course(folder / "course.toml", learners=6))
        fuzzing = Fuzzing(server)
        number = 0
        while fuzzing.tally.counts["requests"] < REQUESTS and not budget.over:
            mode = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)[number % 2]
            fuzzing.round(mode, AT_ONCE, round_seed(seed, number), budget)
            number += 1
        asked = {f"{case.split()[0]} {case.split()[1]}" for case in fuzzing.seen}
        fuzzing.tally.counts["routes"] = len(asked)
        fuzzing.tally.expect(len(asked) == fuzzing.operations or budget.seconds is not None, f"only {asked} were asked")
    return fuzzing.tally.found()
