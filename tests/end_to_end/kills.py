"""A class during which the agent is killed with -9 again and again while the server goes up and down.

Everything is real but the eyes: the server's and the agent's programs, their files, their network.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np

from bridge_agent.clock import boot_ms, wall_ms
from models.records import AnyRecord, CheckIn, Coverage, Presence, Seal, decode
from models.spans import intersect, spans, subtract, total
from tests import forked
from tests.end_to_end.scripted_agent import SIGHTED_EVERY, STEP_S, Script

ROOT = Path(__file__).parents[2]
LEARNERS = ("HV1", "HV2", "HV3", "HV4")


@dataclass(slots=True)
class Outcome:
    """What a run showed."""

    kills: int
    server_kills: int
    records: int
    acknowledged_lost: int
    """Records that the agent once called acknowledged and that the server does not hold in the end."""
    twice: int
    """Records that say the same as another one."""
    log_differs: bool
    """The server's copy and the agent's log are not the same bytes."""
    seals: int
    check_ins: dict[str, int] = field(default_factory=dict)
    short_ms: dict[str, int] = field(default_factory=dict)
    """By learner's code: presence in truth that the server's records lack."""
    kills_while_present: dict[str, int] = field(default_factory=dict)
    invented_ms: dict[str, int] = field(default_factory=dict)
    """By learner's code: presence in the server's records that is no truth."""
    restart_ms: int = 0
    """Longest time from a kill until the room was watched again."""

    worst_gap_ms: float = 0.0
    """Longest hole in the presence of the learner who was there all the time, for each kill inside it."""

    def worst_ms_a_kill(self) -> float:
        """The most that a learner is short, for each kill while he or she was there."""
        return max(short / max(1, self.kills_while_present[code]) for code, short in self.short_ms.items())


class World:
    """A server, an agent and a class that begins now and lasts `seconds`."""

    def __init__(self, folder: Path, seconds: float, seed: int) -> None:
        self.folder = folder
        self.rng = random.Random(seed)
        self.seconds = seconds
        self.server: subprocess.Popen[bytes] | None = None
        self.agent: subprocess.Popen[bytes] | None = None
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.logs = (folder / "output.txt").open("wb")
        self.env = {**os.environ, "DIEMDANH_LANGUAGE": "en", "PYTHONUTF8": "1"}
        self.promised: list[bytes] = []

    def run(self, module: str, *arguments: str | Path) -> str:
        done = forked.run(module, arguments, {"DIEMDANH_LANGUAGE": "en"})
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, module: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=ROOT,
            env=self.env,
            stdout=self.logs,
            stderr=self.logs,
            start_new_session=True,
        )

    def start_server(self) -> None:
        data = self.folder / "server"
        self.server = self.start("central_server.cli", "serve", "--data", data, "--port", str(self.port))

    def start_agent(self) -> None:
        self.agent = self.start("tests.end_to_end.scripted_agent", self.folder / "agent.toml")

    def wait_for_server(self) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.serves():
                return
            time.sleep(0.1)
        raise TimeoutError("the server did not come up")

    def serves(self) -> bool:
        """The server takes connections."""
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def prepare(self) -> None:
        """Set the server up, join, and only then fix the class's beginning: a few seconds from there."""
        self.write_course(datetime.now(UTC) + timedelta(hours=1))
        portraits = self.folder / "portraits"
        portraits.mkdir()
        for code in LEARNERS:
            (portraits / f"{code}.jpg").touch()
        settings, data = self.folder / "agent.toml", self.folder / "server"
        settings.write_text(
            'data = "agent"\nsource = "script.json"\nportraits = "portraits"\n'
            "sync_seconds = 1\nplan_seconds = 2\nwatch_before_minutes = 0\nconsole_port = 0\n"
            "[streaming]\nenabled = false\n",
            encoding="utf-8",
        )
        self.run("central_server.cli", "load-course", "--data", data, self.folder / "course.toml")
        token = self.run("central_server.cli", "new-token", "--data", data, "--bridge-point", "DC1").split()[0]
        self.start_server()
        self.wait_for_server()
        self.run("bridge_agent.cli", "join", "--config", settings, "--server", self.url, "--token", token)
        begin = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=7)
        self.write_course(begin)
        self.write_script(begin)
        self.run("central_server.cli", "load-course", "--data", data, self.folder / "course.toml")

    def write_course(self, begin: datetime) -> None:
        end = begin + timedelta(seconds=self.seconds)
        self.end = end.timestamp()
        text = (
            '[course]\ncode = "K"\ntitle = "Kill"\n[[bridge_points]]\ncode = "DC1"\nname = "Điểm cầu 1"\n'
            f'[[sessions]]\ncode = "b1"\ntitle = "Buổi 1"\nstart = {begin.isoformat()}\nend = {end.isoformat()}\n'
        )
        for code in LEARNERS:
            text += f'[[learners]]\ncode = "{code}"\nname = "N {code}"\nunit = "U"\nbridge_point = "DC1"\n'
        (self.folder / "course.toml").write_text(text, encoding="utf-8")

    def write_script(self, begin: datetime) -> None:
        """Who comes and goes, in tenths of the class."""
        boot = boot_ms() + round(begin.timestamp() * 1000) - wall_ms()
        part = self.seconds * 100
        present = {"HV1": [(0.0, 10.0)], "HV2": [(1.5, 6.0)], "HV3": [(0.5, 3.0), (6.0, 9.0)], "HV4": []}
        self.truth = {
            code: [(boot + round(a * part), boot + round(b * part)) for a, b in rows] for code, rows in present.items()
        }
        (self.folder / "script.json").write_bytes(msgspec.json.encode(Script(self.truth)))

    def play(self, kills: int) -> Outcome:
        """Play the class with so many kills of the agent, and say what came of it."""
        self.prepare()
        self.start_agent()
        killed_at: list[int] = []
        server_kills = 0
        time.sleep(max(0.0, self.end - self.seconds - time.time()))
        server_turns = time.time() + self.rng.uniform(2, 6)
        pauses = [0.3 + self.rng.expovariate(1.0) for _ in range(kills + 1)]
        kill_times = [time.time() + 0.97 * self.seconds * sum(pauses[: n + 1]) / sum(pauses) for n in range(kills)]
        while time.time() < self.end:
            time.sleep(0.02)
            if time.time() >= server_turns:
                if self.server is not None:
                    self.server.kill()
                    self.server.wait()
                    self.server = None
                    server_kills += 1
                else:
                    self.start_server()
                server_turns = time.time() + self.rng.uniform(2, 8)
            if len(killed_at) < kills and time.time() >= kill_times[len(killed_at)]:
                killed_at.append(boot_ms())
                self.kill_agent()
                self.start_agent()
        if self.server is None:
            self.start_server()
        self.wait_for_server()
        self.wait_for_seal()
        return self.outcome(killed_at, server_kills)

    def kill_agent(self) -> None:
        """Kill it, and remember what it calls acknowledged."""
        assert self.agent is not None
        assert self.agent.poll() is None, "the agent ended by itself"
        self.agent.kill()
        self.agent.wait()
        acknowledged, lines = self.agents_log()
        assert lines[: len(self.promised)] == self.promised, "the agent's own log changed"
        self.promised = lines[:acknowledged]

    def agents_log(self) -> tuple[int, list[bytes]]:
        """What the agent's log holds, from a copy: how far it is acknowledged, and its lines."""
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for file in (self.folder / "agent").glob("log.db*"):
            shutil.copy(file, copy)
        with closing(sqlite3.connect(copy / "log.db")) as db:
            if not db.execute("select 1 from sqlite_master where name = 'records'").fetchone():
                return 0, []  # killed before it had begun its log
            row = db.execute("select seq from acknowledged").fetchone()
            lines = [line for (line,) in db.execute("select line from records order by seq")]
        return (row[0] if row else 0), lines

    def servers_log(self) -> list[bytes]:
        with closing(sqlite3.connect(self.folder / "server" / "diemdanh.db")) as db:
            return [bytes(line) for (line,) in db.execute("select line from record order by seq")]

    def wait_for_seal(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            lines = self.servers_log()
            if lines and isinstance(decode(lines[-1]), Seal):
                return
            time.sleep(0.3)
        raise TimeoutError("no seal reached the server")

    def outcome(self, killed_at: list[int], server_kills: int) -> Outcome:
        assert self.agent is not None
        self.agent.terminate()
        assert self.agent.wait(60) == 0
        held = self.servers_log()
        _, lines = self.agents_log()
        records = [decode(line) for line in held]
        said = Counter(_content(record) for record in records)
        with closing(sqlite3.connect(self.folder / "server" / "diemdanh.db")) as db:
            codes = dict(db.execute("select id, code from learner").fetchall())
        result = Outcome(
            kills=len(killed_at),
            server_kills=server_kills,
            records=len(records),
            acknowledged_lost=sum(line not in set(held) for line in self.promised),
            twice=sum(count - 1 for count in said.values()),
            log_differs=held != lines,
            seals=sum(isinstance(record, Seal) for record in records),
            check_ins=Counter(codes[record.learner] for record in records if isinstance(record, CheckIn)),
        )
        for code, rows in self.truth.items():
            real = spans(rows)
            seen = spans([(r.start, r.end) for r in records if isinstance(r, Presence) and codes[r.learner] == code])
            both = total(intersect(real, seen))
            result.short_ms[code] = total(real) - both
            result.invented_ms[code] = total(seen) - both
            result.kills_while_present[code] = sum(a <= at < b for at in killed_at for a, b in rows)
        always = spans([(r.start, r.end) for r in records if isinstance(r, Presence) and codes[r.learner] == "HV1"])
        for a, b in subtract(spans(self.truth["HV1"]), always).tolist():
            # A kill up to a second before the hole: the last sighting before it was the learner's last sign.
            inside = sum(a - SIGHTED_EVERY * 1000 * STEP_S <= at < b for at in killed_at)
            result.worst_gap_ms = max(result.worst_gap_ms, (b - a) / max(1, inside))
        starts = np.array(sorted(r.start for r in records if isinstance(r, Coverage)))
        again = [int(starts[starts > at][0]) - at for at in killed_at if (starts > at).any()]
        result.restart_ms = max(again, default=0)
        return result

    def close(self) -> None:
        """End everything that runs."""
        for program in (self.agent, self.server):
            if program is not None and program.poll() is None:
                program.kill()
                program.wait()
        self.logs.close()


def _content(record: AnyRecord) -> bytes:
    """What a record says, without its place in the log and without the clocks of the moment when it was written."""
    return msgspec.json.encode(msgspec.structs.replace(record, seq=1, wall=0, boot=0, offset=None, uncertainty=None))
