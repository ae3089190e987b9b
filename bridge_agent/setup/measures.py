"""What takes a while and runs once, however many tabs ask: network, calibration, the agent's own microphone."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Coroutine
from typing import Final, Literal

from bridge_agent import identity
from bridge_agent.config import Settings
from bridge_agent.key_store import KeyStore
from bridge_agent.server import Server
from bridge_agent.server_clock import ServerClock, this_pc
from bridge_agent.setup import choices
from bridge_agent.setup.calibrating import Begun, Calibrate, Calibrated, NotCalibrated, Part, Told, calibrate
from bridge_agent.setup.listening import Heard, Level, NoSound, listen
from bridge_agent.setup.progress import Light, Sentence
from bridge_agent.setup.state import Figures, SetupError, SetupState
from bridge_agent.support import measuring
from bridge_agent.support.measuring import LineSpeed, LineStep
from bridge_agent.support.verdict import line_findings
from models.child_process import ChildProcess
from models.errors import DiemdanhError
from models.reasons import Reason, reason

LINE_S: Final = 6.0
CALIBRATED_S: Final = 180.0
"""Without a word for so long, calibration hangs: an old PC compiles a network for a minute at most."""
LISTENED_S: Final = 15.0
"""Without a page that asks for the level for so long, the agent's microphone is let go of."""
LOUD_DB: Final = -45.0
"""dBFS at which somebody speaks into a microphone of a room; a quiet room has -60 and less."""
LEVELS: Final = 100
"""Ten seconds of the agent's microphone; the quietest fifth of them is the room's own noise."""
ABOVE_DB: Final = 10.0
"""So much louder than the room's own noise is a voice."""


Running = Literal["network", "calibration", "listening"]
"""What takes a while, and runs once however many tabs ask for it."""


