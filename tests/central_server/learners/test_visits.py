"""A learner reads the own pages at a bridge point by code and PIN: what that opens, for how long, and what not."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from central_server.accounts.passwords import hashed_pin
from central_server.accounts.permission import Grant
from central_server.bridge_points.rotation import revoke
from central_server.learners.consent_text import VERSION
from central_server.learners.consents import consents_on_file
from central_server.learners.means import keep_pins
from central_server.learners.tables import Learner
from models.own_records import AnyOwnRecord, ConsentGiven, ConsentWithdrawn, decode_own
from models.sealed_box import seal_to
from models.visit_records import LearnerEntered, LearnerLeft, LearnerStayed
from models.wire import LearnerTicket, LearnerTicketRequest
from tests.central_server.corrections.making import MINUTE, School, school
from tests.central_server.enrolment.test_enrolling import course_id, prove
from tests.central_server.learners.desk import learner
from tests.central_server.learners.test_nothing_leaks import forms, found, on_disk, pins_in
from tests.central_server.running import Agent, Running, join

PIN, OTHERS_PIN = "481592", "730415"


@dataclass
class Office:
    """A server, the agent of one bridge point, and two of its learners, who have no account but a PIN."""

    server: Running
    agent: Agent
    me: str
    other: str
    course: str

    def code(self, learner: str) -> str:
        with Session(self.server.services.engine) as db:
            return db.exec(select(Learner.code).where(Learner.id == learner)).one()

    def own(self, page: str = "", learner: str = "") -> str:
        return f"/learners/{learner or self.me}/own{page}"

    def ask(self, code: str, pin: str, agent: Agent | None = None, console_port: int = 8790) -> httpx.Response:
        """As the agent asks for somebody who typed this."""
        to = agent or self.agent
        sealed = seal_to(to.server_key, pin.encode())
        request = LearnerTicketRequest(code=code, pin=sealed, console_port=console_port)
        return to.request("POST", "/api/agent/learner-ticket", msgspec.json.encode(request))

    def ticket(self, learner: str = "", agent: Agent | None = None, console_port: int = 8790) -> str:
        pin = OTHERS_PIN if learner == self.other else PIN
        got = self.ask(self.code(learner or self.me), pin, agent, console_port)
        assert got.status_code == 200, got.text
        path, _, value = msgspec.json.decode(got.content, type=LearnerTicket).path.partition("#")
        assert path == "/own/enter"
        return value

    def enter(self, learner: str = "", agent: Agent | None = None) -> httpx.Client:
        """A browser on the bridge point's PC."""
        client = self.server.client()
        page = client.post("/own/enter", data={"ticket": self.ticket(learner, agent)})
        assert page.status_code == 200 and page.url.path == self.own(learner=learner)
        client.follow_redirects = False
        return client

    def sign_ins(self) -> str:
        """The audit log's part about them."""
        return self.server.administrator().get("/admin/audit?group=sign-ins").text


def office(server: Running, agent: Agent, me: str, other: str, course: str) -> Office:
    hashes = {me: hashed_pin(PIN), other: hashed_pin(OTHERS_PIN)}
    server.do(keep_pins(hashes, server.services.sealing, server.clock(), None, only_new=True))
    return Office(server, agent, me, other, course)


@pytest.fixture
def here(server: Running, agent: Agent) -> Office:
    return office(server, agent, learner(server, "HV000"), learner(server, "HV001"), course_id(server))


def told(server: Running) -> list[AnyOwnRecord]:
    with server.services.engine.connect() as connection:
        return [decode_own(bytes(line)) for (line,) in connection.execute(text("SELECT line FROM own_record"))]


def test_without_an_account_minutes_contest_data_and_consent_are_there_and_recorded_as_the_learners(
    tmp_path: Path,
) -> None:
    with school(tmp_path) as term:
        here = office(term.server, term.agent, term.learners[0], term.learners[3], term.course)
        a_visit(here, term)


