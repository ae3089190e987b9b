"""The camera that is tried, with a real network camera: live, black, unplugged and back, and a QR code before it."""

from __future__ import annotations

import asyncio
import io
import multiprocessing
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import cv2
import numpy as np
import segno

from bridge_agent.capture.source import CameraPin
from bridge_agent.setup.looker import Looker
from bridge_agent.setup.looking import Look
from models import join_code
from tests.mjpeg_camera import Camera, Picture, filming

LIMIT_S = 60.0
LINE = join_code.write("https://diemdanh.example.vn", "8K2QX-7M4RD-V0T9B-3HJWN")


class Seen:
    """A looker, and waits for what it sees."""

    def __init__(self) -> None:
        self.changed, self.codes = asyncio.Event(), list[str]()
        self.looker = Looker(self.changed.set, self._coded)

    def _coded(self, text: str) -> None:
        self.codes.append(text)
        self.changed.set()

    async def until(self, so: Callable[[], object]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not so():
                self.looker.picture()  # a page looks
                self.changed.clear()
                try:
                    async with asyncio.timeout(0.5):
                        await self.changed.wait()
                except TimeoutError:
                    pass


@asynccontextmanager
async def looking(camera: Camera, codes: bool = False) -> AsyncIterator[Seen]:
    seen = Seen()
    await seen.looker.begin(Look(camera.address, CameraPin(), codes))
    try:
        yield seen
    finally:
        await seen.looker.end()


def room_with_code() -> Picture:
    file = io.BytesIO()
    segno.make(LINE, error="m").save(file, kind="png", scale=7, border=4)
    code = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    assert code is not None
    picture = np.full((720, 1280, 3), 90, np.uint8)
    turned = cv2.warpAffine(
        np.asarray(code, np.uint8), cv2.getRotationMatrix2D((code.shape[1] / 2, code.shape[0] / 2), 8, 1.0),
        (code.shape[1], code.shape[0]), borderValue=(255, 255, 255),
    )  # fmt: skip
    picture[200 : 200 + code.shape[0], 400 : 400 + code.shape[1]] = turned
    return picture


async def test_a_camera_is_shown_its_code_read_then_black_then_unplugged() -> None:
    shown = [room_with_code()]
    with filming(lambda: shown[0]) as camera:
        async with looking(camera, codes=True) as seen:
            looker = seen.looker
            await seen.until(lambda: looker.live)
            picture = looker.picture()
            assert picture is not None and looker.size == (1280, 720)
            jpeg = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
            assert jpeg is not None and jpeg.shape == (540, 960, 3)
            await seen.until(lambda: seen.codes)
            assert seen.codes[0] == LINE and join_code.read(LINE).server == "https://diemdanh.example.vn"
            shown[0] = np.zeros((720, 1280, 3), np.uint8)
            await seen.until(lambda: looker.trouble is not None and looker.trouble.kind == "black")
            assert not looker.live
            shown[0] = room_with_code()
            await seen.until(lambda: looker.live)  # the lens is open again
            camera.unplugged.set()
            await seen.until(lambda: looker.trouble is not None)
            assert looker.trouble is not None and looker.trouble.kind in ("lost", "other")
            assert looker.picture() is None and not looker.live
        assert looker.asked is None and looker.trouble is None


async def test_whoever_presses_two_cameras_at_once_leaves_none_held() -> None:
    """The last one pressed is looked at, and nothing holds the other."""
    looker = Looker(lambda: None)
    first, second, third = (Look(f"http://127.0.0.1:9/{name}", CameraPin()) for name in ("a", "b", "c"))
    await looker.begin(first)
    await asyncio.gather(looker.begin(second), looker.begin(third))
    assert looker.asked == third
    await looker.end()
    assert not [one for one in multiprocessing.active_children() if one.name == "camera-tried"]
