"""`central-server` and its commands: courses and sessions, joining and revoking, serving, proving, copying."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from central_server import commands
from central_server.accounts.permission import ROLES
from central_server.backup import commands as backup
from central_server.config import Config, read_config
from central_server.doctor import commands as doctor
from central_server.proof import commands as proof
from models.command_line import Parser, run_to_exit_code
from models.language import both

Command = Callable[[argparse.Namespace, Config], int]
Adding = Callable[[str, Command, str, str], argparse.ArgumentParser]
"""Adds a command: its name, what it does, and a sentence in both languages."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. An error is one sentence on the error output and exit code 2."""
    return run_to_exit_code(lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int:
    arguments = parser().parse_args(argv)
    command: Command = arguments.command
    config = read_config(arguments.config)
    if arguments.data is not None:
        config = msgspec.structs.replace(config, data=str(arguments.data))
    return command(arguments, config)


def parser() -> argparse.ArgumentParser:
    """The command line, described for a technician."""
    whole = Parser(
        prog="central-server",
        description=both(
            "Máy chủ điểm danh: nhận bản ghi từ các điểm cầu và cho biết học viên nào có mặt, trong bao lâu.",
            "The attendance server: takes the bridge points' records and tells who is present, for how long.",
        ),
        epilog=both(
            "Bắt đầu: load-course nạp một lớp, serve chạy máy chủ, new-token tạo mã để một điểm cầu gia nhập.",
            "To begin: load-course loads a course, serve runs the server, new-token lets a bridge point join.",
        ),
    )
    common = Parser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help=both("tệp cấu hình (TOML)", "settings file (TOML)"))
    common.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help=both(
            "thư mục dữ liệu, thay cho thư mục trong tệp cấu hình", "data folder, instead of the settings file's"
        ),
    )
    add = whole.add_subparsers(title=both("lệnh", "commands"), required=True, metavar=both("LỆNH", "COMMAND"))

    def command(name: str, run: Command, vi: str, en: str) -> argparse.ArgumentParser:
        one = add.add_parser(name, parents=[common], help=both(vi, en), description=both(vi, en))
        one.set_defaults(command=run)
        return one

    serve = command(
        "serve", commands.serve, "Chạy máy chủ và in địa chỉ để đăng nhập. Dừng bằng Ctrl-C.",
        "Run the server and print the address to sign in. Ctrl-C stops it.",
    )  # fmt: skip
    serve.add_argument(
        "--host", help=both("địa chỉ mạng, mặc định 127.0.0.1", "address to listen on, default 127.0.0.1")
    )
    serve.add_argument("--port", type=_port, help=both("cổng, mặc định 8080", "port, default 8080"))
    serve.add_argument(
        "--check-config", action="store_true", help=both("chỉ kiểm tra tệp cấu hình", "only check the settings file")
    )
    load = command(
        "load-course", commands.load_course,
        "Nạp một lớp, các buổi học và học viên từ tệp TOML. Nạp lại nhiều lần vẫn an toàn.",
        "Load a course, its sessions and learners from a TOML file. Loading again is harmless.",
    )  # fmt: skip
    load.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help=both("mẫu: deploy/examples/course.toml", "format: deploy/examples/course.toml"),
    )
    token = command(
        "new-token", commands.new_token, "Tạo mã gia nhập dùng một lần cho một điểm cầu.",
        "Make a one-time token with which a bridge point's agent joins.",
    )  # fmt: skip
    token.add_argument(
        "--bridge-point", required=True, metavar="CODE", help=both("mã điểm cầu", "the bridge point's code")
    )
    _account_commands(command)
    gone = command(
        "revoke-device", commands.revoke_device,
        "Thu hồi khóa của máy ở một điểm cầu: từ lúc đó máy chủ từ chối mọi yêu cầu của nó.",
        "Revoke the keys of a bridge point's devices: from then on the server refuses all they ask.",
    )  # fmt: skip
    gone.add_argument(
        "--bridge-point", required=True, metavar="CODE", help=both("mã điểm cầu", "the bridge point's code")
    )
    command("sessions", commands.sessions, "Liệt kê các buổi học và mã của chúng.", "List the sessions and their ids.")
    sheet = command(
        "participation", commands.participation,
        "Danh sách điểm danh của một buổi học: in ra màn hình, hoặc ghi tệp Excel hay CSV.",
        "A session's attendance sheet: printed here, or written as an Excel or CSV file.",
    )  # fmt: skip
    sheet.add_argument(
        "--session",
        required=True,
        metavar="ID",
        help=both("mã buổi học, xem lệnh sessions", "the session's id, see sessions"),
    )
    out = sheet.add_mutually_exclusive_group()
    out.add_argument("--xlsx", type=Path, metavar="FILE", help=both("ghi tệp Excel", "write an Excel file"))
    out.add_argument("--csv", type=Path, metavar="FILE", help=both("ghi tệp CSV", "write a CSV file"))
    _proof_commands(command)
    _copy_commands(command)
    check = command(
        "doctor", doctor.doctor_command,
        "Kiểm tra thư mục dữ liệu, đĩa, đồng hồ, khóa, bản sao, cổng, chứng chỉ, chuyển tiếp; nói phải làm gì.",
        "Check data folder, disk, clock, keys, copies, port, certificate and relay, and say what to do.",
    )  # fmt: skip
    check.add_argument(
        "--backups", type=Path, metavar="FOLDER",
        help=both(f"thư mục bản sao, mặc định {doctor.BACKUPS}", f"folder of the copies, default {doctor.BACKUPS}"),
    )  # fmt: skip
    return whole


