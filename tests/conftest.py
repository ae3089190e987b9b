"""What all tests share: where the pictures lie, and that CI fails when a test that should run was skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
SKIPPED = 6
"""Exit code: a test that should run was skipped. Not pytest's own for failures, which deploy/run.py tries once more."""
NEEDS_SHARED = "needs ../shared, which is absent"


# The agents that tests start keep their keys in their own folders, not in the key store of whoever runs the tests.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes come first: at the end the others would wait for them."""
    items.sort(key=lambda item: not ("end_to_end" in item.path.parts or item.path.name == "test_watch.py"))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a skipped test is a failure, but for those whose pictures are really absent."""
    if not os.environ.get("CI") or exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    wrong = [r for r in skipped if SHARED.exists() or NEEDS_SHARED not in str(r.longrepr)]
    if wrong:
        reporter.write_line(f"{len(wrong)} tests were skipped that should run; in CI that fails.", red=True)
        session.exitstatus = SKIPPED


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with weights, pictures and video for tests; a test that asks for it is skipped where it is absent."""
    if not SHARED.exists():
        pytest.skip(NEEDS_SHARED)
    return SHARED


@pytest.fixture
def weights(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """YuNet and the Intel encoder are at hand, as they are for a technician who fetched them."""
    monkeypatch.setenv("DIEMDANH_WEIGHTS", str(shared / "weights"))
    yield shared / "weights"
