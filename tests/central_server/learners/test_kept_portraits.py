"""Portraits are dropped unless the course keeps them and the learner agreed to that; then sealed, and gone in time."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from central_server.accounts.administering import Details, change_details
from central_server.accounts.permission import Grant
from central_server.courses.changes import changing
from central_server.courses.periods import DAY_MS
from central_server.learners.consent_text import VERSION, days_agreed, keeping_version, text_of
from central_server.learners.kept_portraits import keep_portraits, kept_of
from central_server.learners.tables import Consent
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import verify
from tests.central_server.enrolment.test_enrolling import course_id, prove
from tests.central_server.learners.desk import PAPER, erased, learner
from tests.central_server.learners.test_nothing_leaks import forms, found, on_disk
from tests.central_server.learners.test_portraits import packed, send
from tests.central_server.learners.test_retention import END
from tests.central_server.running import START, Running, running, write_course

JPEG = b"\xff\xd8\xff" + b"the picture itself" * 9


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_course(tmp_path / "course.toml"))
        yield one


def decide(server: Running, keep: bool, days: str = "90", version: int = 0, reason: str = "Kiểm tra chéo") -> int:
    """The class manager's form; the status of its answer."""
    data = {"version": str(version), "days": days, "reason": reason} | ({"keep": "yes"} if keep else {})
    client = server.manager()
    client.follow_redirects = False
    return client.post(f"/courses/{course_id(server)}/keeping", data=data).status_code


def kept(server: Running, who: str) -> list[int]:
    with Session(server.services.engine) as db:
        return [one.number for one in kept_of(db, who)]


def versions(server: Running, who: str) -> list[str]:
    """Of the texts to which a learner agreed."""
    with Session(server.services.engine) as db:
        return [one.text_version for one in db.exec(select(Consent).where(Consent.learner == who))]


def keep(server: Running, who: str, pictures: int = 3, days: int = 90) -> None:
    course, key = course_id(server), server.services.sealing
    some = [JPEG + bytes([number]) for number in range(pictures)]
    server.do(changing(lambda changes: keep_portraits(changes, key, course, who, some, days), START, None))


def account_of(server: Running, code: str, login: str) -> str:
    account = server.account(login, Grant("learner"))
    details = Details("Học viên", "", code)
    server.do(lambda connection: change_details(connection, account, details, account, server.clock()))
    return login


def test_each_term_has_a_text_of_its_own_that_says_so() -> None:
    assert keeping_version(0) == VERSION and days_agreed(VERSION) == days_agreed("2026-11") == 0
    version = keeping_version(90)
    assert version != VERSION and days_agreed(version) == 90
    old, new = text_of(VERSION), text_of(version)
    assert old and new
    for before, after, days in zip(
        old, new, ("90 ngày sau khi lớp kết thúc", "90 days after the course's end"), strict=True
    ):
        differ = [two for one, two in zip(before, after, strict=True) if one != two]
        assert len(differ) == 1 and days in differ[0]
    assert text_of("2026-11.2.k") is text_of("2026-11.2.k0") is text_of("2027") is text_of("2026-11.k90") is None
    assert text_of(keeping_version(365)) and text_of(keeping_version(366)) is None and not days_agreed("2027.k90")


def test_a_policy_needs_its_term_and_reason_and_two_at_once_are_told(server: Running) -> None:
    page = f"/courses/{course_id(server)}/keeping"
    assert "Chưa đặt lần nào" in server.manager().get(page).text
    for days, reason in (("0", "x"), ("366", "x"), ("", "x"), ("chín", "x"), ("90", "")):
        assert decide(server, True, days, reason=reason) == 422
    assert decide(server, True) == 303
    assert decide(server, True, "30") == 422, "made from version 0, and there is version 1"
    assert decide(server, False, "", version=1) == 303
    shown = server.manager().get(page).text
    assert "giữ ảnh đến 90 ngày" in shown and "không giữ ảnh. Kiểm tra chéo" in shown
    assert prove(server) == []


