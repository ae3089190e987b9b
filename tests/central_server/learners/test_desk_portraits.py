"""Portraits that a bridge point sends: kept where course and learner agree on it, refused or dropped where not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session

from central_server.learners.consent_text import VERSION, keeping_version, text_of
from central_server.learners.consents import agreed_to_keep, consents_on_file
from central_server.learners.kept_portraits import kept_of
from models.sealed_box import seal_to
from models.wire import PORTRAIT_BYTES
from tests.central_server.enrolment.test_enrolling import course_id, prove
from tests.central_server.learners.desk import enrol, face, learner, request, send, technician
from tests.central_server.learners.test_kept_portraits import JPEG, account_of, decide, kept
from tests.central_server.running import Agent, Running, join, running, write_course

AGREED = keeping_version(90)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_course(tmp_path / "course.toml"))
        yield one


def sealed(agent: Agent, count: int = 3) -> tuple[str, ...]:
    return tuple(seal_to(agent.server_key, JPEG + bytes([number])) for number in range(count))


def test_they_are_kept_for_the_courses_that_keep_portraits(server: Running, tmp_path: Path) -> None:
    agent, witness, who = join(server), technician(server), learner(server, "HV000")
    server.load(write_course(tmp_path / "two.toml", learners=1, code="K2"))  # the same learner, and it keeps none
    assert agent.today().keeping == ()
    enrol(agent, who, face(1), witness, text_version=AGREED, pictures=sealed(agent))
    assert kept(server, who) == [], "no course keeps any"
    assert decide(server, True) == 303
    (told,) = agent.today().keeping
    assert told.text.version == AGREED and (told.text.vi, told.text.en) == text_of(AGREED)
    assert "xóa ảnh ngay khi máy chủ đã nhận" in " ".join(told.text.vi)
    assert set(told.learners) == {one.id for one in agent.today().sessions[0].learners}
    enrol(agent, who, face(1), witness, text_version=AGREED, pictures=sealed(agent))
    with Session(server.services.engine) as db:
        found = [(one.course, one.number, one.days) for one in kept_of(db, who)]
    assert found == [(course_id(server), number, 90) for number in (1, 2, 3)]
    address = f"/courses/{course_id(server)}/learners/{who}/portraits/2"
    assert server.manager().get(address).content == JPEG + b"\x01"
    enrol(agent, learner(server, "HV001"), face(2), witness)
    assert kept(server, learner(server, "HV001")) == [] and prove(server) == []
    server.manager().post(f"/learners/{who}/consent/withdrawn")
    assert kept(server, who) == [] and prove(server) == []


def test_whoever_chooses_the_plain_text_later_has_no_portraits_kept_any_more(server: Running) -> None:
    agent, witness, who = join(server), technician(server), learner(server, "HV000")
    assert decide(server, True) == 303
    login = account_of(server, "HV000", "hoc-vien")
    before = server.clock()

    def keep() -> None:
        enrol(agent, who, face(1), witness, text_version=AGREED, pictures=sealed(agent), consented_at=server.clock())
        assert kept(server, who) == [1, 2, 3]
        server.clock.ms += 1_000

    keep()
    enrol(agent, who, face(1), witness, consented_at=before - 1_000)  # it comes late: the learner agreed anew since
    assert kept(server, who) == [1, 2, 3]
    enrol(agent, who, face(1), witness, consented_at=server.clock())
    assert kept(server, who) == [] and prove(server) == []
    keep()
    server.signed_in(login).post(f"/learners/{who}/consent?version={VERSION}")
    assert kept(server, who) == [] and prove(server) == []
    with Session(server.services.engine) as db:
        assert who in consents_on_file(db, [who]) and agreed_to_keep(db, [who]) == {}


def test_without_a_consent_that_says_so_or_not_as_they_must_be_they_are_refused_whole(server: Running) -> None:
    agent, witness, who = join(server), technician(server), learner(server, "HV000")
    assert decide(server, True) == 303

    def refused(**more: Any) -> str:
        got = send(agent, request(agent, who, face(1), witness, **({"text_version": AGREED} | more)))
        assert got.status_code == 422 and kept(server, who) == []
        return str(got.json()["vi"])

    for plain in (VERSION, "2026-11", "2026-11.2.k90"):
        assert "không được gửi ảnh" in refused(text_version=plain, pictures=sealed(agent))
    assert "không có bản đồng ý" in refused(text_version="2026-11.3.k366", pictures=sealed(agent))
    foreign = seal_to(Ed25519PrivateKey.generate().public_key(), JPEG)
    assert "không được mã hóa" in refused(pictures=(foreign,))
    for wrong in (b"<svg>", JPEG + bytes(PORTRAIT_BYTES - len(JPEG) + 1)):
        assert "96 KB" in refused(pictures=(seal_to(agent.server_key, wrong),))
    assert "không hợp lệ" in refused(pictures=sealed(agent, 4))
    largest = seal_to(agent.server_key, JPEG + bytes(PORTRAIT_BYTES - len(JPEG)))
    enrol(agent, who, face(1), witness, text_version=AGREED, pictures=(largest,) * 3)
    assert kept(server, who) == [1, 2, 3]
