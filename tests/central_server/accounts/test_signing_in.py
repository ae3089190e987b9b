"""Signing in as browsers and attackers do it: over HTTP, against a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import text

from central_server.accounts.administering import set_disabled
from central_server.accounts.giving import set_password
from central_server.accounts.passwords import hashed
from central_server.accounts.permission import Grant
from central_server.accounts.second_factor import code_at, keep_recovery_codes, new_recovery_codes, turn_on
from central_server.config import Accounts
from models.own_records import SignedIn, SignInsFailed, decode_own
from tests.central_server.running import MINUTE, Running, running

PHRASE = "một câu ngắn dễ nhớ"
PHC = hashed(PHRASE)
SECRET = b"0123456789abcdefghij"
HOUR = 60 * MINUTE


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data", accounts=Accounts(idle_minutes=60, hours=12)) as one:
        account = one.account("lan", Grant("class_manager"))
        one.do(lambda db: set_password(db, account, PHC, None, one.clock()))
        yield one


def browser(server: Running, address: str = "") -> httpx.Client:
    transport = httpx.HTTPTransport(local_address=address) if address else None
    return server.client(follow_redirects=False, transport=transport)


def sign_in(client: httpx.Client, login: str = "lan", password: str = PHRASE, **more: str) -> httpx.Response:
    return client.post("/sign-in", data={"login": login, "password": password, **more})


def account_of(server: Running, login: str = "lan") -> str:
    with server.services.engine.connect() as connection:
        return str(connection.execute(text("SELECT id FROM account WHERE login = :l"), {"l": login}).scalar_one())


def own(server: Running, kind: type[msgspec.Struct]) -> list[msgspec.Struct]:
    with server.services.engine.connect() as connection:
        rows = connection.execute(text("SELECT line FROM own_record ORDER BY seq")).scalars()
        return [record for line in rows if isinstance(record := decode_own(bytes(line)), kind)]


def test_the_password_opens_and_the_cookie_is_private(server: Running) -> None:
    client = browser(server)
    asked = client.get("/sessions/none?x=1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=%2Fsessions%2Fnone%3Fx%3D1")
    got = sign_in(client, "  LAN ", next="/account")
    assert (got.status_code, got.headers["location"]) == (303, "/account")
    cookie = next(one for one in got.headers.get_list("set-cookie") if one.startswith("diemdanh="))
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
    token = cookie.partition("=")[2].partition(";")[0]
    with server.services.engine.connect() as connection:
        dump = "".join(connection.connection.iterdump())
    assert token not in dump and PHRASE not in dump
    assert client.get("/account").status_code == 200
    assert PHRASE not in client.get("/account").text


def test_behind_https_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    with running(tmp_path / "data", public_address="https://diemdanh.example.vn") as server:
        server.account("lan")
        got = browser(server).post("/sign-in/link", data={"key": server.link("lan")})
        cookie = got.headers["set-cookie"]
        assert cookie.startswith("__Host-diemdanh=")
        assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))


def test_a_wrong_login_and_a_wrong_password_get_the_same_answer(server: Running) -> None:
    said = [sign_in(browser(server), *one) for one in (("lan", "x" * 12), ("nobody", "x" * 12))]
    assert [one.status_code for one in said] == [401, 401]
    assert said[0].text.replace('value="lan"', "") == said[1].text.replace('value="nobody"', "")
    assert "x" * 12 not in said[0].text  # what was typed as a password comes back to no page
    off = account_of(server)
    server.do(lambda db: set_disabled(db, off, "a-other", server.clock(), disabled=True))
    assert sign_in(browser(server)).text == said[0].text


def test_every_sign_in_has_another_token_and_elsewhere_is_no_next(server: Running) -> None:
    client = browser(server)
    first = (sign_in(client).headers["set-cookie"]).partition(";")[0]
    second = sign_in(client).headers["set-cookie"].partition(";")[0]
    assert first != second
    for other in ("//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/\tx"):
        assert sign_in(client, next=other).headers["location"] == "/"


def test_a_sign_in_ends_when_idle_and_when_old(server: Running) -> None:
    client = browser(server)
    sign_in(client)
    for _ in range(3):
        server.clock.ms += 59 * MINUTE
        assert client.get("/account").status_code == 200
        server.do(lambda db: None)  # the use is noted behind the answer
    server.clock.ms += 61 * MINUTE
    assert client.get("/account").headers["location"].startswith("/sign-in")
    sign_in(client)
    for _ in range(12):
        server.clock.ms += 59 * MINUTE
        assert client.get("/account").status_code == 200
        server.do(lambda db: None)  # the use is noted behind the answer
    server.clock.ms += 13 * MINUTE
    assert client.get("/account").status_code == 303


def test_who_fails_often_has_to_wait_longer_each_time_and_is_told_until_when(server: Running) -> None:
    client = browser(server)
    for _ in range(5):
        assert sign_in(client, password="x" * 12).status_code == 401
    for seconds, until in ((30, "08:00:30"), (60, "08:01:30"), (120, "08:03:30")):
        right = sign_in(client)
        assert right.status_code == 429 and until in right.text
        server.clock.ms += seconds * 1000
        assert sign_in(client, password="x" * 12).status_code == 401
    told = own(server, SignInsFailed)
    assert [(one.failures, one.account) for one in told if isinstance(one, SignInsFailed)] == [
        (n, account_of(server)) for n in (5, 6, 7, 8)
    ]
    server.clock.ms += 15 * MINUTE
    assert sign_in(client).status_code == 303
    assert sign_in(client, password="x" * 12).status_code == 401  # a right one forgets the wrong ones
    assert sign_in(client).status_code == 303


def test_an_unknown_login_is_locked_like_a_known_one(server: Running) -> None:
    said: list[list[int]] = []
    for login in ("lan", "nobody"):
        client = browser(server, f"127.0.0.{2 + len(said)}")
        said.append([sign_in(client, login, "x" * 12).status_code for _ in range(7)])
    assert said[0] == said[1] == [401] * 5 + [429] * 2


def test_the_count_outlives_a_restart(tmp_path: Path) -> None:
    clock = None
    for wanted in ([401] * 5 + [429], [429]):
        with running(tmp_path / "data", clock) as server:
            client, clock = browser(server), server.clock
            assert [sign_in(client, "lan", "x" * 12).status_code for _ in wanted] == wanted


def test_nobody_locks_out_a_browser_that_the_account_knows(server: Running) -> None:
    mine, attacker = browser(server), browser(server, "127.0.0.9")
    assert sign_in(mine).status_code == 303
    for _ in range(40):
        sign_in(attacker, password="x" * 12)
        server.clock.ms += MINUTE // 2
    assert sign_in(attacker).status_code == 429
    assert sign_in(mine).status_code == 303
    stranger = browser(server, "127.0.0.9")
    stranger.cookies.set("diemdanh_known", "made.up")
    assert sign_in(stranger).status_code == 429
    assert [sign_in(mine, password="x" * 12).status_code for _ in range(11)] == [401] * 10 + [429]


def test_an_address_that_tries_many_logins_has_to_wait(server: Running) -> None:
    client = browser(server, "127.0.0.7")
    said = [sign_in(client, f"login{n}", "x" * 12).status_code for n in range(22)]
    assert said == [401] * 20 + [429] * 2
    assert sign_in(browser(server, "127.0.0.8")).status_code == 303
    assert [one.account for one in own(server, SignInsFailed) if isinstance(one, SignInsFailed)] == [None]


def test_a_link_is_good_once_and_looking_does_not_use_it_up(server: Running) -> None:
    key, client = server.link("lan"), browser(server)
    for _ in range(2):
        assert "Người dùng lan" in client.get("/sign-in/link", params={"key": key}).text
    assert client.post("/sign-in/link", data={"key": key, "next": "/account"}).headers["location"] == "/account"
    assert client.get("/account").status_code == 200
    for again in (key, "x" * 32, ""):
        got = browser(server).post("/sign-in/link", data={"key": again})
        assert got.status_code == 401 and "không còn dùng được" in got.text
    old = server.link("lan")
    newer = server.link("lan")
    assert browser(server).post("/sign-in/link", data={"key": old}).status_code == 401
    server.clock.ms += 16 * MINUTE
    assert browser(server).post("/sign-in/link", data={"key": newer}).status_code == 401


@pytest.mark.parametrize(
    "password", ["short", "1234567890", "matkhau123456", "Người dùng lan", "aaaaaaaaaaaa", "lan@123456"]
)
def test_a_link_for_a_new_password_takes_no_poor_one(server: Running, password: str) -> None:
    key, client = server.link("lan", new_password=True), browser(server)
    got = client.post("/sign-in/link", data={"key": key, "password": password, "again": password})
    assert got.status_code == 422 and 'role="alert"' in got.text
    assert password not in got.text.replace("Người dùng lan</h1>", "")
    assert client.post("/sign-in/link", data={"key": key, "password": "câu thứ nhất", "again": "câu thứ hai"}).is_error
    new = "sáng sớm trời trong xanh"
    assert client.post("/sign-in/link", data={"key": key, "password": new, "again": new}).status_code == 303
    assert sign_in(browser(server), password=new).status_code == 303
    assert sign_in(browser(server)).status_code == 401


@pytest.fixture
def codes(server: Running) -> tuple[str, ...]:
    """lan's second factor is on; these are the recovery codes."""
    made, account, key = new_recovery_codes(), account_of(server), server.services.account_key
    now = server.clock()
    server.do(lambda db: turn_on(db, key, account, SECRET, code_at(SECRET, now), now))
    server.do(lambda db: keep_recovery_codes(db, key, account, made, now))
    server.clock.ms += MINUTE
    return made


