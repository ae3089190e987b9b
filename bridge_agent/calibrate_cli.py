"""`calibrate`: measures a bridge point (camera, faces, clock, report) or anyone's pictures (pairs, gallery)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from models.command_line import Parser, number_between, run_to_exit_code
from models.language import both

_Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Errors are one sentence on the error output and exit code 2; Ctrl-C ends with 130."""
    os.umask(0o077)  # profile, room picture and report are this user's alone
    for stream in (sys.stdout, sys.stderr):
        if callable(reconfigure := getattr(stream, "reconfigure", None)):
            reconfigure(errors="replace")  # a Windows console may not be UTF-8
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    return run_to_exit_code(lambda: _run(argv))


def parser() -> argparse.ArgumentParser:
    """The whole command line. `arguments.command` names the command that was chosen."""
    whole = Parser(
        prog="calibrate",
        description=both(
            "Hiệu chỉnh điểm cầu: đo camera, ngưỡng khuôn mặt, đồng hồ; hoặc đo độ chính xác trên bộ ảnh bất kỳ.",
            "Calibrates a bridge point: camera, faces' threshold, clock; or measures accuracy on any pictures.",
        ),
        epilog=both(
            "Tại điểm cầu, lần lượt: calibrate camera, calibrate faces, calibrate clock, calibrate report.",
            "At a bridge point, in turn: calibrate camera, calibrate faces, calibrate clock, calibrate report.",
        ),
    )
    commands = whole.add_subparsers(
        dest="command", title=both("lệnh", "commands"), metavar=both("LỆNH", "COMMAND"), required=True
    )
    _camera(commands)
    _faces(commands)
    _clock(commands)
    _report(commands)
    _pairs(commands)
    _gallery(commands)
    return whole


def _run(argv: Sequence[str] | None) -> int:
    arguments = parser().parse_args(argv)
    if arguments.command in ("pairs", "gallery"):
        from bridge_agent import calibrate_sets

        if arguments.command == "pairs":
            calibrate_sets.pairs(
                arguments.pairs, arguments.pictures, arguments.json, arguments.encoder, round(arguments.class_size)
            )
        else:
            calibrate_sets.gallery(arguments.folder, arguments.json, arguments.encoder, round(arguments.class_size))
        return 0

    import msgspec

    from bridge_agent import calibrate_room
    from bridge_agent.config import Settings, load
    from bridge_agent.setup import choices

    settings = load(arguments.config)
    changes = {"data": arguments.data, "portraits": getattr(arguments, "portraits", None)}
    named = {key: str(path.absolute()) for key, path in changes.items() if path is not None}
    settings = Settings(msgspec.structs.replace(settings.config, **named), settings.path)
    choices.apply(settings)
    match arguments.command:
        case "camera":
            calibrate_room.camera(
                settings, arguments.source, arguments.seconds, keep_picture=not arguments.without_picture
            )
        case "faces":
            calibrate_room.faces(settings, enrolled=arguments.portraits is None)
        case "clock":
            calibrate_room.clock(settings, arguments.server)
        case _:
            calibrate_room.report(settings, with_picture=not arguments.without_picture)
    return 0


def _add(commands: _Commands, name: str, vi: str, en: str, example: str) -> Parser:
    return commands.add_parser(
        name, help=both(vi, en), description=both(vi, en), epilog=both("ví dụ: ", "example: ") + example
    )


def _config(command: Parser) -> None:
    command.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=both("tệp cấu hình của bridge-agent", "bridge-agent's settings file"),
    )
    command.add_argument(
        "--data", type=Path, metavar="DIR", help=both("thư mục dữ liệu của bridge-agent", "bridge-agent's data folder")
    )


