"""The real server over the scripted desk: who is refused, what is kept from logs and caches, how it ends."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge_agent.console.serving import listen
from bridge_agent.errors import ConsoleError
from tests.bridge_agent.console.scripted_desk import ScriptedDesk
from tests.bridge_agent.console.serving_console import Console, console


@pytest.fixture
async def running() -> AsyncIterator[Console]:
    async with console() as one:
        yield one


@pytest.fixture
async def client(running: Console) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=running.address, timeout=60) as one:
        one.headers["x-diemdanh-token"] = await running.token(one)
        yield one


async def test_a_foreign_host_gets_nothing(client: httpx.AsyncClient) -> None:
    for path in ("/", "/kiosk", "/enrol/l3", "/preview.jpg", "/events", "/static/console.css"):
        got = await client.get(path, headers={"Host": "evil.example"})
        assert got.status_code == 421
        assert "http://localhost" in got.text and "Nguyễn" not in got.text


async def test_a_foreign_origin_or_an_old_token_changes_nothing(running: Console, client: httpx.AsyncClient) -> None:
    duty = {"who": "kt-1", "pin": "2468"}
    foreign: list[dict[str, str]] = [
        {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"X-Diemdanh-Token": "x"},
    ]  # fmt: skip
    for headers in foreign:
        got = await client.post("/duty", data=duty, headers=headers)
        assert got.status_code == 403 and set(got.json()) == {"vi", "en"}
    assert running.desk.view().on_duty is None
    assert (await client.post("/duty", data=duty, headers={"Origin": running.address})).status_code == 200
    assert running.desk.view().on_duty is not None


async def test_a_link_on_a_foreign_page_does_not_open_the_camera(running: Console, client: httpx.AsyncClient) -> None:
    """A page may be opened from anywhere; a stream, which has the camera used, by a page's script alone."""
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert (await client.get("/", headers=link)).status_code == 200
    for path in ("/events", "/kiosk/events"):
        async with client.stream("GET", path, headers=link) as got:
            assert got.status_code == 403
    assert running.desk.calls == []


async def test_a_long_body_is_refused_before_it_is_read(client: httpx.AsyncClient) -> None:
    assert (await client.post("/duty", content=b"a" * 5000)).status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        yield b"a"

    assert (await client.post("/duty", content=endless())).status_code == 413


async def test_every_answer_is_kept_from_frames_and_caches(client: httpx.AsyncClient) -> None:
    for path, status in (("/", 200), ("/kiosk", 200), ("/preview.jpg", 200), ("/nowhere", 404), ("/enrol/nobody", 404)):
        got = await client.get(path)
        assert got.status_code == status
        assert got.headers["cache-control"] == "no-store"
        policy = got.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert got.headers["cross-origin-resource-policy"] == "same-origin"
    assert "Không có trang này" in (await client.get("/nowhere")).text


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/duty", {"who": "", "pin": "2468"}, 422),
        ("/duty", {"who": "kt-1", "pin": ""}, 422),
        ("/duty", {"who": "kt-1", "pin": "2469"}, 409),
        ("/duty", {"who": "kt-1", "pin": "2" * 100}, 422),
        ("/duty", {"who": "kt-1\x00", "pin": "2468"}, 422),
        ("/vouch", {"learner": "l0"}, 422),
        ("/kiosk/pin", {"doubt": "99999999999999", "pin": "0141"}, 422),
        ("/kiosk/pin", {"who": "CC-0141", "pin": "0142"}, 409),
        ("/kiosk/who", {"text": ""}, 422),
        ("/enrol/agree", {"learner": "l3", "version": "2026-11"}, 422),
        ("/enrol/agree", {"learner": "l3", "version": "2025-01", "read": "2025-01"}, 422),
        ("/enrol/agree", {"learner": "l3", "version": "2026-11", "read": "2026-11"}, 422),
        ("/enrol/agree", {"learner": "l3", "version": "2026-11", "read": "2026-11", "pin": "2468"}, 409),
    ],
)
async def test_what_cant_be_done_is_one_sentence(
    running: Console, client: httpx.AsyncClient, path: str, fields: dict[str, str], status: int
) -> None:
    got = await client.post(path, data=fields)
    assert got.status_code == status
    said = got.json()
    assert said["vi"].endswith(".") and said["en"].endswith(".") and said["vi"] != said["en"]
    assert running.desk.enrolled == [] and running.desk.calls == []


async def test_bytes_that_are_no_form_are_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post("/duty", content=b"\xff\xfe")).status_code == 400
    assert (await client.post("/duty", content=b"&".join(b"a=1" for _ in range(30)))).status_code == 400
    assert (await client.get("/duty")).status_code == 405


async def test_no_pin_and_no_name_stands_in_a_log(
    running: Console, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "uvicorn"):
        await client.post("/duty", data={"who": "kt-1", "pin": "2468"})
        await client.post("/kiosk/pin", data={"who": "CC-0141", "pin": "0141"})
        await client.post("/kiosk/pin", data={"who": "CC-0142", "pin": "9753"})
    assert [row for row in running.desk.calls if row[0] == "check_in_by_pin"] == [("check_in_by_pin", "l0")]
    assert not [word for word in ("2468", "0141", "9753", "Nguyễn", "CC-0142") if word in caplog.text]


