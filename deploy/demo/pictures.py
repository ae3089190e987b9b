"""The pictures of the demo: two people whose portraits the source distribution of face_recognition carries.

They are official portraits in the public domain, fetched at run time with pip, checked by hash and never committed.
The learner is enrolled from other pictures than the one the simulated camera shows.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

from bridge_agent.simulated_class.classes import Portrayed
from models.errors import DiemdanhError

PACKAGE = "face_recognition==1.3.0 --hash=sha256:5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec\n"
FILES = ("obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg")


class PicturesError(DiemdanhError):
    """The pictures of the demo can't be had."""


def fetch(folder: Path) -> None:
    """Put FILES into `folder`, once. Raises PicturesError when the package can't be downloaded or is another one."""
    if all((folder / name).exists() for name in FILES):
        return
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder / "wanted.txt"
    wanted.write_text(PACKAGE, encoding="utf-8")
    # .venv has no pip; run.py names the Python it was started with, which has.
    python = os.environ.get("UV_PYTHON", sys.executable)
    command = [python, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-binary", "face_recognition", "--require-hashes", "-d", str(folder), "-r", str(wanted)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    archive = folder / "face_recognition-1.3.0.tar.gz"
    if done.returncode or not archive.exists():
        reason = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise PicturesError(
            f"Không tải được ảnh mẫu cho lớp mô phỏng ({reason}). "
            "Hãy kiểm tra mạng, hoặc chạy với --video và --portraits.",
            f"The demo's pictures can't be downloaded ({reason}). Check the network, or use --video and --portraits.",
        )
    with tarfile.open(archive) as tar:
        for member in tar:
            name = Path(member.name).name
            if name in FILES and "/test_images/" in member.name and (stream := tar.extractfile(member)):
                (folder / name).write_bytes(stream.read())
    archive.unlink()
    wanted.unlink()


def learner(folder: Path) -> Portrayed:
    """The person who is enrolled."""
    return Portrayed("Barack Obama", (folder / "obama2.jpg", folder / "obama3.jpg"), folder / "obama.jpg")


def stranger(folder: Path) -> Portrayed:
    """The person who is not."""
    return Portrayed("Joe Biden", (), folder / "biden.jpg")
