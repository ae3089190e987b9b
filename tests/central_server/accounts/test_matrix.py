"""Every route against every role and every foreign course, from the app's own list of routes.

What each may do is written down here by hand, from what the roles are for and not from permission.py: the two have to
agree. A route that is missing here, or has no rule of its own, fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import Connection, text

from central_server.accounts.administering import Details, change_details, set_disabled
from central_server.accounts.giving import NewAccount, add_account, give
from central_server.accounts.permission import Grant, Role
from central_server.accounts.sign_ins import Browser, make_sign_in
from central_server.app import create_app
from central_server.config import Config
from tests.central_server.media.test_pictures import SMALL
from tests.central_server.routes import others_of, routes_of
from tests.central_server.running import Running, running, write_course

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
HIDDEN = "không được giao mục này"

ACCOUNTS: dict[str, tuple[Role, str | None, str | None] | None] = {
    # who: the role, the course, the bridge point. The places in question are course K1, its session K1.1, TDM in it.
    "unassigned": None,
    "disabled": ("class_manager", None, None),
    "administrator": ("administrator", None, None),
    "manager": ("class_manager", None, None),
    "manager here": ("class_manager", "K1", None),
    "manager elsewhere": ("class_manager", "K2", None),
    "lecturer here": ("lecturer", "K1", None),
    "lecturer elsewhere": ("lecturer", "K2", None),
    "technician here": ("technician", None, "TDM"),
    "technician elsewhere": ("technician", None, "PG"),
    "learner here": ("learner", None, None),
    "learner elsewhere": ("learner", None, None),
}
LEARNERS = {"learner here": "HV000", "learner elsewhere": "HV900"}
OUT = {"nobody", "disabled"}
IN = set(ACCOUNTS) - {"disabled"}
EVERYBODY = IN | OUT
MANAGERS = {"manager", "manager here"}
SEES_SESSION = MANAGERS | {"lecturer here", "technician here"}
SESSIONS_ELSEWHERE = {"manager elsewhere", "lecturer elsewhere", "technician elsewhere"}
ADMINISTRATOR = {"administrator"}


@dataclass(frozen=True)
class May:
    """Who may; from whom it is hidden as if it weren't there (404). All others who are signed in are refused (403)."""

    may: set[str]
    hidden: set[str] = frozenset()  # type: ignore[assignment]


OPEN = May(EVERYBODY)
SIGNED_IN = May(IN)
ADMINISTER = May(ADMINISTRATOR)
SESSION = May(SEES_SESSION, SESSIONS_ELSEWHERE)
LEADS = May(MANAGERS | {"lecturer here"}, SESSIONS_ELSEWHERE)
ENROL = May(MANAGERS, {"manager elsewhere"})
SEES_LEARNERS = May(MANAGERS | {"lecturer here"}, {"manager elsewhere", "lecturer elsewhere"})

SIGN = May(MANAGERS | {"technician here"}, {"manager elsewhere", "technician elsewhere"})
OWN = May({"learner here"}, {"learner elsewhere"})

SEES_COURSES = May(SEES_SESSION | SESSIONS_ELSEWHERE)
MAKES_COURSES = May(MANAGERS | {"manager elsewhere"})
OFFICE = May({"manager"}, {"manager here", "manager elsewhere"})
"""About the whole office: a class manager of some courses is told that there is no such page."""

