"""What a bridge point's desk asks the server: enrolments that it keeps, and the gallery that it gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlmodel import Session, select

from central_server.accounts.permission import Grant
from central_server.learners.consents import withdraw
from central_server.learners.lookalikes import open_pairs, open_pairs_within
from central_server.learners.tables import Consent, DeskEnrolment, FaceTemplate
from models.sealed_box import SealedBoxError, open_sealed, seal_to
from models.wire import RotateAnswer
from tests.central_server.bridge_points.test_rotation import body_for
from tests.central_server.bridge_points.test_rotation import rotate as ask_rotation
from tests.central_server.enrolment.test_enrolling import course_id, prove
from tests.central_server.learners.desk import (
    ENCODER,
    content,
    enrol,
    face,
    gallery,
    learner,
    opened,
    point,
    request,
    send,
    technician,
)
from tests.central_server.running import MINUTE, START, Agent, Running, join, write_course

HOUR = 60 * MINUTE
DAY = 24 * HOUR


def test_an_enrolment_keeps_consent_and_template_and_comes_back_in_the_gallery(server: Running, agent: Agent) -> None:
    who, witness, vector = learner(server, "HV000"), technician(server), face(1)
    assert gallery(agent) == {}
    answer = enrol(agent, who, vector, witness)
    assert (answer.learner, answer.version, answer.lookalikes) == (who, 1, ())
    with Session(server.services.engine) as db:
        (consent,) = db.exec(select(Consent)).all()
        (kept,) = db.exec(select(FaceTemplate)).all()
    assert (consent.way, consent.witness, consent.given_at) == ("on_screen", witness, START - MINUTE)
    assert server.services.sealing.open("template", f"{who}\n{ENCODER}", kept.sealed) == content(vector)
    assert kept.portraits == 3
    (one,) = gallery(agent).values()
    assert (one.learner, one.encoder, one.portraits, one.version, one.card, one.pin) == (who, ENCODER, 3, 1, None, None)
    assert np.array_equal(np.frombuffer(opened(agent, one.template), "<f4"), vector)
    faces = {row.id: row.face for row in agent.today().sessions[0].learners}
    assert faces == {who: True, learner(server, "HV001"): False}
    assert prove(server) == []
    assert "lưu dữ liệu khuôn mặt của học viên HV000" in server.administrator().get("/admin/audit").text


def test_another_bridge_point_is_told_nothing_of_it(server: Running, agent: Agent) -> None:
    who = learner(server, "HV000")
    enrol(agent, who, face(1), technician(server))
    elsewhere = join(server, "BC")
    assert gallery(elsewhere) == {}
    (one,) = gallery(agent).values()
    with pytest.raises(SealedBoxError):
        open_sealed(elsewhere.key, one.template or "")


def test_the_same_enrolment_twice_is_one(server: Running, agent: Agent) -> None:
    witness, first, twin = technician(server), learner(server, "HV000"), learner(server, "HV001")
    enrol(agent, twin, face(2, like=face(1)), witness)
    asked = request(agent, first, face(1), witness)
    answers = [send(agent, asked), send(agent, asked)]
    assert answers[0].status_code == 200 and answers[0].content == answers[1].content
    with Session(server.services.engine) as db:
        assert len(db.exec(select(Consent).where(Consent.learner == first)).all()) == 1
        assert len(db.exec(select(DeskEnrolment)).all()) == 2
    assert gallery(agent)[first].version == 1


def test_an_enrolment_that_is_sent_again_after_the_withdrawal_brings_nothing_back(
    server: Running, agent: Agent
) -> None:
    asked = request(agent, learner(server, "HV000"), face(1), technician(server))
    assert send(agent, asked).status_code == 200
    server.clock.ms += MINUTE
    server.do(withdraw(asked.learner, server.clock(), None))
    assert send(agent, asked).status_code == 200
    assert gallery(agent) == {}


def test_a_new_template_takes_the_next_number_and_the_place_of_the_old_one(server: Running, agent: Agent) -> None:
    who, witness = learner(server, "HV000"), technician(server)
    enrol(agent, who, face(1), witness)
    assert enrol(agent, who, face(2), witness).version == 2
    (one,) = gallery(agent).values()
    assert one.version == 2 and opened(agent, one.template) == content(face(2))
    server.do(withdraw(who, server.clock(), None))
    server.clock.ms += HOUR
    assert enrol(agent, who, face(3), witness).version == 3, "numbers are not used again"
    assert prove(server) == []


def refusals(server: Running, agent: Agent) -> dict[str, tuple[dict[str, Any], str]]:
    """What may be wrong: the fields, and what is said."""
    wrong_key = Ed25519PrivateKey.generate().public_key()
    return {
        "learner elsewhere": ({"learner": learner(server, "HV002")}, "không có trong danh sách"),
        "nobody": ({"learner": "l-none"}, "không có trong danh sách"),
        "text": ({"text_version": "2020-01"}, "không có bản đồng ý"),
        "encoder": ({"encoder": "another"}, "không phải của bộ mã hóa"),
        "length": ({"template": seal_to(agent.server_key, b"\0" * 512)}, "không phải của bộ mã hóa"),
        "not finite": (
            {"template": seal_to(agent.server_key, np.full(256, np.nan, "<f4").tobytes())},
            "không phải của bộ mã hóa",
        ),
        "key": ({"template": seal_to(wrong_key, content(face(1)))}, "không được mã hóa cho máy chủ này"),
        "witness": ({"witness": server.account("khac", Grant("class_manager"))}, "Người chứng kiến"),
        "technician elsewhere": ({"witness": technician(server, "o-xa", "BC")}, "Người chứng kiến"),
        "deputy": ({"witness": learner(server, "HV001")}, "Người chứng kiến"),
        "own witness": ({"witness": learner(server, "HV000")}, "Người chứng kiến"),
        "future": ({"consented_at": START + HOUR}, "ở tương lai"),
    }


@pytest.mark.parametrize(
    "what",
    ["learner elsewhere", "nobody", "text", "encoder", "length", "not finite", "key", "witness", "technician elsewhere",
     "deputy", "own witness", "future"],
)  # fmt: skip
def test_what_is_wrong_with_an_enrolment_is_said_and_nothing_is_kept(server: Running, agent: Agent, what: str) -> None:
    changed, said = refusals(server, agent)[what]
    usual = request(agent, learner(server, "HV000"), face(1), technician(server))
    asked = msgspec.structs.replace(usual, **changed)
    got = send(agent, asked)
    assert got.status_code == 422 and got.json()["reason"] == "invalid" and said in got.json()["vi"]
    with Session(server.services.engine) as db:
        assert db.exec(select(Consent)).all() == [] and db.exec(select(FaceTemplate)).all() == []


def test_a_consent_from_before_a_withdrawal_is_not_brought_back_by_a_late_line(server: Running, agent: Agent) -> None:
    who, witness = learner(server, "HV000"), technician(server)
    enrol(agent, who, face(1), witness)
    late = request(agent, who, face(1), witness)
    server.clock.ms += MINUTE
    server.do(withdraw(who, server.clock(), None))
    server.clock.ms += MINUTE
    assert "đã rút lại sự đồng ý" in send(agent, late).json()["vi"]
    assert gallery(agent) == {}
    enrol(agent, who, face(1), witness, consented_at=server.clock())


def test_an_id_stands_for_one_learner(server: Running, agent: Agent) -> None:
    witness = technician(server)
    enrol(agent, learner(server, "HV000"), face(1), witness, id="e-same")
    got = send(agent, request(agent, learner(server, "HV001"), face(2), witness, id="e-same"))
    assert got.status_code == 422 and "đã dùng cho người khác" in got.json()["vi"]


def test_whom_a_bridge_point_expects_is_judged_by_when_the_consent_was_given_for_a_week(
    server: Running, agent: Agent
) -> None:
    witness = server.account("cua-lop", Grant("technician", course_id(server), point(server, "TDM")))
    asked = [request(agent, learner(server, code), face(n), witness) for n, code in enumerate(("HV000", "HV001"))]
    after = msgspec.structs.replace(asked[1], id="e-after", consented_at=START + 4 * HOUR)
    server.clock.ms = START + 7 * DAY
    assert send(agent, asked[0]).status_code == 200
    assert "không có trong danh sách" in send(agent, after).json()["vi"], "the session was over"
    server.clock.ms = START + 8 * DAY
    assert "không có trong danh sách" in send(agent, asked[1]).json()["vi"]


def test_a_double_enrolment_is_named_at_once_and_shown_until_somebody_has_looked(server: Running, agent: Agent) -> None:
    witness, first, second = technician(server), learner(server, "HV000"), learner(server, "HV001")
    other_point = join(server, "BC")
    there = technician(server, "ben-cat", "BC")
    enrol(agent, first, face(1), witness)
    enrol(agent, second, face(5), witness)
    course = course_id(server)
    far = enrol(other_point, learner(server, "HV002"), face(2, like=face(1)), there)
    (alike,) = far.lookalikes
    assert (alike.learner, alike.code, alike.name) == (first, "HV000", "Nguyễn Văn A0") and alike.score > 0.9
    with Session(server.services.engine) as db:
        assert open_pairs(db, [course]) == open_pairs_within(db, [course]) == {course: 1}
    page = server.get(f"/courses/{course}").text
    assert "1 cặp học viên có khuôn mặt giống nhau" in page and page.count("rất giống") == 2
    listed = server.get(f"/courses/{course}/learners").text
    assert "Nguyễn Văn C2" in listed and "Hai người khác nhau" in listed
    assert prove(server) == []
    pair = {"learner": learner(server, "HV002"), "other": first, "encoder": ENCODER}
    client = server.manager()
    assert "Đã ghi nhận: hai người khác nhau" in client.post(f"/courses/{course}/lookalikes", data=pair).text
    assert "rất giống" not in server.get(f"/courses/{course}").text
    assert "giống nhau đến mức" not in server.get(f"/courses/{course}").text
    assert prove(server) == []
    assert client.post(f"/courses/{course}/lookalikes", data=pair | {"other": second}).status_code == 409
    enrol(agent, first, face(3, like=face(1)), witness)
    assert "1 cặp học viên" in server.get(f"/courses/{course}").text, "a new template is looked at anew"
    server.do(withdraw(first, server.clock(), None))
    assert "giống nhau đến mức" not in server.get(f"/courses/{course}").text
    assert prove(server) == []


def test_one_person_under_two_codes_in_two_courses_is_shown_in_both(
    server: Running, agent: Agent, tmp_path: Path
) -> None:
    other = write_course(tmp_path / "two.toml", learners=1, code="K2")
    other.write_text(other.read_text(encoding="utf-8").replace("HV000", "HV900"), encoding="utf-8")
    server.load(other)
    witness, first, second = technician(server), learner(server, "HV000"), learner(server, "HV900")
    enrol(agent, first, face(1), witness)
    (alike,) = enrol(agent, second, face(2, like=face(1)), witness).lookalikes
    assert alike.learner == first
    courses = [course_id(server, "K1"), course_id(server, "K2")]
    with Session(server.services.engine) as db:
        assert open_pairs(db, courses) == dict.fromkeys(courses, 1)
        assert open_pairs_within(db, courses) == {}, "nobody is taken for the other at one door"
    for course, name in zip(courses, ("HV900", "HV000"), strict=True):
        assert f"({name}; Bồi dưỡng" in server.get(f"/courses/{course}/learners").text
        assert "1 cặp học viên" in server.get(f"/courses/{course}").text


def test_a_withdrawn_consent_takes_the_template_out_of_the_gallery(server: Running, agent: Agent) -> None:
    who, other = learner(server, "HV000"), learner(server, "HV001")
    for number, one in enumerate((who, other)):
        enrol(agent, one, face(number), technician(server, f"kt-{number}"))
    server.manager().post(f"/learners/{who}/consent/withdrawn")
    assert set(gallery(agent)) == {other}
    assert {row.id for row in agent.today().sessions[0].learners if row.face} == {other}


def test_the_gallery_is_sealed_to_the_present_key_of_the_device(server: Running, agent: Agent) -> None:
    enrol(agent, learner(server, "HV000"), face(1), technician(server))
    before, new = agent.key, Ed25519PrivateKey.generate()
    assert isinstance(ask_rotation(agent, body_for(agent, new)), RotateAnswer)
    agent.key = new
    (one,) = gallery(agent).values()
    assert opened(agent, one.template) == content(face(1))
    with pytest.raises(SealedBoxError):
        open_sealed(before, one.template or "")


def test_a_template_changed_by_hand_is_left_out_and_the_others_are_given(
    server: Running, agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    witness, bad, good = technician(server), learner(server, "HV000"), learner(server, "HV001")
    enrol(agent, bad, face(1), witness)
    enrol(agent, good, face(2), witness)
    server.do(lambda db: db.execute(text("UPDATE face_template SET sealed = x'00' WHERE learner = :l"), {"l": bad}))
    assert set(gallery(agent)) == {good}
    assert f"template_does_not_open learner={bad}" in caplog.text
    assert len(prove(server)) == 1


def test_after_the_session_the_gallery_is_empty(server: Running, agent: Agent) -> None:
    enrol(agent, learner(server, "HV000"), face(1), technician(server))
    server.clock.ms = START + 4 * HOUR
    assert gallery(agent) == {}


def test_today_names_the_technicians_of_this_point_and_the_text_of_the_consent(server: Running, agent: Agent) -> None:
    here, course = technician(server), course_id(server)
    technician(server, "o-xa", "BC")
    everywhere = server.account("moi-noi", Grant("technician"))
    of_course = server.account("cua-lop", Grant("technician", course, point(server, "TDM")))
    insert = "INSERT INTO course (id, code, title) VALUES ('K9', 'K9', 'Lớp khác')"
    server.do(lambda db: db.execute(text(insert)))
    server.account("lop-khac", Grant("technician", "K9", point(server, "TDM")))
    disabled = technician(server, "khoa")
    server.do(lambda db: db.execute(text("UPDATE account SET disabled = 1 WHERE id = :a"), {"a": disabled}))
    told = agent.today()
    assert {one.account for one in told.witnesses} == {here, everywhere, of_course}
    assert all(one.pin is None for one in told.witnesses)
    assert told.consent is not None and told.consent.version == "2026-11.2" and told.retention_hours == 24
    assert "bị bỏ ngay" in " ".join(told.consent.vi) and "ngẫu nhiên" in " ".join(told.consent.vi)


def test_neither_is_given_to_a_request_that_is_not_signed(server: Running, agent: Agent) -> None:
    stranger = Agent(
        agent.address, agent.device, agent.bridge_point, Ed25519PrivateKey.generate(), server.clock, agent.server_key
    )
    for method, path in (("GET", "/api/agent/gallery"), ("POST", "/api/agent/enrolments")):
        got = stranger.request(method, path, b"{}")
        assert got.status_code == 401 and got.json()["reason"] == "signature"
