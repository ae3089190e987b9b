"""Which modes a camera really gives, and how many pictures a second: tried in a process that can be killed."""

from __future__ import annotations

import multiprocessing
import sys
import time
from multiprocessing.connection import Connection
from typing import Final

from bridge_agent.capture.source import Device
from calibration.camera import ModeTried

MODES: Final = ((3840, 2160), (2560, 1440), (1920, 1080), (1280, 720), (640, 480))
_TRY_S: Final = 1.5
_LIMIT_S: Final = 15.0


def try_modes(device: Device) -> list[ModeTried]:
    """The modes that the camera gave when asked, the largest first; fewer, or none, where its driver hangs."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_try, args=(theirs, device.number), name="camera-modes", daemon=True)
    process.start()
    theirs.close()
    tried: list[ModeTried] = []
    try:
        while ours.poll(_LIMIT_S):
            got: ModeTried | None = ours.recv()
            if got is None:
                break
            tried.append(got)
    except (EOFError, OSError):
        pass  # the driver took the process down: what was tried before counts
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()
    return sorted(set(tried), key=lambda mode: -mode.width * mode.height)


def _try(conn: Connection, number: int) -> None:
    import cv2

    backend = cv2.CAP_DSHOW if sys.platform == "win32" else cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY
    capture = cv2.VideoCapture(number, backend)
    seen: set[tuple[int, int]] = set()
    if capture.isOpened():
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        for width, height in MODES:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
            got, picture = capture.read()
            if not got or picture is None or picture.shape[1::-1] in seen:
                continue
            seen.add((picture.shape[1], picture.shape[0]))
            count, began = 0, time.monotonic()
            while time.monotonic() - began < _TRY_S and capture.grab():
                count += 1
            conn.send(ModeTried(picture.shape[1], picture.shape[0], count / (time.monotonic() - began)))
        capture.release()
    conn.send(None)
