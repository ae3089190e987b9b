"""Changes that another site's page asks for are refused, whatever cookie comes with them."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.central_server.running import Running, running

OTHER = "https://evil.example"


@pytest.fixture
def client(server: Running) -> httpx.Client:
    client = server.manager()
    client.follow_redirects = False
    return client


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Origin": OTHER}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://other.127.0.0.1"}, 403),
        ({"Origin": OTHER}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[broken"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({}, 303),
    ],
)
def test_only_our_own_pages_may_change_something(
    server: Running, client: httpx.Client, headers: dict[str, str], status: int
) -> None:
    got = client.post("/sign-out", headers=headers)
    assert got.status_code == status
    assert client.get("/").status_code == (200 if status == 403 else 303)
    if status == 403:
        assert "từ một trang khác" in got.text
        assert got.headers["content-security-policy"].startswith("default-src 'self'")


def test_our_own_origin_is_known_by_its_host_and_by_the_public_address(server: Running, tmp_path: Path) -> None:
    assert server.client().post("/sign-in", headers={"Origin": server.address}).status_code == 401
    with running(tmp_path / "public", public_address="https://diemdanh.example.vn") as behind:
        ours = {"Origin": "https://diemdanh.example.vn"}
        assert behind.client().post("/sign-in", headers=ours).status_code == 401
        assert behind.client().post("/sign-in", headers={"Origin": OTHER}).status_code == 403


def test_other_sites_may_lead_to_our_pages_and_agents_are_left_alone(server: Running, client: httpx.Client) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": OTHER}
    assert client.get("/", headers=foreign).status_code == 200
    assert client.post("/api/agent/status", headers=foreign).json()["reason"] == "signature"


def test_nothing_is_changed_by_get(client: httpx.Client) -> None:
    for path in ("/sign-out", "/account/sign-ins/end", "/admin/accounts/x/disable"):
        assert client.get(path).status_code == 405