def _camera(commands: _Commands) -> None:
    camera = _add(
        commands,
        "camera",
        "Đo camera khoảng 10 giây khi có người ngồi trong phòng, và cho biết cần chỉnh gì.",
        "Measure the camera for some 10 seconds with people in the room, and say what to change.",
        "calibrate camera 0",
    )
    camera.add_argument(
        "source", nargs="?", metavar="SOURCE",
        help=both("camera (0), rtsp://… hoặc tệp video; mặc định theo cấu hình", "camera (0), rtsp://… or a video; "
                  "by default the settings'"),
    )  # fmt: skip
    camera.add_argument(
        "--seconds",
        type=number_between(1, 120),
        default=10.0,
        metavar=both("GIÂY", "SECONDS"),
        help=both("đo bao lâu, mặc định 10", "how long, 10 by default"),
    )
    camera.add_argument(
        "--without-picture", action="store_true", help=both("không giữ ảnh phòng", "keep no picture of the room")
    )
    _config(camera)


def _faces(commands: _Commands) -> None:
    faces = _add(
        commands,
        "faces",
        "Đặt ngưỡng khuôn mặt cho lớp này và tìm các cặp học viên giống nhau.",
        "Set the faces' threshold for this class and find learners who look alike.",
        "calibrate faces --portraits anh/",
    )
    faces.add_argument(
        "--portraits",
        type=Path,
        metavar="DIR",
        help=both(
            "thư mục ảnh chân dung, thay cho các học viên đã đăng ký trên máy này",
            "folder of portraits, instead of the learners enrolled on this PC",
        ),
    )
    _config(faces)


def _clock(commands: _Commands) -> None:
    clock = _add(
        commands,
        "clock",
        "Đo độ lệch đồng hồ của máy này so với máy chủ.",
        "Measure this PC's clock against the server's.",
        "calibrate clock",
    )
    clock.add_argument("--server", metavar="URL", help=both("địa chỉ máy chủ", "the server's address"))
    _config(clock)


def _report(commands: _Commands) -> None:
    report = _add(
        commands,
        "report",
        "Ghi trang báo cáo hiệu chỉnh (HTML) vào thư mục dữ liệu.",
        "Write the calibration's page (HTML) into the data folder.",
        "calibrate report",
    )
    report.add_argument(
        "--without-picture", action="store_true", help=both("không có ảnh phòng", "without the room's picture")
    )
    _config(report)


def _set(command: Parser) -> None:
    command.add_argument(
        "--json", type=Path, metavar="OUT", help=both("tệp kết quả JSON; không có thì in ra", "JSON file; else printed")
    )
    command.add_argument(
        "--encoder",
        default="auto",
        choices=("auto", "intel", "dlib", "face_recognition"),
        help=both("bộ mã hoá khuôn mặt, mặc định là bộ tốt nhất có trên máy", "encoder; by default the best at hand"),
    )
    command.add_argument(
        "--class-size",
        type=number_between(1, 1000),
        default=30,
        metavar="N",
        help=both("số học viên một lớp, mặc định 30", "learners in a class, 30 by default"),
    )


def _pairs(commands: _Commands) -> None:
    pairs = _add(
        commands,
        "pairs",
        "Đo độ chính xác trên các cặp ảnh liệt kê trong tệp CSV (hai tệp ảnh; yes nếu cùng một người, no nếu không).",
        "Measure accuracy on pairs of pictures listed in a CSV file (two files; yes for one person, no for two).",
        "calibrate pairs master.csv --pictures anh/ --json ketqua.json",
    )
    pairs.add_argument("pairs", type=Path, metavar="PAIRS.csv", help=both("danh sách các cặp", "the list of pairs"))
    pairs.add_argument(
        "--pictures", type=Path, required=True, metavar="DIR", help=both("thư mục ảnh", "folder of pictures")
    )
    _set(pairs)


def _gallery(commands: _Commands) -> None:
    gallery = _add(
        commands,
        "gallery",
        "Đo độ chính xác trên thư mục có một thư mục con cho mỗi người.",
        "Measure accuracy on a folder that holds one folder for each person.",
        "calibrate gallery lfw/ --json ketqua.json",
    )
    gallery.add_argument("folder", type=Path, metavar="DIR", help=both("thư mục ảnh", "folder of pictures"))
    _set(gallery)


if __name__ == "__main__":
    raise SystemExit(main())
