"""A bridge point at which faults are injected: server, line, names, camera, microphone, disk, agent: all real."""

from __future__ import annotations

import contextlib
import html
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
from sqlalchemy import text as sql

from bridge_agent.simulated_class.cutout import cut_out
from models.faces.engine import FaceProfile, load_engine
from models.faces.portraits import read_picture
from models.records import AnyRecord, decode
from tests import forked
from tests.cards import filmed as as_filmed
from tests.cards import head, room
from tests.central_server.running import Running, running
from tests.end_to_end.on_site import Wall
from tests.faults.hundred.camera import FaultyCamera, Picture, filmed
from tests.faults.hundred.keeper import Keeper, python
from tests.faults.hundred.line import Line, Names, line
from tests.faults.hundred.microphone import Microphone, speaking

SESSION = "K1.1"
SIZE = (640, 480)
GOOD_MACHINE: dict[str, Any] = {
    "disk_free": 50_000_000_000, "temperature": 55.0, "plugged": True, "battery": None,
}  # fmt: skip
SETTINGS = """data = "agent"
server = "{server}"
source = "{camera}"
portraits = "portraits"
without_profile = true
console_port = {port}
key_store = "file"
sync_seconds = 1
spot_check_minutes = 0
[faces]
detector = "yunet"
encoder = "intel"
[streaming]
width = 320
height = 240
kbit_s = 300
sound = true
sound_device = "{sound}"
"""
HARMLESS = ("vừa bị ngắt đột ngột", "vừa mất hình và đã có hình lại", "đường truyền yếu")
"""What the page may say of a bridge point that is good: that it, or its camera, is just back; that the PC is busy."""
DISK_MB = 1_300
"""Above the gigabyte under which the page complains."""


class NotGoodError(Exception):
    """The bridge point did not become good."""


