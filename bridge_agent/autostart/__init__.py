"""`bridge-agent autostart`: the agent starts by itself, at sign-in or, set up by root, with the PC.

Linux: a systemd unit, the user's or the system's. Windows: a script in the user's Startup folder, which needs no
rights. Both start the agent again within 10 s, however it ended. Their texts lie beside this file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import platformdirs

from bridge_agent import identity
from bridge_agent.data_folder import DataFolder
from bridge_agent.errors import FinalError, IdentityError
from models.language import both

UNIT = "diemdanh-agent.service"
STATE = Path("/var/lib/diemdanh-agent")
"""The data folder of an agent that starts with the PC: the unit's StateDirectory."""
SYSTEM_UNITS = Path("/etc/systemd/system")


@dataclass(frozen=True, slots=True)
class Way:
    """How this PC starts the agent: the file that does it, the text it is made from, and the manager to tell of it."""

    file: Path
    template: str
    systemctl: tuple[str, ...]
    """Empty where a file is all that it takes."""
    data: Path | None = None
    """The data folder, where it has to be this one."""


def way() -> Way:
    """By the system and by who asks."""
    if sys.platform == "win32":
        roaming = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
        startup = roaming / "Microsoft" / "Windows" / "Start Menu" / "Programs" / "Startup"
        return Way(startup / "diemdanh-agent.cmd", "startup.cmd", ())
    if os.geteuid() == 0:
        return Way(SYSTEM_UNITS / UNIT, "system.service", ("systemctl",), STATE)
    units = platformdirs.user_config_path() / "systemd" / "user"
    return Way(units / UNIT, "user.service", ("systemctl", "--user"))


def on(how: Way, folder: DataFolder, config: Path | None, data: Path | None) -> int:
    """Start the agent now and each time; `folder` is its data folder.

    Raises IdentityError when it has not joined, FinalError when the system can't be told.
    """
    enable(how, folder, config, data)
    if how.systemctl:
        _tell(how, "restart", UNIT)
        print(both("Điểm cầu đang chạy và sẽ tự khởi động.", "The agent runs, and will start by itself."))
    else:
        print(both(f"Từ lần đăng nhập sau, điểm cầu tự khởi động. Muốn chạy ngay, hãy bấm đúp {how.file}.",
                   f"The agent starts by itself from the next sign-in on. "
                   f"To start it now, double-click {how.file}."))  # fmt: skip
    return 0


def enable(how: Way, folder: DataFolder, config: Path | None, data: Path | None) -> None:
    """Have the agent start from the next time on; one that runs now goes on. Raises as `on` does, and is off then."""
    if how.data and not DataFolder(how.data).identity.exists():
        join = f"bridge-agent join --data {how.data} --server https://… --token …"
        raise IdentityError(
            f"Để chạy cùng máy, hãy gia nhập bằng quyền root với thư mục dữ liệu này: {join}",
            f"To run with the PC, join as root with this data folder: {join}",
        )
    identity.membership(DataFolder(how.data) if how.data else folder)
    if how.systemctl and not shutil.which(how.systemctl[0]):
        raise FinalError(
            "Linux này không có systemd, nên không tự khởi động được. Hãy chạy bridge-agent run bằng tay.",
            "This Linux has no systemd, so the agent can't be started by it. Start bridge-agent run by hand.",
        )
    options = {"--config": config and config.absolute(), "--data": how.data or (data and data.absolute())}
    command = [str(program()), "run", *(str(part) for key, value in options.items() if value for part in (key, value))]
    try:
        how.file.parent.mkdir(parents=True, exist_ok=True)
        how.file.write_text(text(how.template, command), encoding="utf-8", newline="")
        how.file.chmod(0o644)
    except OSError as error:
        raise FinalError(
            f"Không ghi được {how.file} ({error.strerror}). Hãy kiểm tra quyền ghi.",
            f"{how.file} cannot be written ({error.strerror}). Check its permissions.",
        ) from error
    if how.systemctl:
        try:
            _tell(how, "daemon-reload")
            _tell(how, "enable", UNIT)
        except FinalError:
            how.file.unlink(missing_ok=True)  # by it `show` and the wizard tell that it is on
            raise


