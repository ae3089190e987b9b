"""A real server, real signed reports: what the administrator and the class manager see of the agents."""

from __future__ import annotations

import re

import httpx
import msgspec
import pytest

from models.health import Health, Light, LineAnswer, Machine, Restarts
from tests.central_server.running import MINUTE, START, Agent, Running, join

GB = 1_000_000_000


def health(at: int, **changed: object) -> Health:
    given = {
        "at": at, "version": "0.1.0", "system": "Linux 6.1, Python 3.11", "up_ms": 5_000, "session": None,
        "lights": (Light(part="camera", state="good"), Light(part="log", state="good")), "waiting": 0, "oldest_ms": 0,
        "machine": Machine(disk_free=20 * GB, cpu=0.2, pc_cpu=0.4, memory=90_000_000, memory_free=2 * GB,
                           memory_total=8 * GB),
    }  # fmt: skip
    return msgspec.convert(given | changed, Health)


def tell(agent: Agent, said: Health) -> httpx.Response:
    return agent.request("POST", "/api/agent/health", msgspec.json.encode(said))


def words(got: httpx.Response) -> str:
    assert got.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", got.text))


@pytest.fixture
def boss(server: Running) -> httpx.Client:
    return server.administrator()


def test_the_page_says_what_is_wrong_worst_first(server: Running, agent: Agent, boss: httpx.Client) -> None:
    server.clock.ms = START - 60 * MINUTE  # no class is near
    other = join(server, "BC")
    assert tell(other, health(server.clock())).status_code == 200
    wrong = Light(part="camera", state="bad", vi="Mất hình từ camera.", en="The camera gives no picture.")
    lost = Restarts(process="recognition", count=2, last_at=server.clock(), reason="exit -9")
    said = health(server.clock(), lights=(wrong,), waiting=143, oldest_ms=9 * MINUTE, version="0.2.1", restarts=(lost,))
    assert tell(agent, said).status_code == 200
    page = words(boss.get("/admin/health"))
    assert page.index("Thủ Dầu Một") < page.index("Bến Cát")
    assert "Camera: Mất hình từ camera." in page and "bản 0.2.1" in page
    assert "143" in page and "cũ nhất 9 phút" in page
    assert "khởi động lại recognition: 2 lần (exit -9" in page
    assert "1 lỗi · 1 tốt" in page
    assert "Cần gọi ngay" not in page
    assert boss.get("/", follow_redirects=False).headers["location"] == "/admin/health"


def test_who_is_silent_ten_minutes_before_the_class_is_told(server: Running, agent: Agent, boss: httpx.Client) -> None:
    manager = server.manager()
    server.clock.ms = START - 12 * MINUTE
    tell(agent, health(server.clock()))
    server.clock.ms = START - 10 * MINUTE - 1
    assert "Máy điểm danh" not in words(boss.get("/admin/health")) + words(manager.get("/"))
    server.clock.ms = START - 10 * MINUTE  # 2 min after its last report
    for page in (words(boss.get("/admin/health")), words(manager.get("/"))):
        assert "Máy điểm danh ở Thủ Dầu Một im lặng từ 07:48; buổi học bắt đầu lúc 08:00" in page
        assert "Máy điểm danh ở Bến Cát chưa bao giờ liên lạc" in page
    tell(agent, health(server.clock()))
    for page in (words(boss.get("/admin/health")), words(manager.get("/"))):
        assert "Máy điểm danh ở Thủ Dầu Một" not in page
    server.clock.ms += 90_000
    assert "Máy điểm danh ở Thủ Dầu Một" not in words(manager.get("/"))
    server.clock.ms += 1
    assert "Máy điểm danh ở Thủ Dầu Một im lặng" in words(manager.get("/"))


def test_an_agent_without_reports_counts_as_heard_by_its_records(server: Running, agent: Agent) -> None:
    """One of an older version, or whose reports are refused."""
    server.clock.ms = START
    manager = server.manager()
    assert "Máy điểm danh ở Thủ Dầu Một" in words(manager.get("/"))
    agent.status("K1.1", {})
    assert "Máy điểm danh ở Thủ Dầu Một" not in words(manager.get("/"))


def test_the_last_contact_outlives_the_server_and_is_written_seldom(server: Running, agent: Agent) -> None:
    def kept() -> tuple[int, str]:
        with server.services.engine.connect() as connection:
            row = connection.exec_driver_sql("SELECT heard_at, version FROM agent_contact").one()
        return row[0], row[1]

    first = server.clock()
    tell(agent, health(first))
    assert kept() == (first, "0.1.0")
    server.clock.ms += 30_000
    tell(agent, health(server.clock()))
    assert kept() == (first, "0.1.0")
    server.clock.ms += 1
    tell(agent, health(server.clock(), version="0.2.0"))
    assert kept() == (first + 30_001, "0.2.0")
    server.clock.ms += 300_000
    tell(agent, health(server.clock(), version="0.2.0"))
    assert kept()[0] == first + 330_001


def test_a_report_that_is_not_signed_or_not_valid_changes_nothing(server: Running, agent: Agent) -> None:
    body = msgspec.json.encode(health(server.clock()))
    assert httpx.post(f"{server.address}/api/agent/health", content=body).status_code == 401
    assert agent.request("POST", "/api/agent/health", b'{"at": 1}').status_code == 422
    long = msgspec.json.encode(health(server.clock())).replace(b"0.1.0", b"x" * 41)
    assert agent.request("POST", "/api/agent/health", long).status_code == 422
    assert server.services.agents.all() == []


def test_a_line_is_measured_by_what_the_server_drops(server: Running, agent: Agent) -> None:
    body = bytes(range(256)) * 1024
    got = agent.request("POST", "/api/agent/line", body)
    assert msgspec.json.decode(got.content, type=LineAnswer).bytes == len(body)
    assert agent.request("POST", "/api/agent/line", bytes(600_000)).status_code == 413
    assert httpx.post(f"{server.address}/api/agent/line", content=body).status_code == 401


def test_a_newer_agent_is_understood_as_far_as_this_server_knows(
    server: Running, agent: Agent, boss: httpx.Client
) -> None:
    server.clock.ms = START + MINUTE
    said = msgspec.to_builtins(health(server.clock(), version="9.0"))
    said["lights"] = [{"part": "robot", "state": "on_fire", "vi": "Rô bốt nóng.", "en": "Hot robot.", "since": 5}]
    said["machine"]["gpu"], said["mood"] = 0.5, ["calm"]
    assert agent.request("POST", "/api/agent/health", msgspec.json.encode(said)).status_code == 200
    page = words(boss.get("/admin/health"))
    assert "robot: Rô bốt nóng." in page and "1 cần chú ý" in page and "bản 9.0" in page
    assert server.client().get("/metrics").status_code == 200

    told = {
        "session": "K1.1", "at": server.clock(), "watching_from": START, "watching_to": server.clock(),
        "present": [], "unknown": 0, "waiting": 0, "detector": "yunet", "encoder": "intel", "alarms": [],
        "unobserved": [
            {"learner": "x", "start": START, "last": server.clock(), "why": "behind_a_pillar", "row": 3}
        ],
        "weather": "hot",
    }  # fmt: skip
    assert agent.request("POST", "/api/agent/status", msgspec.json.encode(told)).status_code == 200
    assert server.get("/sessions/K1.1").status_code == 200