class Measures:
    """What runs now, and what it came to. camera_s: for so long calibration looks through the camera."""

    def __init__(self, settings: Settings, keys: KeyStore, state: SetupState, camera_s: float) -> None:
        self._settings, self._keys, self._state, self._camera_s = settings, keys, state, camera_s
        self.network: LineStep | None = None
        """What of the network is being measured."""
        self.calibrating: Part | None = None
        self.level: Level | NoSound | None = None
        """Of the agent's own microphone, while it is listened to."""
        self._listened_at = 0.0
        self._tasks: dict[Running, asyncio.Task[None]] = {}

    def hear(self) -> None:
        """Show the level of the microphone by which the agent would send the room's sound."""
        self._listened_at = asyncio.get_running_loop().time()
        if "listening" not in self._tasks and self._settings.config.streaming.sound:
            self._start("listening", self._listen(self._settings.config.streaming.sound_device))

    def heard(self, name: str, loudest: float, quietest: float) -> None:
        """The microphone of the classroom page's browser was heard; dBFS. Raises SetupError when nobody was."""
        if loudest < LOUD_DB or loudest - quietest < ABOVE_DB:
            raise SetupError(
                "Chưa nghe thấy tiếng nói. Hãy nói to gần micro; nếu vẫn không thấy, hãy chọn micro khác.",
                "No voice was heard. Speak up near the microphone; if that does not help, choose another one.",
            )
        name = name[:80] or "–"
        self._state.passed(
            "sound",
            f"Micro: {name}, tiếng nói {loudest:.0f} dB.",
            f"Microphone: {name}, voice at {loudest:.0f} dB.",
            {"microphone": name, "loudest_db": round(loudest, 1), "quietest_db": round(quietest, 1)},
        )

    def measure_network(self, *, spare: bool) -> None:
        """Measure the way to the server, unless that is being done. spare: a class needs the line."""
        if "network" not in self._tasks:
            self._start("network", self._measure(spare))

    def calibrate(self) -> None:
        """Measure camera, clock and faces, unless that is being done."""
        if "calibration" not in self._tasks:
            self._start("calibration", self._calibrate())

    async def stop_listening(self) -> None:
        """Let go of the agent's microphone."""
        await self._cancel("listening")

    async def close(self) -> None:
        """Let go of everything."""
        for name in tuple(self._tasks):
            await self._cancel(name)

    async def _measure(self, spare: bool) -> None:
        self._state.failed.pop("network", None)

        def began(step: LineStep) -> None:
            self.network = step
            self._state.changes.touch()

        try:
            who = identity.load(self._settings.folder, self._keys)
            clock = ServerClock(this_pc())
            async with Server(self._settings.config.server or who.membership.server, clock, who) as server:
                line = await measuring.line_speed(server, clock, LINE_S, began, spare=spare)
            self._measured(line)
        finally:
            self.network = None

    def _measured(self, line: LineSpeed) -> None:
        found = line_findings(line)
        said = tuple(Sentence("attention" if one.light == "unknown" else one.light, one.vi, one.en) for one in found)
        order: tuple[Light, ...] = ("good", "attention", "bad")
        light = max((one.light for one in said), key=order.index)
        figures: Figures = {
            "round_trip_ms": line.round_trip_ms, "upload_kbit_s": line.upload_kbit_s, "clock_ms": line.offset_ms,
            "whip": str(line.whip), "udp": str(line.ways.udp) if line.ways else None,
        }  # fmt: skip
        self._state.came_to("network", light, said, figures)

    async def _calibrate(self) -> None:
        self._state.failed.pop("calibration", None)
        process = ChildProcess[Told, bool]("calibration", calibrate, Calibrate(self._settings, self._camera_s))
        try:
            while True:
                told = await process.event(CALIBRATED_S)
                if isinstance(told, Begun):
                    self.calibrating = told.part
                    self._state.changes.touch()
                    continue
                if isinstance(told, Calibrated):
                    self._calibrated(told)
                elif isinstance(told, NotCalibrated):
                    self._state.failed["calibration"] = told.vi, told.en
                else:
                    raise TimeoutError
                return
        except TimeoutError:
            self._state.failed["calibration"] = (
                "Việc đo dừng giữa chừng. Hãy rút camera ra cắm lại rồi đo lại.",
                "Measuring stopped midway. Unplug the camera, plug it in again, then measure again.",
            )
        finally:
            process.kill()
            self.calibrating = None

    def _calibrated(self, told: Calibrated) -> None:
        if told.source != self._settings.source:
            choices.choose_camera(self._settings, told.source, self._settings.pin)
        light: Light = "good" if all(one.light == "good" for one in told.said) else "attention"
        self._state.came_to("calibration", light, told.said, told.figures)

    async def _listen(self, device: str) -> None:
        process = ChildProcess[Heard, bool]("microphone-tried", listen, device)
        loop = asyncio.get_running_loop()
        levels: deque[float] = deque(maxlen=LEVELS)
        spoken = False
        try:
            while loop.time() - self._listened_at < LISTENED_S:
                with contextlib.suppress(TimeoutError):
                    heard = await process.event(1.0)
                    if heard is None:
                        return
                    self.level = heard
                    if isinstance(heard, Level):
                        levels.append(heard.db)
                        if not spoken:
                            with contextlib.suppress(SetupError):  # nobody has spoken yet
                                self.heard(device, max(levels), sorted(levels)[len(levels) // 5])
                                spoken = True
                    self._state.changes.touch()
        finally:
            process.kill()
            self.level = None

    def _start(self, name: Running, work: Coroutine[None, None, None]) -> None:
        async def run() -> None:
            try:
                await work
            except (DiemdanhError, OSError) as error:  # a process that can't be started, a disk that is full
                why = reason(error) if isinstance(error, OSError) else Reason(error.vi, error.en)
                self._state.failed["sound" if name == "listening" else name] = why.vi, why.en
            finally:
                self._tasks.pop(name, None)
                self._state.changes.touch()

        self._tasks[name] = asyncio.create_task(run())
        self._state.changes.touch()

    async def _cancel(self, name: Running) -> None:
        if (task := self._tasks.get(name)) is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._tasks.pop(name, None)  # it may have been ended before it began

    def running(self, name: Running) -> bool:
        """Whether it goes on."""
        return name in self._tasks
