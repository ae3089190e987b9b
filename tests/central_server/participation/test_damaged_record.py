"""A record damaged behind the program's back takes no page down: it is left out, named, and its time not observed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from central_server.participation.settling import AFTER_MS
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import verify
from tests.central_server.participation.term import DAY, LENGTH, course_id, taught, write_term
from tests.central_server.participation.test_course import rows
from tests.central_server.running import MINUTE, START, Running, running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_term(tmp_path / "course.toml"))
        yield one


def damage(server: Running, learner: str) -> str:
    """Cut the line of a learner's presence in K1.1; its log, as pages name it."""

    def job(db: Connection) -> str:
        where = "WHERE session = 'K1.1' AND kind = 'presence' AND learner = ?"
        device, log, seq = db.exec_driver_sql(f"SELECT device, log, seq FROM record {where}", (learner,)).one()  # noqa: S608 - constant
        db.exec_driver_sql(f"UPDATE record SET line = substr(line, 1, 20) {where}", (learner,))  # noqa: S608 - constant
        db.exec_driver_sql("DELETE FROM settled_point")
        return f"máy {device}, nhật ký {log}, số {seq}"

    return server.do(job)


def test_pages_leave_a_damaged_record_out_and_name_it(server: Running) -> None:
    _, people = taught(server, [[1, 0.5, 0, 0, 0, 0]] * 2)
    named, course = damage(server, people[1]), course_id(server)
    for path in (
        f"/courses/{course}", f"/courses/{course}/participation", f"/courses/{course}/completion",
        "/sessions/K1.1", "/sessions/K1.1/sheet", "/sessions/K1.1/corrections",
    ):  # fmt: skip
        got = server.get(path)
        assert got.status_code == 200, path
        assert named in got.text, path
        assert "central-server verify" in got.text, path
    assert server.get("/sessions/K1.1/sheet.xlsx").status_code == 200
    assert server.get("/api/sessions/K1.1/participation").json()["points"][0]["damaged"] == 1
    with server.services.engine.connect() as db:
        assert {one.what for one in verify(StoredEvidence(db), []).findings} >= {"changed"}


def test_its_time_is_not_observed_and_everything_else_counts(server: Running) -> None:
    _, people = taught(server, [[1, 0.5, 0, 0, 0, 0]] * 2)
    damage(server, people[1])
    parts = {one.facts.id: {session: part.totals for session, part in one.parts.items()} for one in rows(server)}
    half = 90 * MINUTE  # of 210, the break left out
    one = parts[people[1]]["K1.1"]
    assert (one.seen_ms, one.not_observed_ms, one.not_seen_ms) == (0, half, LENGTH - half)
    assert parts[people[1]]["K1.2"].seen_ms == half
    assert parts[people[0]]["K1.1"].seen_ms == parts[people[0]]["K1.2"].seen_ms == LENGTH


def test_trends_of_everything_else_stand(server: Running) -> None:
    _, people = taught(server, [[1] * 6] * 2)
    damage(server, people[1])
    server.clock.ms = START + DAY + 210 * MINUTE + AFTER_MS
    got = server.get("/reports/trends?period=2026")
    assert got.status_code == 200
    assert "2 buổi đã kết thúc, 2 buổi có bản ghi điểm danh; tỷ lệ dựa trên số liệu đã chốt của 1 buổi" in got.text
