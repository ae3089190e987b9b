"""Installs, upgrades, rolls back and removes the agent, for one user. Python 3.11's standard library only.

    ROOT/versions/VERSION-SUM/     a virtual environment of its own; whole once it holds installed.json
    ROOT/current                   points at the version in use (a link; on Windows a junction, which needs no rights)
    ROOT/previous.txt              the version before, for rollback
    ROOT/bin/                      bridge-agent and calibrate of the current version
    ROOT/installer/                this script, for rollback and uninstall without the stick

The agent's own data (log, keys, settings, profile) lie elsewhere and are never touched here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import socket
import struct
import subprocess
import sys
import sysconfig
import time
import venv
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

HERE = Path(__file__).resolve().parent
WINDOWS = sys.platform == "win32"
SCRIPTS = "Scripts" if WINDOWS else "bin"
PROGRAMS = ("bridge-agent", "calibrate")
LAUNCHERS = ("install.py", "install.sh", "install.ps1", "install.cmd")
MARK = "installed.json"
STATE = Path("/var/lib/diemdanh-agent")
"""The data folder of an agent that starts with the PC (bridge_agent.autostart)."""
PORT = 8790
"""Of the agent's own pages (bridge_agent.config)."""
PAGE_S = 60.0
NETWORKS = "cv2, openvino, av, aiortc, dlib, onnx, keyring"


def both(vi: str, en: str) -> str:
    """One of two sentences: DIEMDANH_LANGUAGE=en makes it English."""
    return en if os.environ.get("DIEMDANH_LANGUAGE", "").lower().startswith("en") else vi


def say(vi: str, en: str) -> None:
    """A line of progress."""
    print(both(vi, en), flush=True)


def stop(vi: str, en: str) -> NoReturn:
    """End with one sentence and exit code 2."""
    print(both(vi, en), file=sys.stderr)
    raise SystemExit(2)


def default_root() -> Path:
    """Where this user's versions lie; for root, where all users may read them."""
    if HERE.name == "installer" and (HERE.parent / "versions").is_dir():
        return HERE.parent
    if WINDOWS:
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "diemdanh"
    if os.geteuid() == 0:
        return Path("/opt/diemdanh")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "diemdanh"


# ---- what the stick holds