async def test_a_picture_that_is_old_is_not_sent(running: Console, client: httpx.AsyncClient) -> None:
    assert (await client.get("/preview.jpg")).content == running.desk.picture
    running.desk.picture = None
    got = await client.get("/preview.jpg")
    assert (got.status_code, got.content) == (204, b"")


async def message(lines: AsyncIterator[str]) -> dict[str, Any]:
    async for line in lines:
        if line.startswith("data: "):
            found: dict[str, Any] = json.loads(line.removeprefix("data: "))
            return found
    raise AssertionError("the stream ended")


async def test_the_first_message_has_every_part_and_the_next_only_what_changed(
    running: Console, client: httpx.AsyncClient
) -> None:
    async with client.stream("GET", "/events?lang=en") as stream:
        lines = stream.aiter_lines()
        first = await message(lines)
        assert set(first["parts"]) == {
            "head", "lights", "faults", "session", "checks", "card", "asked", "duty", "roster",
        }  # fmt: skip
        running.desk.set_row("l1", presence="present", since=running.desk.now)
        rows: set[str] = set()
        while "row-l1" not in rows:
            second = await message(lines)
            rows |= set(second["parts"])
        assert "present" in second["parts"]["row-l1"]
        running.desk.set_row("l1", presence="away", since=running.desk.now)
        third: dict[str, Any] = {"parts": {}}
        while not third["parts"]:
            third = await message(lines)
        assert set(third["parts"]) == {"session", "row-l1"}


async def test_the_kiosk_opens_the_camera_and_lets_it_go_when_its_last_page_is_gone() -> None:
    async with console(linger_s=0.05) as running, httpx.AsyncClient(base_url=running.address, timeout=60) as client:
        async with client.stream("GET", "/kiosk/events") as one:
            lines = one.aiter_lines()  # httpx closes a stream whose lines nobody holds
            await message(lines)
            assert running.desk.calls == [("open", "check_in")]
            async with client.stream("GET", "/kiosk/events") as other:
                await message(other.aiter_lines())
            await asyncio.sleep(0.2)
            assert running.desk.view().purpose == "check_in"
        await running.desk.until(lambda view: view.purpose is None)
        assert running.desk.calls == [("open", "check_in"), ("close",)]


async def test_an_enrolment_whose_page_is_gone_keeps_nothing() -> None:
    async with console(linger_s=0.05) as running, httpx.AsyncClient(base_url=running.address, timeout=60) as client:
        running.desk.on_duty()
        await running.desk.enrol("l3", "2026-11", "2468")
        async with client.stream("GET", "/enrol/l3/events") as stream:
            assert (await message(stream.aiter_lines()))["state"]["taking"]
        await running.desk.until(lambda view: view.enrolling is None)
        assert ("stop_enrolling",) in running.desk.calls


async def test_the_kiosk_has_the_camera_again_once_nobody_is_enrolled(running: Console) -> None:
    running.desk.on_duty()
    await running.desk.enrol("l3", "2026-11", "2468")
    async with (
        httpx.AsyncClient(base_url=running.address, timeout=60) as client,
        client.stream("GET", "/kiosk/events") as stream,
    ):
        lines = stream.aiter_lines()
        assert (await message(lines))["state"]["enrolling"]
        assert running.desk.calls == []
        running.desk.stop_enrolling()
        await running.desk.until(lambda view: view.purpose == "check_in")
    assert running.desk.calls == [("stop_enrolling",), ("open", "check_in")]


async def test_a_camera_that_cant_be_opened_is_said_on_the_kiosk() -> None:
    desk = ScriptedDesk()
    desk.refuses_camera = True
    async with (
        console(desk) as running,
        httpx.AsyncClient(base_url=running.address, timeout=60) as client,
        client.stream("GET", "/kiosk/events") as stream,
    ):
        told = await message(stream.aiter_lines())
    assert told["state"]["closed"] == "Máy quay đang bận."


async def test_it_ends_at_once_with_pages_open(caplog: pytest.LogCaptureFixture) -> None:
    async with console() as running, httpx.AsyncClient(base_url=running.address, timeout=60) as client:
        async with client.stream("GET", "/kiosk/events") as stream, client.stream("GET", "/events") as other:
            lines = stream.aiter_lines()
            await message(lines)
            others = other.aiter_lines()
            await message(others)
            await asyncio.wait_for(running.stop(), 60)
            async with asyncio.timeout(60):
                async for _ in lines:
                    pass
        with pytest.raises(httpx.ConnectError):
            await client.get("/")
    assert caplog.text == ""


async def test_a_taken_port_is_one_sentence(running: Console) -> None:
    port = int(running.address.rpartition(":")[2])
    with pytest.raises(ConsoleError, match=str(port)):
        listen("127.0.0.1", port)


async def test_the_calibration_report_is_shown_as_it_is_and_its_absence_says_what_to_run(tmp_path: Path) -> None:
    report = tmp_path / "calibration.html"
    async with console(report=report) as one, httpx.AsyncClient(base_url=one.address, timeout=60) as client:
        absent = await client.get("/calibration")
        assert absent.status_code == 404 and "calibrate report" in absent.text
        report.write_bytes("<!doctype html><title>Hiệu chỉnh</title><style>p{color:red}</style>".encode())
        shown = await client.get("/calibration")
        assert shown.content == report.read_bytes()
        policy = shown.headers["content-security-policy"]
        assert "script-src" not in policy and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "default-src 'self'" in (await client.get("/")).headers["content-security-policy"]