def a_visit(here: Office, term: School) -> None:
    who, browser = here.me, here.enter()
    page = browser.get(here.own()).text
    assert "Đã tham gia" in page and ">Xong</button>" in page and "class-rules" not in page
    assert "Đăng xuất" not in page and 'href="/account"' not in page and 'href="/"' not in page
    course = browser.get(here.own(f"/courses/{here.course}")).text
    assert course.count('class="bar"') == 2 and "sessions/K1.1/contest" in course
    form = here.own("/sessions/K1.1/contest")
    assert browser.post(form, data={"words": " "}).status_code == 422
    assert browser.post(form, data={"words": "Tôi ngồi ở hàng cuối"}).status_code == 303
    assert "chờ trả lời" in browser.get(here.own(f"/courses/{here.course}")).text
    file = browser.get(here.own("/data.json"))
    assert file.json()["code"] == here.code(here.me) and "attachment" in file.headers["content-disposition"]
    assert "xóa khỏi máy này" in browser.get(here.own("/data")).text
    assert browser.post(f"/learners/{who}/consent?version={VERSION}").status_code == 303
    with Session(here.server.services.engine) as db:
        assert who in consents_on_file(db, [who])
    assert browser.post(f"/learners/{who}/consent/withdraw").status_code == 303
    assert browser.post("/own/leave").headers["location"] == "/own/left"
    records = told(here.server)
    (came,) = [one for one in records if isinstance(one, LearnerEntered)]
    (gone,) = [one for one in records if isinstance(one, LearnerLeft)]
    for one in (came, gone):
        assert (one.by, one.learner, one.device, one.bridge_point) == (who, who, here.agent.device, term.point)
    between = records[came.seq : gone.seq - 1]
    assert {one.by for one in between} == {who} and len(between) == 3
    assert isinstance(between[1], ConsentGiven) and isinstance(between[2], ConsentWithdrawn)
    assert prove(here.server) == []
    audit = here.sign_ins()
    assert "mở trang của mình bằng mã PIN ở điểm cầu" in audit and here.code(here.me) in audit
    contests = term.manager.get("/sessions/K1.1/corrections").text
    assert "Tôi ngồi ở hàng cuối" in contests


def test_after_the_end_nothing_is_shown_and_the_way_back_is(here: Office) -> None:
    browser = here.enter()
    pages = [here.own(), here.own("/data"), here.own(f"/courses/{here.course}"), here.own("/data.json")]
    for page in pages:
        assert browser.get(page).headers["cache-control"] == "no-store"
    kept = dict(browser.cookies)
    assert browser.post("/own/leave").status_code == 303
    left = browser.get("/own/left")
    assert 'href="http://localhost:8790/kiosk"' in left.text and "diemdanh_visit" not in dict(browser.cookies)
    for cookies in ({}, kept):  # a copy of the cookie is of no use either
        for page in pages:
            browser.cookies.clear()
            browser.cookies.update(cookies)
            got = browser.get(page)
            assert got.status_code == 303 and got.headers["location"].startswith(("/sign-in", "/own/left"))
    again = browser.get("/own/left")
    assert again.status_code == 200
    assert "localhost" not in here.server.client().get("/own/left").text
    crooked = {"Cookie": 'diemdanh_visit="x.8790/../"'}
    assert "localhost" not in here.server.client().get("/own/left", headers=crooked).text


def test_it_ends_after_five_minutes_unless_asked_for_more_half_an_hour_at_most(here: Office) -> None:
    clock, browser = here.server.clock, here.enter()
    clock.ms += 5 * MINUTE - 1
    assert browser.get(here.own()).status_code == 200
    clock.ms += 1
    over = browser.get(here.own())
    assert over.status_code == 303 and over.headers["location"].startswith("/own/left")
    assert browser.post("/api/own/longer").status_code == 401
    browser = here.enter()
    for minutes in (4, 4, 4, 4, 4, 4, 4):
        assert browser.post("/api/own/longer").json()["left_ms"] == 5 * MINUTE
        clock.ms += minutes * MINUTE
    assert browser.post("/api/own/longer").json()["left_ms"] == 2 * MINUTE
    clock.ms += 2 * MINUTE
    assert browser.post("/api/own/longer").status_code == 401 and browser.get(here.own()).status_code == 303