def test_only_whoever_agreed_to_the_new_text_has_portraits_kept_and_no_byte_lies_open(
    server: Running, shared: Path, weights: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pictures = [(shared / "pictures" / "london" / f"00{n}_neutral.jpg").read_bytes() for n in (1, 2)]
    manager, one, other = server.manager(), learner(server, "HV000"), learner(server, "HV001")
    login = account_of(server, "HV000", "hoc-vien")
    for who in (one, other):
        manager.post(f"/learners/{who}/consent/signed", data=PAPER)
    assert decide(server, True) == 303
    mine = server.signed_in(login)
    own = mine.get(f"/learners/{one}/own").text
    assert "90 ngày sau khi lớp kết thúc" in own and "Bản đồng ý trước không cho giữ ảnh" in own
    assert mine.post(f"/learners/{one}/consent?version={keeping_version(91)}").status_code == 409
    assert "Bản đồng ý trước" not in mine.post(f"/learners/{one}/consent?version={keeping_version(90)}").text
    sent = packed(HV000_dot_jpg=pictures[0], HV000_2_dot_jpg=pictures[0], HV001_dot_jpg=pictures[1])
    assert "<b>2</b> học viên" in send(server, sent)
    assert kept(server, one) == [1, 2] and kept(server, other) == []
    address = f"/courses/{course_id(server)}/learners/{one}/portraits/1"
    page = manager.get(f"/learners/{one}").text
    assert address in page and address not in mine.get(f"/learners/{one}/own").text
    seen = manager.get(address)
    assert (seen.headers["content-type"], seen.headers["cache-control"]) == ("image/jpeg", "no-store")
    picture = cv2.imdecode(np.frombuffer(seen.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and max(picture.shape[:2]) <= 640
    assert manager.get(address[:-1] + "3").status_code == 404 and mine.get(address).status_code == 403
    audit = server.administrator().get("/admin/audit?group=learners").text
    assert len(re.findall("xem ảnh chân dung số 1 của học viên HV000", audit)) == 1
    assert prove(server) == []
    middle = len(seen.content) // 2  # where a JPEG's tables, which are the same in many, are over
    needles = {"face": [piece for at in (middle, middle + 500) for piece in forms(seen.content[at : at + 64])]}
    needles["sent"] = [piece for at in (2_000, 9_000) for piece in forms(pictures[0][at : at + 64])]
    places = on_disk(server.services.config.data_folder) | {"log": caplog.text.encode()}
    assert {"diemdanh.db", "diemdanh.db-wal"} <= set(places) and found(needles, places) == []
    assert found(needles, {"a": seen.content, "b": pictures[0]}) == [("face", "a"), ("sent", "b")]
    mine.post(f"/learners/{one}/consent/withdraw")
    assert kept(server, one) == [] and manager.get(address).status_code == 404 and prove(server) == []


def test_a_signed_paper_counts_for_the_text_that_stands_on_it_whatever_the_policy_is_by_then(server: Running) -> None:
    who, manager = learner(server, "HV000"), server.manager()
    assert decide(server, True) == 303
    page = manager.get(f"/learners/{who}").text
    assert f'name="keeping" value="{keeping_version(90)}"' in page and f'name="version" value="{VERSION}"' in page
    assert decide(server, True, "30", version=1) == 303
    answer = manager.post(f"/learners/{who}/consent/signed", data=PAPER | {"keeping": "2026-11.2.k0"})
    assert answer.status_code == 422 and "Không rõ phiếu ghi bản đồng ý nào" in answer.text
    manager.post(f"/learners/{who}/consent/signed", data=PAPER | {"keeping": keeping_version(90)})
    assert versions(server, who) == [keeping_version(90)]


def test_papers_entered_together_count_for_the_text_that_stands_on_them(server: Running) -> None:
    known, manager = [learner(server, code) for code in ("HV000", "HV001", "HV002")], server.manager()
    page = f"/courses/{course_id(server)}"
    assert 'name="keeping"' not in manager.get(f"{page}/learners").text
    assert decide(server, True) == 303
    shown = manager.get(f"{page}/learners").text
    assert f'name="keeping" value="{keeping_version(90)}"' in shown and f'name="version" value="{VERSION}"' in shown
    assert f'href="/consent-form?version={keeping_version(90)}"' in shown
    for who, box in ((known[:2], {"keeping": keeping_version(90)}), (known[1:], {})):
        manager.post(f"{page}/consents", data={"learner": who} | PAPER | box)
    assert [versions(server, one) for one in known] == [[keeping_version(90)]] * 2 + [[VERSION]]
    wrong = manager.post(f"{page}/consents", data={"learner": known} | PAPER | {"version": ""})
    assert wrong.status_code == 422 and "Không rõ phiếu ghi bản đồng ý nào" in wrong.text


def test_the_list_of_learners_says_whether_portraits_are_kept(server: Running) -> None:
    page = f"/courses/{course_id(server)}/learners"
    before = server.manager().get(page).text
    assert "ảnh gửi ở trang Ảnh chân dung bị bỏ ngay" in before
    assert decide(server, True) == 303
    after = server.manager().get(page).text
    assert "Ảnh chân dung bị bỏ ngay" not in after and "giữ nhiều nhất đến hết 90 ngày" in after


def test_portraits_go_at_the_shorter_term_and_at_once_with_the_policy(server: Running) -> None:
    one, other = learner(server, "HV000"), learner(server, "HV001")
    assert decide(server, True, "90") == 303
    keep(server, one, days=30)
    keep(server, other, days=365)
    assert erased(server, 400, END + 30 * DAY_MS) == 0
    assert erased(server, 400, END + 30 * DAY_MS + 1) == 1
    assert kept(server, one) == [] and kept(server, other) == [1, 2, 3]
    assert erased(server, 400, END + 90 * DAY_MS) == 0
    assert erased(server, 400, END + 90 * DAY_MS + 1) == 1
    keep(server, one, pictures=9)
    assert kept(server, one) == [1, 2, 3, 4, 5]
    assert decide(server, False, version=1) == 303
    assert kept(server, one) == [] and prove(server) == []


def test_a_hand_in_the_tables_is_found(server: Running) -> None:
    assert decide(server, True) == 303
    keep(server, learner(server, "HV000"))
    assert prove(server) == []
    for hand in (
        "UPDATE portrait_policy SET days = 365", "DELETE FROM portrait_policy", "DELETE FROM kept_portrait",
        "UPDATE kept_portrait SET sealed = randomblob(99) WHERE number = 2", "UPDATE kept_portrait SET days = 365",
        "UPDATE kept_portrait SET sealed = 'text' WHERE number = 1", "UPDATE kept_portrait SET kept_at = kept_at + 1",
    ):  # fmt: skip
        with server.services.engine.connect() as connection, connection.begin() as transaction:
            assert connection.execute(text(hand)).rowcount
            findings = verify(StoredEvidence(connection), []).findings
            transaction.rollback()
        assert findings, hand
