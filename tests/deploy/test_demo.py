"""The demo as a stranger runs it: a class from nothing to its table, and Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.demo.desk import _pin

ROOT = Path(__file__).parents[2]


def demo(*arguments: str) -> subprocess.Popen[str]:
    # run.py's set-up is done when tests run; UV_PYTHON is what it tells the demo: a Python that has pip.
    env = {**os.environ, "DIEMDANH_LANGUAGE": "en", "UV_PYTHON": getattr(sys, "_base_executable", sys.executable)}
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.demo", "--no-browser", *arguments],
        cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip


def test_the_witness_of_the_demo_has_a_random_pin() -> None:
    assert len({_pin() for _ in range(300)}) > 290


def children(folder: Path) -> list[str]:
    """Command lines of processes that work on this data folder."""
    found = []
    for proc in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line and "deploy.demo" not in line:
            found.append(line)
    return found


@pytest.mark.alone
@pytest.mark.timeout(180)
def test_a_simulated_class_ends_with_a_table_that_agrees_with_the_truth(tmp_path: Path) -> None:
    program = demo("--for", "45", "--data", str(tmp_path))
    out, err = program.communicate(timeout=170)
    assert program.returncode == 0, err
    assert "First learner on the page after" in out
    desk = re.search(r"take duty at \S+ by the PIN (\d{6}); .*code HV001 and PIN (\d{6}), .*number (\d{10}) ", out)
    assert desk, out
    assert "Joe Biden" in out and "credited to nobody" in out
    row = re.search(
        r"Barack Obama\D+([\d.]+) s\D+([\d.]+) s\D+([\d.]+) s\D+([\d.]+) %\D+([\d.]+) s\D+?([-+][\d.]+) s", out
    )
    assert row, out
    seen, not_seen, not_observed, _, true, error = map(float, row.groups())
    assert seen > 10 and seen + not_seen + not_observed == pytest.approx(45, abs=0.2)
    # Two comings and two goings at most, each within 3 s.
    assert error == pytest.approx(seen - true, abs=0.2) and abs(error) <= 12
    assert not children(tmp_path)


@pytest.mark.alone
@pytest.mark.timeout(120)
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is a console event there")
def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and so do theirs
    program = demo("--data", str(tmp_path))
    assert program.stdout is not None
    for line in program.stdout:
        if "class manager's page" in line:
            break
    time.sleep(3)
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=60)
    assert program.returncode == 130
    assert "Traceback" not in out + err
    assert not children(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--camera", "0", "--video", "x.mp4"], "not both"),
        (["--video", "x.mp4"], "go together"),
        (["--video", "missing.mp4", "--portraits", "."], "."),
        (["--for", "soon"], "5 to 14400"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence_and_exit_code_2(tmp_path: Path, arguments: list[str], says: str) -> None:
    program = demo(*arguments, "--data", str(tmp_path))
    out, err = program.communicate(timeout=60)
    assert program.returncode == 2
    assert says in err and "Traceback" not in out + err
