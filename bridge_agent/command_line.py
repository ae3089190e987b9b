"""The command line: what can be asked of the agent, as a page that a technician understands. No work is done here."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeAlias

from models.command_line import Parser, number_between
from models.language import both


def parser() -> argparse.ArgumentParser:
    """The whole command line. `arguments.command` names the command that was chosen."""
    whole = Parser(
        prog="bridge-agent",
        description=both(
            "Phần mềm tại điểm cầu: nhận biết học viên qua camera, ghi lại ai có mặt và trong bao lâu, gửi về máy chủ.",
            "The agent at a bridge point: knows learners by the room's camera, records who is present and for how "
            "long, and sends it to the server.",
        ),
        epilog=both(
            """Lần đầu trên máy này:
  bridge-agent weights fetch                                  tải mạng nhận diện tốt hơn (nên làm)
  bridge-agent run                                            chạy, rồi mở http://localhost:8790 và làm theo từng
                                                              bước: gia nhập, camera, micro, …; dừng bằng Ctrl-C

Mỗi lệnh có trang riêng: bridge-agent run --help. DIEMDANH_LANGUAGE=en: English.""",
            """The first time on this PC:
  bridge-agent weights fetch                                  fetch the better networks (recommended)
  bridge-agent run                                            run; open http://localhost:8790 and follow the steps:
                                                              join, camera, microphone …; Ctrl-C stops it

