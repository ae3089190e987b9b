"""What is known without the camera: cards, PINs, spot checks, far seats, headcounts, who was on duty, the profile."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import pytest
from openpyxl import load_workbook

from central_server.accounts.permission import Grant
from models.receipts import Receipt
from models.records import CheckIn, Headcount, OnDuty, ProfileUsed, Seal, SpotCheck, Unobserved, Vouched
from tests.central_server.participation.test_book import of, records_read, state
from tests.central_server.participation.test_watch import agree
from tests.central_server.running import MINUTE, START, Agent, Running

SESSION = "K1.1"
END = START + 210 * MINUTE
HASH = "ab" * 32


@pytest.fixture
def people(agent: Agent) -> list[str]:
    return [who.id for who in agent.today().sessions[0].learners]


@pytest.fixture
def technician(server: Running, agent: Agent) -> str:
    return server.account("ky-thuat", Grant("technician", bridge_point=agent.bridge_point))


def morning(agent: Agent, people: list[str], technician: str) -> None:
    """One learner by card with two spot checks, vouched for up to 09:00; one seen at first, then in a far seat."""
    card, far = people
    agent.add(OnDuty, session=SESSION, at=START - 10 * MINUTE, witness=technician, named_by=None)
    agent.add(OnDuty, session=SESSION, at=START + 5 * MINUTE, witness=far, named_by=technician)
    agent.add(ProfileUsed, session=SESSION, at=START, profile=HASH, state="good", encoder="intel", threshold=0.5)
    flags = ("lookalike", "second_factor")
    told: dict[str, Any] = {"session": SESSION, "learner": card}
    agent.add(CheckIn, **told, at=START, method="card", score=None, encoder="", witness=technician, flags=flags)
    agent.add(SpotCheck, **told, asked=START + 28 * MINUTE, at=START + 30 * MINUTE, answered=True, method="pin")
    agent.add(Vouched, **told, start=START, end=START + 30 * MINUTE, method="pin", witness=technician)
    agent.add(Vouched, **told, start=START + 30 * MINUTE, end=START + 60 * MINUTE, method="technician", witness=far)
    agent.add(SpotCheck, **told, asked=START + 100 * MINUTE, at=START + 105 * MINUTE, answered=False, method=None)
    agent.add(Unobserved, **told, start=START + 60 * MINUTE, end=END, why="no_face")
    agent.add(CheckIn, session=SESSION, learner=far, at=START, method="face", score=0.71, encoder="intel")
    agent.presence(SESSION, far, START, START + 40 * MINUTE)
    agent.add(
        Unobserved, session=SESSION, learner=far, start=START + 40 * MINUTE, end=START + 120 * MINUTE, why="far_seat"
    )
    agent.coverage(SESSION, START, END, "stopped")


def figures(server: Running) -> dict[str, dict[str, Any]]:
    answer = server.get(f"/api/sessions/{SESSION}/participation").json()
    return {one["id"]: one for one in answer["learners"]}


def minutes(one: dict[str, Any]) -> tuple[int, int, int]:
    return one["seen_ms"] // MINUTE, one["not_seen_ms"] // MINUTE, one["not_observed_ms"] // MINUTE


def page(server: Running, language: str = "vi") -> str:
    server.clock.ms += 5_000
    watch = server.services.watches.of(SESSION)
    watch.look(server.clock())
    got = server.get(f"/sessions/{SESSION}", language)
    assert got.status_code == 200, got.text
    return " ".join(unescape(re.sub(r"<(?!rect|circle|svg)[^>]+>", " ", got.text)).split())


def test_minutes_by_card_count_and_what_nobody_could_see_is_no_absence(
    server: Running, agent: Agent, people: list[str], technician: str
) -> None:
    card, far = people
    morning(agent, people, technician)
    assert isinstance(agent.send_all(), Receipt)
    server.clock.ms = END
    told = figures(server)
    assert minutes(told[card]) == (60, 0, 135)
    assert minutes(told[far]) == (40, 90, 65)  # 15 min of the far seat's 80 are the break
    assert told[card]["check_in"] == {
        "at": START, "method": "card", "witness": technician, "flags": ["lookalike", "second_factor"],
    }  # fmt: skip
    assert [(one["start"], one["end"], one["method"]) for one in told[card]["vouched"]] == [
        (START, START + 30 * MINUTE, "pin"), (START + 30 * MINUTE, START + 60 * MINUTE, "technician"),
    ]  # fmt: skip
    assert {one["cause"] for one in told[card]["causes"]} == {"no_face"}
    assert {one["cause"] for one in told[far]["causes"]} == {"far_seat"}
    assert [one["method"] for one in told[card]["spot_checks"]] == ["pin", None]


def test_what_was_odd_at_a_check_in_is_for_its_technician_and_the_class_manager_only(
    server: Running, agent: Agent, people: list[str], technician: str
) -> None:
    morning(agent, people, technician)
    agent.send_all()
    server.clock.ms = END
    server.account("giang-vien", Grant("lecturer"))
    server.account("ky-thuat-khac", Grant("technician"), Grant("lecturer"))
    odd = "giống một học viên khác"
    for login, may in (("ky-thuat", True), ("giang-vien", False), ("ky-thuat-khac", True)):
        client = server.signed_in(login)
        api = client.get(f"/api/sessions/{SESSION}/participation").json()
        told = {one["id"]: one for one in api["learners"]}[people[0]]["check_in"]["flags"]
        assert bool(told) is may, login
        opened = client.get(f"/sessions/{SESSION}?open={agent.bridge_point}").text
        part = client.get(f"/sessions/{SESSION}/points/{agent.bridge_point}").text
        assert "Học viên" in part
        sheet = client.get(f"/sessions/{SESSION}/sheet.csv").content.decode("utf-8-sig")
        assert [odd in text for text in (opened, part, sheet)] == [may] * 3, login
    assert odd in server.get(f"/sessions/{SESSION}/points/{agent.bridge_point}").text


def test_what_is_suspected_is_for_the_technician_and_the_class_manager_and_the_rest_for_everybody(
    server: Running, agent: Agent, technician: str
) -> None:
    server.clock.ms = START + 30 * MINUTE
    agent.status(SESSION, {}, alarms=("Phòng hơi tối.",), suspicions=("Hai người giống nhau.",))
    server.account("giang-vien", Grant("lecturer"))
    for login, may in (("ky-thuat", True), ("giang-vien", False)):
        client = server.signed_in(login)
        told = client.get(f"/api/sessions/{SESSION}/participation").text
        page = client.get(f"/sessions/{SESSION}").text
        assert "Phòng hơi tối." in told and "Phòng hơi tối." in page, login
        assert ["Hai người giống nhau." in text for text in (told, page)] == [may] * 2, login
    assert "Hai người giống nhau." in server.get(f"/sessions/{SESSION}").text


def test_each_record_of_the_new_kinds_is_read_once(
    server: Running, agent: Agent, people: list[str], technician: str
) -> None:
    morning(agent, people, technician)
    agent.send_all()
    server.clock.ms = END
    with records_read(server) as read:
        assert of(state(server), people[0]).seen_ms == 60 * MINUTE
        assert of(state(server), people[0]).seen_ms == 60 * MINUTE
    assert sorted(read) == list(range(1, len(agent.lines) + 1))


def test_spot_checks_alone_and_confirmations_of_a_moment_change_no_minutes(
    server: Running, agent: Agent, people: list[str]
) -> None:
    who, other = people
    agent.coverage(SESSION, START, END)
    told: dict[str, Any] = {"session": SESSION, "learner": who}
    agent.add(SpotCheck, **told, asked=START + MINUTE, at=START + 2 * MINUTE, answered=True, method="card")
    agent.add(SpotCheck, **told, asked=START + 50 * MINUTE, at=START + 55 * MINUTE, answered=False, method=None)
    agent.add(Vouched, **told, start=START + MINUTE, end=START + MINUTE, method="card", witness="somebody")
    agent.send_all()
    server.clock.ms = END
    found = figures(server)
    assert minutes(found[who]) == minutes(found[other]) == (0, 195, 0)
    assert found[who]["first_seen"] == START + MINUTE and found[other]["first_seen"] is None


def test_who_is_checked_in_by_card_is_there_now_and_the_time_counts_when_it_is_confirmed(
    server: Running, agent: Agent, people: list[str], technician: str
) -> None:
    card, other = people
    server.clock.ms = START + 40 * MINUTE
    agent.add(
        CheckIn, session=SESSION, learner=card, at=START + 10 * MINUTE, method="pin", score=None, encoder="",
        witness=technician,
    )  # fmt: skip
    agent.coverage(SESSION, START, START + 20 * MINUTE)
    agent.send_all()
    since = {card: START + 10 * MINUTE}
    agent.status(SESSION, {}, unobserved=since, watching_from=START + 20 * MINUTE, vouched=(card,))
    told = figures(server)
    assert (told[card]["value"], told[other]["value"]) == ("seen", "not_seen")
    assert (minutes(told[card]), minutes(told[other])) == ((0, 10, 30), (0, 40, 0))
    assert [one["cause"] for one in told[card]["causes"]] == ["unconfirmed"]
    agent.add(
        Vouched, session=SESSION, learner=card, start=START + 10 * MINUTE, end=START + 40 * MINUTE, method="pin",
        witness=technician,
    )  # fmt: skip
    agent.send_all()
    assert minutes(figures(server)[card]) == (30, 10, 0)


def test_who_may_sit_in_a_far_seat_is_not_absent_while_the_status_alone_tells_of_it(
    server: Running, agent: Agent, people: list[str]
) -> None:
    far, other = people
    server.clock.ms = START + 40 * MINUTE
    agent.presence(SESSION, far, START, START + 15 * MINUTE)
    agent.coverage(SESSION, START, START + 10 * MINUTE)
    agent.send_all()
    agent.status(SESSION, {}, unobserved={far: START + 15 * MINUTE})

    def told() -> dict[str, tuple[str, tuple[int, int, int]]]:
        """By learner, also as the row and the columns of the bridge point have it."""
        now = server.services.watches.of(SESSION).look(server.clock())
        state = server.services.books.of(SESSION).state(server.clock())
        agree(now, state)
        return {who: (found[who]["value"], minutes(found[who])) for found in [figures(server)] for who in (far, other)}

    assert told() == {far: ("not_observed", (15, 0, 25)), other: ("not_seen", (0, 40, 0))}
    assert [one["cause"] for one in figures(server)[far]["causes"]] == ["far_seat"]
    server.clock.ms = END + MINUTE  # the PC never comes back
    assert told()[far][1] == (15, 0, 180)
    server.clock.ms = START + 50 * MINUTE
    agent.status(SESSION, {far: START + 45 * MINUTE}, unobserved={})
    assert told()[far] == ("seen", (20, 30, 0)), "the status tells of it no more, nor does a record"


def test_what_a_record_says_nobody_could_see_stays_so_though_the_room_was_watched_all_along(
    server: Running, agent: Agent, people: list[str]
) -> None:
    card, other = people
    recorded = START + 200 * MINUTE
    agent.add(CheckIn, session=SESSION, learner=card, at=START, method="card", score=None, encoder="", witness="a-1")
    agent.add(Unobserved, session=SESSION, learner=card, start=START, end=recorded, why="no_face")
    agent.coverage(SESSION, START, recorded)
    agent.send_all()
    server.clock.ms = END - 10_000
    agent.status(SESSION, {}, unobserved={card: recorded}, watching_from=START)
    server.clock.ms = END + MINUTE  # the PC never comes back
    now = server.services.watches.of(SESSION).look(server.clock())
    agree(now, server.services.books.of(SESSION).state(server.clock()))
    row = now.rows[agent.bridge_point]
    assert (row.not_seen, row.not_observed) == (1, 1)
    told = figures(server)
    assert (told[card]["value"], told[other]["value"]) == ("not_observed", "not_seen")


def test_the_page_says_by_what_each_minute_is_known(
    server: Running, agent: Agent, people: list[str], technician: str
) -> None:
    morning(agent, people, technician)
    agent.send_all()
    server.clock.ms = END
    shown = page(server)
    name = server.services.watches.of(SESSION).look(server.clock()).learners[agent.bridge_point][1].name
    for wanted in (
        "08:00:00 điểm danh: thẻ, người trực: Người dùng ky-thuat; giống một học viên khác",
        "08:00:00–08:30:00 có mặt: xác nhận bằng mã PIN, người trực: Người dùng ky-thuat",
        f"08:30:00–09:00:00 có mặt: xác nhận vì {name} trực và nhìn thấy",
        "09:00:00–09:30:00 không xác định: máy quay không biết mặt học viên này và không có lần xác nhận nào",
        "08:40:00–09:30:00 không xác định: ngồi xa, máy quay không nhận ra được khuôn mặt ở chỗ này",
        "08:30:00 kiểm tra ngẫu nhiên: được hỏi lúc 08:28:00, đã xác nhận bằng mã PIN",
        "09:45:00 kiểm tra ngẫu nhiên: được hỏi lúc 09:40:00, không trả lời trong thời hạn; không làm thay đổi số phút",
        "08:00:00 điểm danh: khuôn mặt, đã qua thử thách quay đầu",
        "kiểm tra ngẫu nhiên: 1 lần trả lời, 1 lần không",
        f"Người trực: Người dùng ky-thuat, {name}",
        "khuôn mặt chưa chắc chắn, xác nhận thêm bằng thẻ hoặc mã PIN",
    ):
        assert wanted in shown, wanted
    assert "spot checks: 1 answered, 1 missed" in page(server, "en")
    book = load_workbook(io.BytesIO(server.get(f"/sessions/{SESSION}/sheet.xlsx").content)).active
    assert book is not None
    cells = [str(cell) for row in book.iter_rows(values_only=True) for cell in row if cell]
    assert "thẻ 08:00, người trực: Người dùng ky-thuat" in cells
    assert any("giống một học viên khác" in cell and "kiểm tra ngẫu nhiên: 1 lần trả lời" in cell for cell in cells)


def test_heads_are_counted_against_the_roster_and_who_stays_unknown_is_said(
    server: Running, agent: Agent, people: list[str]
) -> None:
    def count(minute: int, faces_unknown: int) -> None:
        agent.add(
            Headcount, session=SESSION, start=START + minute * MINUTE, end=START + (minute + 1) * MINUTE,
            people=28, known=28 - faces_unknown, unknown=faces_unknown, vouched=2, roster=30,
        )  # fmt: skip

    server.clock.ms = START + 30 * MINUTE
    for minute, faces_unknown in ((20, 2), (21, 2), (22, 2)):
        count(minute, faces_unknown)
    agent.send_all()
    shown = page(server)
    assert "Lần đếm cuối 08:23: 28 người, 28 đã biết (có 2 bằng thẻ hoặc mã PIN), 0 không quen; danh sách 30." in shown
    assert "Có người không quen" not in shown  # each learner by card explains one unknown face
    for minute in (23, 24, 25):
        count(minute, 3)
    agent.send_all()
    shown = page(server)
    assert "28 người, 27 đã biết (có 2 bằng thẻ hoặc mã PIN), 1 không quen; danh sách 30." in shown
    assert "Có người không quen trong phòng từ 08:23. Nhờ cán bộ kỹ thuật hỏi tên" in shown
    agent.status(SESSION, {}, watching_from=START, people=5, unknown=1, sweep_ms=1_400, vouched=(people[0],))
    shown = page(server)
    assert "5 người, 5 đã biết (có 1 bằng thẻ hoặc mã PIN), 0 không quen; danh sách 2." in shown
    assert "Nhìn phòng mỗi 1,5 giây" in shown or ("Nhìn phòng mỗi" in shown and "1,5 giây" in shown)


@pytest.mark.parametrize(
    ("now", "sentence"),
    [("missing", "Không có hồ sơ hiệu chỉnh"), ("outdated", "Hồ sơ hiệu chỉnh đã cũ"), ("good", None)],
)
def test_a_session_watched_without_a_good_profile_is_said_on_page_and_sheet(
    server: Running, agent: Agent, now: str, sentence: str | None
) -> None:
    used = None if now == "missing" else HASH
    server.clock.ms = END
    agent.add(ProfileUsed, session=SESSION, at=START, profile=used, state=now, encoder="intel", threshold=0.5)
    agent.coverage(SESSION, START, END, "stopped")
    agent.add(Seal, session=SESSION, check_ins=0, presences=0, coverages=1, present_ms=0, covered_ms=END - START)
    agent.send_all()
    shown, sheet = page(server), server.get(f"/sessions/{SESSION}/sheet.xlsx").content
    book = load_workbook(io.BytesIO(sheet)).active
    assert book is not None
    cells = " ".join(str(cell) for row in book.iter_rows(values_only=True) for cell in row if cell)
    for text in (shown, cells):
        assert (sentence in text) if sentence else ("hiệu chỉnh" not in text)
    (point,) = [one for one in state(server).points if one.facts.id == agent.bridge_point]
    assert point.trouble == ("good" if sentence is None else "attention")


def test_a_witness_whose_name_is_gone_is_still_said_to_have_been_somebody(
    server: Running, agent: Agent, people: list[str]
) -> None:
    agent.coverage(SESSION, START, END)
    agent.add(
        Vouched, session=SESSION, learner=people[0], start=START, end=START + MINUTE, method="card", witness="a-gone"
    )
    agent.send_all()
    server.clock.ms = END
    assert "xác nhận bằng thẻ, người trực: một người đã rời hệ thống" in page(server)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_live_face_at_the_desk_says_more_than_having_been_known_at_the_seat_before(
    server: Running, agent: Agent, people: list[str], order: tuple[int, int]
) -> None:
    who, _ = people
    came = [("room_camera", START), ("face", START + 3 * MINUTE)]
    for method, at in (came[n] for n in order):
        agent.add(CheckIn, session=SESSION, learner=who, at=at, method=method, score=0.7, encoder="intel")
    agent.send_all()
    server.clock.ms = START + 5 * MINUTE
    told = figures(server)[who]["check_in"]
    assert (told["method"], told["at"]) == ("face", START + 3 * MINUTE)
