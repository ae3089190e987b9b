"""PINs and cards: made, given, taken, told to bridge points, and kept so that nobody reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from central_server.accounts.passwords import check_pin, hashed_pin, matches
from central_server.courses.changes import changing
from central_server.errors import ConflictError, InputError
from central_server.learners.means import new_pin, put_cards
from central_server.learners.tables import LearnerMeans
from models.cards import card_number
from tests.central_server.enrolment.files import HEAD, people, xlsx
from tests.central_server.enrolment.test_enrolling import course_id, prove
from tests.central_server.learners.desk import gallery, learner, opened, point, technician
from tests.central_server.running import Agent, Running, join, running, write_course

PIN = re.compile(r"Mã PIN</span> <b>(\d{3}) (\d{3})</b>")
CODE = re.compile(r"Mã học viên: <b>([\w-]+)</b>")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_course(tmp_path / "course.toml"))
        yield one


@pytest.fixture
def agent(server: Running) -> Agent:
    return join(server)


def slips(page: str) -> dict[str, str]:
    """By code: the PIN on the slip."""
    return dict(zip(CODE.findall(page), ("".join(two) for two in PIN.findall(page)), strict=True))


def make(server: Running, query: str = "", **data: str) -> str:
    got = server.manager().post(f"/courses/{course_id(server)}/pins{query}", data={"x": "1"} | data)
    assert got.status_code == 200
    return got.text


def cards(server: Running, **numbers: str) -> str:
    data = {f"card.{learner(server, code)}": number for code, number in numbers.items()}
    return server.manager().post(f"/courses/{course_id(server)}/cards", data=data).text


def test_everybody_without_a_pin_gets_one_on_a_slip_and_the_bridge_point_can_check_it(
    server: Running, agent: Agent
) -> None:
    made = slips(make(server))
    assert set(made) == {"HV000", "HV001", "HV002"}
    told = gallery(agent)
    assert set(told) == {learner(server, "HV000"), learner(server, "HV001")}, "HV002 sits elsewhere"
    for code in ("HV000", "HV001"):
        phc = told[learner(server, code)].pin or ""
        assert phc.startswith("$argon2id$") and matches(made[code], phc) and not matches("000000", phc)
    assert prove(server) == []


def test_they_are_shown_once_and_a_second_click_makes_no_others(server: Running, agent: Agent) -> None:
    made = slips(make(server))
    again = make(server)
    assert slips(again) == {} and "đều đã có mã PIN" in again
    assert not any(pin in server.get(f"/courses/{course_id(server)}/cards").text for pin in made.values())
    assert matches(made["HV000"], gallery(agent)[learner(server, "HV000")].pin or "")


def test_one_learner_gets_a_new_one_and_the_old_one_is_good_for_nothing(server: Running, agent: Agent) -> None:
    made = slips(make(server))
    who = learner(server, "HV000")
    new = slips(make(server, new=who))
    assert set(new) == {"HV000"}
    phc = gallery(agent)[who].pin or ""
    assert matches(new["HV000"], phc) and (new == made or not matches(made["HV000"], phc))
    assert prove(server) == []
    assert "tạo mã PIN cho học viên HV000" in server.administrator().get("/admin/audit?group=learners").text


def test_pins_are_made_for_one_bridge_point_and_for_nobody_elses_learners(server: Running) -> None:
    assert set(slips(make(server, "?point=B%E1%BA%BFn+C%C3%A1t"))) == {"HV002"}
    other = write_course(server.services.config.data_folder.parent / "two.toml", learners=1, code="K2")
    other.write_text(other.read_text(encoding="utf-8").replace("HV000", "HV900"), encoding="utf-8")
    server.load(other)
    got = server.manager().post(f"/courses/{course_id(server)}/pins", data={"new": learner(server, "HV900")})
    assert got.status_code == 404


def test_guests_have_pins_and_cards_too(server: Running) -> None:
    form = {"name": "Trần Thị Khách", "unit": "Sở Y tế", "session": "K1.1", "bridge_point": point(server, "TDM")}
    server.manager().post(f"/courses/{course_id(server)}/guests", data=form)
    made = make(server)
    assert "Trần Thị Khách" in made and len(slips(made)) == 4


def test_pins_have_six_digits_and_are_drawn_from_all_of_them() -> None:
    drawn = [new_pin() for _ in range(2_000)]
    assert all(re.fullmatch(r"[0-9]{6}", pin) for pin in drawn)
    assert len(set(drawn)) > 1_900 and any(pin.startswith("0") for pin in drawn)


def test_a_card_is_sealed_shown_by_its_end_and_given_to_the_bridge_point(server: Running, agent: Agent) -> None:
    page = cards(server, HV000="0012 345 678", HV002="ab-77f0")
    assert "Đã lưu số thẻ" in page and "…5678" in page and "…77F0" in page and "0012345678" not in page
    (one,) = gallery(agent).values()
    assert opened(agent, one.card) == b"0012345678" and one.pin is None and one.template is None
    assert prove(server) == []
    assert "đặt số thẻ của học viên HV000" in server.administrator().get("/admin/audit?group=learners").text


def test_one_card_has_one_owner(server: Running) -> None:
    cards(server, HV000="0012345678")
    page = cards(server, HV001="0012345678", HV002="0099")
    assert "đã là thẻ của Nguyễn Văn A0 (HV000)" in page and "…0099" not in page, "nothing was saved"
    assert "đã là thẻ của" in cards(server, HV001="5555", HV002="5555")
    assert 'value="0012345678"' in page, "what was typed stays"
    assert "cần 4–40 chữ" in cards(server, HV001="x")
    with Session(server.services.engine) as db:
        assert len(db.exec(select(LearnerMeans)).all()) == 1


def test_two_swap_their_cards_and_one_is_taken_away(server: Running, agent: Agent) -> None:
    cards(server, HV000="11111", HV001="22222")
    cards(server, HV000="22222", HV001="11111")
    told = gallery(agent)
    assert opened(agent, told[learner(server, "HV000")].card) == b"22222"
    assert opened(agent, told[learner(server, "HV001")].card) == b"11111"
    take = {"take": learner(server, "HV000")}
    assert "Đã bỏ thẻ" in server.manager().post(f"/courses/{course_id(server)}/cards/take", data=take).text
    assert set(gallery(agent)) == {learner(server, "HV001")}
    assert "Đã lưu" in cards(server, HV002="22222"), "it is free again"
    assert prove(server) == []


numbers = st.dictionaries(st.sampled_from(("HV000", "HV001", "HV002")), st.sampled_from(("1111", "2222", "3333")))


def test_whatever_is_given_to_whom_no_card_has_two_owners(server: Running) -> None:
    """Every step gives some learners cards: it is refused whole, or all of it holds."""
    has: dict[str, str] = {}
    ids = {code: learner(server, code) for code in ("HV000", "HV001", "HV002")}

    @given(numbers)
    def step(given: dict[str, str]) -> None:
        wanted = has | given
        work = {ids[code]: number for code, number in given.items()}
        job = changing(lambda changes: put_cards(changes, server.services.sealing, work), server.clock())
        if len(set(wanted.values())) < len(wanted):
            with pytest.raises(ConflictError):
                server.do(job)
        else:
            server.do(job)
            has.update(given)
        with Session(server.services.engine) as db:
            kept = {row.learner: row for row in db.exec(select(LearnerMeans)) if row.card}
            opened = {
                code: server.services.sealing.open("card", ids[code], kept[ids[code]].card or b"").decode()
                for code in ids
                if ids[code] in kept
            }
        assert opened == has

    step()
    assert prove(server) == []


def test_a_number_is_the_same_from_every_reader() -> None:
    assert card_number(" 0012 345\t678 ") == card_number("0012345678") == "0012345678"
    assert card_number("４ａ-7f0") == "4A-7F0"
    assert card_number("12") is card_number("x" * 41) is card_number("a/b?c") is card_number("") is None


def test_a_roster_brings_cards_and_says_which_can_not_be(server: Running) -> None:
    head = (*HEAD, "Số thẻ")
    rows = [[*row, f"000{n}234"] for n, row in enumerate(people(4))]
    rows[2][-1] = rows[1][-1]
    client, course = server.manager(), course_id(server)
    cards(server, HV000="0003234")
    page = client.post(f"/courses/{course}/roster", files={"file": ("ds.xlsx", xlsx(rows, head))})
    assert "thẻ này đã có ở dòng 3" in page.text and "thẻ này đã là của Nguyễn Văn A0" in page.text
    assert "0001234" not in page.text
    page = client.post(f"/courses/{course}/roster", files={"file": ("ds.xlsx", xlsx(rows[:2], head))})
    assert "Ghi danh 2 học viên" in page.text
    client.post(page.url.path, data={"x": "1"})
    with Session(server.services.engine) as db:
        kept = {row.learner: row.card for row in db.exec(select(LearnerMeans))}
    who = learner(server, "CB0002")
    assert server.services.sealing.open("card", who, kept[who] or b"") == b"0001234"
    assert prove(server) == []


def test_other_cards_in_a_roster_are_not_taken_for_it(server: Running) -> None:
    head = (*HEAD, "Số thẻ BHYT", "Số thẻ đảng viên")
    rows = [[*row, "GD4797932100001", "12345678"] for row in people(1)]
    page = server.manager().post(
        f"/courses/{course_id(server)}/roster", files={"file": ("ds.xlsx", xlsx(rows, head))}
    )  # fmt: skip
    assert "Cột không dùng: Số thẻ BHYT, Số thẻ đảng viên" in page.text


def test_a_dropped_zero_of_a_card_is_named(server: Running) -> None:
    head = (*HEAD, "Mã thẻ")
    rows = [[*person, card] for person, card in zip(people(2), ("0012345678", 12345679), strict=True)]
    page = server.manager().post(
        f"/courses/{course_id(server)}/roster", files={"file": ("ds.xlsx", xlsx(rows, head))}
    )  # fmt: skip
    assert "Excel đã bỏ số 0 ở đầu" in page.text


def test_a_learner_reads_what_there_is_to_check_in_with(server: Running) -> None:
    who = learner(server, "HV000")
    said = " ".join(server.get(f"/learners/{who}").text.split())
    assert "<dt>Mã PIN</dt><dd>chưa có</dd>" in said and "<dt>Khuôn mặt</dt><dd>chưa có dữ liệu</dd>" in said
    make(server)
    cards(server, HV000="4711")
    said = " ".join(server.get(f"/learners/{who}").text.split())
    assert "<dt>Mã PIN</dt><dd>đã có, tạo ngày 24/11/2026</dd>" in said
    assert "<dt>Thẻ</dt><dd>đã có, từ ngày 24/11/2026</dd>" in said and "4711" not in said


def test_a_technician_sets_a_pin_and_the_bridge_point_can_check_it(server: Running, agent: Agent) -> None:
    technician(server)
    client = server.signed_in("ky-thuat")
    assert "Chưa đặt" in client.get("/account").text
    wrong = (("12345", "đúng 6 chữ số"), ("123456", "quá dễ đoán"), ("909090", "quá dễ đoán"))
    for pin, again, said in (*((pin, pin, said) for pin, said in wrong), ("270514", "270515", "không giống nhau")):
        got = client.post("/account/pin", data={"pin": pin, "again": again})
        assert got.status_code == 422 and said in got.text
    assert "Đã đặt mã PIN" in client.post("/account/pin", data={"pin": "270514", "again": "270514"}).text
    (witness,) = agent.today().witnesses
    assert matches("270514", witness.pin or "") and not matches("270515", witness.pin or "")
    assert prove(server) == []
    assert "đặt mã PIN ở điểm cầu của Người dùng ky-thuat" in server.administrator().get("/admin/audit").text


def test_only_technicians_have_that_pin(server: Running) -> None:
    client = server.manager()
    assert "Mã PIN ở điểm cầu" not in client.get("/account").text
    assert client.post("/account/pin", data={"pin": "270514", "again": "270514"}).status_code == 422


def test_a_password_is_asked_for_before_the_pin_and_wrong_ones_cost_time(server: Running) -> None:
    technician(server)
    client = server.signed_in("ky-thuat")
    password = "mot cau ngan de nho"  # noqa: S105 - of a test
    client.post("/account/password", data={"password": password, "again": password})
    typed = {"pin": "270514", "again": "270514"}
    said = [client.post("/account/pin", data=typed | {"present": "sai"}).status_code for _ in range(6)]
    assert said == [422] * 5 + [429]
    server.clock.ms += 60_000
    assert "Đã đặt mã PIN" in client.post("/account/pin", data=typed | {"present": password}).text


def test_a_pins_hash_is_argon2id_by_owasps_least() -> None:
    assert hashed_pin("270514").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    with pytest.raises(InputError):
        check_pin("２７０５１４", "２７０５１４")
