"""Versions of a course's rule: from the form to the database and the own log; tried before they are saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import create_engine
from sqlmodel import Session

import central_server.database
from central_server.accounts.permission import Grant
from central_server.courses.changes import Changes, changing
from central_server.database import open_database
from central_server.errors import ConflictError
from central_server.participation.rules import rule_of, rule_versions, save_rule
from central_server.proof.replay import compare, replay
from central_server.proof.stored import StoredEvidence
from models.own_records import decode_own
from models.participation import Rule
from models.records import GENESIS, chain
from tests.central_server.participation.term import course_id, taught, write_term
from tests.central_server.running import Running, running, write_course

FORM = {
    "version": "1", "share_needed": "80", "gap_tolerance_s": "60", "before_check_in": "counts", "late_after_min": "5",
    "early_before_min": "5", "not_observed": "excused", "not_observed_up_to": "20", "reason": "Theo quy chế mới",
}  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_term(tmp_path / "course.toml"))
        yield one


@pytest.fixture
def page(server: Running) -> str:
    return f"/courses/{course_id(server)}/rules"


def in_force(server: Running) -> Rule:
    with Session(server.services.engine) as db:
        return rule_of(db, course_id(server))


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_rule_is_tried_on_past_sessions_before_it_is_saved(server: Running, page: str) -> None:
    taught(server, [[1, 0.9, 0.75, 0.7, 0.5], [1, 0.9, 0.75, 0.7, 0.5]])
    client = server.manager()
    got = client.post(page, data=FORM | {"act": "look", "share_needed": "70"})
    assert got.status_code == 200
    said = words(got.text)
    assert "<strong>1</strong> học viên đổi kết quả (tính đến nay, qua 2 buổi)" in said
    assert "không hoàn thành → hoàn thành: 1" in said
    assert "<b>Trần Thị C2</b>, Sở Nội vụ, 1972: 73,1 %" in said
    assert "2 → <strong>3</strong>" in said and "4 → <strong>3</strong>" in said
    assert in_force(server) == Rule()
    got = client.post(page, data=FORM | {"act": "look", "not_observed_up_to": "20,5"})
    assert "<strong>0</strong> học viên đổi kết quả" in words(got.text)


def test_unobserved_time_counts_in_what_if_as_the_form_says(server: Running, page: str) -> None:
    taught(server, [[0.75] * 6], dark=0.25)
    client = server.manager()
    tried = FORM | {"act": "look", "not_observed_up_to": "30"}
    assert "cần xem xét → hoàn thành: 6" in words(client.post(page, data=tried).text)
    got = client.post(page, data=tried | {"not_observed": "nothing"})
    assert "cần xem xét → không hoàn thành: 6" in words(got.text)


def test_saving_makes_a_version_with_its_reason_and_maker(server: Running, page: str) -> None:
    client = server.manager()
    got = client.post(page, data=FORM | {"act": "save", "share_needed": "82,5 %", "before_check_in": "not"})
    assert got.status_code == 200 and str(got.url).endswith("/rules#history")
    assert in_force(server) == Rule(version=2, share_needed=0.825, before_check_in_counts=False)
    assert "Theo quy chế mới" in got.text and "Người dùng quan-ly" in got.text
    assert 'value="82,5"' in got.text
    with Session(server.services.engine) as db:
        newest, first = rule_versions(db, course_id(server))
    assert (newest.reason, newest.by, first.reason, first.rule.version) == (
        "Theo quy chế mới",
        "Người dùng quan-ly",
        "",
        1,
    )


FAULTS: list[tuple[dict[str, str], str]] = [
    ({"share_needed": "101"}, "Hãy ghi một số từ 0 đến 100"),
    ({"share_needed": "tám mươi"}, "Không hiểu “tám mươi”"),
    ({"share_needed": ""}, "Hãy điền ô này"),
    ({"gap_tolerance_s": "-1"}, "Hãy ghi một số từ 0 đến 3600"),
    ({"gap_tolerance_s": "9" * 5000}, "Hãy ghi một số từ 0 đến 3600"),
    ({"late_after_min": "0"}, "Hãy ghi một số từ 1 đến 240"),
    ({"not_observed": "absent"}, "Hãy chọn một cách tính"),
    ({"before_check_in": ""}, "Hãy chọn một cách tính"),
    ({"reason": " "}, "Hãy điền ô này"),
    ({"reason": "x" * 301}, "Dài quá 300 ký tự"),
    ({"share_needed": "80"}, "Chưa có gì khác"),
]


def test_a_form_that_cannot_be_saved_says_why_at_the_field_and_keeps_what_was_typed(server: Running, page: str) -> None:
    client = server.manager()
    for typed, said in FAULTS:
        sent = FORM | {"act": "save", "share_needed": "75"} | typed
        got = client.post(page, data=sent)
        assert got.status_code == 422, typed
        assert said in words(got.text), typed
        assert f'value="{sent["share_needed"]}"' in got.text and f'value="{sent["gap_tolerance_s"]}"' in got.text
    assert in_force(server) == Rule()


def test_two_who_save_at_once_lose_nothing_and_are_told(server: Running, page: str) -> None:
    client = server.manager()
    assert client.post(page, data=FORM | {"act": "save", "share_needed": "75"}).status_code == 200
    mine = FORM | {"act": "save", "share_needed": "70", "reason": "Lý do của tôi"}
    got = client.post(page, data=mine)
    assert got.status_code == 409
    said = words(got.text)
    assert "phiên bản 2 đã được lưu bởi Người dùng quan-ly" in said
    assert "<del>từ 80,0 %</del> → <b>từ 75,0 %</b>" in said
    assert 'value="70"' in said and 'value="Lý do của tôi"' in said and 'name="version" value="2"' in said
    assert in_force(server) == Rule(version=2, share_needed=0.75)
    assert client.post(page, data=mine | {"version": "2"}).status_code == 200
    assert in_force(server) == Rule(version=3, share_needed=0.7)


def test_of_two_that_were_made_from_one_version_only_the_first_is_written(server: Running) -> None:
    course = course_id(server)

    def save(share: float) -> None:
        def work(changes: Changes) -> Rule:
            return save_rule(changes, course, Rule(share_needed=share), "vì vậy")

        server.do(changing(work, server.clock()))

    save(0.75)
    with pytest.raises(ConflictError, match="phiên bản 2"):
        save(0.7)
    assert in_force(server).share_needed == 0.75


def test_a_new_version_counts_for_the_sessions_page_and_its_sheet(server: Running, page: str) -> None:
    taught(server, [[0.98]])
    figures = server.get("/api/sessions/K1.1/participation").json()
    assert [one["verdict"] for one in figures["learners"]].count("completed") == 1
    assert server.manager().post(page, data=FORM | {"act": "save", "share_needed": "99"}).status_code == 200
    server.clock.ms += 6_000
    figures = server.get("/api/sessions/K1.1/participation").json()
    assert [one["verdict"] for one in figures["learners"]].count("completed") == 0


def test_a_course_file_without_a_rule_leaves_what_the_page_saved(server: Running, page: str, tmp_path: Path) -> None:
    server.manager().post(page, data=FORM | {"act": "save", "share_needed": "75"})
    server.load(write_term(tmp_path / "course.toml"))
    assert in_force(server) == Rule(version=2, share_needed=0.75)
    with_rule = write_term(tmp_path / "course.toml", rule="[course.rule]\nshare_needed = 0.6")
    server.load(with_rule)
    server.load(with_rule)
    assert in_force(server) == Rule(version=3, share_needed=0.6)


def test_who_may_not_manage_the_course_gets_nothing(server: Running, page: str, tmp_path: Path) -> None:
    server.account("giang-vien", Grant("lecturer"))
    server.load(write_course(tmp_path / "other.toml", code="K2"))
    with server.services.engine.connect() as connection:
        other = connection.exec_driver_sql("SELECT id FROM course WHERE code = 'K2'").scalar_one()
    server.account("khac", Grant("class_manager", course=other))
    for login, status in (("giang-vien", 403), ("khac", 404)):
        client = server.signed_in(login)
        assert client.get(page).status_code == status
        assert client.post(page, data=FORM | {"act": "save", "share_needed": "10"}).status_code == status
    assert server.client(follow_redirects=False).get(page).status_code == 303
    assert in_force(server) == Rule()


def test_the_own_log_proves_every_version(server: Running, page: str) -> None:
    server.manager().post(page, data=FORM | {"act": "save", "share_needed": "75"})
    with server.services.engine.connect() as connection:
        evidence = StoredEvidence(connection)
        acts = replay(decode_own(row.line) for row in evidence.own())
        assert len(acts.plan.rules) == 2
        assert compare(acts.plan, evidence.plan()) == []
    for sql in (
        "UPDATE course_rule SET rule = replace(rule, '0.75', '0.5')",
        "UPDATE course_rule SET reason = 'khác' WHERE version = 2",
        "UPDATE course_rule SET by = NULL WHERE version = 2",
        "DELETE FROM course_rule WHERE version = 2",
        "UPDATE course_rule SET at = at + 1 WHERE version = 1",
    ):
        with server.services.engine.connect() as connection, connection.begin() as transaction:
            connection.exec_driver_sql(sql)
            found = compare(acts.plan, StoredEvidence(connection).plan())
            transaction.rollback()
        assert [one.device for one in found] == [f"{course_id(server)} {1 if 'version = 1' in sql else 2}"], sql


def test_a_rule_of_before_becomes_version_one_that_the_own_log_proves(tmp_path: Path) -> None:
    """A database from before versions, whose rule was changed by loading a file twice."""
    stored = '{"version":1,"gap_tolerance_s":90,"share_needed":0.7,"before_check_in_counts":true,'
    stored += '"not_observed":"nothing","not_observed_up_to":0.2}'
    old = stored.replace("0.7", "0.9")
    path = tmp_path / "one.db"
    engine = create_engine(f"sqlite:///{path}")
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(central_server.database.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        connection.exec_driver_sql("INSERT INTO course (id, code, title, rule) VALUES ('c-1', 'K1', 'B', ?)", (stored,))
        head = GENESIS
        for seq, rule in enumerate((old, stored), 1):
            line = f'{{"kind":"course_rule","v":1,"seq":{seq},"at":{seq}000,"course":"c-1","rule":{rule}}}'.encode()
            head = chain(head, [line])
            connection.exec_driver_sql("INSERT INTO own_record VALUES (?, 'course_rule', ?, ?)", (seq, line, head))
    engine.dispose()
    migrated = open_database(path)
    with migrated.connect() as connection:
        evidence = StoredEvidence(connection)
        told = replay(decode_own(row.line) for row in evidence.own()).plan
        assert told.rules == evidence.plan().rules
        assert [at for _, _, at, _ in told.rules.values()] == [2000]
        with Session(connection) as db:
            assert rule_of(db, "c-1") == Rule(gap_tolerance_s=90, share_needed=0.7, not_observed="nothing")
    migrated.dispose()
