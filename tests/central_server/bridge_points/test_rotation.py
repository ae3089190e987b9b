from __future__ import annotations

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session, select

from central_server.bridge_points.joining import KEY_LIFE_MS
from central_server.bridge_points.rotation import revoke
from central_server.bridge_points.signature import KEYS_LIFE_MS
from central_server.errors import NotFoundError
from central_server.ledger.tables import SignedHead
from models.own_records import KeyRevoked, KeyRotated
from models.receipts import Receipt
from models.wire import ROTATE_GRACE_MS, Refusal, RotateAnswer, RotateRequest, rotate_message
from tests.central_server.own_log.test_writing import own_log
from tests.central_server.running import MINUTE, START, Agent, Running, join, public_hex


def body_for(agent: Agent, key: Ed25519PrivateKey, by: Ed25519PrivateKey | None = None) -> bytes:
    proof = (by or key).sign(rotate_message(agent.device, public_hex(key))).hex()
    return msgspec.json.encode(RotateRequest(public_key=public_hex(key), proof=proof))


def rotate(agent: Agent, body: bytes) -> RotateAnswer | Refusal:
    got = agent.request("POST", "/api/agent/rotate", body)
    kind: type[RotateAnswer | Refusal] = RotateAnswer if got.status_code == 200 else Refusal
    return msgspec.json.decode(got.content, type=kind)


def say(agent: Agent) -> Receipt | Refusal:
    n = len(agent.lines)
    agent.presence("K1.1", "l-1", START + n * MINUTE, START + n * MINUTE + 9)
    return agent.send(agent.batch(n + 1, n + 1))


def test_a_device_goes_on_with_a_new_key_and_the_old_one_is_done(server: Running, agent: Agent) -> None:
    assert isinstance(say(agent), Receipt)
    old, new = agent.key, Ed25519PrivateKey.generate()
    body = body_for(agent, new)
    answer = rotate(agent, body)
    assert answer == RotateAnswer(
        device=agent.device, public_key=public_hex(new), key_expires_at=server.clock() + KEY_LIFE_MS
    )
    assert rotate(agent, body) == answer  # its answer was lost, it asks again with the old key
    refused = say(agent)
    assert isinstance(refused, Refusal) and refused.reason == "signature"
    agent.key = new
    assert isinstance(agent.send(agent.batch(2, 2)), Receipt)
    with Session(server.services.engine) as db:
        assert [row.key for row in db.exec(select(SignedHead))] == [1, 2]
    told = own_log(server)[-1]
    assert isinstance(told, KeyRotated) and (told.device, told.number) == (agent.device, 2)
    agent.key = old
    third = rotate(agent, body_for(agent, Ed25519PrivateKey.generate()))
    assert isinstance(third, Refusal) and third.reason == "signature"


def test_a_new_key_must_prove_itself_and_be_new(server: Running, agent: Agent) -> None:
    new = Ed25519PrivateKey.generate()
    other = join(server, "BC")
    for body in (body_for(agent, new, by=agent.key), body_for(agent, agent.key), body_for(agent, other.key)):
        refused = rotate(agent, body)
        assert isinstance(refused, Refusal) and refused.reason == "signature"
    assert isinstance(say(agent), Receipt)


def test_an_expired_key_only_stops_syncing_until_it_is_rotated(server: Running, agent: Agent) -> None:
    server.clock.ms += KEY_LIFE_MS
    refused = say(agent)
    assert isinstance(refused, Refusal) and refused.reason == "key_expired"
    assert agent.request("GET", "/api/agent/today").status_code == 200
    assert agent.status("K1.1", {}).status_code == 200
    new = Ed25519PrivateKey.generate()
    assert isinstance(rotate(agent, body_for(agent, new)), RotateAnswer)
    agent.key = new
    assert isinstance(agent.send(agent.batch(1, 1)), Receipt)
    server.clock.ms += KEY_LIFE_MS + ROTATE_GRACE_MS
    late = rotate(agent, body_for(agent, Ed25519PrivateKey.generate()))
    assert isinstance(late, Refusal) and late.reason == "key_expired"


def test_a_revoked_key_is_refused_batches_at_once_and_everything_soon(server: Running, agent: Agent) -> None:
    other = join(server, "BC")
    assert isinstance(say(agent), Receipt)
    assert server.do(revoke("TDM", server.clock())) == (agent.device,)
    refused = say(agent)
    assert isinstance(refused, Refusal) and refused.reason == "key_revoked"
    server.clock.ms += KEYS_LIFE_MS
    assert KEYS_LIFE_MS <= 60_000
    for got in (agent.request("GET", "/api/agent/today"), agent.status("K1.1", {})):
        assert msgspec.json.decode(got.content, type=Refusal).reason == "key_revoked"
    gone = rotate(agent, body_for(agent, Ed25519PrivateKey.generate()))
    assert isinstance(gone, Refusal) and gone.reason == "key_revoked"
    told = own_log(server)[-1]
    assert isinstance(told, KeyRevoked) and (told.device, told.number) == (agent.device, 1)
    assert server.do(revoke("TDM", server.clock())) == ()
    assert isinstance(say(other), Receipt)
    assert isinstance(say(join(server)), Receipt)
    with pytest.raises(NotFoundError):
        server.do(revoke("XX", 0))


def test_rotating_is_for_devices_only(server: Running) -> None:
    got = httpx.post(f"{server.address}/api/agent/rotate", content=b"{}")
    assert (got.status_code, msgspec.json.decode(got.content, type=Refusal).reason) == (401, "signature")
