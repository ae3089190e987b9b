"""Still pictures of rooms: what is taken, how long it is kept, and who sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_server.errors import InvalidError
from central_server.media.pictures import LOOKED_MS, OLD_MS, PICTURE_LIMIT, SELDOM_S, SOON_S, Pictures, check_jpeg
from tests.central_server.running import MINUTE, START, Agent, Running, join, running, write_course

END = START + 210 * MINUTE
SESSION = "K1.1"


def jpeg(width: int = 480, height: int = 270, quality: int = 70) -> bytes:
    picture = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    return cv2.imencode(".jpg", cv2.GaussianBlur(picture, (0, 0), 3), [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


SMALL = jpeg(64, 36)


def test_pictures_are_wanted_often_while_somebody_looks() -> None:
    pictures = Pictures()
    assert pictures.put("s", "r", SMALL, 1_000, END) == SELDOM_S
    assert pictures.get("s", "r", 2_000) is not None
    assert pictures.put("s", "r", SMALL, 3_000, END) == SOON_S
    assert pictures.put("t", "r", SMALL, 3_000, END) == SELDOM_S, "nobody looks at that session"
    assert pictures.put("s", "r", SMALL, 2_000 + LOOKED_MS, END) == SELDOM_S


def test_a_picture_goes_when_it_is_old_and_when_the_session_is_over() -> None:
    pictures = Pictures()
    pictures.put("s", "r", SMALL, 1_000, 500_000)
    assert pictures.get("s", "r", 1_000 + OLD_MS) is not None
    assert pictures.get("s", "r", 1_001 + OLD_MS) is None
    pictures.put("s", "r", SMALL, 499_000, 500_000)
    assert pictures.get("s", "r", 499_999) is not None
    assert pictures.get("s", "r", 500_000) is None


@pytest.mark.parametrize(
    "wrong",
    [b"", b"GIF89a", SMALL[:10], jpeg(481, 270), SMALL + bytes(PICTURE_LIMIT), b"\xff\xd8\xff\xe0\x00\x00" * 9],
    ids=["empty", "a gif", "cut", "too wide", "too long", "segments of no length"],
)
def test_what_is_no_small_jpeg_is_refused(wrong: bytes) -> None:
    with pytest.raises(InvalidError):
        check_jpeg(wrong)


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_break_the_check(body: bytes, begins_well: bool) -> None:
    try:
        check_jpeg(b"\xff\xd8\xff" + body if begins_well else body)
    except InvalidError:
        return


@given(st.integers(1, 480), st.integers(1, 300), st.integers(1, 95))
def test_every_small_jpeg_is_taken(width: int, height: int, quality: int) -> None:
    picture = np.full((height, width, 3), 90, np.uint8)
    check_jpeg(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("pictures")
    with running(folder / "data") as one:
        one.load(write_course(folder / "course.toml"))
        one.load(write_course(Path(folder / "other.toml"), code="K2"))
        yield one


def send(agent: Agent, session: str = SESSION, body: bytes = SMALL) -> httpx.Response:
    path = f"/api/agent/sessions/{session}/picture"
    headers = agent.headers("POST", path, body) | {"Content-Type": "image/jpeg"}
    return httpx.post(agent.address + path, content=body, headers=headers, timeout=60)


def test_a_room_sends_its_picture_and_the_class_manager_sees_it(server: Running) -> None:
    agent = join(server)
    assert send(agent).json() == {"next_in_s": SELDOM_S}
    got = server.get(f"/sessions/{SESSION}/rooms/{agent.bridge_point}/picture")
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, SMALL, "image/jpeg")
    assert "no-store" in got.headers["cache-control"]
    assert send(agent).json() == {"next_in_s": SOON_S}
    assert server.get(f"/sessions/K2.1/rooms/{agent.bridge_point}/picture").status_code == 404
    assert send(agent, "K9.1").status_code == 422
    assert send(agent, body=b"x").status_code == 422
    unsigned = httpx.post(f"{server.address}/api/agent/sessions/{SESSION}/picture", content=SMALL)
    assert unsigned.status_code == 401
