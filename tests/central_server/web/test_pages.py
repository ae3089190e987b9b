"""What all pages share: headers, nothing from elsewhere, errors in sentences, figures."""

from __future__ import annotations

import re

from central_server.web.figures import day, day_time, duration, number, percent
from tests.central_server.running import START, Running


def test_every_answer_carries_the_security_headers(server: Running) -> None:
    manager = server.manager()
    for path in ("/", "/nothing", "/health", "/sessions/K1.1", "/static/app.css", "/sessions/none"):
        headers = manager.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    assert manager.get("/").headers["cache-control"] == "no-store"


def test_pages_load_nothing_from_elsewhere_and_hold_no_inline_code(server: Running) -> None:
    manager, administrator = server.manager(), server.administrator()
    pages = [
        (manager, path) for path in ("/", "/sessions/K1.1", "/sessions/none", "/account", "/account/second-factor")
    ]
    pages += [(administrator, f"/admin/{name}") for name in ("accounts", "accounts/new", "audit", "bridge-points")]
    pages += [(server.client(), path) for path in ("/sign-in", f"/sign-in/link?key={server.link('quan-ly')}")]
    for client, path in pages:
        html = client.get(path).text
        assert not re.search(r"""(src|href)=["'](https?:)?//""", html)
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)
        for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', html):
            assert client.get(address).status_code == 200, address


def test_errors_are_sentences_in_the_language_asked_for(server: Running) -> None:
    manager = server.manager()
    missing = manager.get("/sessions/none")
    assert missing.status_code == 404
    assert "Không có mục này" in missing.text
    assert "There is no such thing here" in manager.get("/sessions/none?lang=en").text
    assert "There is no such page" in manager.get("/nothing").text  # the choice is remembered
    assert manager.get("/api/sessions/none/participation").json()["vi"].startswith("Không có mục này")
    english = server.client().get("/", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert '<html lang="en">' in english.text and "Sign in" in english.text
    assert '<html lang="vi">' in server.client().get("/", headers={"Accept-Language": "fr"}).text


def test_figures_are_written_as_people_write_them_here() -> None:
    assert (number(5476, "vi"), number(5476, "en")) == ("5.476", "5,476")
    assert (percent(1.115, "vi"), percent(None, "vi")) == ("111,5 %", "–")
    assert (day_time(START + 5 * 60_000), day(START)) == ("08:05", "24/11/2026")
    assert (duration(65 * 60_000 + 59_999, "vi"), duration(59_000, "en")) == ("1 giờ 05 phút", "0 min")
