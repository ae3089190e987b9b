"""Faults of joining: tokens that are not good, and what else may come of `bridge-agent join`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from central_server.bridge_points.joining import make_token
from central_server.bridge_points.rotation import revoke
from tests import forked
from tests.central_server.running import running
from tests.faults.hundred.fault import Inject
from tests.faults.hundred.line import Mode
from tests.faults.hundred.place import Place, wait

Token = Callable[[Place], str]
"""The token with which somebody tries to join."""


def fresh(place: Place) -> str:
    """A good one."""
    return place.server.token("DC1")


def used(place: Place) -> str:
    """One with which another PC has joined."""
    token = fresh(place)
    with tempfile.TemporaryDirectory(dir=place.folder) as folder:
        join(place, Path(folder) / "agent", token, place.server.address)
    return token


def expired(place: Place) -> str:
    """One whose time is over."""
    return place.server.do(make_token("DC1", place.server.clock() - 36 * 3_600_000)).token


def mistyped(place: Place) -> str:
    """One in which two letters stand in each other's place."""
    token = fresh(place)
    at = next(n for n in range(len(token) - 1) if "-" not in token[n : n + 2] and token[n] != token[n + 1])
    return f"{token[:at]}{token[at + 1]}{token[at]}{token[at + 2 :]}"


def foreign(place: Place) -> str:
    """One that another server made."""
    with running(place.folder / "another") as another:
        another.load(place.folder / "course.toml")
        return another.token("DC1")


def tries(token: Token, mode: Mode | None = None) -> Inject:
    """Somebody tries to join with a data folder of its own."""

    @contextmanager
    def inject(place: Place) -> Iterator[None]:
        with tempfile.TemporaryDirectory(dir=place.folder) as folder:
            given = token(place)
            address = place.server.address
            if mode is not None:
                place.line.become(replace(mode, certificate=""))
                address = f"http://127.0.0.1:{place.line.port}"
            try:
                join(place, Path(folder) / "agent", given, address, code=2)
            finally:
                place.line.become(Mode())
            yield

    return inject


@contextmanager
def joined_already(place: Place) -> Iterator[None]:
    """Somebody tries to join with the agent's own data folder, while the agent is ended for it."""
    place.keeper.stop()
    join(place, place.data, fresh(place), place.server.address, code=2)
    place.keeper.start()
    yield


@contextmanager
def revoked(place: Place) -> Iterator[None]:
    """The administrator revokes this PC's key; it joins anew."""
    place.server.do(revoke("DC1", place.server.clock()))
    yield
    place.keeper.stop()
    for path in (place.data / "identity.json", place.data / "identity.key"):
        path.unlink()
    join(place, place.data, fresh(place), place.server.address)
    place.keeper.start()
    wait(place.health, 60, "the agent as another device")
    place.restart()  # that the other device's log was set aside is told until then


def join(place: Place, data: Path, token: str, address: str, code: int = 0) -> None:
    """Run `bridge-agent join`; what it says goes where the agent's words go."""
    asked = ["join", "--data", str(data), "--config", str(place.folder / "agent.toml"), "--server", address]
    asked += ["--token", token]
    done = forked.run("bridge_agent.cli", asked, {"DIEMDANH_LANGUAGE": "vi"})
    with place.keeper.output.open("a", encoding="utf-8") as output:
        output.write(done.stdout + done.stderr)
    assert done.returncode == code, done.stderr