def _account_commands(command: Adding) -> None:
    new = command(
        "new-account", commands.new_account,
        "Tạo tài khoản với một vai trò và in đường dẫn dùng một lần để chọn mật khẩu.",
        "Make an account with a role; prints the one-time link with which its owner chooses a password.",
    )  # fmt: skip
    new.add_argument("--name", required=True, metavar="NAME", help=both("họ và tên", "the person's name"))
    new.add_argument("--role", required=True, choices=ROLES, help=both("vai trò", "role"))
    new.add_argument(
        "--course", metavar="CODE", help=both("chỉ trong lớp này (mặc định: mọi lớp)", "in this course only")
    )
    new.add_argument(
        "--bridge-point", metavar="CODE", help=both("chỉ ở điểm cầu này (mặc định: mọi điểm)", "at this one only")
    )
    link = command(
        "sign-in-link", commands.sign_in_link,
        "In đường dẫn đăng nhập dùng một lần, ngắn hạn, cho một tài khoản.",
        "Print a short-lived one-time link that signs an account in.",
    )  # fmt: skip
    link.add_argument(
        "--new-password",
        action="store_true",
        help=both("đường dẫn yêu cầu chọn mật khẩu mới", "ask for a new password"),
    )
    link.add_argument(
        "--no-second-factor",
        action="store_true",
        help=both(
            "bỏ bước xác thực thứ hai đang dùng (mất điện thoại và mã dự phòng); mọi lần đăng nhập đang mở bị thoát",
            "take the second factor away (phone and recovery codes are lost), which ends all sign-ins",
        ),
    )
    for one in (new, link):
        one.add_argument("--login", required=True, metavar="LOGIN", help=both("tên đăng nhập", "login"))
        one.add_argument(
            "--address", metavar="URL",
            help=both("địa chỉ máy chủ, nếu tệp cấu hình không ghi", "the server's address, if no settings tell"),
        )  # fmt: skip


def _proof_commands(command: Adding) -> None:
    verify = command(
        "verify", proof.verify_command,
        "Chứng minh mọi nhật ký, chữ ký, biên nhận và tổng từ các dòng gốc; nói rõ bản ghi nào bị sửa, xóa, thêm, đổi.",
        "Prove every log, signature, receipt and total from the raw lines; say which record was changed or removed.",
    )  # fmt: skip
    verify.add_argument(
        "--pack", type=Path, metavar="FILE",
        help=both("kiểm tra một gói bằng chứng thay cho cơ sở dữ liệu", "check a proof pack instead of the database"),
    )  # fmt: skip
    export = command(
        "export-log", proof.export_log, "Ghi gói bằng chứng để kiểm tra ở máy khác.",
        "Write a proof pack that can be checked on another PC.",
    )  # fmt: skip
    export.add_argument(
        "--out", type=Path, metavar="FILE", required=True, help=both("tệp zip sẽ ghi", "the zip file to write")
    )
    for one in (verify, export):
        one.add_argument(
            "--receipts", type=Path, metavar="FILE|FOLDER",
            help=both("biên nhận do các điểm cầu giữ (NDJSON)", "receipts that the agents kept (NDJSON)"),
        )  # fmt: skip


def _copy_commands(command: Adding) -> None:
    out = command(
        "backup", backup.backup_command,
        "Sao lưu cơ sở dữ liệu khi máy chủ đang chạy; bản sao được mở và so lại trước khi coi là tốt.",
        "Copy the database while the server runs; the copy is opened and compared before it is called good.",
    )  # fmt: skip
    out.add_argument(
        "--out", type=Path, metavar="FILE", required=True, help=both("tệp sao lưu sẽ ghi", "the copy to write")
    )
    back = command(
        "restore", backup.restore_command,
        "Khôi phục cơ sở dữ liệu từ bản sao, khi máy chủ đã dừng. Cơ sở dữ liệu cũ được giữ bên cạnh.",
        "Put a copy back while no server runs. The database that was there is kept beside it.",
    )  # fmt: skip
    back.add_argument(
        "--from", dest="source", type=Path, metavar="FILE", required=True, help=both("bản sao", "the copy")
    )
    back.add_argument(
        "--replace", action="store_true", help=both("thay cơ sở dữ liệu đang có", "replace the database that is there")
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(both("cổng là một số từ 0 đến 65535", "a port is a number from 0 to 65535"))
    return int(text)


if __name__ == "__main__":
    raise SystemExit(main())