@dataclass
class Place:
    """What faults act on. folder: of all; its `agent` is the data folder, on a disk of its own."""

    folder: Path
    server: Running
    line: Line
    names: Names
    camera: FaultyCamera
    microphone: Microphone
    keeper: Keeper
    port: int
    settings: str
    learner: str
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=1.5, trust_env=False))

    @property
    def data(self) -> Path:
        """The agent's data folder."""
        return self.folder / "agent"

    def close(self) -> None:
        """Nobody looks at the page any more."""
        self._client.close()

    # The page

    def page(self, path: str = "/") -> str:
        """The words of a page, in Vietnamese, as the technician reads them; empty when there is no page."""
        try:
            got = self._client.get(f"http://127.0.0.1:{self.port}{path}", headers={"Accept-Language": "vi"})
        except httpx.HTTPError:
            return ""
        return words(got.text)

    def health(self) -> dict[str, Any]:
        """What the agent says of itself; empty when it says nothing."""
        try:
            got: dict[str, Any] = self._client.get(f"http://127.0.0.1:{self.port}/health").json()
        except (httpx.HTTPError, ValueError):
            return {}
        return got

    def losses(self) -> dict[str, tuple[int, str]]:
        """How often each part was lost, and why last."""
        return {one["process"]: (one["count"], one["reason"]) for one in self.health().get("restarts", ())}

    def printed(self, since: int = 0) -> str:
        """What the agent has written to its terminal since."""
        return words(self.keeper.output.read_bytes()[since:].decode("utf-8", "replace"))

    def complaints(self) -> list[str]:
        """What is not as it should be while a class runs."""
        health = self.health()
        if not health:
            return ["no page"]
        wrong = [f"{one['part']}: {one['vi']}" for one in health["lights"] if one["state"] not in ("good", "off")
                 and not any(said in one["vi"] for said in HARMLESS)]  # fmt: skip
        if health["session"] != SESSION:
            wrong.append("no session")
        page = self.page()
        wrong += [f"the page lacks {said!r}" for said in ("kbit/giây", "1 có mặt") if said not in page]
        return wrong

    def wait_good(self, seconds: float = 60.0) -> float:
        """Until all is as it should be; how long that took. Raises NotGoodError."""
        began = time.monotonic()
        while wrong := self.complaints():
            if time.monotonic() - began > seconds:
                raise NotGoodError("; ".join(wrong))
            time.sleep(0.15)
        return time.monotonic() - began

    # The processes

    def process(self, name: str) -> int:
        """The id of `agent`, `recognition`, `capture` or `streaming`. Raises LookupError."""
        if name == "agent":
            return self.keeper.pid
        if name == "capture":
            of = psutil.Process(self.process("recognition"))
            found = [one.pid for one in _children(of)]
        else:
            ids = {one.pid for one in _children(psutil.Process(self.keeper.pid))}
            found = [pid for pid in self._started(name) if pid in ids]
        if not found:
            raise LookupError(name)
        return found[-1]

    def _started(self, name: str) -> list[int]:
        lines = self.data.joinpath("agent.log").read_text(encoding="utf-8", errors="replace").splitlines()[-2000:]
        notes = [json.loads(one) for one in lines if f'"{name}_started"' in one]
        return [note["pid"] for note in notes]

    def wait_process(self, name: str, other_than: int = 0, seconds: float = 30.0) -> int:
        """Until it runs (again, as another one). Raises TimeoutError."""
        return int(wait(lambda: self._other(name, other_than), seconds, name))

    def _other(self, name: str, than: int) -> int:
        try:
            pid = self.process(name)
        except (LookupError, psutil.Error, OSError, ValueError, KeyError):
            return 0
        return pid if pid != than else 0

    # The agent's start

    def restart(self, change: Callable[[], None] = lambda: None) -> None:
        """End the agent in order, change something, start it again."""
        self.keeper.stop()
        change()
        self.keeper.start()

    def set(self, **changed: str) -> None:
        """Write the settings file, with other lines for these keys (as TOML has them)."""
        text = self.settings
        for key, value in changed.items():
            text, count = re.subn(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.MULTILINE)
            assert count == 1, key
        (self.folder / "agent.toml").write_text(text, encoding="utf-8")

    def meddle(self, name: str, content: str | None) -> None:
        """Write (None: remove) a file that tests.faults.hundred.program looks at."""
        path = self.folder / "control" / name
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.with_suffix(".new").write_text(content, encoding="utf-8")
            path.with_suffix(".new").replace(path)

    def machine(self, **changed: object) -> None:
        """The PC's gauges show this."""
        self.meddle("machine.json", json.dumps(GOOD_MACHINE | changed))

    # What is on record

    def servers_log(self) -> list[AnyRecord]:
        """All records that the server holds, of all logs of this agent."""
        with self.server.services.engine.connect() as db:
            return [decode(bytes(one)) for (one,) in db.execute(sql("select line from record order by rowid"))]

    def absent_ms(self) -> int:
        """How long the one learner counts as absent at the server, who was there all the time."""
        counted = self.server.manager().get(f"/api/sessions/{SESSION}/participation").json()
        (row,) = counted["learners"]
        return int(row["not_seen_ms"])


def words(page: str) -> str:
    """A page's text without its marks, a line for each block."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    blocks = re.sub(r"</?(li|p|h1|h2|section|div|ul|td|th|button|form)\b[^>]*>", "\a", bare)
    text = html.unescape(re.sub(r"<[^>]*>", " ", blocks)) if blocks != page else page.replace("\n", "\a")
    return re.sub(r" *\a[\a ]*", "\n", re.sub(r"\s+", " ", text))


def wait(true: Callable[[], Any], seconds: float, what: str) -> Any:
    """What `true` gives once it is something. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not (got := true()):
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.05)
    return got


def _children(process: psutil.Process) -> list[psutil.Process]:
    found = []
    for one in process.children():
        with contextlib.suppress(psutil.Error):
            if "spawn_main" in " ".join(one.cmdline()) and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
    return sorted(found, key=lambda one: one.create_time())