TABLE: dict[tuple[str, str], May] = {
    ("GET", "/health"): OPEN,
    ("GET", "/help"): OPEN,
    ("GET", "/help/handbook.css"): OPEN,
    ("GET", "/help/{part}/pictures/{picture}"): OPEN,
    ("GET", "/help/{part}/{article}"): OPEN,
    ("GET", "/metrics"): OPEN,  # to this PC and to whoever has the token: its own tests
    ("GET", "/sign-in"): OPEN,
    ("POST", "/sign-in"): OPEN,
    ("GET", "/sign-in/link"): OPEN,
    ("POST", "/sign-in/link"): OPEN,
    ("GET", "/sign-in/code"): OPEN,
    ("POST", "/sign-in/code"): OPEN,
    ("GET", "/sign-in/sso"): OPEN,
    ("GET", "/sign-in/sso/answer"): OPEN,
    ("POST", "/sign-out"): SIGNED_IN,
    ("GET", "/api/openapi.json"): SIGNED_IN,
    ("GET", "/account"): SIGNED_IN,
    ("POST", "/account/password"): SIGNED_IN,
    ("POST", "/account/pin"): SIGNED_IN,
    ("GET", "/account/second-factor"): SIGNED_IN,
    ("POST", "/account/second-factor"): SIGNED_IN,
    ("POST", "/account/second-factor/off"): SIGNED_IN,
    ("POST", "/account/recovery-codes"): SIGNED_IN,
    ("POST", "/account/sign-ins/{sign_in}/end"): SIGNED_IN,
    ("POST", "/account/sign-ins/end"): SIGNED_IN,
    ("GET", "/"): SIGNED_IN,
    ("GET", "/sessions/{session}"): SESSION,
    ("GET", "/sessions/{session}/points/{bridge_point}"): SESSION,
    ("GET", "/sessions/{session}/events"): SESSION,
    ("GET", "/sessions/{session}/rooms/{room}/picture"): SESSION,
    ("GET", "/sessions/{session}/sheet"): SESSION,
    ("GET", "/sessions/{session}/sheet.{ending}"): SESSION,
    ("GET", "/api/sessions/{session}/participation"): SESSION,
    ("GET", "/sessions/{session}/classroom"): SESSION,
    ("GET", "/sessions/{session}/classroom/events"): SESSION,
    ("GET", "/api/sessions/{session}/classroom/tokens"): SESSION,
    ("POST", "/api/sessions/{session}/classroom/hand"): SESSION,  # of one's own room: its own tests
    ("POST", "/api/sessions/{session}/classroom/give-back"): SESSION,
    ("POST", "/api/sessions/{session}/classroom/questions"): SESSION,
    ("POST", "/api/sessions/{session}/classroom/microphone"): SESSION,
    ("POST", "/api/sessions/{session}/classroom/floor"): LEADS,
    ("POST", "/api/sessions/{session}/classroom/questions/{question}/answered"): LEADS,
    ("POST", "/api/sessions/{session}/classroom/screen"): May({"lecturer here"}, SESSIONS_ELSEWHERE),
    ("GET", "/sessions/{session}/rooms/{bridge_point}"): SESSION,
    ("GET", "/api/sessions/{session}/rooms/{bridge_point}/tokens"): SESSION,
    ("GET", "/classroom/enter"): OPEN,
    ("POST", "/classroom/enter"): OPEN,  # to whoever has a ticket: its own tests
    ("GET", "/own/enter"): OPEN,
    ("POST", "/own/enter"): OPEN,  # likewise
    ("GET", "/own/left"): OPEN,
    ("POST", "/own/leave"): OPEN,
    ("POST", "/api/own/longer"): OPEN,
    ("GET", "/courses"): SEES_COURSES,
    ("GET", "/courses.csv"): SEES_COURSES,
    ("GET", "/courses/new"): MAKES_COURSES,
    ("POST", "/courses/new"): MAKES_COURSES,
    ("POST", "/courses/new/sessions"): MAKES_COURSES,
    ("GET", "/programmes"): MAKES_COURSES,
    ("POST", "/programmes"): MAKES_COURSES,
    ("GET", "/lecturers"): MAKES_COURSES,
    ("POST", "/lecturers"): MAKES_COURSES,  # of lecturers who teach in no other's course: its own tests
    ("GET", "/courses/{course}/calendar.ics"): OPEN,  # to whoever has the key: its own tests
    ("GET", "/courses/{course}"): SEES_LEARNERS,
    ("GET", "/courses/{course}/class-rules"): May(SEES_LEARNERS.may | {"learner here"}, IN),
    ("GET", "/courses/{course}/edit"): ENROL,
    ("POST", "/courses/{course}/edit"): ENROL,
    ("POST", "/courses/{course}/publish"): ENROL,
    ("POST", "/courses/{course}/join-points"): ENROL,
    ("POST", "/courses/{course}/calendar"): ENROL,
    ("GET", "/courses/{course}/sessions/new"): ENROL,
    ("POST", "/courses/{course}/sessions/new"): ENROL,
    ("POST", "/courses/{course}/sessions/new/look"): ENROL,
    ("GET", "/courses/{course}/sessions/{session}/edit"): ENROL,
    ("POST", "/courses/{course}/sessions/{session}/edit"): ENROL,
    ("POST", "/courses/{course}/sessions/{session}/cancel"): ENROL,
    ("POST", "/courses/{course}/sessions/{session}/restore"): ENROL,
    ("POST", "/courses/{course}/sessions/{session}/drop"): ENROL,
    ("GET", "/courses/{course}/rules"): ENROL,
    ("POST", "/courses/{course}/rules"): ENROL,
    ("GET", "/courses/{course}/participation"): SEES_LEARNERS,
    ("GET", "/courses/{course}/participation.{ending}"): SEES_LEARNERS,
    ("GET", "/courses/{course}/completion"): SEES_LEARNERS,
    ("GET", "/courses/{course}/completion/sheet"): SEES_LEARNERS,
    ("GET", "/courses/{course}/completion.{ending}"): SEES_LEARNERS,
    ("POST", "/courses/{course}/completion"): ENROL,
    ("POST", "/courses/{course}/completion/list"): ENROL,
    ("POST", "/courses/{course}/counting"): ENROL,
    ("GET", "/reports"): OFFICE,
    ("GET", "/reports/plan.{ending}"): OFFICE,
    ("GET", "/reports/courses"): OFFICE,
    ("GET", "/reports/learners.{ending}"): OFFICE,
    ("GET", "/reports/trends"): OFFICE,
    ("GET", "/reports/trends.{ending}"): OFFICE,
    ("GET", "/reports/targets"): OFFICE,
    ("POST", "/reports/targets"): OFFICE,
    ("GET", "/reports/units"): OFFICE,
    ("POST", "/reports/units"): OFFICE,
    ("GET", "/reports/proof.zip"): May(OFFICE.may | ADMINISTRATOR, OFFICE.hidden),
    ("GET", "/admin/letterhead"): ADMINISTER,
    ("POST", "/admin/letterhead"): ADMINISTER,
    ("GET", "/admin/holidays"): ADMINISTER,
    ("POST", "/admin/holidays"): ADMINISTER,
    ("POST", "/admin/holidays/take-over"): ADMINISTER,
    ("POST", "/admin/holidays/remove"): ADMINISTER,
    ("GET", "/courses/{course}/learners"): SEES_LEARNERS,
    ("GET", "/courses/{course}/learners.csv"): SEES_LEARNERS,
    ("GET", "/courses/{course}/learners.xlsx"): SEES_LEARNERS,
    ("GET", "/courses/{course}/roster"): ENROL,
    ("POST", "/courses/{course}/roster"): ENROL,
    ("GET", "/courses/{course}/roster/{token}"): ENROL,
    ("POST", "/courses/{course}/roster/{token}"): ENROL,
    ("POST", "/courses/{course}/roster/{token}/drop"): ENROL,
    ("POST", "/courses/{course}/transfers"): ENROL,
    ("POST", "/courses/{course}/transfers/undo"): ENROL,
    ("POST", "/courses/{course}/guests"): ENROL,
    ("POST", "/courses/{course}/guests/remove"): ENROL,
    ("POST", "/courses/{course}/consents"): ENROL,
    ("GET", "/courses/{course}/portraits"): ENROL,
    ("POST", "/courses/{course}/portraits"): ENROL,
    ("GET", "/courses/{course}/cards"): ENROL,
    ("POST", "/courses/{course}/cards"): ENROL,
    ("POST", "/courses/{course}/cards/take"): ENROL,
    ("POST", "/courses/{course}/pins"): ENROL,
    ("POST", "/courses/{course}/lookalikes"): ENROL,
    ("GET", "/sessions/{session}/corrections"): SIGN,
    ("POST", "/sessions/{session}/corrections/{correction}/confirm"): SIGN,
    ("POST", "/sessions/{session}/corrections/{correction}/refuse"): SIGN,
    ("POST", "/sessions/{session}/corrections/{correction}/undo"): ENROL,
    ("GET", "/sessions/{session}/evidence/{evidence}"): SIGN,
    ("GET", "/sessions/{session}/signed-sheet"): SIGN,
    ("POST", "/sessions/{session}/signed-sheet"): SIGN,
    ("POST", "/sessions/{session}/seal"): SIGN,
    ("POST", "/sessions/{session}/revise"): ENROL,
    ("GET", "/sessions/{session}/revisions/{number}"): SIGN,
    ("GET", "/sessions/{session}/learners/{learner}/correction"): ENROL,
    ("POST", "/sessions/{session}/learners/{learner}/correction"): ENROL,
    ("GET", "/sessions/{session}/learners/{learner}/leave"): ENROL,
    ("POST", "/sessions/{session}/learners/{learner}/leave"): ENROL,
    ("GET", "/sessions/{session}/contests/{contest}"): ENROL,
    ("POST", "/sessions/{session}/contests/{contest}/refuse"): ENROL,
    ("GET", "/courses/{course}/keeping"): ENROL,
    ("POST", "/courses/{course}/keeping"): ENROL,
    ("GET", "/courses/{course}/learners/{learner}/portraits/{number}"): ENROL,
    ("GET", "/courses/{course}/correcting"): ENROL,
    ("POST", "/courses/{course}/correcting"): ENROL,
    ("GET", "/learners/{learner}/own/courses/{course}"): OWN,
    ("GET", "/learners/{learner}/own/sessions/{session}/contest"): OWN,
    ("POST", "/learners/{learner}/own/sessions/{session}/contest"): OWN,
    ("GET", "/learners/{learner}/own/sessions/{session}/evidence/{evidence}"): OWN,
    ("GET", "/learners/{learner}/own/data"): OWN,
    ("GET", "/learners/{learner}/own/data.json"): OWN,
    ("GET", "/learners/{learner}"): SEES_LEARNERS,
    ("GET", "/learners/{learner}/own"): May({"learner here"}, {"learner elsewhere"}),
    ("POST", "/learners/{learner}/consent/signed"): ENROL,
    ("POST", "/learners/{learner}/consent/withdrawn"): ENROL,
    ("POST", "/learners/{learner}/consent"): May({"learner here"}, {"learner elsewhere"}),
    ("POST", "/learners/{learner}/consent/withdraw"): May({"learner here"}, {"learner elsewhere"}),
    ("GET", "/consent-form"): SIGNED_IN,
    ("GET", "/admin/accounts"): ADMINISTER,
    ("POST", "/admin/accounts"): ADMINISTER,
    ("GET", "/admin/accounts/new"): ADMINISTER,
    ("GET", "/admin/accounts/{account}"): ADMINISTER,
    ("POST", "/admin/accounts/{account}/details"): ADMINISTER,
    ("POST", "/admin/accounts/{account}/grants"): ADMINISTER,
    ("POST", "/admin/accounts/{account}/grants/{grant}/take"): ADMINISTER,
    ("POST", "/admin/accounts/{account}/disable"): ADMINISTER,
    ("POST", "/admin/accounts/{account}/enable"): ADMINISTER,
    ("POST", "/admin/accounts/{account}/link"): ADMINISTER,
    ("POST", "/admin/accounts/{account}/second-factor/reset"): ADMINISTER,
    ("POST", "/admin/accounts/{account}/sign-ins/end"): ADMINISTER,
    ("POST", "/admin/accounts/{account}/sign-on"): ADMINISTER,
    ("POST", "/admin/accounts/{account}/sign-on/unlink"): ADMINISTER,
    ("GET", "/admin/audit"): ADMINISTER,
    ("GET", "/admin/health"): ADMINISTER,
    ("GET", "/admin/bridge-points"): ADMINISTER,
    ("POST", "/admin/bridge-points"): ADMINISTER,
    ("POST", "/admin/bridge-points/{bridge_point}/token"): ADMINISTER,
    ("POST", "/admin/bridge-points/{bridge_point}/revoke"): ADMINISTER,
}
AGENTS = {
    # What an agent's address answers to whoever brings no signature.
    ("GET", "/api/agent/time"): 200,
    ("POST", "/api/agent/join"): 422,
    ("POST", "/api/agent/rotate"): 401,
    ("GET", "/api/agent/today"): 401,
    ("POST", "/api/agent/batches"): 422,  # signed itself
    ("POST", "/api/agent/status"): 401,
    ("POST", "/api/agent/health"): 401,
    ("POST", "/api/agent/line"): 401,
    ("POST", "/api/agent/udp"): 401,
    ("GET", "/api/agent/gallery"): 401,
    ("POST", "/api/agent/enrolments"): 401,
    ("POST", "/api/agent/classroom-ticket"): 401,
    ("POST", "/api/agent/learner-ticket"): 401,
    ("POST", "/api/agent/media-token"): 401,
    ("POST", "/api/agent/sessions/{session}/picture"): 401,
}
STREAMS = {
    # What an address of streams answers to whoever brings no token of its own: tests/central_server/media.
    ("POST", "/media/whip/{session}/{room}/{source}"): 401,
    ("OPTIONS", "/media/whip/{session}/{room}/{source}"): 204,
    ("POST", "/media/whep/{session}/{room}/{source}"): 401,
    ("OPTIONS", "/media/whep/{session}/{room}/{source}"): 204,
    ("DELETE", "/media/resources/{resource}"): 401,
    ("PATCH", "/media/resources/{resource}"): 405,
    ("OPTIONS", "/media/resources/{resource}"): 204,
}


