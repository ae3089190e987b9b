"""A bridge point with all of it real: server, agent, network camera, and one simulated head before it who looks at the
console's page and does what is asked there."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from playwright.async_api import Page
from sqlalchemy import text

from bridge_agent.simulated_class.cutout import Cutout, cut_out
from central_server.accounts.giving import set_pin
from central_server.accounts.passwords import hashed_pin
from central_server.accounts.permission import Grant
from central_server.courses.changes import changing
from central_server.learners.means import keep_pins
from central_server.learners.portrait_policy import save_policy
from models.faces.engine import FaceProfile, load_engine
from models.faces.portraits import read_picture
from tests import forked
from tests.cards import Picture, filmed, head, room
from tests.central_server.running import Clock, Running, running
from tests.mjpeg_camera import filming
from tests.turner import Turner

ROOT = Path(__file__).parents[2]
SIZE = (960, 720)
FACE_PX = 150.0
TECHNICIAN_PIN, LEARNER_PIN = "260793", "481592"
SESSION = "K1.1"


ASKED = {"sang trái": "left", "sang phải": "right", "hìn thẳng": "look"}
"""What the page says, and what it means. Whatever else it says changes nothing."""
TURNS, SLIGHT_TURNS = (38.0, 42.0), (15.0, 19.0)
"""Degrees of the head itself; YuNet sees six tenths of them on this one, and 20 degrees count as turned."""
FIGURES = {"HV1": 1, "HV2": 5}
"""Which of the London portraits each learner is: for the first a head whose two sides are seen alike."""


class Wall(Clock):
    """The server's clock as it is."""

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000


