"""One PC at a bridge point: its clocks, its disk, and the real agent on it, to be stopped, killed or put to sleep."""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from pathlib import Path

from bridge_agent import identity
from bridge_agent.agent import SAVE_S, Agent, Parts
from bridge_agent.check_in.desk import Desk, DeskError
from bridge_agent.config import Config, Settings, StreamingConfig
from bridge_agent.entries import OpenSession
from bridge_agent.errors import AgentError
from bridge_agent.eyes import Assignment
from bridge_agent.journal import Fact, Journal
from bridge_agent.key_store import KeyStore
from bridge_agent.log import Log
from bridge_agent.log_file import set_aside_files
from bridge_agent.recognition.events import Ended, Event, Ready, SeatLost, Sighted, Sweep, Unwatched, Watched
from bridge_agent.server import Server
from bridge_agent.server_clock import Clocks, ServerClock
from bridge_agent.supervisor import Listener
from models.clock_trust import SKEW_WARN_MS
from models.records import AnyRecord
from tests.simulation import script
from tests.simulation.central import EPOCH
from tests.simulation.disk import PcDisk
from tests.simulation.history import History
from tests.simulation.loop import POWER, Power, SimulatedLoop
from tests.simulation.network import Line, Network
from tests.simulation.script import Blind, Room, trouble

SWEEP_S = 2.0
PEOPLE_S = 4.0
"""How often somebody at the desk does something."""
NEAR_S = 12.0
"""For so long a learner in a far seat is sighted before the track is lost."""
SLACK_S = 0.1
"""Over SAVE_S, for what takes no time in a simulation and a little in life."""
URL = "http://server"
KEYS = KeyStore()


@dataclass(slots=True)
class Promises:
    """What a PC's log has promised: its lines, by log, from the moment at which it called them written."""

    lines: dict[str, list[bytes]] = field(default_factory=dict)

    def hear(self, log: Log) -> None:
        """Take in what the log holds now. A log may never take back what it promised."""
        known = self.lines.setdefault(log.id, [])
        known += log.lines(len(known) + 1, log.last_seq)


class WitnessedJournal(Journal):
    """The agent's journal, with somebody who reads it."""

    def __init__(self, path: Path, wall: Callable[[], int], out: io.StringIO, noted: dict[str, int]) -> None:
        super().__init__(path, wall, out)
        self._noted = noted

    def note(self, event: str, **facts: Fact) -> str:
        """As the journal does."""
        words = [event, *(str(facts[name]) for name in ("name", "loop", "error", "at") if name in facts)]
        what = " ".join(words)
        self._noted[what] = self._noted.get(what, 0) + 1
        return super().note(event, **facts)


class WitnessedLog(Log):
    """The agent's log, with somebody who writes down what it promises."""

    promises: Promises
    saved: Callable[[], None]

    def append(self, records: Sequence[AnyRecord], saved: OpenSession | None = None) -> int:
        """As the log does."""
        seq = super().append(records, saved)
        self.promises.hear(self)
        self.saved()
        return seq

    def recover(self, close: Callable[[OpenSession], Sequence[AnyRecord]]) -> int:
        """As the log does."""
        count = super().recover(close)
        self.promises.hear(self)
        return count

    def take_over(self, file: str, records: Sequence[AnyRecord]) -> None:
        """As the log does."""
        super().take_over(file, records)
        self.promises.hear(self)


@dataclass(frozen=True, slots=True)
class Loss:
    """What was seen from `start` to `end` (s) may be lost: the PC went down, or its disk could not be written."""

    start: float
    end: float


@dataclass(slots=True)
class FarRow:
    """The learners in far seats, as recognition follows them: sighted for a while after they came, then lost."""

    near: dict[str, float] = field(default_factory=dict)
    """Since when each is sighted."""
    lost: set[str] = field(default_factory=set)
    """Whose track is lost, until they leave and come again."""

    def look(self, there: Sequence[str], now: float) -> list[str]:
        """A look at the room with these learners in it; whose seats are lost by it."""
        far = [who for who in there if script.far(who)]
        self.lost &= {*far}
        self.near = {who: self.near.get(who, now) for who in far if who not in self.lost}
        lost = [who for who, since in self.near.items() if now - since > NEAR_S]
        for who in lost:
            del self.near[who]
        self.lost |= {*lost}
        return lost


@dataclass
class Setting:
    """What a PC stands in."""

    loop: SimulatedLoop
    network: Network
    history: History
    log: type[WitnessedLog] = WitnessedLog


