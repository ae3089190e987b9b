"""`run.py bundle`: write the folder that is copied to a USB stick."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from deploy.bundle.contents import (
    PLATFORMS,
    PYTHONS,
    TRIM,
    Locked,
    Target,
    for_target,
    hash_of,
    read_lock,
    sums,
)
from models.command_line import Parser, run_to_exit_code
from models.errors import DiemdanhError
from models.faces import weights
from models.faces.errors import WeightsError
from models.handbook.book import TECHNICIAN, Handbook
from models.handbook.single_page import single_page
from models.language import both

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "deploy" / "requirements"
STICK = Path(__file__).parent / "stick"
FOR_WINDOWS = {".cmd": "", ".ps1": "\ufeff", ".txt": "\ufeff"}
"""What lines end in CR LF, and what stands before the text: Windows PowerShell 5.1 and Notepad take a file without a
byte order mark for the system's old code page, cmd takes one for a command."""
HANDBOOK = "HUONG-DAN.html"
"""The technician's handbook on the stick, for PCs where nothing is installed yet."""


class BundleError(DiemdanhError):
    """The bundle can't be made."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = Parser(
        prog="run.py bundle",
        description=both(
            "Tạo thư mục để chép vào USB: cài phần mềm điểm cầu trên máy Windows hoặc Linux, không cần mạng.",
            "Make a folder for a USB stick that installs the agent on Windows or Linux, without the internet.",
        ),
    )
    p.add_argument("--out", type=Path, help=both("thư mục sẽ ghi", "folder to write (default: dist/diemdanh-VERSION)"))
    p.add_argument(
        "--platform",
        action="append",
        choices=PLATFORMS,
        help=both("chỉ cho hệ này (mặc định: cả hai)", "for this system only (default: both); may be repeated"),
    )
    p.add_argument(
        "--python",
        action="append",
        choices=PYTHONS,
        help=both("chỉ cho Python này (mặc định: tất cả)", "for this Python only (default: all); may be repeated"),
    )
    p.add_argument(
        "--small",
        action="store_true",
        help=both(
            "không kèm các gói phần mềm; khi cài sẽ tải từ mạng", "without the packages: they come from the internet"
        ),
    )
    return p


def main() -> int:
    """Make the bundle. An error is one sentence and exit code 2."""
    return run_to_exit_code(lambda: _run(parser().parse_args()))


def _run(arguments: argparse.Namespace) -> int:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    out: Path = (arguments.out or ROOT / "dist" / f"diemdanh-{version}").resolve()
    if out.exists() and any(out.iterdir()):
        raise BundleError(
            f"Thư mục {out} đã có tệp. Hãy xóa hoặc chọn thư mục khác.",
            f"The folder {out} is not empty. Remove it or choose another.",
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".bundle-") as name:
        made = Path(name) / "bundle"
        targets = [
            Target(platform, python)
            for platform in arguments.platform or PLATFORMS
            for python in arguments.python or PYTHONS
        ]
        fill(made, version, [] if arguments.small else targets)
        if out.exists():
            out.rmdir()
        made.rename(out)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6
    print(both(f"Đã tạo {out} ({size:.0f} MB). Chép cả thư mục vào USB.",
               f"Made {out} ({size:.0f} MB). Copy the whole folder to the USB stick."))  # fmt: skip
    digest = hash_of(out / "SHA256SUMS").removeprefix("sha256:")
    print(both(f"Mã kiểm tra của bộ cài (máy cài sẽ in lại): {digest}",
               f"The bundle's checksum (the install prints it again): {digest}"))  # fmt: skip
    return 0


def fill(folder: Path, version: str, targets: list[Target]) -> None:
    """Write the whole bundle for `targets`; without any it carries our own wheel only. Raises BundleError."""
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    for path in sorted(STICK.glob("*.*")):
        text = path.read_text(encoding="utf-8")
        if path.suffix in FOR_WINDOWS:
            text = FOR_WINDOWS[path.suffix] + text.replace("\n", "\r\n")
        (folder / path.name).write_text(text, encoding="utf-8", newline="")
    (folder / "install.sh").chmod(0o755)
    articles = Handbook({"technician": TECHNICIAN}).articles("vi")
    page = single_page("Sổ tay cán bộ kỹ thuật Điểm danh", articles, TECHNICIAN)
    (folder / HANDBOOK).write_text(page, encoding="utf-8", newline="\n")
    own = _own_wheel(wheels, version)
    installer = read_lock((REQUIREMENTS / "installer.txt").read_text(encoding="utf-8"))
    locked = read_lock((REQUIREMENTS / "agent.txt").read_text(encoding="utf-8"))
    text = "".join(one.line() for one in locked) + f"diemdanh=={version} \\\n    --hash={hash_of(own)}\n"
    (folder / "requirements.txt").write_text(text, encoding="utf-8", newline="\n")
    _download(wheels, installer, None)
    for target in targets:
        print(f"» {target.platform}, Python {target.python}…", flush=True)
        _download(wheels, for_target(locked, target), target)
    lacking = _weights(folder / "weights")
    about = {
        "version": version,
        "carries": [[target.platform, target.python] for target in targets],
        "pythons": PYTHONS,
        "trim": TRIM,
        "weights": sorted(path.name for path in (folder / "weights").iterdir()),
    }
    (folder / "bundle.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8", newline="\n")
    (folder / "SHA256SUMS").write_text(sums(folder), encoding="utf-8", newline="\n")
    for name in lacking:
        print(both(f"Chú ý: không tải được mạng {name}; máy cài từ bộ này dùng mạng của dlib, kém chính xác hơn.",
                   f"Note: the network {name} can't be had; PCs use dlib's, which is less right."))  # fmt: skip


def _own_wheel(wheels: Path, version: str) -> Path:
    """Build the project's own wheel; it carries static/vendor."""
    _call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels))
    return wheels / f"diemdanh-{version}-py3-none-any.whl"


def _download(wheels: Path, locked: list[Locked], target: Target | None) -> None:
    """Bring wheels by hash. .venv has no pip; run.py names the Python it was started with, which has."""
    python = os.environ.get("UV_PYTHON", getattr(sys, "_base_executable", sys.executable))
    command = [python, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "-d", str(wheels)]
    if target is not None:
        command += ["--implementation", "cp", "--python-version", target.python]
        command += [part for tag in PLATFORMS[target.platform] for part in ("--platform", tag)]
    with tempfile.TemporaryDirectory() as name:
        wanted = Path(name) / "wanted.txt"
        wanted.write_text("".join(one.line(marker=False) for one in locked), encoding="utf-8")
        _call(*command, "-r", str(wanted))


def _weights(folder: Path) -> list[str]:
    """Copy what this PC has of the networks, and fetch the rest; the names of those that can't be had."""
    folder.mkdir()
    lacking = []
    for known in weights.MANIFEST:
        try:
            for path in weights.find(known.name) or weights.fetch([known], into=folder):
                if path.parent != folder:
                    shutil.copyfile(path, folder / path.name)
        except WeightsError as error:
            print(error, file=sys.stderr)
            lacking.append(known.name)
    return lacking


def _call(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own commands
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip() or "?").splitlines()[-1]
        raise BundleError(f"Không tạo được bộ cài: {reason}", f"The bundle can't be made: {reason}")


if __name__ == "__main__":
    raise SystemExit(main())