@dataclass
class Visitor:
    """Whoever stands before the camera: somebody who turns the head when the page asks for it, or nobody."""

    behind: Picture = field(default_factory=lambda: room(np.random.default_rng(4), SIZE))
    figure: Cutout | None = None
    _turner: Turner = field(default_factory=lambda: Turner(random.Random(7)))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))

    def comes(self, figure: Cutout, turns: tuple[float, float]) -> None:
        """This person stands before the camera, looks straight at it, and will turn by so many degrees."""
        with self._lock:
            self.figure, self._turner = figure, Turner(random.Random(7), turns)

    def goes(self) -> None:
        """Nobody stands there any more."""
        self.figure = None

    def told(self, prompt: str) -> None:
        """The page asks for this now."""
        with self._lock:
            self._turner.told(prompt, time.monotonic_ns() // 1_000_000)

    def look(self) -> Picture:
        """What the camera sees."""
        figure, now = self.figure, time.monotonic_ns() // 1_000_000
        if figure is None:
            return filmed(self.behind, self._rng)
        with self._lock:
            yaw = self._turner.yaw(now)
        centre = SIZE[0] / 2 + 3 * np.sin(now / 900), SIZE[1] / 2 + 2 * np.sin(now / 1300)
        return filmed(head(self.behind, figure, centre, FACE_PX, yaw), self._rng)

    async def follow(self, page: Page, until: str, seconds: float) -> None:
        """Do what the page's prompts ask until the selector `until` is visible; who fails tries again. Raises
        TimeoutError.
        """  # fmt: skip
        end = time.monotonic() + seconds
        while not await page.locator(until).is_visible():
            if await page.locator("#pad-back").is_visible():
                self.told("look")
                await page.locator("#pad-back").click()
            if time.monotonic() > end:
                raise TimeoutError(await page.locator("main").inner_text())
            words = await page.locator("#sentence").inner_text()
            if asked := next((prompt for said, prompt in ASKED.items() if said in words), None):
                self.told(asked)
            await page.wait_for_timeout(40)


@dataclass
class BridgePoint:
    """What a test acts on."""

    server: Running
    console: str
    """The console's address."""
    folder: Path
    """The agent's data folder."""
    visitor: Visitor
    people: dict[str, Cutout]
    """By learner's code."""
    technician: str
    output: Path
    """What the agent prints."""


@contextmanager
def bridge_point(folder: Path, shared: Path) -> Iterator[BridgePoint]:
    """A class of three that began two minutes ago and keeps portraits, the agent running, its console open."""
    with ExitStack() as stack:
        server = stack.enter_context(running(folder / "server", Wall()))
        (folder / "course.toml").write_text(_course(), encoding="utf-8")
        server.load(folder / "course.toml")
        now, key = server.clock(), server.services.sealing
        technician = server.account("ky-thuat", Grant("technician"))
        sealed = key.seal("witness_pin", technician, hashed_pin(TECHNICIAN_PIN).encode())
        server.do(lambda connection: set_pin(connection, technician, sealed, now))
        with server.services.engine.connect() as connection:
            ids = {code: who for who, code in connection.execute(text("SELECT id, code FROM learner"))}
        server.do(keep_pins({ids["HV2"]: hashed_pin(LEARNER_PIN)}, key, now, None, only_new=True))
        with server.services.engine.connect() as connection:
            course = connection.execute(text("SELECT id FROM course")).scalar_one()
        server.do(changing(lambda changes: save_policy(changes, course, 0, 30, "Đối chiếu khi có nghi vấn"), now))
        visitor = Visitor()
        camera = stack.enter_context(filming(visitor.look, fps=10))
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = folder / "agent.toml"
        settings.write_text(
            f'data = "agent"\nsource = "{camera.address}"\nwithout_profile = true\nconsole_port = {port}\n'
            "sync_seconds = 1\nplan_seconds = 2\n",
            encoding="utf-8",
        )
        token = server.token("DC1")
        done = forked.run(
            "bridge_agent.cli", ["join", "--config", settings, "--server", server.address, "--token", token], {}
        )
        assert done.returncode == 0, done.stderr
        env = {**os.environ, "DIEMDANH_WEIGHTS": str(shared / "weights"), "PYTHONUTF8": "1"}
        output = stack.enter_context((folder / "output.txt").open("wb"))
        agent = subprocess.Popen(
            [sys.executable, "-m", "bridge_agent.cli", "run", "--config", str(settings)],
            cwd=ROOT, env=env, stdout=output, stderr=output,
        )  # fmt: skip
        stack.callback(_end, agent)
        _wait_for(port, agent)
        people = {code: _figure(shared, number) for code, number in FIGURES.items()}
        yield BridgePoint(
            server, f"http://127.0.0.1:{port}", folder / "agent", visitor, people, technician, folder / "output.txt"
        )
        agent.terminate()
        assert agent.wait(60) == 0


def _course() -> str:
    begin = time.time() - 120
    start, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin + after)) for after in (0, 3600))
    people = "".join(
        f'[[learners]]\ncode = "HV{n}"\nname = "{name}"\nunit = "Sở Nội vụ"\nbirth_year = {1970 + n}\n'
        'bridge_point = "DC1"\n'
        for n, name in enumerate(("Lê Thị Mai", "Trần Văn Bình", "Phạm Minh Đức"), 1)
    )
    return (
        '[course]\ncode = "K1"\ntitle = "Bồi dưỡng ngạch chuyên viên"\n'
        '[[bridge_points]]\ncode = "DC1"\nname = "Điểm cầu 1"\n'
        f'[[sessions]]\ncode = "1"\ntitle = "Buổi 1"\nstart = {start}\nend = {end}\n{people}'
    )


def _figure(shared: Path, number: int) -> Cutout:
    picture = read_picture(sorted((shared / "pictures" / "london").glob("*_smiling.jpg"))[number])
    face = max(load_engine(FaceProfile("yunet", "intel")).detect(picture), key=lambda face: face.width)
    return cut_out(picture, face.box, 1)


def _wait_for(port: int, agent: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and agent.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the console did not open")


def _end(agent: subprocess.Popen[bytes]) -> None:
    if agent.poll() is None:
        agent.kill()
        agent.wait()
