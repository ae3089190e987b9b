"""A network camera that can be everything that network cameras are at times. HTTP, JPEG after JPEG, written by hand."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
FPS = 10.0
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=picture\r\n\r\n"

ANSWERS = {
    "404": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    "401": b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="camera"\r\nContent-Length: 0\r\n\r\n',
    "500": b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
    "503": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "moved": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/video\r\nContent-Length: 0\r\n\r\n",
    "html": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 24\r\n\r\n<h1>Camera sign-in</h1>\r\n",
    "empty": _HEAD,
    "rubbish": b"\x16\x03\x01\x02\x00\x01\x00\x01" * 64,
}
"""What it may say instead of pictures; it hangs up then."""
IN_STREAM = frozenset({"good", "stopped", "mid_picture", "frozen", "black", "dim", "torn", "slow", "resized", "other"})
"""What it may do to whoever watches already. All else begins with hanging up."""


def jpeg(picture: Picture) -> bytes:
    """As a camera sends it."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 88])
    assert done
    return data.tobytes()


class FaultyCamera:
    """`mode` says what it does now."""

    def __init__(self, pictures: Sequence[Picture], empty: Sequence[Picture]) -> None:
        rng = np.random.default_rng(5)
        self._good = [jpeg(one) for one in pictures]
        self._other = [jpeg(one) for one in empty]
        self._dim = [jpeg(_dimmed(one, 0.05, rng)) for one in pictures[:8]]
        self._black = [jpeg(_dimmed(one, 0.0, rng)) for one in pictures[:8]]
        small = [cv2.resize(one, (640, 480)) for one in pictures[:20]]
        self._small = [jpeg(np.asarray(one, np.uint8)) for one in small]
        self._mode = "good"
        self._watchers: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._full: list[socket.socket] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/video"
        self._listen()

    @property
    def mode(self) -> str:
        """What it does now."""
        return self._mode

    def become(self, mode: str) -> None:
        """Do this from now on."""
        before, self._mode = self._mode, mode
        if mode not in IN_STREAM or before not in IN_STREAM:
            self.hang_up()
        if before in ("unplugged", "deaf"):
            for one in self._full:
                one.close()
            self._full.clear()
            self._close()
            self._listen()
        if mode in ("unplugged", "deaf"):
            self._close()
        if mode == "deaf":  # its queue is full: whoever calls is never answered
            self._listener = _bound(self.port, 0)
            for _ in range(2):
                caller = socket.socket()
                caller.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    caller.connect(("127.0.0.1", self.port))
                self._full.append(caller)

    def hang_up(self) -> None:
        """On all who watch, as when the power goes."""
        with self._lock:
            watchers, self._watchers = self._watchers, set()
        for one in watchers:
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self) -> None:
        """It is no more."""
        self._mode = "unplugged"
        self._close()
        self.hang_up()

    def _listen(self) -> None:
        listener = self._listener = _bound(self.port, 16)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _close(self) -> None:
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                watcher, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._watchers.add(watcher)
            threading.Thread(target=self._serve, args=(watcher,), daemon=True).start()

    def _serve(self, watcher: socket.socket) -> None:
        with contextlib.suppress(OSError):
            watcher.settimeout(30)
            while not watcher.recv(4096).endswith(b"\r\n\r\n"):
                pass
            mode = self._mode
            if mode in ANSWERS:
                watcher.sendall(ANSWERS[mode])
            elif mode == "silent":
                while self._mode == "silent":
                    time.sleep(0.1)
            elif mode == "trickle":
                for byte in _HEAD * 50:
                    watcher.sendall(bytes((byte,)))
                    time.sleep(0.3)
            else:
                watcher.sendall(_HEAD)
                self._film(watcher)
        with self._lock:
            self._watchers.discard(watcher)
        watcher.close()

    def _film(self, watcher: socket.socket) -> None:
        number, due, sent = 0, time.monotonic(), 0
        while True:
            mode = self._mode
            if mode == "stopped":
                time.sleep(0.05)
                due = time.monotonic()
                continue
            number += mode != "frozen"
            data = self._picture(mode, number)
            part = b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data)
            if mode == "mid_picture":
                watcher.sendall(part + data[: len(data) // 2])
                while self._mode == "mid_picture":
                    time.sleep(0.05)
                return  # what comes after half a picture is no picture
            if mode == "cut_off" and sent >= 5:
                return
            watcher.sendall(part + data + b"\r\n")
            sent += 1
            due += 6.0 if mode == "slow" else 1 / FPS
            while (left := due - time.monotonic()) > 0 and self._mode == mode:
                time.sleep(min(left, 0.1))

    def _picture(self, mode: str, number: int) -> bytes:
        if mode == "torn":
            data = bytearray(self._good[number % len(self._good)])
            data[600:] = bytes(number % 7 for _ in data[600:])
            return bytes(data)
        chosen = {"black": self._black, "dim": self._dim, "resized": self._small, "other": self._other}
        pictures = chosen.get(mode, self._good)
        return pictures[number % len(pictures)]


def _dimmed(picture: Picture, light: float, rng: np.random.Generator) -> Picture:
    noise = rng.normal(2, 1, picture.shape)
    return np.asarray(np.clip(picture * light + noise, 0, 255), np.uint8)


def _bound(port: int, backlog: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    end = time.monotonic() + 10
    while True:
        try:
            listener.bind(("127.0.0.1", port))
            break
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
    listener.listen(backlog)
    return listener


@contextmanager
def filmed(pictures: Sequence[Picture], empty: Sequence[Picture]) -> Iterator[FaultyCamera]:
    """A camera until the context ends."""
    camera = FaultyCamera(pictures, empty)
    try:
        yield camera
    finally:
        camera.close()
