from __future__ import annotations

import concurrent.futures

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.bridge_points.joining import TOKEN_LIFE_MS, make_token
from central_server.errors import NotFoundError
from models.wire import REQUEST_TIME_LIMIT_MS, JoinAnswer, JoinRequest, Refusal, ServerTime
from tests.central_server.running import Agent, Running, public_hex


def ask(server: Running, token: str, key: str) -> JoinAnswer | Refusal:
    body = msgspec.json.encode(JoinRequest(token=token, public_key=key))
    got = httpx.post(f"{server.address}/api/agent/join", content=body)
    kind: type[JoinAnswer | Refusal] = JoinAnswer if got.status_code == 200 else Refusal
    return msgspec.json.decode(got.content, type=kind)


def new_key() -> str:
    return public_hex(Ed25519PrivateKey.generate())


def test_a_token_lets_one_agent_join_its_bridge_point(server: Running) -> None:
    token = server.token("BC")
    answer = ask(server, token, new_key())
    assert isinstance(answer, JoinAnswer) and answer.bridge_point_name == "Bến Cát"
    second = ask(server, token, new_key())
    assert isinstance(second, Refusal) and second.reason == "token" and "đã được dùng" in second.vi


def test_a_token_typed_badly_still_works(server: Running) -> None:
    token = server.token().lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert isinstance(ask(server, token, new_key()), JoinAnswer)


def test_an_agent_whose_answer_was_lost_may_ask_again(server: Running) -> None:
    token, key = server.token(), new_key()
    assert ask(server, token, key) == ask(server, token, key)
    other = ask(server, server.token(), key)
    assert isinstance(other, Refusal) and other.reason == "token"


def test_a_raced_token_is_used_once(server: Running) -> None:
    token = server.token()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = [f.result() for f in [pool.submit(ask, server, token, new_key()) for _ in range(16)]]
    assert sum(isinstance(one, JoinAnswer) for one in answers) == 1


def test_old_and_unknown_tokens_are_refused(server: Running) -> None:
    token = server.token()
    server.clock.ms += TOKEN_LIFE_MS
    old = ask(server, token, new_key())
    assert isinstance(old, Refusal) and "hết hạn" in old.vi
    unknown = ask(server, "AAAAA-AAAAA-AAAAA-AAAAA", new_key())
    assert isinstance(unknown, Refusal) and unknown.reason == "token"


def test_the_database_holds_no_token(server: Running) -> None:
    token = server.token()
    plain = token.replace("-", "")
    data = b"".join(path.read_bytes() for path in server.services.config.data_folder.iterdir())
    assert token.encode() not in data and plain.encode() not in data


def test_a_token_needs_a_known_bridge_point(server: Running) -> None:
    with pytest.raises(NotFoundError, match="BC, TDM"):
        server.do(make_token("XX", 0))


def test_the_roster_of_today_is_only_this_bridge_points(server: Running, agent: Agent) -> None:
    (plan,) = agent.today().sessions
    assert (plan.session, plan.end - plan.start, len(plan.breaks)) == ("K1.1", 210 * 60_000, 1)
    assert [who.code for who in plan.learners] == ["HV000", "HV001"]
    server.clock.ms = plan.end
    assert agent.today().sessions == ()


@pytest.mark.parametrize("change", ["path", "method", "body", "device", "nothing", "late", "early"])
def test_only_an_unchanged_fresh_request_is_believed(server: Running, agent: Agent, change: str) -> None:
    body, path = b"{}", "/api/agent/status"
    shift = {"late": -REQUEST_TIME_LIMIT_MS - 1, "early": REQUEST_TIME_LIMIT_MS + 1}.get(change, 0)
    headers = agent.headers("GET" if change == "method" else "POST", path, body, server.clock() + shift)
    if change == "path":
        headers = agent.headers("POST", "/api/agent/batches", body)
    if change == "device":
        headers["Authorization"] = headers["Authorization"].replace(agent.device, "d-0")
    if change == "nothing":
        headers = {}
    got = httpx.post(server.address + path, content=b"{} " if change == "body" else body, headers=headers)
    refusal = msgspec.json.decode(got.content, type=Refusal)
    expected = {"device": "unknown_device", "late": "clock", "early": "clock"}.get(change, "signature")
    assert (got.status_code, refusal.reason) == (401, expected)


def test_anybody_may_ask_for_the_time(server: Running) -> None:
    got = httpx.get(f"{server.address}/api/agent/time")
    assert msgspec.json.decode(got.content, type=ServerTime).server_time == server.clock()