Each command has its own page: bridge-agent run --help.""",
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = whole.add_subparsers(
        dest="command", title=both("lệnh", "commands"), metavar=both("LỆNH", "COMMAND"), required=True
    )
    _run(commands)
    _join(commands)
    _watch(commands)
    _enrol(commands)
    _weights(commands)
    _simulate(commands)
    _receipts(commands)
    _waiting(commands)
    _autostart(commands)
    _report(commands)
    _doctor(commands)
    return whole


_Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def _add(commands: _Commands, name: str, vi: str, en: str, examples: str) -> Parser:
    return commands.add_parser(
        name,
        help=both(vi, en),
        description=both(vi, en),
        epilog=both("ví dụ:", "examples:") + "\n" + examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=both(
            "tệp cấu hình TOML (mẫu: deploy/examples/agent.toml)",
            "settings file, TOML (example: deploy/examples/agent.toml)",
        ),
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help=both("thư mục dữ liệu, thay cho tệp cấu hình", "data folder, instead of the settings file's"),
    )


def _run(commands: _Commands) -> None:
    run = _add(
        commands,
        "run",
        "Chạy tại điểm cầu: tự theo dõi các buổi học trong ngày và gửi bản ghi về máy chủ.",
        "Run at the bridge point: watches the day's sessions by itself and sends records to the server.",
        "  bridge-agent run\n  bridge-agent run --config agent.toml --check-config",
    )
    _config(run)
    run.add_argument(
        "--check-config",
        action="store_true",
        help=both(
            "chỉ kiểm tra cấu hình, camera và thư mục ảnh, rồi dừng",
            "only check the settings, source and portraits, then end",
        ),
    )


def _join(commands: _Commands) -> None:
    join = _add(
        commands,
        "join",
        "Gia nhập máy chủ với tư cách một điểm cầu, bằng mã dùng một lần.",
        "Join a server as a bridge point, with a one-time token.",
        "  bridge-agent join --server https://diemdanh.example.vn --token 8K2QX-7M4RD-V0T9B-3HJWN",
    )
    join.add_argument("--server", required=True, metavar="URL", help=both("địa chỉ máy chủ", "the server's address"))
    join.add_argument(
        "--token",
        required=True,
        metavar=both("MÃ", "TOKEN"),
        help=both("mã do quản trị hệ thống cấp", "the token from the administrator"),
    )
    _config(join)


def _watch(commands: _Commands) -> None:
    watch = _add(
        commands,
        "watch",
        "Chỉ phần mắt của hệ thống: xem một video hoặc camera, cho biết ai có mặt từ lúc nào đến lúc nào.",
        "The agent's eyes alone: watch a video or camera and tell who was there from when to when.",
        "  bridge-agent watch --source lop.mp4 --portraits anh/ --json ketqua.json\n"
        "  bridge-agent watch --source 0 --portraits anh/ --json ketqua.json --for 60",
    )
    watch.add_argument(
        "--source", required=True, metavar="FILE|N|URL",
        help=both(
            "tệp video, số của camera (0), rtsp://…, http://… hoặc simulated:KỊCH_BẢN.toml",
            "a video, a camera's number (0), rtsp://…, http://… or simulated:SCRIPT.toml",
        ),
    )  # fmt: skip
    watch.add_argument(
        "--portraits",
        required=True,
        type=Path,
        metavar="DIR",
        help=both("thư mục ảnh: TÊN.jpg hoặc TÊN/*.jpg", "portraits: NAME.jpg or NAME/*.jpg"),
    )
    watch.add_argument(
        "--json", required=True, type=Path, metavar="FILE", help=both("tệp kết quả", "file for the result")
    )
    watch.add_argument(
        "--for",
        dest="seconds",
        type=number_between(1, 86_400),
        metavar=both("GIÂY", "SECONDS"),
        help=both("dừng sau bấy nhiêu giây", "end after so many seconds"),
    )
    watch.add_argument(
        "--sweep",
        type=number_between(0.2, 5),
        default=1.0,
        metavar=both("GIÂY", "SECONDS"),
        help=both("thời gian giữa hai lần nhìn, mặc định 1", "time between two looks, 1 by default"),
    )
    watch.add_argument(
        "--detector",
        default="auto",
        choices=("auto", "yunet", "dlib", "face_recognition"),
        help=both("cách tìm khuôn mặt", "how faces are found"),
    )
    watch.add_argument(
        "--encoder",
        default="auto",
        choices=("auto", "intel", "dlib", "face_recognition"),
        help=both("cách so khớp khuôn mặt", "how faces are compared"),
    )


def _enrol(commands: _Commands) -> None:
    enrol = _add(
        commands,
        "enrol",
        "Chụp ảnh chân dung của người ngồi trước camera và lưu vào thư mục ảnh.",
        "Take portraits of the person in front of the camera and keep them in the portraits folder.",
        "  bridge-agent enrol --source 0 --portraits anh/ --name HV001",
    )
    enrol.add_argument(
        "--source", default="0", metavar="N|URL", help=both("camera, mặc định 0", "camera, 0 by default")
    )
    enrol.add_argument(
        "--portraits", required=True, type=Path, metavar="DIR", help=both("thư mục ảnh", "portraits folder")
    )
    enrol.add_argument(
        "--name",
        required=True,
        metavar=both("MÃ", "CODE"),
        help=both("mã (hoặc tên) học viên", "the learner's code (or name)"),
    )


def _weights(commands: _Commands) -> None:
    weights = _add(
        commands,
        "weights",
        "Các mạng nhận diện trên máy này: liệt kê (list), hoặc tải về những mạng còn thiếu (fetch).",
        "The networks on this PC: list them, or fetch those that are missing.",
        "  bridge-agent weights list\n  bridge-agent weights fetch",
    )
    weights.add_argument(
        "action", nargs="?", default="list", choices=("list", "fetch"), help=both("list hoặc fetch", "list or fetch")
    )


def _simulate(commands: _Commands) -> None:
    simulate = _add(
        commands,
        "simulate",
        "Dựng video của một lớp học mô phỏng theo kịch bản, để thử hệ thống khi chưa có lớp thật.",
        "Render the video of a simulated class from a script, to try the system without a real class.",
        "  bridge-agent simulate lop.toml --out lop.mp4 --truth dung.json",
    )
    simulate.add_argument("script", type=Path, metavar="SCRIPT.toml", help=both("kịch bản", "the script"))
    simulate.add_argument(
        "--out", required=True, type=Path, metavar="FILE.mp4", help=both("tệp video", "file for the video")
    )
    simulate.add_argument("--truth", type=Path, metavar="FILE.json", help=both("tệp đáp án", "file for the truth"))


def _receipts(commands: _Commands) -> None:
    receipts = _add(
        commands,
        "receipts",
        "Xuất các biên nhận của máy chủ mà máy này giữ, cho central-server verify.",
        "Write out the server's receipts that this PC keeps, for central-server verify.",
        "  bridge-agent receipts --out bien-nhan.ndjson",
    )
    receipts.add_argument(
        "--out", required=True, type=Path, metavar="FILE", help=both("tệp kết quả, NDJSON", "file for them, NDJSON")
    )
    _config(receipts)


def _waiting(commands: _Commands) -> None:
    waiting = _add(
        commands,
        "waiting",
        "Cho biết còn bao nhiêu bản ghi trong nhật ký của máy này mà máy chủ chưa nhận.",
        "Tell how many records of this PC's log the server does not have yet.",
        "  bridge-agent waiting",
    )
    _config(waiting)


def _autostart(commands: _Commands) -> None:
    autostart = _add(
        commands,
        "autostart",
        "Tự khởi động khi đăng nhập (cùng máy, khi chạy lệnh này với quyền root): bật (on), tắt (off), xem (show).",
        "Start by itself at sign-in (or with the PC, when root asks): on, off or show.",
        "  bridge-agent autostart on\n  sudo bridge-agent autostart on",
    )
    autostart.add_argument(
        "action",
        nargs="?",
        default="show",
        choices=("on", "off", "show"),
        help=both("on, off hoặc show", "on, off or show"),
    )
    _config(autostart)


def _report(commands: _Commands) -> None:
    report = _add(
        commands,
        "report",
        "Gói nhật ký chương trình, cấu hình (bỏ mật khẩu), camera và số đo vào một tệp để gửi cho người hỗ trợ; "
        "không có họ tên, khuôn mặt, mã PIN hay khóa.",
        "Pack the program's journal, settings (without passwords), cameras and measurements into one file for support; "
        "no names, faces, PINs or keys.",
        "  bridge-agent report\n  bridge-agent report --out bao-cao.zip",
    )
    report.add_argument("--out", type=Path, metavar="FILE.zip", help=both("tệp kết quả", "file for it"))
    _config(report)


def _doctor(commands: _Commands) -> None:
    doctor = _add(
        commands,
        "doctor",
        "Đo máy này và đường truyền trong một phút: phục vụ được bao nhiêu học viên, truyền được hình cỡ nào, và nên "
        "sửa gì. Mã thoát 0: tốt; 1: cần chú ý.",
        "Measure this PC and its line in a minute: how many learners and what stream it can carry, and what to change. "
        "Exit code 0: good, 1: something needs attention.",
        "  bridge-agent doctor\n  bridge-agent doctor --config agent.toml",
    )
    _config(doctor)