def test_every_route_has_one_rule_and_stands_in_the_table() -> None:
    app = create_app(Config())
    found = routes_of(app)
    assert len(found) > 40
    without = [f"{one.method} {one.path}" for one in found if len(one.rules) != 1]
    assert without == [], "each route needs exactly one guard(...)"
    assert {(one.method, one.path) for one in found} == set(TABLE) | set(AGENTS) | set(STREAMS)
    assert {(one.method, one.path) for one in found if one.rules == ("media_token",)} == set(STREAMS)
    devices = {(one.method, one.path) for one in found if one.rules == ("device",)}
    assert devices == set(AGENTS)
    assert others_of(app) == ["Mount", "Mount"]  # fonts and static files: for everybody, and GET only


@dataclass
class World:
    server: Running
    accounts: dict[str, str]
    places: dict[str, str]
    client: httpx.Client

    def tokens(self) -> dict[str, str]:
        """A fresh sign-in of everybody, so that no route disturbs the next; "nobody" has none."""

        def job(connection: Connection) -> dict[str, str]:
            limits, now = self.server.services.config.accounts, self.server.clock()
            return {
                who: make_sign_in(connection, account, "password", Browser("127.0.0.1", "test"), now, limits).token
                for who, account in self.accounts.items()
            }

        return {"nobody": ""} | self.server.do(job)

    def address(self, path: str) -> str:
        for name, value in self.places.items():
            path = path.replace(f"{{{name}}}", value)
        assert "{" not in path, f"the test does not know what to put into {path}"
        return self.server.address + path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("matrix")
    with running(folder / "data") as server:
        server.load(write_course(folder / "one.toml", learners=6))
        other = write_course(folder / "two.toml", learners=1, code="K2")
        for here, there in (("HV000", "HV900"), ('"TDM"', '"PG"'), ("Thủ Dầu Một", "Phú Giáo")):
            other.write_text(other.read_text(encoding="utf-8").replace(here, there), encoding="utf-8")
        server.load(other)
        world, now = _world(server), server.clock()
        server.services.pictures.put("K1.1", world.places["room"], SMALL, now, now + 3_600_000)
        yield world