class Pc(Power):
    """A PC. `name`: in the history; `point`: its bridge point's number; `room`: what its camera sees."""

    def __init__(
        self, setting: Setting, name: str, point: int, room: Room, disk: PcDisk, portraits: Path, rng: random.Random
    ) -> None:
        self.name, self.point, self.room, self.disk = name, point, room, disk
        self.drift = rng.uniform(-50e-6, 50e-6)
        self.wrong = rng.choice((0, 0, 0, rng.randint(-1500, 1500), rng.randint(-90_000, 90_000)))
        """Wall clock minus true time, ms."""
        self.promises = Promises()
        self.runs: list[list[float]] = []
        """When its camera really saw the room and the agent was told, s; a run for each time without a break."""
        self.losses: list[Loss] = []
        self.trouble_until = 0.0
        """Until then the disk may have been in trouble."""
        self.said = io.StringIO()
        self.noted: dict[str, int] = {}
        """The events in its journal, and how often."""
        self.starts = 0
        self.lost_in_time = False
        """It watched by a wrong clock while no server had told it so, be it that it learned better before it wrote."""
        self.damaged = False
        """Its log file was damaged by something else than a power cut."""
        self.boots: dict[str, float] = {}
        """When each start of the PC was, s."""
        self.settings = Settings(
            Config(
                data=str(disk.folder), source="0", portraits=str(portraits), watch_before_minutes=0.25,
                sweep_seconds=SWEEP_S, sync_seconds=8, status_seconds=20, plan_seconds=50,
                console_port=0, streaming=StreamingConfig(enabled=False),  # no simulated network carries media
            ),
            None,
        )  # fmt: skip
        self._setting = setting
        self._clock: ServerClock | None = None
        self._life: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._line = Line(setting.network, name)
        self._saved = 0.0
        disk.went = self._power_went

    # Clocks

    @property
    def _now(self) -> float:
        return self._setting.loop.now

    def wall(self) -> int:
        """The PC's wall clock."""
        return EPOCH + round(self._now * 1000) + self.wrong

    def true_time(self, boot_id: str, boot: int) -> float:
        """Server time (ms) of a moment on the boot-time clock of one of this PC's starts."""
        return EPOCH + self.boots[boot_id] * 1000 + boot / (1 + self.drift)

    # Power

    @property
    def device(self) -> str:
        """Its device id at the server."""
        return identity.membership(self.settings.folder).device

    @property
    def on(self) -> bool:
        """Its agent runs."""
        return self._life is not None

    def switch_on(self) -> None:
        """Boot, and start the agent."""
        if self._life is not None:
            return
        self.starts += 1
        boot_id = f"{self.name}-{self.starts}"
        self.boots[boot_id] = self._saved = self._now
        self.asleep_until = 0.0
        self.disk.switch_on()
        self._stop = asyncio.Event()
        self._line = Line(self._setting.network, self.name)
        context = Context()
        context.run(POWER.set, self)
        self._setting.history.tell(self.name, "on", boot_id)
        began = self._now
        clocks = Clocks(self.wall, lambda: round((self._now - began) * 1000 * (1 + self.drift)), boot_id)
        self._life = self._setting.loop.create_task(self._live(clocks), context=context)
        self._life.add_done_callback(self._died, context=Context())

    async def _live(self, clocks: Clocks) -> None:
        """As bridge_agent.cli.run_agent does; an agent that can't start is started again a little later."""
        folder = self.settings.folder
        while True:
            clock = self._clock = ServerClock(clocks)
            journal = WitnessedJournal(folder.journal, clocks.wall, self.said, self.noted)
            log: WitnessedLog | None = None
            try:
                with folder.hold():
                    who = identity.load(folder, KEYS)
                    log = self._open(who.membership.device, clocks.wall())
                    damaged = tuple(set_aside_files(folder.log))
                    async with Server(URL, clock, who, transport=self._line) as server:
                        parts = Parts(self.settings, who, KEYS, log, server, clock, journal, self._watch, damaged)
                        agent = Agent(parts)
                        people = asyncio.ensure_future(self._people(agent.desk))
                        try:
                            await agent.run(self._stop)
                        finally:
                            people.cancel()
                            await asyncio.gather(people, return_exceptions=True)
                return
            except AgentError as error:
                self._setting.history.tell(self.name, "does not start", type(error).__name__)
            finally:
                if log is not None:
                    log.close()
                journal.close()
            await asyncio.sleep(5)
            if self._stop.is_set():
                return

    async def _people(self, desk: Desk) -> None:
        """The technician takes duty when there is something to be on duty for; learners without a face come to the
        desk and type their PINs."""
        while True:
            await asyncio.sleep(PEOPLE_S)
            view = desk.view()
            waiting = [
                row.code
                for row in (view.session.rows if view.session else ())
                if script.by_pin(row.code) and row.checked_in_at is None and row.code in self.room.here(self._now)
            ]
            with contextlib.suppress(DeskError):  # too early, or the server has not told the PINs yet
                if waiting and view.on_duty is None and view.may_be_on_duty:
                    await desk.take_duty(view.may_be_on_duty[0].id, script.WITNESS_PIN)
                for code in waiting:
                    outcome = await desk.check_in_by_pin(code, script.pin(code))
                    self._setting.history.tell(self.name, "checked in", code, outcome.kind)

    def _open(self, device: str, now: int) -> WitnessedLog:
        log = self._setting.log.open(self.settings.folder.log, device, now)
        assert isinstance(log, WitnessedLog)
        log.promises, log.saved = self.promises, self._was_saved
        if log.damage:
            self.disk.switch_on()  # files were renamed
        known = self.promises.lines.get(log.id, [])
        there = log.lines(log.first_seq, log.last_seq)
        if there[: len(known)] != known:
            raise AssertionError(f"{self.name}: the log {log.id} lost or changed what it had promised")
        self.promises.hear(log)
        self._setting.history.tell(self.name, "log", log.id, log.last_seq, log.damage is not None)
        return log

    def _died(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            raise error

    async def shut_down(self) -> None:
        """End the agent in order, then switch off."""
        if self._life is None:
            return
        self._stop.set()
        await asyncio.wait([self._life])
        self._life = None
        self._setting.history.tell(self.name, "off")

    async def crash(self, *, power: bool) -> None:
        """The agent is killed, or the PC's power goes."""
        if self._life is None:
            return
        self._line.dead = True
        self.disk.cut(power=power)
        life, self._life = self._life, None
        self.losses.append(Loss(self._saved - SWEEP_S, self._now))
        unsaved = [at for run in self.runs for at in run if at > self._saved]
        if unsaved and self._now > self.trouble_until and unsaved[-1] - unsaved[0] > SAVE_S + SLACK_S:
            raise AssertionError(f"{self.name}: a crash at {self._now:.3f} costs all since {unsaved[0]:.3f}")
        self._setting.history.tell(self.name, "lost power" if power else "was killed")
        self.asleep_until = 0.0
        life.cancel()
        await asyncio.wait([life])
        self.disk.settle()

    def _power_went(self) -> None:
        self._line.dead = True
        self._setting.loop.create_task(self.crash(power=True), context=Context())

    def suspend(self, seconds: float) -> None:
        """Sleep."""
        if self._life is not None:
            if self._now < self.trouble_until:
                self.trouble_until += seconds  # what the disk did not take can't be tried again in one's sleep
            self._setting.history.tell(self.name, "sleeps", round(seconds))
            self._setting.loop.suspend(self, seconds)

    def _was_saved(self) -> None:
        self._saved = self._now

    # Recognition

    async def _watch(self, assignment: Assignment, listener: Listener, _: Journal) -> None:
        """What the recognition process would tell, from the room's truth."""
        clock = self._setting.loop
        began, boot = clock.now, self.boots[f"{self.name}-{self.starts}"]

        def at() -> int:
            return round((clock.now - boot) * 1000 * (1 + self.drift))

        def tell(*events: Event) -> None:
            for event in events:
                listener.on_event(event)

        ready = Ready("yunet", "intel", tuple(assignment.roster.values()))
        tell(ready)
        self.runs.append([])
        last = before_last = at()
        blind: Blind | None = None
        far = FarRow()
        try:
            while True:
                before, blind = blind, self.room.sees(clock.now)
                if blind is None:
                    if before is not None:
                        self.runs.append([])
                        far = FarRow()
                        tell(ready if before.why == "crashed" else trouble(before.why, passed=True))
                    last, there = at(), [who for who in self.room.here(clock.now) if who in assignment.roster]
                    lost = far.look(there, clock.now)
                    here = [assignment.roster[who] for who in there if who not in far.lost]
                    seats = [SeatLost(assignment.roster[who], before_last) for who in lost]
                    followed = tuple(assignment.roster[who] for who in far.near if who in there)
                    sweep = Sweep(
                        last, len(there), 0, 9.0, len(here), round(SWEEP_S * 1000), len(there) - len(here), followed
                    )
                    tell(Watched(last), *(Sighted(who, last, 0.8) for who in here), *seats, sweep)
                    before_last = last
                    self.runs[-1].append(clock.now)
                    self._look_at_the_clock()
                elif before is None:
                    self._blinded(blind, last, listener)
                else:
                    tell(Sweep(at(), 0, 0, 9.0))
                await asyncio.sleep(SWEEP_S)
        except asyncio.CancelledError:
            tell(Unwatched(last, "stopped"), Ended(round(clock.now - began), last))
            raise
        finally:
            listener.on_lost("stopped")

    def _look_at_the_clock(self) -> None:
        if self._clock is not None and self._clock.sample().offset is None and abs(self.wrong) > SKEW_WARN_MS / 2:
            self.lost_in_time = True

    def _blinded(self, blind: Blind, last: int, listener: Listener) -> None:
        if blind.why == "crashed":
            listener.on_lost("crashed")
        else:
            listener.on_event(Unwatched(last, blind.why))
            listener.on_event(trouble(blind.why, passed=False))