def test_the_own_log_tells_of_each_visit_until_when_it_was(here: Office) -> None:
    clock = here.server.clock
    first = here.enter()
    clock.ms += MINUTE
    assert first.post("/api/own/longer").status_code == 200
    clock.ms += MINUTE
    second = here.enter(here.other)
    clock.ms += MINUTE
    second.get("/own/left")
    second.get("/own/left")
    here.enter()
    clock.ms += 5 * MINUTE
    here.enter()
    acts = [one for one in told(here.server) if isinstance(one, LearnerEntered | LearnerStayed | LearnerLeft)]
    began, me, other = acts[0].at, here.me, here.other
    assert [(type(one), (one.at - began) // MINUTE, one.by, one.learner) for one in acts] == [
        (LearnerEntered, 0, me, me),
        (LearnerStayed, 1, me, me),
        (LearnerLeft, 2, other, me),
        (LearnerEntered, 2, other, other),
        (LearnerLeft, 3, other, other),
        (LearnerEntered, 3, me, me),
        (LearnerEntered, 8, me, me),  # the one before ended at its `until`
    ]
    ends = [one.until - began for one in acts if not isinstance(one, LearnerLeft)]
    assert ends == [5 * MINUTE, 6 * MINUTE, 7 * MINUTE, 8 * MINUTE, 13 * MINUTE]
    assert prove(here.server) == []
    audit = here.sign_ins()
    assert "xem tiếp trang của mình" in audit and f"nên lượt xem của {here.code(me)}" in audit


def test_a_ticket_lets_one_browser_in_once_within_a_minute(here: Office) -> None:
    first, browser = here.ticket(), here.server.client()
    assert browser.get("/own/enter").status_code == 200  # looking at the page uses nothing up
    second = here.ticket()
    for stale in (first, "", "x" * 200):
        answer = browser.post("/own/enter", data={"ticket": stale})
        assert answer.status_code == 401 and "một lần, trong một phút" in answer.text
    assert browser.post("/own/enter", data={"ticket": second}).status_code == 200
    assert here.server.client().post("/own/enter", data={"ticket": second}).status_code == 401
    late = here.ticket()
    here.server.clock.ms += MINUTE
    assert here.server.client().post("/own/enter", data={"ticket": late}).status_code == 401


def test_the_next_learner_at_that_pc_ends_it_and_so_does_the_end_of_the_pcs_key(here: Office) -> None:
    first = here.enter()
    elsewhere = join(here.server)  # another PC of the same bridge point
    there = here.enter(here.other, elsewhere)
    assert first.get(here.own()).status_code == there.get(here.own("", here.other)).status_code == 200
    second = here.enter(here.other)
    assert first.get(here.own()).status_code == 303 and second.get(here.own("", here.other)).status_code == 200
    here.server.do(revoke("TDM", here.server.clock()))
    here.server.services.keys.forget(here.agent.device)
    assert second.get(here.own("", here.other)).status_code == 303


def test_nobody_elses_pages_are_opened_and_whoever_is_signed_in_keeps_what_is_his(here: Office) -> None:
    browser = here.enter()
    for page in ("", "/data", "/data.json", f"/courses/{here.course}", "/sessions/K1.1/contest"):
        assert browser.get(here.own(page, here.other)).status_code == 404
    assert browser.post(f"/learners/{here.other}/consent/withdraw").status_code == 404
    assert browser.get(f"/learners/{here.me}").status_code == 303
    here.server.account("ky-thuat", Grant("technician"))
    technician = here.server.signed_in("ky-thuat")
    technician.cookies.update(dict(browser.cookies))
    mine = technician.get(here.own())
    assert mine.status_code == 200 and ">Xong</button>" in mine.text and 'href="/courses"' not in mine.text
    assert technician.get(here.own("", here.other)).status_code == 403
    assert "Đăng xuất" in technician.get("/").text


def test_guesses_are_limited_and_told_and_a_code_of_nobody_here_counts_alike(here: Office) -> None:
    code, seen = here.code(here.me), set()
    for typed in (code, "HV-none"):
        for _ in range(5):
            got = here.ask(typed, "000000")
            assert got.status_code == 422
            seen.add(got.json()["vi"])
        paused = here.ask(typed, PIN)
        assert paused.status_code == 422 and "tạm dừng đến" in paused.json()["vi"]
    assert len(seen) == 1 and "không đúng" in seen.pop()
    audit = here.sign_ins()
    assert f"lần đăng nhập sai vào {code}" in audit
    here.server.clock.ms += MINUTE
    here.ticket()
    for number in range(9):  # ten were wrong before: the PC itself has to wait now
        assert "không đúng" in here.ask(f"HV-{number}", "000000").json()["vi"]
    here.ask("HV-x", "000000")
    assert "tạm dừng đến" in here.ask(here.code(here.other), OTHERS_PIN).json()["vi"]
    assert prove(here.server) == []


def test_only_learners_of_that_bridge_point_by_code_or_its_figures(here: Office) -> None:
    code = here.code(here.me)
    assert "không đúng" in here.ask(code, PIN, join(here.server, "BC")).json()["vi"]
    assert here.ask(code.lower(), f" {PIN} ").status_code == 200
    figures = "".join(letter for letter in here.code(here.other) if letter.isdigit())
    assert here.ask(figures, OTHERS_PIN).status_code == 200
    same = text("UPDATE learner SET code = :code WHERE id = :me")
    here.server.do(lambda connection: connection.execute(same, {"code": f"XX{figures}", "me": here.me}))
    assert "đầy đủ mã" in here.ask(figures, OTHERS_PIN).json()["vi"]
    foreign = LearnerTicketRequest(code=code, pin=seal_to(here.agent.key.public_key(), b"1"), console_port=8790)
    got = here.agent.request("POST", "/api/agent/learner-ticket", msgspec.json.encode(foreign))
    assert got.status_code == 422 and "không được mã hóa" in got.json()["vi"]
    unsigned = here.server.client().post("/api/agent/learner-ticket", content=msgspec.json.encode(foreign))
    assert unsigned.status_code == 401


def test_neither_disk_nor_log_tells_pin_ticket_or_cookie(here: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)  # below, the test's own client tells its cookies
    value, browser = here.ticket(), here.server.client()
    browser.post("/own/enter", data={"ticket": value})
    key = browser.cookies["diemdanh_visit"].partition(".")[0]
    places = on_disk(here.server.services.config.data_folder) | {"log": caplog.text.encode()}
    assert found({"ticket": forms(value.encode()), "cookie": forms(key.encode())}, places) == []
    assert pins_in([PIN], places) == [] and "diemdanh.db-wal" in places