def _world(server: Running) -> World:
    now = server.clock()

    def job(connection: Connection) -> World:
        def ids(table: str) -> dict[str, str]:
            return dict(connection.execute(text(f"SELECT code, id FROM {table}")).all())  # noqa: S608

        courses, points, learners = ids("course"), ids("bridge_point"), ids("learner")
        accounts = {}
        boss = add_account(connection, NewAccount("target-boss", "Người quản trị"), None, now)
        for number, (who, role) in enumerate(ACCOUNTS.items()):
            account = add_account(connection, NewAccount(f"user-{number}", who), None, now)
            accounts[who] = account
            if role is not None:
                grant = Grant(role[0], courses[role[1]] if role[1] else None, points[role[2]] if role[2] else None)
                give(connection, account, grant, None, now)
            if who in LEARNERS:
                change_details(connection, account, Details(who, "", LEARNERS[who]), boss, now)
        target = add_account(connection, NewAccount("target", "Người khác"), None, now)
        places = {
            "session": "K1.1", "course": courses["K1"], "bridge_point": points["TDM"], "learner": learners["HV000"],
            "account": target, "grant": "g-none", "sign_in": "b-none", "question": "1",
            "token": "0" * 32, "room": points["TDM"], "source": "camera", "resource": "none",
            "correction": "d-none", "contest": "y-none", "evidence": "e-none", "number": "0", "ending": "csv",
            "part": "technician", "article": "faults", "picture": "console.webp",
        }  # fmt: skip
        return World(server, accounts, places, server.client(follow_redirects=False))

    return server.do(job)