def _pictures(shared: Path) -> tuple[Path, list[Picture], list[Picture]]:
    """A portrait, its person sitting in a room, and another room."""
    portrait = sorted((shared / "pictures" / "london").glob("*_smiling.jpg"))[1]
    picture = read_picture(portrait)
    face = max(load_engine(FaceProfile("yunet", "intel")).detect(picture), key=lambda face: face.width)
    person, rng = cut_out(picture, face.box, 1), np.random.default_rng(3)
    behind, elsewhere = room(np.random.default_rng(4), SIZE), room(np.random.default_rng(8), SIZE)
    good, other = [], []
    for number in range(40):
        turn = 2 * np.pi * number / 40
        centre = SIZE[0] / 2 + 6 * np.sin(turn), SIZE[1] / 2 + 4 * np.sin(2 * turn)
        good.append(as_filmed(head(behind, person, centre, 120.0, 4 * np.sin(turn)), rng))
        other.append(as_filmed(elsewhere, rng))
    return portrait, good, other


@contextmanager
def bridge_point(folder: Path, shared: Path, *, disk: bool = True) -> Iterator[Place]:
    """A class of one learner that began two minutes ago and lasts three hours; the agent runs, and is seen to be good.

    disk: the data folder is a file system of its own.
    """
    os.environ["DIEMDANH_WEIGHTS"] = str(shared / "weights")
    portrait, good, other = _pictures(shared)
    with ExitStack() as stack:
        server = stack.enter_context(running(folder / "server", Wall()))
        (folder / "course.toml").write_text(_course(), encoding="utf-8")
        server.load(folder / "course.toml")
        with server.services.engine.connect() as connection:
            learner = str(connection.execute(sql("SELECT id FROM learner")).scalar_one())
        (folder / "tls").mkdir()
        (folder / "control").mkdir()
        (folder / "names").mkdir()
        (folder / "agent").mkdir()
        (folder / "portraits").mkdir()
        shutil.copytree(shared / "weights", folder / "weights")
        for one in (folder / "weights").iterdir():
            one.chmod(0o644)
        shutil.copy(portrait, folder / "portraits" / "HV1.jpg")
        if disk:
            size = f"size={DISK_MB}m"
            subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder / "agent"], check=True)
            stack.callback(lambda: subprocess.run(["umount", "--lazy", folder / "agent"], check=False))
        between = stack.enter_context(line(folder / "tls", int(server.address.rpartition(":")[2])))
        names = Names(folder / "names")
        camera = stack.enter_context(filmed(good, other))
        microphone = stack.enter_context(speaking())
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = SETTINGS.format(server=between.address, camera=camera.address, port=port, sound=microphone.device)
        (folder / "agent.toml").write_text(settings, encoding="utf-8")
        joined = ["join", "--config", str(folder / "agent.toml"), "--server", server.address]
        joined += ["--token", server.token("DC1")]
        done = forked.run("bridge_agent.cli", joined, {})
        assert done.returncode == 0, done.stderr
        env = {
            "DIEMDANH_WEIGHTS": str(folder / "weights"), "SSL_CERT_FILE": str(between.authority), "PYTHONUTF8": "1",
            "XDG_CACHE_HOME": str(folder / "cache"), "DIEMDANH_LANGUAGE": "vi",
        }  # fmt: skip
        command = python("tests.faults.hundred.program", folder / "agent.toml", folder / "control")
        keeper = Keeper(folder, command, env, {names.hosts: "/etc/hosts", names.resolver: "/etc/resolv.conf"})
        stack.callback(keeper.close)
        place = Place(folder, server, between, names, camera, microphone, keeper, port, settings, learner)
        place.machine()
        keeper.start()
        place.wait_good(90)
        yield place
        place.close()


def _course() -> str:
    begin = time.time() - 120
    start, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin + after)) for after in (0, 3 * 3600))
    return (
        '[course]\ncode = "K1"\ntitle = "Bồi dưỡng ngạch chuyên viên"\n'
        '[[bridge_points]]\ncode = "DC1"\nname = "Điểm cầu 1"\n'
        f'[[sessions]]\ncode = "1"\ntitle = "Buổi 1"\nstart = {start}\nend = {end}\n'
        '[[learners]]\ncode = "HV1"\nname = "Lê Thị Mai"\nunit = "Sở Nội vụ"\nbirth_year = 1971\nbridge_point = "DC1"\n'
    )
