from __future__ import annotations

import re
import stat
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute

from central_server.app import create_app
from central_server.config import Config
from central_server.errors import DataFolderError
from central_server.web.access import COOKIE, KEY_FILE, manager_key
from central_server.web.figures import day, day_time, duration, number, percent
from tests.central_server.running import START, Running

OPEN = {"/health", "/sign-in"}


def routes() -> list[tuple[str, str]]:
    app = create_app(Config())
    found: list[tuple[str, str]] = []

    def walk(some: list[object]) -> None:
        for route in some:
            if isinstance(route, APIRoute):
                found.extend((method, route.path) for method in sorted(route.methods or ()))
            walk(getattr(getattr(route, "original_router", None), "routes", []))

    walk(list(app.routes))
    return found


def test_every_page_asks_for_the_key(server: Running) -> None:
    pages = [(method, path) for method, path in routes() if path not in OPEN and not path.startswith("/api/agent")]
    assert {"/", "/sessions/{session}", "/sessions/{session}/events"} <= {path for _, path in pages}
    for method, path in pages:
        got = httpx.request(method, server.address + path.replace("{session}", "K1.1"), cookies={COOKIE: "0" * 64})
        assert got.status_code == 401, path
        assert "central-server serve" in got.text, path
        assert "Nguyễn" not in got.text


def test_every_route_of_the_agents_asks_for_a_signature(server: Running) -> None:
    paths = [(method, path) for method, path in routes() if path.startswith("/api/agent")]
    assert len(paths) == 6
    for method, path in paths:
        if path.endswith(("/join", "/time")):
            continue
        got = httpx.request(method, server.address + path, headers={"Authorization": f"Bearer {server.key.key}"})
        assert (got.status_code, got.json()["reason"]) == (401, "signature")


def test_the_key_opens_and_the_cookie_is_no_key(server: Running) -> None:
    wrong = httpx.get(f"{server.address}/sign-in", params={"key": "x" * 32})
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    got = httpx.get(f"{server.address}/sign-in", params={"key": server.key.key})
    assert (got.status_code, got.headers["location"]) == (303, "/")
    cookie = got.headers["set-cookie"]
    assert server.key.key not in cookie
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert server.manager().get("/").status_code == 200
    value = re.match(rf"{COOKIE}=(\w+)", cookie)
    assert value is not None
    assert httpx.get(server.address, headers={"Authorization": f"Bearer {value[1]}"}).status_code == 401
    assert httpx.get(server.address, headers={"Authorization": f"Bearer {server.key.key}"}).status_code == 200


def test_every_answer_carries_the_security_headers(server: Running) -> None:
    manager = server.manager()
    for path in ("/", "/nothing", "/health", "/sessions/K1.1", "/static/app.css", "/sessions/none"):
        headers = manager.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    assert manager.get("/").headers["cache-control"] == "no-store"


def test_pages_load_nothing_from_elsewhere_and_hold_no_inline_code(server: Running) -> None:
    manager = server.manager()
    for path in ("/", "/sessions/K1.1", "/sessions/none"):
        html = manager.get(path).text
        assert not re.search(r"""(src|href)=["'](https?:)?//""", html)
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)
        for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', html):
            assert manager.get(address).status_code == 200, address


def test_errors_are_sentences_in_the_language_asked_for(server: Running) -> None:
    manager = server.manager()
    missing = manager.get("/sessions/none")
    assert missing.status_code == 404
    assert "Không có buổi học" in missing.text
    assert "There is no session" in manager.get("/sessions/none?lang=en").text
    assert "There is no such page" in manager.get("/nothing").text  # the choice is remembered
    assert manager.get("/api/sessions/none/participation").json()["vi"].startswith("Không có buổi học")
    english = httpx.get(server.address, headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert '<html lang="en">' in english.text
    assert '<html lang="vi">' in httpx.get(server.address, headers={"Accept-Language": "fr"}).text


def test_the_key_is_generated_kept_and_private(tmp_path: Path) -> None:
    key = manager_key(tmp_path)
    assert manager_key(tmp_path) == key
    (tmp_path / "other").mkdir()
    assert manager_key(tmp_path / "other") != key
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    (tmp_path / KEY_FILE).write_text("short")
    with pytest.raises(DataFolderError):
        manager_key(tmp_path)


def test_figures_are_written_as_people_write_them_here() -> None:
    assert (number(5476, "vi"), number(5476, "en")) == ("5.476", "5,476")
    assert (percent(1.115, "vi"), percent(None, "vi")) == ("111,5 %", "–")
    assert (day_time(START + 5 * 60_000), day(START)) == ("08:05", "24/11/2026")
    assert (duration(65 * 60_000 + 59_999, "vi"), duration(59_000, "en")) == ("1 giờ 05 phút", "0 min")
