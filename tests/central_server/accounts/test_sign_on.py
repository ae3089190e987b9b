"""The office's single sign-on against a real OpenID Connect provider: oidc-provider-mock, in its own process."""

from __future__ import annotations

import html
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import text

from central_server.accounts.account_key import AccountKey
from central_server.accounts.administering import Details, change_details, link_identity, set_disabled
from central_server.accounts.permission import Grant
from central_server.accounts.sign_on import Attempt, Provider, challenge, opened
from central_server.config import Accounts, SignOn
from central_server.errors import SignOnError
from tests.central_server.running import Clock, Running, running

LAN = '{"sub": "lan-1", "email": "lan@so.example", "email_verified": true}'
MINH = '{"sub": "minh-2", "email": "minh@so.example", "email_verified": false}'


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce"]
    command += ["--user-claims", LAN, "--user-claims", MINH]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{address}/.well-known/openid-configuration")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
        process.terminate()


def settings(issuer: str, folder: Path, **more: Any) -> SignOn:
    secret = folder / "secret"
    secret.write_text("s3cret\n")
    return SignOn(issuer=issuer, client_id="diemdanh", client_secret_file=str(secret), name="Sở Nội vụ", **more)


@pytest.fixture(params=[False], ids=["by hand"])
def server(issuer: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Running]:
    now = Clock(time.time_ns() // 1_000_000)
    with running(tmp_path / "data", now, oidc=settings(issuer, tmp_path, link_by_email=request.param)) as one:
        one.account("lan", Grant("class_manager"))
        yield one


by_email = pytest.mark.parametrize("server", [True], indirect=True, ids=["by e-mail"])


def account(server: Running, login: str = "lan") -> str:
    with server.services.engine.connect() as connection:
        return str(connection.execute(text("SELECT id FROM account WHERE login = :l"), {"l": login}).scalar_one())


def through(client: httpx.Client, subject: str, next: str = "/account") -> httpx.Response:
    """What a browser gets that presses the button and signs in there."""
    away = client.get("/sign-in/sso", params={"next": next})
    assert away.status_code == 303, away.text
    there = httpx.post(away.headers["location"], data={"sub": subject})
    assert there.status_code == 302, there.text
    return client.get(there.headers["location"])


def browser(server: Running) -> httpx.Client:
    return server.client(follow_redirects=False)


def link(server: Running, issuer: str, subject: str = "lan-1") -> None:
    who = account(server)
    server.do(lambda db: link_identity(db, who, issuer, subject, who, server.clock()))


def test_a_linked_account_signs_in_and_the_browser_goes_on_from_our_page(server: Running, issuer: str) -> None:
    link(server, issuer)
    client = browser(server)
    assert "Sở Nội vụ" in client.get("/sign-in").text
    got = through(client, "lan-1")
    assert got.status_code == 200, got.text
    target = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', got.text)
    assert target is not None and html.unescape(target[1]) == "/account"
    cookies = got.headers.get_list("set-cookie")
    assert any(one.startswith("diemdanh=") and "SameSite=strict" in one for one in cookies)
    assert any(one.startswith('diemdanh_sign_on=""') for one in cookies)
    assert "bằng tài khoản cơ quan" in client.get("/account").text


def test_what_is_asked_for_carries_state_nonce_and_pkce(server: Running, issuer: str) -> None:
    client = browser(server)
    away = client.get("/sign-in/sso")
    asked = {name: value[0] for name, value in parse_qs(urlsplit(away.headers["location"]).query).items()}
    cookie = next(one for one in away.headers.get_list("set-cookie"))
    assert {"HttpOnly", "SameSite=lax", "Path=/sign-in/sso", "Max-Age=600"} <= set(cookie.split("; "))
    attempt = opened(server.services.account_key, client.cookies["diemdanh_sign_on"], server.clock())
    assert attempt is not None
    assert asked == {
        "response_type": "code", "client_id": "diemdanh", "scope": "openid email", "state": attempt.state,
        "redirect_uri": f"{server.address}/sign-in/sso/answer", "nonce": attempt.nonce,
        "code_challenge": challenge(attempt.verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert attempt.verifier not in cookie and attempt.state not in cookie  # sealed
    again = parse_qs(urlsplit(client.get("/sign-in/sso").headers["location"]).query)
    assert again["state"][0] != attempt.state and again["nonce"][0] != attempt.nonce


def test_nobody_gets_in_or_gets_an_account_without_a_link(server: Running, issuer: str) -> None:
    got = through(browser(server), "lan-1")
    assert got.status_code == 401 and "lan-1" in got.text
    assert not any(one.startswith("diemdanh=") for one in got.headers.get_list("set-cookie"))
    with server.services.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM account")).scalar_one() == 1
    link(server, issuer)
    who = account(server)
    server.do(lambda db: set_disabled(db, who, "a-other", server.clock(), disabled=True))
    assert through(browser(server), "lan-1").status_code == 401


@by_email
def test_a_verified_email_links_where_the_settings_say_so(server: Running, issuer: str) -> None:
    assert through(browser(server), "lan-1").status_code == 401  # no account has that e-mail yet
    who = account(server)
    minh = server.account("minh")
    server.do(lambda db: change_details(db, who, Details("Lan", "LAN@so.example", ""), who, server.clock()))
    server.do(lambda db: change_details(db, minh, Details("Minh", "minh@so.example", ""), who, server.clock()))
    client = browser(server)
    assert through(client, "lan-1").status_code == 200
    assert client.get("/account").status_code == 200
    assert through(browser(server), "minh-2").status_code == 401  # the office does not vouch for that e-mail
    server.do(lambda db: change_details(db, who, Details("Lan", "", ""), who, server.clock()))
    assert through(browser(server), "lan-1").status_code == 200  # linked for good


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(server: Running, issuer: str) -> None:
    link(server, issuer)
    client, other = browser(server), browser(server)
    there = httpx.post(client.get("/sign-in/sso").headers["location"], data={"sub": "lan-1"}).headers["location"]
    stolen = other.get(there)  # login CSRF: somebody else's answer in my browser
    assert stolen.status_code == 401 and "không bắt đầu ở trình duyệt này" in stolen.text
    other.get("/sign-in/sso")
    assert other.get(there).status_code == 401  # another state
    assert client.get(f"{there}&iss=https://evil.example").status_code == 401
    client.get("/sign-in/sso")
    assert client.get("/sign-in/sso/answer?error=access_denied&state=x").status_code == 401


def test_an_answer_is_good_once_and_not_for_long(server: Running, issuer: str) -> None:
    link(server, issuer)
    client = browser(server)
    there = httpx.post(client.get("/sign-in/sso").headers["location"], data={"sub": "lan-1"}).headers["location"]
    kept = client.cookies["diemdanh_sign_on"]
    assert client.get(there).status_code == 200
    client.cookies.set("diemdanh_sign_on", kept, path="/sign-in/sso")
    assert client.get(there).status_code == 502  # the provider knows the code no more
    there = httpx.post(client.get("/sign-in/sso").headers["location"], data={"sub": "lan-1"}).headers["location"]
    server.clock.ms += 11 * 60_000
    assert client.get(there).status_code == 401


def test_the_second_factor_is_ours_unless_the_office_asks_for_it(issuer: str, tmp_path: Path) -> None:
    for there in (False, True):
        now = Clock(time.time_ns() // 1_000_000)
        sso = settings(issuer, tmp_path, second_factor_there=there)
        with running(tmp_path / f"data-{there}", now, oidc=sso, accounts=Accounts()) as server:
            server.account("lan", Grant("administrator"))
            link(server, issuer)
            client = browser(server)
            assert through(client, "lan-1").status_code == 200
            assert client.get("/admin/accounts").status_code == (200 if there else 303)


def test_a_provider_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    with running(tmp_path / "data", oidc=settings("http://127.0.0.1:9", tmp_path)) as server:
        got = browser(server).get("/sign-in/sso")
        assert got.status_code == 502 and "Chưa hỏi được Sở Nội vụ" in got.text
        assert "Traceback" not in got.text


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def id_token(key: Any = KEY, algorithm: str = "RS256", without: str = "", **changed: Any) -> str:
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": "https://sso.example", "sub": "lan-1", "aud": "diemdanh", "exp": now + 300, "iat": now, "nonce": "n",
    } | changed  # fmt: skip
    claims.pop(without, None)
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "one"})


@pytest.fixture
def provider() -> Provider:
    """A provider whose key is known already: nothing is asked."""
    one = Provider(SignOn(issuer="https://sso.example", client_id="diemdanh", client_secret_file=""), "secret")
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True) | {"kid": "one", "alg": "RS256"}
    one._keys = (jwt.PyJWKSet([jwk]), time.monotonic())
    return one


