"""Tests that fail once are tried once more by `run.py test`, and it says which."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.run import SECOND_TRIES, run_tests

ONCE = """
from pathlib import Path

def test_good():
    pass

def test_late():
    mark = Path("tried")
    tried, _ = mark.exists(), mark.touch()
    assert tried

"""
STAGES = [["-m", "pytest", "-q"]]


def run(folder: Path, tests: str) -> int:
    (folder / "test_it.py").write_text(tests)
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return run_tests(env | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, folder, STAGES)


def test_a_test_that_passes_at_the_second_try_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, ONCE) == 0
    assert "second try" in (told := capsys.readouterr().out) and "test_it.py::test_late" in told
    assert "test_good" not in told


def test_a_test_that_fails_twice_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, ONCE + "def test_never():\n    assert False\n") == 1
    assert "second try" not in capsys.readouterr().out


def test_many_failures_are_not_tried_again(tmp_path: Path) -> None:
    assert run(tmp_path, ONCE + "".join(f"def test_{n}():\n    assert False\n" for n in range(SECOND_TRIES))) == 1
    (tmp_path / "test_it.py").write_text(ONCE)
    assert (tmp_path / "tried").exists()
    kept = (tmp_path / ".pytest_cache/v/cache/lastfailed").read_text()
    assert "test_late" in kept, "it did not run again"


def test_a_test_that_cannot_be_read_fails(tmp_path: Path) -> None:
    assert run(tmp_path, "def test_it(:\n") == 2