def disable(world: World) -> None:
    def job(connection: Connection) -> None:
        connection.execute(text("UPDATE account SET disabled = 0"))
        set_disabled(connection, world.accounts["disabled"], world.accounts["administrator"], 0, disabled=True)

    world.server.do(job)


def asked(world: World, method: str, path: str, token: str, cookie: str = "diemdanh") -> httpx.Response:
    headers = {"Cookie": f"{cookie}={token}", "Accept": "text/event-stream" if path.endswith("/events") else "*/*"}
    world.client.cookies.clear()
    with world.client.stream(method, world.address(path), headers=headers, data={}) as got:
        if got.headers.get("content-type", "").startswith("text/event-stream"):
            got.headers["x-first"] = next(got.iter_text())[:40].replace("\n", " ")
            return httpx.Response(got.status_code, headers=got.headers)
        return httpx.Response(got.status_code, headers=got.headers, content=b"".join(got.iter_raw()))


def verdict(got: httpx.Response) -> str:
    """What a guard said: in, out (sign in first), refused, hidden."""
    if got.status_code == 401 and "set-cookie" not in got.headers and 'name="password"' not in got.text:
        return "out"
    if got.status_code == 303 and got.headers["location"].startswith("/sign-in?next="):
        return "out"
    if got.status_code == 303 and got.headers["location"] == "/sign-in" and "set-cookie" not in got.headers:
        return "out"
    if got.status_code == 403:
        return "refused"
    if got.status_code == 404 and HIDDEN in got.text:
        return "hidden"
    return "in"