def test_a_right_token_is_believed(provider: Provider) -> None:
    assert provider._verified(id_token(), "n").sub == "lan-1"
    assert provider._verified(id_token(aud=["diemdanh", "other"], azp="diemdanh"), "n").sub == "lan-1"


WRONG: dict[str, Callable[[], str]] = {
    "another's key": lambda: id_token(OTHER_KEY),
    "no signature": lambda: id_token(None, "none"),
    "an HMAC with the public key": lambda: id_token("public" * 10, "HS256"),
    "another issuer": lambda: id_token(iss="https://evil.example"),
    "another audience": lambda: id_token(aud="other"),
    "another's party": lambda: id_token(aud=["diemdanh", "other"], azp="other"),
    "too old": lambda: id_token(exp=int(time.time()) - 120),
    "from the future": lambda: id_token(iat=int(time.time()) + 600),
    "another nonce": lambda: id_token(nonce="m"),
    "no nonce": lambda: id_token(without="nonce"),
    "no end": lambda: id_token(without="exp"),
    "nobody": lambda: id_token(without="sub"),
    "no token": lambda: "x",
}


@pytest.mark.parametrize("how", WRONG)
def test_a_wrong_token_is_not(provider: Provider, how: str) -> None:
    with pytest.raises(SignOnError):
        provider._verified(WRONG[how](), "n")


def test_an_attempt_is_read_only_by_its_own_server(tmp_path: Path) -> None:
    key, other = AccountKey(b"1" * 32), AccountKey(b"2" * 32)
    attempt = Attempt("s", "n", "v", "/", 1000)
    sealed = attempt.sealed(key)
    assert opened(key, sealed, 2000) == attempt
    assert opened(other, sealed, 2000) is None
    for wrong in ("", "x", sealed[:-8], sealed.swapcase(), "é"):
        assert opened(key, wrong, 2000) is None
