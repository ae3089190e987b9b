"""What the technician can press when a fault stands: one remedy for each alarm, and what is safe meanwhile. Pure.

A remedy is an act that the agent does at once (bridge_agent.health.acts), or a page that is opened. Acts ask for no
PIN: each does no more than the agent does by itself from time to time, takes nothing away from anybody, and is noted
in the journal (deploy/decisions/0034).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

Sentence = tuple[str, str]
"""Vietnamese, English."""
Act = Literal[
    "restart_camera", "try_camera", "republish", "try_stream", "send_now", "try_server", "write_again", "look_again",
]  # fmt: skip
ACTS: Final[tuple[Act, ...]] = get_args(Act)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What can be pressed: `act`, or else `link`, which is opened.

    safe: what is not in danger meanwhile, where the alarm's sentence does not say so. counts: how many records wait is
    said with it.
    """

    label: Sentence
    act: Act | None = None
    link: str = ""
    safe: Sentence = ("", "")
    counts: bool = False


_RECORDED: Final = ("Điểm danh vẫn được ghi trên máy này.", "Attendance is still recorded on this PC.")
_KEPT: Final = ("Các bản ghi vẫn nằm an toàn trên máy này.", "The records are safe on this PC.")
_CARDS: Final = ("Thẻ và mã PIN vẫn dùng được.", "Cards and PINs still work.")
_RESTART: Final = ("Khởi động lại camera", "Restart the camera")
_TRY_SERVER: Final = ("Thử kết nối ngay", "Try the server now")
_ASK_AGAIN: Final = ("Hỏi lại máy chủ", "Ask the server again")
_LEARNERS: Final = ("Xem danh sách học viên", "See the list of learners")
_ROSTER: Final = "#roster-title"

SAVE_REPORT: Final = Remedy(("Lưu báo cáo hỗ trợ", "Save a report for support"), link="/report.zip", safe=_RECORDED)
CHOOSE_CAMERA: Final = Remedy(("Chọn camera khác", "Choose another camera"), link="/setup/camera", safe=_CARDS)
TEST_NETWORK: Final = Remedy(("Kiểm tra đường mạng", "Test the line"), link="/setup/network")
CALIBRATE: Final = Remedy(("Hiệu chỉnh phòng này", "Calibrate this room"), link="/setup/calibration")
TRY_SOUND: Final = Remedy(("Thử micro và loa", "Try microphone and speaker"), link="/setup/sound")
TRY_CAMERA: Final = Remedy(("Thử camera", "Try the camera"), "try_camera")
TRY_STREAM: Final = Remedy(("Thử nơi nhận hình", "Try where the stream goes"), "try_stream")
TRY_SERVER: Final = Remedy(_TRY_SERVER, "try_server")
TAKE_DUTY: Final = Remedy(("Nhận trực", "Take duty"), link="#duty-title")
SEE_LEARNERS: Final = Remedy(_LEARNERS, link=_ROSTER)
SEND_NOW: Final = Remedy(("Gửi ngay", "Send now"), "send_now")
LOOK_AGAIN: Final = Remedy(("Kiểm tra lại", "Look again"), "look_again")

REMEDIES: Final[Mapping[str, Remedy]] = {
    "trouble camera_gone": Remedy(_RESTART, "restart_camera", safe=_CARDS),
    "camera_back": Remedy(("Xem hình phòng học", "See the room's picture"), link="#room-title", safe=_CARDS),
    "trouble frozen": Remedy(_RESTART, "restart_camera", safe=_CARDS),
    "trouble dark": Remedy(("Xem hình phòng học", "See the room's picture"), link="#room-title", safe=_CARDS),
    "trouble no_yunet": SAVE_REPORT,
    "trouble templates": Remedy(_LEARNERS, link=_ROSTER, safe=_CARDS),
    "trouble portraits": Remedy(_LEARNERS, link=_ROSTER, safe=_CARDS),
    "portraits": Remedy(_LEARNERS, link=_ROSTER, safe=_CARDS),
    "recognition": CHOOSE_CAMERA,
    "profile": CALIBRATE,
    "stream": Remedy(("Truyền hình lại", "Stream anew"), "republish"),
    "server": Remedy(_TRY_SERVER, "try_server", counts=True),
    "contact": Remedy(_TRY_SERVER, "try_server", safe=_RECORDED, counts=True),
    "key": Remedy(_ASK_AGAIN, "try_server", safe=_RECORDED),
    "gallery": Remedy(_ASK_AGAIN, "try_server", safe=_RECORDED),
    "gallery_kept": Remedy(_ASK_AGAIN, "try_server", safe=_RECORDED),
    "log": Remedy(
        ("Thử ghi lại ngay", "Try to write now"),
        "write_again",
        safe=("Việc theo dõi vẫn tiếp tục.", "The room is still watched."),
    ),
    "log_damaged": SAVE_REPORT,
    "log_gone": Remedy(("Gửi ngay", "Send now"), "send_now", counts=True),
    "sync": Remedy(("Gửi lại ngay", "Send again now"), "send_now", safe=_KEPT, counts=True),
    "receipt": Remedy(("Gửi lại ngay", "Send again now"), "send_now", safe=_KEPT, counts=True),
    "salvage": SAVE_REPORT,
    "salvaging": Remedy(SEND_NOW.label, "send_now", safe=_KEPT),
    "clock": Remedy(("Đo lại đồng hồ", "Measure the clock again"), "try_server"),
    "console": SAVE_REPORT,
    "disk": LOOK_AGAIN,
    "hot": Remedy(LOOK_AGAIN.label, "look_again", safe=_RECORDED),
    "power": Remedy(LOOK_AGAIN.label, "look_again", safe=_RECORDED),
    "restarted": SAVE_REPORT,
    "lookalike": SEE_LEARNERS,
    "suspicion": SEE_LEARNERS,
    "enrolment": SEE_LEARNERS,
}
"""By the alarm's name, as in bridge_agent.health.lights."""
QUIET: Final[Mapping[str, Remedy]] = {
    "camera": Remedy(_RESTART, "restart_camera", safe=_CARDS),
    "stream": TEST_NETWORK,
    "log": SEND_NOW,
}
"""Of a part that needs attention though no alarm stands."""


def remedy(name: str) -> Remedy:
    """The remedy of an alarm; of one that is not known, a report for whoever knows it."""
    return REMEDIES.get(name, SAVE_REPORT)
