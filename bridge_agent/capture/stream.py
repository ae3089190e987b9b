"""Network cameras over RTSP, or HTTP with one JPEG after the other (MJPEG), through PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import av
from av.container import InputContainer

from bridge_agent.capture.frame import Opened
from bridge_agent.capture.reader import Raw
from bridge_agent.capture.source import Stream
from bridge_agent.capture.video import decoded, luma, picture
from bridge_agent.clock import boot_ms
from bridge_agent.errors import CaptureLostError, SourceError
from models.reasons import Reason, reason

_SILENCE_S: Final = 5.0
_ANSWERS: Final = {
    "HTTPUnauthorizedError": Reason("sai tên hoặc mật khẩu", "wrong name or password"),
    "HTTPForbiddenError": Reason("camera không cho xem", "it gives no leave"),
    "HTTPNotFoundError": Reason("camera không có địa chỉ này", "it has no such address"),
    "HTTPServerError": Reason("camera báo lỗi hoặc quá nhiều người xem", "it reports an error, or too many watch it"),
    "HTTPClientError": Reason("camera không nhận yêu cầu này", "it does not take this request"),
    "ProtocolNotFoundError": Reason("không có cách mở địa chỉ này", "an address of no known kind"),
    "InvalidDataError": Reason("trả lời không phải là hình", "what it sends are no pictures"),
    "EOFError": Reason("trả lời không phải là hình", "what it sends are no pictures"),
    "OSError": Reason("camera không gửi hình", "it sends no pictures"),
}
"""By the names of PyAV's errors, which say nothing to a technician; its plain OSError is FFmpeg's "I/O error"."""


class StreamReader:
    """A network camera's stream: frames on the boot-time clock, at the moment they are decoded."""

    def __init__(self, source: Stream) -> None:
        self._source = source
        try:
            options = {"fflags": "nobuffer"}
            if source.url.lower().startswith("rtsp"):
                # A camera's pictures over UDP arrive torn on a busy network, and a torn picture is no evidence.
                options["rtsp_transport"] = "tcp"
            container = av.open(
                source.url,
                options=options,
                timeout=(_SILENCE_S, _SILENCE_S),
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            why = _ANSWERS.get(type(error).__name__) or reason(error)
            raise SourceError(
                f"Không mở được camera mạng {source} ({why.vi}). Hãy kiểm tra địa chỉ, mật khẩu và đường mạng.",
                f"The network camera {source} does not open ({why.en}). Check address, password and network.",
            ) from error
        if not isinstance(container, InputContainer) or not container.streams.video:
            container.close()
            raise SourceError(f"{source} không có hình.", f"{source} carries no pictures.")
        self._container = container
        self._stream = container.streams.video[0]
        self.opened = Opened(self._stream.width, self._stream.height, None)

    def frames(self) -> Iterator[Raw]:
        """Frames until the camera goes silent or away, which raises CaptureLostError: a live stream has no end."""
        for frame in decoded(self._container, self._stream):
            yield Raw(boot_ms(), luma(frame), partial(picture, frame), frame)
        raise CaptureLostError(
            f"Camera mạng {self._source} không gửi hình nữa. Đang kết nối lại.",
            f"The network camera {self._source} sends no pictures any more. Reconnecting.",
        )

    def close(self) -> None:
        """Hangs up."""
        self._container.close()