@pytest.mark.parametrize(("method", "path"), sorted(TABLE))
def test_who_may_do_what_where(world: World, method: str, path: str) -> None:
    expected, tokens = TABLE[method, path], world.tokens()
    disable(world)
    said = {}
    for who, token in tokens.items():
        got = asked(world, method, path, token)
        assert got.status_code < 500, (who, got.text)
        said[who] = verdict(got)
    if expected is OPEN:
        assert set(said.values()) <= {"in", "out"}  # a form that leads to another form is no refusal
        return
    wanted = {
        who: "in" if who in expected.may else "out" if who in OUT else "hidden" if who in expected.hidden else "refused"
        for who in tokens
    }
    assert said == wanted


@pytest.mark.parametrize(("method", "path"), sorted(AGENTS))
def test_an_account_opens_no_agents_address(world: World, method: str, path: str) -> None:
    for who, token in world.tokens().items():
        got = asked(world, method, path, token)
        assert got.status_code == AGENTS[method, path], who
        if got.status_code != 200:
            assert got.json()["reason"] in ("signature", "invalid")


def test_methods_that_a_route_does_not_have_are_refused_to_all(world: World) -> None:
    known = set(TABLE) | set(AGENTS)
    token = world.tokens()["manager"]
    for path in sorted({path for _, path in known}):
        for method in METHODS:
            if (method, path) not in known:
                got = world.client.request(method, world.address(path), headers={"Cookie": f"diemdanh={token}"})
                assert got.status_code == 405, (method, path)
                assert "Nguyễn" not in got.text


