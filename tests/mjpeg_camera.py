"""A network camera for tests: a real HTTP server that sends JPEG pictures one after the other (MJPEG)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
_MARK = "picture"


@dataclass
class Camera:
    """What the camera sees is `look()`, asked `fps` times a second for each who watches, BGR (h, w, 3)."""

    look: Callable[[], Picture]
    fps: float = 10.0
    address: str = ""
    unplugged: threading.Event = field(default_factory=threading.Event)
    """Set: it hangs up, and answers nobody any more."""

    def pictures(self) -> Iterator[bytes]:
        """JPEGs, evenly spaced."""
        due = time.monotonic()
        while not self.unplugged.is_set():
            done, data = cv2.imencode(".jpg", self.look(), [cv2.IMWRITE_JPEG_QUALITY, 90])
            assert done
            yield data.tobytes()
            due += 1 / self.fps
            time.sleep(max(0.0, due - time.monotonic()))


@contextmanager
def filming(look: Callable[[], Picture], fps: float = 10.0) -> Iterator[Camera]:
    """A camera at `Camera.address` until the context ends."""
    camera = Camera(look, fps)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server looks for
            if camera.unplugged.is_set():
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_MARK}")
            self.end_headers()
            try:
                for jpeg in camera.pictures():
                    head = f"--{_MARK}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    self.wfile.write(head.encode() + jpeg + b"\r\n")
            except OSError:
                pass  # whoever watched is gone

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        camera.address = f"http://127.0.0.1:{server.server_port}/video"
        try:
            yield camera
        finally:
            camera.unplugged.set()
            server.shutdown()