def test_the_second_factor_is_asked_for_and_each_code_is_good_once(server: Running, codes: tuple[str, ...]) -> None:
    client = browser(server)
    got = sign_in(client, next="/account?x=1")
    assert got.headers["location"] == "/sign-in/code?next=%2Faccount%3Fx%3D1"
    assert client.get("/account").headers["location"].startswith("/sign-in/code")
    assert client.post("/account/password").status_code == 401
    half = client.cookies["diemdanh"]
    assert client.post("/sign-in/code", data={"code": "000000"}).status_code == 401
    now = code_at(SECRET, server.clock())
    got = client.post("/sign-in/code", data={"code": f"{now[:3]} {now[3:]}", "next": "/account?x=1"})
    assert (got.status_code, got.headers["location"]) == (303, "/account?x=1")
    assert client.cookies["diemdanh"] != half
    assert client.get("/account").status_code == 200
    old = browser(server)
    old.cookies.set("diemdanh", half)
    assert old.get("/account").status_code == 303
    other = browser(server)
    sign_in(other)
    assert other.post("/sign-in/code", data={"code": now}).status_code == 401  # seen over the shoulder: too late
    server.clock.ms += 30_000
    late = code_at(SECRET, server.clock() - 30_000)
    assert other.post("/sign-in/code", data={"code": late}).status_code == 401
    assert other.post("/sign-in/code", data={"code": code_at(SECRET, server.clock() + 30_000)}).status_code == 303
    assert [one.second_factor for one in own(server, SignedIn) if isinstance(one, SignedIn)] == ["code", "code"]


