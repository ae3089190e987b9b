"""Nobody but this PC's own pages may ask the console for anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from bridge_agent.console.guard import BODY_LIMIT, OWN_NAMES, own_host, refusal

TOKEN = "t0ken"  # noqa: S105 - of this test
OWN = {"host": "localhost:8765", "x-diemdanh-token": TOKEN, "content-length": "10"}


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:8765", "[::1]", "[::1]:8765", "localhost:"])
def test_this_pcs_own_names_are_known(host: str) -> None:
    assert own_host(host)


@pytest.mark.parametrize(
    "host",
    ["", ":8765", "evil.example:8765", "localhost.evil.example", "127.0.0.1.nip.io:80", "evil@localhost", "::1",
     "localhost:80:80", "192.168.1.5:8765", "[::1].evil.example", "localhost:x", "127.0.0.2"],
)  # fmt: skip
def test_other_names_are_not(host: str) -> None:
    assert not own_host(host)


@given(st.text(max_size=40))
def test_a_host_that_passes_is_one_of_the_names_and_a_port(host: str) -> None:
    if own_host(host):
        assert any(host.lower().removeprefix(name).lstrip(":").isdecimal() or host.lower() in (name, f"{name}:")
                   for name in OWN_NAMES if host.lower().startswith(name))  # fmt: skip


def refused(method: str, **headers: str) -> int | None:
    said = refusal(method, Headers({**OWN, **{key.replace("_", "-"): value for key, value in headers.items()}}), TOKEN)
    return said and said[0]


def test_our_own_pages_pass() -> None:
    assert refused("GET") is None
    assert refused("POST") is None
    assert refused("POST", origin="http://localhost:8765", sec_fetch_site="same-origin") is None


def test_a_name_that_was_made_to_point_here_is_refused() -> None:
    assert refused("GET", host="evil.example:8765") == 421
    assert refused("POST", host="evil.example:8765", origin="http://evil.example:8765") == 421


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://localhost:9999"},
     {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"x_diemdanh_token": ""},
     {"x_diemdanh_token": "of the run before"}],
)  # fmt: skip
def test_changes_asked_for_elsewhere_are_refused(headers: dict[str, str]) -> None:
    assert refused("POST", **headers) == 403


def test_other_sites_get_neither_pictures_nor_events_but_may_link_here() -> None:
    asked = {"sec_fetch_site": "cross-site"}
    assert refused("GET", **asked, sec_fetch_mode="no-cors", sec_fetch_dest="image") == 403
    assert refused("GET", **asked, sec_fetch_mode="navigate", sec_fetch_dest="iframe") == 403
    assert refused("GET", **asked, sec_fetch_mode="navigate", sec_fetch_dest="document") is None


@pytest.mark.parametrize("length", ["", "-1", "x", str(BODY_LIMIT + 1), "9" * 40, "1²"])
def test_a_body_that_is_long_or_does_not_say_is_refused(length: str) -> None:
    assert refused("POST", content_length=length) == 413