def about() -> dict[str, Any]:
    """The bundle's own description."""
    try:
        found: dict[str, Any] = json.loads((HERE / "bundle.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stop(
            f"Trong {HERE} không có bộ cài. Hãy chạy tệp này từ USB.",
            f"There is no bundle in {HERE}. Run this from the USB stick.",
        )
    return found


def check_sums() -> str:
    """Every file is as it was when the bundle was made, and no wheel or network was added. The sum of all.

    This finds a damaged or exchanged file; that the stick is the office's own shows by comparing the printed sum.
    """
    try:
        listed = (HERE / "SHA256SUMS").read_bytes()
    except OSError:
        stop(f"Thiếu tệp {HERE / 'SHA256SUMS'}. Chưa cài gì.", f"{HERE / 'SHA256SUMS'} is missing. Nothing installed.")
    wanted: dict[str, str] = {}
    for line in listed.decode().splitlines():
        sha256, _, name = line.partition("  ")
        wanted[name] = sha256
    for name, sha256 in wanted.items():
        try:
            with (HERE / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            found = ""
        if found != sha256:
            stop(
                f"Tệp {name} trong bộ cài bị thiếu, hỏng hoặc đã bị thay đổi. Chưa cài gì. Hãy chép lại bộ cài.",
                f"{name} of the bundle is missing, damaged or was changed. Nothing was installed. Copy the bundle to "
                "the stick again.",
            )
    for folder in ("wheels", "weights"):
        for path in sorted((HERE / folder).iterdir()):
            if f"{folder}/{path.name}" not in wanted:
                stop(
                    f"Tệp {folder}/{path.name} không thuộc bộ cài. Chưa cài gì. Hãy xóa tệp này hoặc chép lại bộ cài.",
                    f"{folder}/{path.name} does not belong to the bundle. Nothing was installed. Remove it or copy the "
                    "bundle again.",
                )
    return hashlib.sha256(listed).hexdigest()


def this_pc() -> list[str]:
    """The bundle's words for this PC and this Python."""
    return ["windows" if WINDOWS else "linux", f"{sys.version_info[0]}.{sys.version_info[1]}"]


def obstacle(bundle: dict[str, Any], from_internet: bool) -> tuple[str, str] | None:
    """Why this Python on this PC can't take the bundle; None where it can."""
    python = this_pc()[1]
    machine = platform.machine().lower()
    if machine not in ("x86_64", "amd64") or struct.calcsize("P") != 8:
        return (
            f"Bộ cài dành cho máy và Python 64-bit (x64); ở đây là {machine}, {struct.calcsize('P') * 8}-bit.",
            f"The bundle is for 64-bit (x64) PCs and Pythons; this is {machine}, {struct.calcsize('P') * 8}-bit.",
        )
    if python not in bundle["pythons"]:
        right = ", ".join(bundle["pythons"])
        return (
            f"Python ở đây là {python}; cần một trong {right}.",
            f"This is Python {python}; one of {right} is needed.",
        )
    if bundle["carries"] and not from_internet and this_pc() not in bundle["carries"]:
        right = ", ".join(one for system, one in bundle["carries"] if system == this_pc()[0]) or "–"
        return (
            f"Bộ cài trên USB không có gói cho Python {python} (có cho: {right}). Hãy cài Python đó, hoặc nếu có mạng "
            "thì chạy lại với --from-internet.",
            f"The stick holds no packages for Python {python} (it does for: {right}). Install that Python, or with an "
            "internet connection run this again with --from-internet.",
        )
    if not _takes_wheels():
        return (
            "Linux này quá cũ (cần glibc 2.28, như Debian 10 hay Ubuntu 20.04).",
            "This Linux is too old (glibc 2.28 is needed, as in Debian 10 or Ubuntu 20.04).",
        )
    return None


def _takes_wheels() -> bool:
    if WINDOWS:
        return True
    name, version = platform.libc_ver()
    return name == "glibc" and tuple(map(int, version.split(".")[:2])) >= (2, 28)


# ---- installing


def install(root: Path, from_internet: bool) -> None:
    """Put the bundle's version into a folder of its own and point `current` at it; where somebody sits at the console
    and no agent runs, offer to start it."""
    began = time.monotonic()
    bundle = about()
    if hindrance := obstacle(bundle, from_internet):
        stop(*hindrance)
    say("Kiểm tra bộ cài…", "Checking the bundle…")
    digest = check_sums()
    say(f"Mã kiểm tra: {digest}", f"Checksum: {digest}")
    name = f"{bundle['version']}-{digest[:8]}"
    folder = root / "versions" / name
    if (folder / MARK).exists():
        say(f"Phiên bản {name} đã có trên máy.", f"Version {name} is on this PC already.")
    else:
        build(folder, bundle, offline=bool(bundle["carries"]) and not from_internet)
    point_at(root, name)
    put_programs(root)
    keep_launchers(root)
    drop_old(root)
    size = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    took = time.monotonic() - began
    say(f"Đã cài {name}: {size:.0f} MB, {took:.0f} giây, ở {root}.",
        f"Installed {name}: {size:.0f} MB, {took:.0f} s, in {root}.")  # fmt: skip
    agent = root / "bin" / ("bridge-agent.cmd" if WINDOWS else "bridge-agent")
    data = f" --data {STATE}" if not WINDOWS and os.geteuid() == 0 else ""
    say(f"Tiếp theo: {agent} run{data}, mở http://localhost:8790 và làm theo từng bước.\n"
        "Ở bước cuối, bấm “Bật tự khởi động”: từ đó không cần gõ lệnh nữa.\n"
        "Nếu bridge-agent đang chạy, nó dùng bản mới từ lần khởi động sau.",
        f"Next: {agent} run{data}, then open http://localhost:8790 and follow the steps.\n"
        "On the last page press “Start by itself from now on”: from then on no command is needed.\n"
        "A bridge-agent that runs now takes the new version when it starts again.")  # fmt: skip
    if sys.stdin.isatty() and sys.stdout.isatty() and not any(map(running, (root / "versions").iterdir())):
        program = root / "current" / SCRIPTS / ("bridge-agent.exe" if WINDOWS else "bridge-agent")
        offer_to_start([str(program), "run", *data.split()], input, webbrowser.open, PORT)


def offer_to_start(
    command: list[str], ask: Callable[[str], str], show: Callable[[str], object], port: int
) -> None:  # fmt: skip
    """Start the agent if Enter is pressed; show its page as soon as it answers. Returns when the agent has ended."""
    try:
        answer = ask(both("Bấm Enter để chạy ngay và mở trang cài đặt (gõ k rồi Enter: để sau): ",
                          "Press Enter to start it now and open its page (type n, then Enter: later): "))  # fmt: skip
    except (EOFError, KeyboardInterrupt):
        return
    if answer.strip():
        return
    say("Trong lúc cài đặt hãy để cửa sổ này mở.", "Leave this window open during the set-up.")
    agent = subprocess.Popen(command)  # noqa: S603 - what was just installed
    end = time.monotonic() + PAGE_S
    while agent.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            show(f"http://localhost:{port}")
            break
    try:
        agent.wait()
    except KeyboardInterrupt:  # the agent got it too, and ends in order
        agent.wait()


def build(folder: Path, bundle: dict[str, Any], *, offline: bool) -> None:
    """Make the version's environment; it counts once its mark is on the disk, so a power cut harms nothing."""
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        say("Cài các gói phần mềm (khoảng một phút)…", "Installing packages (about a minute)…")
        # Without ensurepip, which Debian's Python lacks: the bundle brings its pip.
        venv.EnvBuilder(symlinks=not WINDOWS, with_pip=False).create(folder)
        python = folder / SCRIPTS / ("python.exe" if WINDOWS else "python")
        run_pip(python, offline)
        site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
        trim(site, bundle["trim"])
        shutil.copytree(HERE / "weights", folder / "share" / "diemdanh" / "weights")
        try_out(python)
        mark = folder / MARK
        with mark.with_suffix(".new").open("w", encoding="utf-8") as file:
            json.dump({"version": bundle["version"], "python": sys.version.split()[0]}, file)
            file.flush()
            os.fsync(file.fileno())
        mark.with_suffix(".new").replace(mark)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        stop(
            f"Không ghi được vào {folder} ({error.strerror}). Hãy kiểm tra chỗ trống (cần 1 GB) và quyền ghi. "
            "Bản đang dùng vẫn như cũ.",
            f"{folder} can't be written ({error.strerror}). Check the space (1 GB is needed) and its permissions. "
            "The version in use is as before.",
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def run_pip(python: Path, offline: bool) -> None:
    """Install by hash; nothing is built, and nothing is asked of the network where the stick has all."""
    (pip,) = (HERE / "wheels").glob("pip-*.whl")
    command = [str(python), "-I", "-X", "utf8", "-c", _PIP, str(pip), "install", "-q", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--no-warn-script-location", "--disable-pip-version-check", "--no-input"]
    command += ["--find-links", str(HERE / "wheels"), "-r", str(HERE / "requirements.txt")]
    if offline:
        command += ["--no-index", "--no-cache-dir", "--isolated"]
    done = run(command)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["?"])[-1]
        where = "" if offline else both(" Hãy kiểm tra mạng.", " Check the internet connection.")
        stop(
            f"Không cài được các gói: {reason}{where} Bản đang dùng vẫn như cũ.",
            f"The packages can't be installed: {reason}{where} The version in use is as before.",
        )


_PIP = "import sys; sys.path.insert(0, sys.argv.pop(1)); from pip._internal.cli.main import main; sys.exit(main())"


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a program of ours to its end."""
    return subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)  # noqa: S603 - our own commands


def trim(site: Path, patterns: list[str]) -> None:
    """Remove what the agent never loads."""
    for pattern in patterns:
        for path in sorted(site.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def try_out(python: Path) -> None:
    """Load every big library once: a PC that lacks something says so now, and not when the class begins."""
    done = run([str(python), "-I", "-X", "utf8", "-c", f"import {NETWORKS}, bridge_agent.cli"])
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["?"])[-1]
        hint = both(
            " Trên Windows, hãy cài Microsoft Visual C++ Redistributable (x64): https://aka.ms/vs/17/release/vc_redist.x64.exe.",
            " On Windows install the Microsoft Visual C++ Redistributable (x64): https://aka.ms/vs/17/release/vc_redist.x64.exe.",
        )
        stop(
            f"Máy này không nạp được các thư viện: {reason}.{hint if WINDOWS else ''} Bản đang dùng vẫn như cũ.",
            f"This PC can't load the libraries: {reason}.{hint if WINDOWS else ''} The version in use is as before.",
        )


# ---- which version is in use


def current(root: Path) -> str | None:
    """The name of the version in use."""
    link = root / "current"
    try:
        return link.readlink().name
    except OSError:
        return None


def point_at(root: Path, name: str) -> None:
    """Make `name` the version in use; the one that was so until now becomes the previous one."""
    before = current(root)
    if before == name:
        return
    link = root / "current"
    if WINDOWS:  # a junction can't be replaced in one step; between the two an install that is run again mends it
        import _winapi

        if before is not None:
            link.rmdir()
        _winapi.CreateJunction(str(root / "versions" / name), str(link))  # type: ignore[attr-defined,unused-ignore]  # Windows only
    else:
        new = root / "current.new"
        new.unlink(missing_ok=True)
        new.symlink_to(Path("versions") / name)
        new.replace(link)
    if before is not None and (root / "versions" / before / MARK).exists():
        (root / "previous.txt").write_text(before, encoding="utf-8")


def put_programs(root: Path) -> None:
    """bin/bridge-agent and bin/calibrate, which stay right when the version changes."""
    folder = root / "bin"
    folder.mkdir(exist_ok=True)
    for name in PROGRAMS:
        if WINDOWS:
            text = f'@"%~dp0..\\current\\Scripts\\{name}.exe" %*\r\n'
            (folder / f"{name}.cmd").write_text(text, encoding="ascii", newline="")
            continue
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(Path("..") / "current" / "bin" / name)


def keep_launchers(root: Path) -> None:
    """Keep this script, so that rollback and uninstall need no stick."""
    kept = root / "installer"
    if kept == HERE:
        return
    kept.mkdir(exist_ok=True)
    for name in LAUNCHERS:
        shutil.copyfile(HERE / name, kept / name)


def drop_old(root: Path) -> None:
    """Remove the versions that are neither in use, nor the one before, nor running."""
    kept = {current(root), previous(root)}
    for folder in (root / "versions").iterdir():
        if folder.name not in kept and not running(folder):
            shutil.rmtree(folder, ignore_errors=True)


def previous(root: Path) -> str | None:
    """The name of the version before this one, if it is still whole."""
    try:
        name = (root / "previous.txt").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return name if name and (root / "versions" / name / MARK).exists() else None


def running(folder: Path) -> bool:
    """Whether a program of this version runs."""
    if not folder.exists():
        return False
    if WINDOWS:  # a folder whose programs run can't be renamed
        aside = folder.with_name(f"{folder.name}.old")
        try:
            folder.rename(aside)
            aside.rename(folder)
        except OSError:
            return True
        return False
    inside = os.fsencode(f"{folder.resolve()}{os.sep}")
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            if int(maps.parent.name) != os.getpid() and inside in maps.read_bytes():
                return True
        except OSError:
            continue  # ended meanwhile, or another user's
    return False


def rollback(root: Path) -> None:
    """Point `current` at the version before."""
    name = previous(root)
    if name is None:
        stop("Không có bản trước để quay lại.", "There is no version before this one.")
    point_at(root, name)
    put_programs(root)
    say(
        f"Đang dùng bản {name}. Hãy khởi động lại bridge-agent.", f"Version {name} is in use. Start bridge-agent again."
    )


# ---- removing


def uninstall(root: Path, agent_options: list[str]) -> None:
    """Remove programs and autostart. The data stay; say how much of the log the server does not have, and where."""
    if not (root / "versions").is_dir():
        stop(f"Không có bản cài nào ở {root}.", f"Nothing is installed in {root}.")
    name = current(root)
    agent = root / "versions" / name / SCRIPTS / ("python.exe" if WINDOWS else "python") if name else None
    left = None
    if agent is not None and agent.exists():
        command = [str(agent), "-I", "-X", "utf8", "-m", "bridge_agent.cli"]
        off, asked = run([*command, "autostart", "off"]), run([*command, "waiting", *agent_options])
        left = asked.stdout.strip() or asked.stderr.strip()
        if off.returncode:
            say(off.stderr.strip(), off.stderr.strip())
    if any(running(folder) for folder in (root / "versions").iterdir()):
        stop(
            "bridge-agent đang chạy. Hãy dừng nó rồi gỡ lại. Chưa gỡ gì.",
            "bridge-agent is running. Stop it and try again. Nothing was removed.",
        )
    if WINDOWS and name is not None:
        (root / "current").rmdir()
    for part in ("current", "previous.txt"):
        (root / part).unlink(missing_ok=True)
    for part in ("versions", "bin", "installer"):
        shutil.rmtree(root / part, ignore_errors=part == "installer")
    say("Đã gỡ phần mềm. Dữ liệu được giữ lại.", "The programs are removed. The data are kept.")
    if left:
        print(left)


def main(argv: list[str]) -> int:
    """Do what was asked."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a Windows console may not be UTF-8
    if not WINDOWS and os.geteuid() == 0:
        os.umask(0o022)  # what root installs is for all users to run
    parser = argparse.ArgumentParser(prog="install", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", nargs="?", default="install", choices=("install", "rollback", "uninstall"))
    parser.add_argument("--into", type=Path, metavar="ROOT", help=f"default: {default_root()}")
    parser.add_argument("--from-internet", action="store_true", help="packages from the internet, not from the stick")
    parser.add_argument("--config", help="uninstall: the agent's settings file, to find its log")
    parser.add_argument("--data", help="uninstall: the agent's data folder, to find its log")
    only_asked = argv[:1] == ["fits"]
    asked = parser.parse_args(argv[1:] if only_asked else argv)
    if only_asked:
        return int(asked.what == "install" and obstacle(about(), asked.from_internet) is not None)
    root: Path = (asked.into or default_root()).expanduser().absolute()
    try:
        if asked.what == "install":
            install(root, asked.from_internet)
        elif asked.what == "rollback":
            rollback(root)
        else:
            data = asked.data or (str(STATE) if not asked.config and (STATE / "identity.json").exists() else None)
            options = {"--config": asked.config, "--data": data}
            uninstall(root, [part for key, value in options.items() if value for part in (key, value)])
    except OSError as error:
        stop(
            f"Không ghi được vào {root} ({error.strerror}). Hãy kiểm tra quyền ghi, tắt bridge-agent rồi thử lại.",
            f"{root} can't be written ({error.strerror}). Check its permissions, stop bridge-agent and try again.",
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
