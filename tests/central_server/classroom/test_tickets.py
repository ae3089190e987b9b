"""A room's way in: what its ticket opens, once and for how long, and everything that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import Connection, text

from central_server.accounts.sign_ins import token_hash
from central_server.bridge_points.rotation import revoke
from central_server.classroom.keeping import records_of
from models.classroom_records import HandRaised, RoomEntered, RoomTicketMade
from models.wire import ClassroomTicket
from tests.central_server.classroom.lesson import SESSION, Lesson, lesson
from tests.central_server.proof.tampering import proved, unguarded
from tests.central_server.running import MINUTE, START, Agent


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Lesson]:
    with lesson(tmp_path) as one:
        yield one


@pytest.fixture
def agent(here: Lesson) -> Agent:
    return here.agent("BC")


def ticket_of(got: httpx.Response) -> str:
    assert got.status_code == 200, got.text
    return msgspec.json.decode(got.content, type=ClassroomTicket).path.partition("#")[2]


def test_the_room_raises_its_hand_asks_and_speaks_with_the_floor(here: Lesson, agent: Agent) -> None:
    browser = here.enter(agent)
    page = here.page(browser)
    assert page.status_code == 200 and "Phòng <b>Bến Cát</b>" in page.text and "Đăng xuất" not in page.text
    assert here.act(browser, "hand", raised="yes").status_code == 200
    assert here.act(browser, "questions", text="Cô nói to hơn được không ạ?").status_code == 200
    assert here.act(browser, "microphone", page="p", on="yes").status_code == 409
    assert here.act(here.signed_in("lecturer"), "floor", room=here.rooms["BC"]).status_code == 200
    token = here.act(browser, "microphone", page="p", on="yes").json()["token"]
    claims = here.server.services.media.tokens.check(token, here.server.clock())
    assert (claims.holder[:6], claims.room, claims.sources) == ("seat::", here.rooms["BC"], ("sound",))
    assert here.act(browser, "give-back").status_code == 200
    with here.server.services.engine.connect() as connection:
        told = records_of(connection, SESSION)
    made, entered, raised = told[:3]
    assert isinstance(made, RoomTicketMade) and isinstance(entered, RoomEntered) and isinstance(raised, HandRaised)
    assert (entered.device, entered.bridge_point, entered.by) == (agent.device, here.rooms["BC"], None)
    assert (raised.device, raised.by) == (agent.device, None)  # a room did it, and no person
    engine = unguarded(here.server.services.config.database)
    assert proved(engine, []).findings == []
    for sql in (
        "UPDATE room_ticket SET key = 'another'", "UPDATE room_ticket SET session = 'K2.1'", "DELETE FROM room_ticket",
        "UPDATE room_ticket SET expires_at = expires_at + 1", "UPDATE room_ticket SET used_at = used_at + 1",
    ):  # fmt: skip

        def hand(connection: Connection, sql: str = sql) -> None:
            connection.exec_driver_sql(sql)

        assert proved(engine, [], hand).findings, sql
    engine.dispose()


def test_a_room_leads_nothing_and_opens_nothing_else(here: Lesson, agent: Agent) -> None:
    browser = here.enter(agent)
    browser.follow_redirects = False
    assert here.act(browser, "floor", room=here.rooms["BC"]).status_code == 403
    assert here.act(browser, "questions/1/answered").status_code == 403
    assert here.act(browser, "screen", shown="yes").status_code == 403
    assert here.act(browser, "hand", "DA", raised="yes").status_code == 404  # another room's
    assert here.page(browser, "K2.1").status_code == 303  # sign in first
    for path in (
        "/", "/account", "/courses", f"/sessions/{SESSION}", f"/sessions/{SESSION}/sheet.csv", "/admin/accounts",
        f"/sessions/{SESSION}/events", f"/sessions/{SESSION}/rooms/{here.rooms['BC']}",
        f"/sessions/{SESSION}/points/{here.rooms['BC']}",
    ):  # fmt: skip
        assert browser.get(path).status_code in (303, 401), path
    for path in (f"/api/sessions/{SESSION}/participation", f"/api/sessions/{SESSION}/rooms/{here.rooms['BC']}/tokens"):
        assert browser.get(path).status_code == 401, path
    assert "Nguyễn Văn" not in here.page(browser).text  # no learner's name


def test_the_main_rooms_ticket_makes_no_lecturer(here: Lesson) -> None:
    browser = here.enter(here.agent("TDM"))
    assert here.act(browser, "microphone", page="p", on="yes").status_code == 200  # always heard
    assert here.act(browser, "floor", room=here.rooms["BC"]).status_code == 403
    assert here.act(browser, "screen", shown="yes").status_code == 403


def test_a_ticket_is_used_once_within_two_minutes(here: Lesson, agent: Agent) -> None:
    ticket, late, browser = ticket_of(here.ticket(agent)), ticket_of(here.ticket(agent)), here.server.client()
    assert browser.get("/classroom/enter").status_code == 200  # looking at the page uses nothing up
    assert browser.post("/classroom/enter", data={"ticket": ticket}).status_code == 200
    again = here.server.client().post("/classroom/enter", data={"ticket": ticket})
    assert again.status_code == 401 and "mỗi vé dùng một lần" in again.text
    here.server.clock.ms += 2 * MINUTE
    assert browser.post("/classroom/enter", data={"ticket": late}).status_code == 401
    for wrong in ("", "x", "x" * 300):
        assert browser.post("/classroom/enter", data={"ticket": wrong}).status_code in (401, 422)


def test_tickets_and_cookies_are_kept_as_hashes_only(here: Lesson, agent: Agent) -> None:
    ticket, browser = ticket_of(here.ticket(agent)), here.server.client()
    browser.post("/classroom/enter", data={"ticket": ticket})
    cookie = browser.cookies["diemdanh_room"]
    with here.server.services.engine.connect() as connection:
        rows = connection.execute(text("SELECT hash, key FROM room_ticket")).all()
        log = b"\n".join(connection.execute(text("SELECT line FROM own_record")).scalars())
    assert [(row.hash, row.key) for row in rows] == [(token_hash(ticket), token_hash(cookie))]
    assert ticket.encode() not in log and cookie.encode() not in log


def test_a_device_asks_for_its_own_room_in_a_class_that_is_open(here: Lesson, agent: Agent) -> None:
    assert here.ticket(agent, "K9.9").status_code == 422
    unsigned = httpx.post(f"{here.server.address}/api/agent/classroom-ticket", content=b'{"session":"K1.1"}')
    assert unsigned.status_code == 401
    here.server.clock.ms = START - 61 * MINUTE
    assert here.ticket(agent).status_code == 422  # too early
    here.server.clock.ms = START + 240 * MINUTE
    assert here.ticket(agent).status_code == 422  # over
    here.server.clock.ms = START
    here.server.do(lambda connection: connection.execute(text("UPDATE session SET cancelled = 1")))
    assert here.ticket(agent).status_code == 422


def test_the_way_in_ends_with_the_class_the_device_or_the_next_ticket(here: Lesson, agent: Agent) -> None:
    def let_in(browser: httpx.Client) -> bool:
        browser.follow_redirects = False
        return here.page(browser).status_code == 200

    first = here.enter(agent)
    here.server.clock.ms += 1000
    second = here.enter(agent)
    assert (let_in(first), let_in(second)) == (False, True)
    here.server.clock.ms = START + 239 * MINUTE
    assert let_in(second)
    here.server.clock.ms = START + 240 * MINUTE
    assert not let_in(second)
    here.server.clock.ms = START
    assert let_in(second)
    here.server.do(lambda connection: connection.execute(
        text("DELETE FROM session_bridge_point WHERE bridge_point = :room"), {"room": here.rooms["BC"]}
    ))  # fmt: skip
    assert not let_in(second)


def test_a_revoked_devices_room_is_out(here: Lesson, agent: Agent) -> None:
    browser = here.enter(agent)
    browser.follow_redirects = False
    assert here.page(browser).status_code == 200
    here.server.do(revoke("BC", here.server.clock()))
    assert here.page(browser).status_code == 303
    assert here.act(browser, "hand", raised="yes").status_code == 401


def test_a_person_at_the_rooms_pc_keeps_his_own_rights_and_speaks_for_the_room(here: Lesson, agent: Agent) -> None:
    browser = here.server.signed_in("manager")
    assert here.act(browser, "hand", raised="yes").status_code == 409  # in no room
    browser.post("/classroom/enter", data={"ticket": ticket_of(here.ticket(agent))})
    assert here.act(browser, "hand", raised="yes").status_code == 200
    assert here.act(browser, "floor", room=here.rooms["BC"]).status_code == 200
    stranger = here.server.signed_in("elsewhere")
    stranger.post("/classroom/enter", data={"ticket": ticket_of(here.ticket(agent))})
    assert here.act(stranger, "give-back").status_code == 200
    assert here.act(stranger, "floor", room=here.rooms["BC"]).status_code == 403
