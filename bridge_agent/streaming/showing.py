"""The stream's state in words: for the light on the technician's page, and for the alarm when it stays down. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from bridge_agent.streaming.messages import StreamState, Trouble

Sentence = tuple[str, str]
"""Vietnamese and English."""
Light = Literal["off", "waiting", "good", "lowered", "down"]

ALARM_S: Final = 10.0
"""A trouble that stands this long becomes an alarm: the stream may be back by itself within that time."""

LIGHTS: dict[Light, Sentence] = {
    "off": ("Không truyền hình", "No stream"),
    "waiting": ("Đang kết nối", "Connecting"),
    "good": ("Đang truyền hình", "Streaming"),
    "lowered": ("Đang truyền hình, đường truyền yếu", "Streaming, the line is weak"),
    "down": ("Chưa truyền được hình", "Not streaming"),
}
TROUBLES: dict[Trouble, Sentence] = {
    "no_leave": (
        "Máy chủ chưa cho phép truyền hình. Hệ thống tự thử lại.",
        "The server gives no leave to stream. The agent tries again by itself.",
    ),
    "refused": (
        "Máy chủ chưa nhận hình của phòng này. Hệ thống tự thử lại.",
        "The server does not take this room's stream. The agent tries again by itself.",
    ),
    "no_way": (
        "Máy chủ trả lời nhưng hình không qua được mạng của cơ quan. Hãy đề nghị bộ phận mạng mở UDP tới máy chủ, hoặc "
        "đề nghị quản trị hệ thống bật TURN qua cổng 443.",
        "The server answers, but pictures do not get through this office's network. Ask for UDP to the server to be "
        "opened, or the administrator to set up TURN over port 443.",
    ),
    "line": (
        "Mất đường truyền tới máy chủ. Hãy kiểm tra dây mạng và bộ định tuyến; hệ thống tự nối lại.",
        "The line to the server is lost. Check the network cable and the router; the agent reconnects by itself.",
    ),
    "failed": (
        "Phần truyền hình gặp lỗi; hệ thống tự thử lại. Nếu lỗi còn lâu, hãy báo quản trị hệ thống.",
        "The stream met an error; the agent tries again by itself. If this stays, tell the administrator.",
    ),
    "not_encoded": (
        "Camera có hình nhưng chưa nén được hình để truyền; hệ thống tự thử lại. Nếu lỗi còn lâu, hãy khởi động lại "
        "máy, rồi cài lại chương trình.",
        "The camera gives pictures, but they can't be encoded for the stream; the agent tries again by itself. If this "
        "stays, restart the PC, then install the program anew.",
    ),
    "no_picture": (
        "Chưa có hình từ camera để truyền. Hãy xem camera và các cảnh báo.",
        "The camera gives no picture to stream. Look at the camera and at the alarms.",
    ),
    "replaced": (
        "Một máy khác của điểm cầu này đang truyền hình nên máy này chờ. Mỗi điểm cầu chỉ để một máy truyền: hãy dừng "
        "chương trình ở máy kia, hoặc đặt enabled = false trong mục [streaming] của máy này.",
        "Another PC of this bridge point streams, so this one waits. Let one PC of a bridge point stream: stop the "
        "program on the other, or set enabled = false in [streaming] on this one.",
    ),
    "microphone": ("Không dùng được micro.", "The microphone can't be used."),
}
_ATTENDANCE_GOES_ON: Sentence = ("Việc điểm danh vẫn tiếp tục.", "Attendance goes on.")


@dataclass(frozen=True, slots=True)
class StreamView:
    """What the technician's page shows of the stream. since: server time, ms, since when it is up."""

    light: Light
    why: Sentence | None = None
    since: int | None = None
    kbit_s: int = 0
    fps: int = 0

    @property
    def word(self) -> Sentence:
        """The light in words."""
        return LIGHTS[self.light]


def view(state: StreamState | None, since: int | None) -> StreamView:
    """The stream while a session runs. state: None: the streaming process has not told anything yet."""
    if state is None:
        return StreamView("waiting")
    said = trouble(state)
    if not state.up:
        return StreamView("down" if said else "waiting", said)
    why = said or _reencodes(state)
    # Whole tens: the page need not change every second.
    rate = round(state.kbit_s, -1)
    return StreamView("lowered" if state.step else "good", why, since, rate, state.fps)


def trouble(state: StreamState) -> Sentence | None:
    """What is wrong and what to do; None when nothing is."""
    if state.trouble is None:
        return None
    vi, en = TROUBLES[state.trouble]
    if state.vi:
        vi, en = _because(vi, state.vi), _because(en, state.en)
    return f"{vi} {_ATTENDANCE_GOES_ON[0]}", f"{en} {_ATTENDANCE_GOES_ON[1]}"


def _because(said: str, why: str) -> str:
    """With the reason behind the first sentence, which says what is wrong; the rest says what to do."""
    what, stop, then = said.partition(".")
    if ". " in why:
        return f"{what}. {why.rstrip('.')}{stop}{then}"
    return f"{what} ({why.rstrip('.')}){stop}{then}"


def alarm(state: StreamState, stood_s: float, *, watching: bool) -> Sentence | None:
    """What the alarm says of a trouble that has stood for so long; None: nothing. watching: recognition has
    pictures.
    """  # fmt: skip
    if state.trouble == "no_picture":
        if not watching:
            return None  # recognition tells what is wrong with the camera
        state = replace(state, trouble="not_encoded")
    return trouble(state) if stood_s >= ALARM_S else None


def _reencodes(state: StreamState) -> Sentence | None:
    if not state.reencodes:
        return None
    return (
        f"Hình phải mã hóa hai lần nên máy tốn thêm sức: {state.reencodes}. Hãy cài lại chương trình.",
        f"Pictures are encoded twice, which costs processor time: {state.reencodes}. Install the program anew.",
    )
