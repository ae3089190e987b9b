from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from central_server.backup.copying import back_up
from central_server.config import Config, read_config
from central_server.database import Writer, open_database
from central_server.doctor import reach
from central_server.doctor.copies import CopyWatch
from central_server.doctor.finding import Verdict
from central_server.errors import UnavailableError
from central_server.works import Works
from tests.central_server.health.test_seen_from_afar import health, tell
from tests.central_server.running import START, Agent, Running, join, running, write_course


def read(got: httpx.Response) -> dict[str, float]:
    assert got.status_code == 200
    return {
        f"{one.name}{sorted(one.labels.values()) or ''}": one.value
        for family in text_string_to_metric_families(got.text)
        for one in family.samples
    }


def test_metrics_tell_of_agents_records_and_requests_and_of_nobody(server: Running, agent: Agent) -> None:
    server.clock.ms = START
    tell(agent, health(server.clock(), waiting=7))
    agent.presence("K1.1", "HV000", START - 60_000, START)
    agent.send_all()
    server.manager().get("/sessions/K1.1")
    client = server.client()
    client.get("/no/such/place")
    client.get("/other/place")
    found = read(got := client.get("/metrics"))
    assert found["diemdanh_server_bridge_points['silent']"] == 1  # its class is held
    assert found["diemdanh_server_bridge_points['good']"] == 1
    assert found["diemdanh_server_records_waiting"] == 7
    assert found["diemdanh_server_records"] == 1
    assert found["diemdanh_server_requests_total['/sessions/{session}', '2xx', 'GET']"] == 1
    assert found["diemdanh_server_requests_total['/api/agent/health', '2xx', 'POST']"] == 1
    assert found["diemdanh_server_requests_total['4xx', 'ANY', 'other']"] == 2
    assert found["diemdanh_server_request_seconds_bucket['+Inf', '/sessions/{session}']"] == 1
    assert found["diemdanh_server_database_bytes"] > 10_000
    for secret in ("K1.1", "HV000", "Thủ Dầu Một", "TDM", agent.device, "Nguyễn"):
        assert secret not in got.text


def test_metrics_are_for_this_pc_or_for_who_has_the_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret-of-monitoring\n", encoding="utf-8")
    (tmp_path / "server.toml").write_text('metrics_token_file = "token"\n', encoding="utf-8")
    given = read_config(tmp_path / "server.toml").metrics_token_file
    good, bad = {"Authorization": "Bearer s3cret-of-monitoring"}, {"Authorization": "Bearer x"}
    with running(tmp_path / "one", metrics_token_file=given) as server:
        client = server.client()
        assert client.get("/metrics").status_code == 200
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):  # somebody else's, by a proxy on this PC
            assert client.get("/metrics", headers={header: "203.0.113.9"}).status_code == 403
            assert client.get("/metrics", headers={header: "203.0.113.9", **good}).status_code == 200
    with running(tmp_path / "two", metrics_token_file=given, public_address="https://diemdanh.example.vn") as server:
        client = server.client()
        assert client.get("/metrics").status_code == 403
        assert client.get("/metrics", headers=bad).status_code == 403
        assert client.get("/metrics", headers=good).status_code == 200
    with running(tmp_path / "three", public_address="https://diemdanh.example.vn") as server:
        assert server.client().get("/metrics", headers={"Authorization": "Bearer"}).status_code == 403


def test_health_says_when_the_database_cannot_be_read(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        server.load(write_course(tmp_path / "course.toml"))
        join(server)
        assert server.client().get("/health").json() == {"ok": True, "media": None, "failing": []}

        server.do(lambda connection: connection.exec_driver_sql("ALTER TABLE device RENAME TO gone"))
        got = server.client().get("/health")
        assert (got.status_code, msgspec.json.decode(got.content)["ok"]) == (503, False)
        server.do(lambda connection: connection.exec_driver_sql("ALTER TABLE gone RENAME TO device"))


def test_a_work_that_fails_is_told_by_health_metrics_the_administrators_page_and_doctor(
    server: Running,
) -> None:
    server.clock.ms = START
    server.services.works.failed("erasing", "IntegrityError", "retention.py:80", "learner-1")
    server.clock.ms = START + 60_000
    server.services.works.failed("erasing", "IntegrityError", "retention.py:80", "learner-2")

    everybody = server.client().get("/health")
    assert everybody.json()["failing"] == [{"work": "erasing", "since": START}], "what it costs is not everybody's"
    metrics = read(server.client().get("/metrics"))
    assert metrics["diemdanh_server_work_failing['erasing']"] == 2
    assert metrics["diemdanh_server_work_failing['settling']"] == 0
    assert metrics["diemdanh_server_work_failing_since_seconds['erasing']"] == START / 1000
    page = server.administrator().get("/admin/health").text
    assert "Từ 08:00, 24/11/2026:" in page and "Quy định buộc phải xóa" in page and "retention.py:80; 2" in page
    port = int(server.address.rpartition(":")[2])
    (told,) = reach.background(Config(port=port))
    assert told.verdict is Verdict.WRONG and "since 08:00, 24/11/2026" in told.en.lower()
    assert "The law wants them gone" in told.en and "central-server doctor" in told.en
    for text in (everybody.text, page, told.en):
        assert "learner-1" not in text

    server.services.works.well("erasing", "learner-1")
    server.services.works.well("erasing", "learner-2")
    assert server.client().get("/health").json()["failing"] == []
    assert [one.verdict for one in reach.background(Config(port=port))] == [Verdict.GOOD]


def test_a_database_that_cannot_be_written_is_told_until_it_can_be(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "diemdanh.db")
    with Writer(engine) as writer:
        writer.works = Works(lambda: START)
        engine.dispose()
        (tmp_path / "diemdanh.db").rename(tmp_path / "away")
        (tmp_path / "diemdanh.db").mkdir()
        with pytest.raises(UnavailableError):
            writer.submit(lambda db: db.exec_driver_sql("SELECT 1").scalar()).result(60)
        assert [(one.work, one.since) for one in writer.works.failing()] == [("writing", START)]
        (tmp_path / "diemdanh.db").rmdir()
        (tmp_path / "away").rename(tmp_path / "diemdanh.db")
        assert writer.submit(lambda db: db.exec_driver_sql("SELECT 1").scalar()).result(60) == 1
        assert writer.works.failing() == ()
    engine.dispose()


def test_that_there_is_no_copy_is_told_until_there_is_one(tmp_path: Path) -> None:
    works, copies = Works(lambda: START), tmp_path / "copies"
    open_database(tmp_path / "diemdanh.db").dispose()
    with CopyWatch(copies, works, look_s=0.01):
        _becomes(lambda: [one.work for one in works.failing()] == ["copies"])
        copies.mkdir()
        back_up(tmp_path / "diemdanh.db", copies / "one.db")
        _becomes(lambda: works.failing() == ())


def _becomes(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert true()