def started_by(how: Way, folder: DataFolder) -> Path | None:
    """The file by which the agent with this data folder starts by itself; None: it does not."""
    if how.file.exists():
        return how.file
    system = SYSTEM_UNITS / UNIT
    return system if folder.path == STATE and system.exists() else None


def off(how: Way) -> int:
    """No longer start the agent; systemd stops it too. Raises FinalError when the system can't be told."""
    if how.file.exists():
        if how.systemctl and shutil.which(how.systemctl[0]):
            _tell(how, "disable", "--now", UNIT)
        how.file.unlink()
        if how.systemctl and shutil.which(how.systemctl[0]):
            _tell(how, "daemon-reload")
    print(both("Điểm cầu không tự khởi động.", "The agent does not start by itself."))
    return 0


def show(how: Way) -> int:
    """Say whether the agent starts by itself and by which file; exit code 1 when it does not."""
    if not how.file.exists():
        print(both("Điểm cầu không tự khởi động. Bật: bridge-agent autostart on.",
                   "The agent does not start by itself. Turn it on: bridge-agent autostart on."))  # fmt: skip
        return 1
    if how.data:
        print(both(f"Tự khởi động cùng máy ({how.file}), dữ liệu ở {how.data}.",
                   f"Starts with the PC ({how.file}); its data lie in {how.data}."))  # fmt: skip
    else:
        print(both(f"Tự khởi động khi đăng nhập ({how.file}).", f"Starts at sign-in ({how.file})."))
    if how.systemctl and shutil.which(how.systemctl[0]):
        asked = subprocess.run([*how.systemctl, "is-active", UNIT], capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        state = asked.stdout.strip() or "?"
        print(both(f"Trạng thái bây giờ: {state}.", f"State now: {state}."))
    return 0


def program() -> Path:
    """The agent's program, by a path that stays right when another version is installed (deploy/bundle).

    Raises FinalError when there is none.
    """
    scripts = Path(sysconfig.get_path("scripts"))
    name = "bridge-agent.exe" if sys.platform == "win32" else "bridge-agent"
    prefix = Path(sys.prefix)
    current = prefix.parent.parent / "current"
    if prefix.parent.name == "versions" and current.exists():
        scripts = current / scripts.relative_to(prefix)
    if not (scripts / name).exists():
        raise FinalError(
            f"Không thấy {scripts / name}. Hãy cài lại phần mềm.",
            f"{scripts / name} is missing. Install the agent again.",
        )
    return scripts / name


def text(template: str, command: list[str]) -> str:
    """The unit's or the script's text, with the command in it. Raises FinalError for a path that it can't hold."""
    whole = (files("bridge_agent.autostart") / template).read_text(encoding="utf-8")
    if any(character in part for part in command for character in '"\n\r'):
        raise FinalError(
            "Đường dẫn có dấu nháy kép hoặc xuống dòng thì không dùng được.",
            "A path with a double quote or a line's end can't be used.",
        )
    if template.endswith(".cmd"):
        words = (part.replace("%", "%%") for part in command)
        whole = whole.replace("\n", "\r\n")
    else:  # systemd.service(5), "Command lines"
        words = (part.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$") for part in command)
    return whole.replace("@COMMAND@", " ".join(f'"{word}"' for word in words))


def _tell(how: Way, *what: str) -> None:
    done = subprocess.run([*how.systemctl, *what], capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip() or "?").splitlines()[-1]
        raise FinalError(
            f"systemd không nhận lệnh {what[0]}: {reason}",
            f"systemd does not take {what[0]}: {reason}",
        )