def test_a_session_that_is_not_there_looks_like_a_foreign_one(world: World) -> None:
    tokens = world.tokens()
    for who in sorted(SESSIONS_ELSEWHERE):
        pages = []
        for session in ("K1.1", "K9.9"):
            headers = {"Cookie": f"diemdanh={tokens[who]}"}
            pages.append(httpx.get(f"{world.server.address}/sessions/{session}", headers=headers))
        assert [one.status_code for one in pages] == [404, 404]
        assert pages[0].text == pages[1].text


def test_lists_hold_only_what_one_may_see(world: World) -> None:
    tokens = world.tokens()
    seen = {}
    for who in sorted(IN):
        got = httpx.get(world.server.address, headers={"Cookie": f"diemdanh={tokens[who]}"}, follow_redirects=True)
        seen[who] = {session for session in ("K1.1", "K2.1") if f"/sessions/{session}" in got.text}
    both, one, two, none = {"K1.1", "K2.1"}, {"K1.1"}, {"K2.1"}, set[str]()
    assert seen == {
        "unassigned": none, "administrator": none, "manager": both, "manager here": one, "manager elsewhere": two,
        "lecturer here": one, "lecturer elsewhere": two, "technician here": one, "technician elsewhere": two,
        "learner here": none, "learner elsewhere": none,
    }  # fmt: skip


def test_a_technician_sees_his_bridge_points_part_of_a_session_only(world: World) -> None:
    tokens = world.tokens()

    def part(who: str) -> tuple[set[str], set[str]]:
        headers = {"Cookie": f"diemdanh={tokens[who]}"}
        api = httpx.get(f"{world.server.address}/api/sessions/K1.1/participation", headers=headers).json()
        page = httpx.get(f"{world.server.address}/sessions/K1.1", headers=headers).text
        sheet = httpx.get(f"{world.server.address}/sessions/K1.1/sheet.csv", headers=headers).text
        codes = {one["code"] for one in api["learners"]}
        names = {one["name"] for one in api["learners"]}
        assert all(name in page and name in sheet for name in names)
        return {one["code"] for one in api["points"]}, codes

    assert part("manager") == ({"TDM", "BC"}, {f"HV00{n}" for n in range(6)})
    points, codes = part("technician here")
    assert points == {"TDM"}
    assert codes == {"HV000", "HV001", "HV003", "HV004"}
    headers = {"Cookie": f"diemdanh={tokens['technician here']}"}
    for path in ("/sessions/K1.1", "/sessions/K1.1/sheet.csv"):
        assert "Bến Cát" not in httpx.get(world.server.address + path, headers=headers).text


@pytest.mark.parametrize(("method", "path"), sorted(STREAMS))
def test_an_account_opens_no_stream_without_a_token(world: World, method: str, path: str) -> None:
    for who, token in world.tokens().items():
        got = asked(world, method, path, token)
        assert got.status_code == STREAMS[method, path], who