def test_a_recovery_code_stands_in_once(server: Running, codes: tuple[str, ...]) -> None:
    for typed, status in ((codes[0].lower().replace("-", " "), 303), (codes[0], 401), (codes[1], 303)):
        client = browser(server)
        sign_in(client)
        assert client.post("/sign-in/code", data={"code": typed}).status_code == status
    assert "Còn 8 mã" in re.sub(r"\s+", " ", client.get("/account").text)
    with server.services.engine.connect() as connection:
        dump = "".join(connection.connection.iterdump())
    assert codes[5] not in dump and codes[5].replace("-", "") not in dump
    assert SECRET.hex() not in dump.lower()


def test_codes_cannot_be_tried_out(server: Running, codes: tuple[str, ...]) -> None:
    client = browser(server)
    sign_in(client)
    said = [client.post("/sign-in/code", data={"code": f"{n:06}"}).status_code for n in range(7)]
    assert said == [401] * 5 + [429] * 2
    server.clock.ms += 11 * MINUTE
    assert client.post("/sign-in/code", data={"code": codes[0]}).headers["location"] == "/sign-in"  # waited too long


def test_a_role_that_needs_a_second_factor_does_nothing_before_it_has_one(server: Running) -> None:
    server.account("chief", Grant("administrator"))
    client = browser(server)
    got = client.post("/sign-in/link", data={"key": server.link("chief"), "next": "/admin/audit"})
    assert got.headers["location"] == "/account/second-factor?next=%2Fadmin%2Faudit"
    for path in ("/admin/accounts", "/account", "/"):
        assert client.get(path).headers["location"].startswith("/account/second-factor")
    assert client.post("/admin/accounts").status_code == 401
    page = client.get("/account/second-factor")
    assert page.status_code == 200 and "<svg" in page.text
    sealed = re.search(r'name="sealed" value="(\w+)"', page.text)
    assert sealed is not None
    account = account_of(server, "chief")
    secret = server.services.account_key.open("new second factor", account, bytes.fromhex(sealed[1]))
    assert secret is not None
    form = {"sealed": sealed[1], "next": "/admin/audit"}
    assert client.post("/account/second-factor", data=form | {"code": "000000"}).status_code == 422
    got = client.post("/account/second-factor", data=form | {"code": code_at(secret, server.clock())})
    assert got.status_code == 200
    assert len(re.findall(r"<code>[0-9A-Z]{5}-[0-9A-Z]{5}</code>", got.text)) == 10
    assert client.get("/admin/audit").status_code == 200
    assert client.post("/account/second-factor/off", data={"code": "1"}).status_code == 422
    mine = browser(server)
    mine.post("/sign-in/link", data={"key": server.link("chief")})
    assert mine.get("/admin/accounts").headers["location"].startswith("/sign-in/code")


