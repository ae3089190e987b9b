"""The agent while there is no class: `bridge-agent run` as it is installed, joined to a real server, its pages served.

Started as a technician starts it, measured from 15 s after its page answers for a minute: processor seconds and memory
of the whole process tree. /metrics is read once at the end, which loads its library: what that adds is told beside.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil

from bridge_agent.clock import wall_ms
from tests.benchmarks.measure import Measure
from tests.central_server.running import Clock, running, write_course

WARM_S, MEASURED_S, START_S = 15.0, 60.0, 120.0
GOAL_CORES, GOAL_MB = 0.01, 150.0


class RealClock(Clock):
    """The server's clock is this PC's."""

    def __call__(self) -> int:
        return wall_ms()


def run() -> Iterator[Measure]:
    """CPU and memory of an agent that waits for its next class."""
    with tempfile.TemporaryDirectory(prefix="diemdanh-idle-") as name:
        folder, port = Path(name), _free_port()
        (folder / "class.toml").touch()  # not opened before there is a class
        config = folder / "agent.toml"
        config.write_text(
            f'data = "agent"\nsource = "simulated:class.toml"\nkey_store = "file"\nconsole_port = {port}\n', "utf-8"
        )
        with running(folder / "server", RealClock()) as server:
            server.load(write_course(folder / "course.toml"))
            agent = (sys.executable, "-m", "bridge_agent")
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            join = ("join", "--server", server.address, "--token", server.token(), "--config", str(config))
            subprocess.run((*agent, *join), check=True, **quiet)  # type: ignore[call-overload]
            process = subprocess.Popen((*agent, "run", "--config", str(config)), **quiet)  # type: ignore[call-overload]
            try:
                yield from _measured(psutil.Process(process.pid), port)
            finally:
                process.terminate()
                process.wait(10)


def _measured(agent: psutil.Process, port: int) -> Iterator[Measure]:
    _wait_for(port)
    time.sleep(WARM_S)
    before, began = _cpu_s(agent), time.monotonic()
    time.sleep(MEASURED_S)
    cores = (_cpu_s(agent) - before) / (time.monotonic() - began)
    memory = _memory_mb(agent)
    httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=20).raise_for_status()
    after = _memory_mb(agent)
    yield Measure("idle_cpu", cores, "cores", goal=GOAL_CORES, ok=cores <= GOAL_CORES)
    yield Measure("idle_memory", memory, "MB", goal=GOAL_MB, ok=memory <= GOAL_MB)
    yield Measure("idle_memory_after_metrics", after, "MB", goal=GOAL_MB, ok=after <= GOAL_MB)


def _tree(agent: psutil.Process) -> list[psutil.Process]:
    return [agent, *agent.children(recursive=True)]


def _cpu_s(agent: psutil.Process) -> float:
    return sum(one.cpu_times().user + one.cpu_times().system for one in _tree(agent))


def _memory_mb(agent: psutil.Process) -> float:
    return sum(one.memory_info().rss for one in _tree(agent)) / 1e6


def _wait_for(port: int) -> None:
    ends = time.monotonic() + START_S
    while time.monotonic() < ends:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).is_success:
                return
        time.sleep(0.5)
    raise TimeoutError(f"the agent's page on port {port} did not answer in {START_S:.0f} s")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
