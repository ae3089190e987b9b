"""A network camera that sends JPEG pictures over HTTP, as many cheap ones do: a real server, the real reader."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bridge_agent.capture.source import Stream
from bridge_agent.capture.stream import StreamReader
from bridge_agent.clock import boot_ms
from bridge_agent.errors import CaptureLostError, SourceError
from tests.mjpeg_camera import filming


def test_pictures_over_http_come_as_they_are_filmed_until_the_camera_is_unplugged() -> None:
    shown = [0]

    def look() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        shown[0] += 1
        return np.full((480, 640, 3), 20 * shown[0] % 250, np.uint8)

    with filming(look, fps=20) as camera:
        reader = StreamReader(Stream(camera.address))
        assert (reader.opened.width, reader.opened.height, reader.opened.length_ms) == (640, 480, None)
        greys = []
        with pytest.raises(CaptureLostError, match="127"):
            for raw in reader.frames():
                assert abs(boot_ms() - raw.at) < 1_000
                greys.append(int(raw.picture().mean().round()))
                if len(greys) == 5:
                    camera.unplugged.set()
        reader.close()
        assert all(abs(after - before - 20) <= 2 for before, after in itertools.pairwise(greys))
        with pytest.raises(SourceError, match=r"127.*\(camera báo lỗi hoặc quá nhiều người xem\)"):
            StreamReader(Stream(camera.address))