def test_a_disabled_account_is_out_at_once(server: Running) -> None:
    client, account = browser(server), account_of(server)
    sign_in(client)
    assert client.get("/account").status_code == 200
    server.do(lambda db: set_disabled(db, account, "a-other", server.clock(), disabled=True))
    assert client.get("/account").status_code == 303
    server.do(lambda db: set_disabled(db, account, "a-other", server.clock(), disabled=False))
    assert client.get("/account").status_code == 303  # the sign-in stays over


def test_sign_ins_are_listed_and_ended(server: Running) -> None:
    here, there, third = browser(server), browser(server), browser(server)
    there.headers["User-Agent"] = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"
    for client in (here, there, third):
        sign_in(client)
        server.clock.ms += MINUTE
    page = here.get("/account").text
    assert "Firefox, Windows" in page and "127.0.0.1" in page and page.count("bằng mật khẩu") == 3
    ending = re.findall(r"/account/sign-ins/(b-\w+)/end", page)
    assert len(ending) == 2
    assert here.post(f"/account/sign-ins/{ending[1]}/end").status_code == 303
    assert [client.get("/account").status_code for client in (here, there, third)] == [200, 303, 200]
    other = server.signed_in(server.manager_login())
    other.follow_redirects = False
    assert other.post(f"/account/sign-ins/{ending[0]}/end").status_code == 404  # another's sign-in is nobody's
    assert here.post("/account/sign-ins/end").headers["location"] == "/sign-in"
    assert [client.get("/account").status_code for client in (here, there, third)] == [303, 303, 303]
    assert other.get("/account").status_code == 200


def test_signing_out_ends_the_sign_in_on_the_server(server: Running) -> None:
    client = browser(server)
    sign_in(client)
    token = client.cookies["diemdanh"]
    assert client.post("/sign-out").headers["location"] == "/sign-in"
    assert "diemdanh" not in client.cookies
    client.cookies.set("diemdanh", token)
    assert client.get("/account").status_code == 303


def test_changing_the_password_asks_for_the_present_one_and_signs_others_out(server: Running) -> None:
    here, there, new = browser(server), browser(server), "trời xanh mây trắng"
    for client in (here, there):
        sign_in(client)
    form = {"password": new, "again": new}
    assert here.post("/account/password", data=form | {"present": "x" * 12}).status_code == 422
    assert here.post("/account/password", data=form | {"present": PHRASE}).status_code == 303
    assert [client.get("/account").status_code for client in (here, there)] == [200, 303]
    assert sign_in(there).status_code == 401
    assert sign_in(there, password=new).status_code == 303


def test_a_stream_ends_soon_after_its_viewer_was_disabled(
    server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from central_server.participation import routes
    from tests.central_server.running import write_course

    monkeypatch.setattr(routes, "SIGNED_IN_CHECK_S", 0.5)
    server.load(write_course(tmp_path / "one.toml"))
    client, account = browser(server), account_of(server)
    sign_in(client)
    with client.stream("GET", "/sessions/K1.1/events") as stream:
        parts = stream.iter_text()
        assert "hx-partial" in next(parts)
        server.do(lambda db: set_disabled(db, account, "a-other", server.clock(), disabled=True))
        rest = "".join(parts)
    assert rest.endswith("event: reload\ndata: \n\n")
