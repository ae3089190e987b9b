"""The wizard: what its pages show and what can be done there. Each step's result is kept as soon as it is known.

Before this PC has joined there is nothing but the step `join`; afterwards the running agent has the other steps on its
own pages, also later, for one thing to be changed. All tabs show the same: what runs, runs once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Final, Literal

from bridge_agent import identity
from bridge_agent.capture.cameras import cameras
from bridge_agent.capture.source import Device, parse_source
from bridge_agent.check_in.desk import Desk
from bridge_agent.config import Settings
from bridge_agent.errors import AgentError, IdentityError, RetryableError, SourceError
from bridge_agent.key_store import KeyStore
from bridge_agent.profile_state import ProfileReader
from bridge_agent.server import Server
from bridge_agent.server_clock import ServerClock, this_pc
from bridge_agent.setup import choices
from bridge_agent.setup.calibrating import SECONDS, Begun, Calibrate, Calibrated, NotCalibrated, Part, Told, calibrate
from bridge_agent.setup.listening import Heard, Level, NoSound, listen
from bridge_agent.setup.looker import Looker, look_at
from bridge_agent.setup.progress import Light, Progress, ProgressFile, Result, Sentence, Step
from bridge_agent.support import measuring
from bridge_agent.support.measuring import LineSpeed, LineStep
from bridge_agent.support.verdict import line_findings
from models import join_code
from models.child_process import ChildProcess
from models.errors import DiemdanhError
from models.reasons import Reason, reason
from models.wire import ConsentText

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


class SetupError(RetryableError):
    """What was asked for can't be done now; the sentence says why and what to do."""


class Changes:
    """A number that grows whenever the pages have something new to show."""

    def __init__(self) -> None:
        self.version = 0
        self._event = asyncio.Event()

    def touch(self) -> None:
        """There is something new."""
        self.version += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, version: int, timeout_s: float) -> None:
        """Until the number is another, or so many seconds."""
        event = self._event
        if self.version == version:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await event.wait()


class Wizard:
    """One wizard. `wall`: this PC's clock, ms. `desk`: the running agent's; None: this PC has not joined.

    camera_s: for so long calibration looks through the camera.
    """

    def __init__(
        self,
        settings: Settings,
        keys: KeyStore,
        wall: Callable[[], int],
        desk: Desk | None = None,
        *,
        camera_s: float = SECONDS,
    ) -> None:
        self._camera_s = camera_s
        self._profile = ProfileReader(settings)
        self.settings, self._keys, self._wall, self._desk = settings, keys, wall, desk
        self._file = ProgressFile(settings.folder.setup)
        self.progress = self._file.read()
        self.changes = Changes()
        self.looker = Looker(self.changes.touch, self._coded)
        self.joined = asyncio.Event()
        if desk is not None:
            self.joined.set()
        self.code: join_code.JoinCode | None = None
        """Read from a QR code: waits to be confirmed."""
        self.measuring: LineStep | None = None
        """What of the network is being measured."""
        self.calibrating: Part | None = None
        self.failed: dict[Step, tuple[str, str]] = {}
        """Why the last try of a step came to nothing."""
        self.level: Level | NoSound | None = None
        """Of the agent's own microphone, while it is listened to."""
        self.consent: ConsentText | None = None
        self._listened_at = 0.0
        self._tasks: dict[Running, asyncio.Task[None]] = {}
        self._joining = asyncio.Lock()

    # What stands

    @property
    def has_joined(self) -> bool:
        """This PC is a device of a server."""
        return self.joined.is_set()

    @property
    def unfinished(self) -> bool:
        """It is guided, and a step is not green."""
        return self.progress.guided and self.progress.first_open(self.has_joined) is not None

    def membership(self) -> identity.Membership | None:
        """What was joined."""
        with contextlib.suppress(IdentityError):
            return identity.membership(self.settings.folder)
        return None

    def in_class(self) -> bool:
        """A session is watched now, with this PC's camera."""
        session = self._desk.view().session if self._desk is not None else None
        return session is not None and session.watching

    def camera_in_use(self) -> bool:
        """The agent itself has the chosen camera open, or wants it: for a session, or for people at the desk."""
        if self._desk is None:
            return False
        view = self._desk.view()
        session = view.session
        if view.purpose is not None or (session is not None and session.watching):
            return True
        before = round(self.settings.config.watch_before_minutes * 60_000)
        near = session is not None and session.start - before <= view.now < session.end
        return near and not self._profile(view.now).refused

    async def give_way(self) -> None:
        """Let go of the chosen camera when the agent wants it: a page that was left open keeps no class waiting."""
        asked = self.looker.asked
        if asked is not None and asked.source == self.settings.source and self.camera_in_use():
            await self.looker.end()

    def picture(self) -> bytes | None:
        """The newest picture of what is looked at; None when there is none that is live."""
        if self.looker.asked is None and self.camera_in_use() and self._desk is not None:
            return self._desk.preview()
        return self.looker.picture()

    # Steps

    def begin_guided(self) -> None:
        """The steps come one after the other from now on, if none was made yet. Raises DataFolderError."""
        if not self.progress.guided and not self.progress.results:
            self._keep(Progress(guided=True))

    async def join(self, text: str, address: str) -> None:
        """Join with what was typed, pasted or scanned. address: of the server, where the text holds none.

        Raises JoinCodeError, IdentityError, ServerAwayError, DataFolderError.
        """
        code = join_code.read(text)
        async with self._joining:
            if self.has_joined:
                return  # another tab was quicker
            server = code.server or address.strip()
            if not server:
                raise SetupError(
                    "Hãy nhập cả địa chỉ máy chủ, ví dụ https://diemdanh.example.vn.",
                    "Enter the server's address, too, for example https://diemdanh.example.vn.",
                )
            async with Server(server, ServerClock(this_pc())) as to:
                await identity.join(self.settings.folder, self._keys, to, code.token)
            await self.looker.end()
            self.code = None
            self.joined.set()
        self.changes.touch()

    def _coded(self, text: str) -> None:
        """A QR code is before the camera. One that is no join code says nothing."""
        try:
            code = join_code.read(text)
        except join_code.JoinCodeError:
            return
        if code.server is not None and code != self.code:
            self.code = code
            self.changes.touch()

    async def look(self, source: str, *, codes: bool = False) -> None:
        """Show the live picture of a source. Raises SourceError when it can be none."""
        source = source.strip()
        self.failed.pop("camera", None)
        if self.camera_in_use() and source == self.settings.source:
            await self.looker.end()  # the class has it: its own picture is shown
            return
        await self.looker.begin(look_at(source, self.settings.pin, await asyncio.to_thread(cameras), codes=codes))

    async def look_again(self) -> None:
        """Open what was looked at anew. Raises SourceError."""
        asked = self.looker.asked
        await self.look(asked.source if asked else self.settings.source, codes=asked is not None and asked.codes)

    async def choose_camera(self) -> None:
        """The source that is looked at is the room's from now on. Raises SetupError, DataFolderError."""
        asked, size = self.looker.asked, self.looker.size
        if asked is None and self.in_class():
            self._passed("camera", "Camera của phòng đang được dùng.", "The room's camera is in use.", {})
            return
        if asked is None or size is None or not self.looker.live:
            raise SetupError(
                "Chưa có hình từ camera này nên chưa chọn được. Hãy đợi có hình, hoặc thử camera khác.",
                "There is no picture from this camera, so it can't be chosen. Wait for one, or try another camera.",
            )
        another = asked.source != self.settings.source
        shown = parse_source(asked.source)
        name = asked.pin.name or str(shown)
        choices.choose_camera(self.settings, asked.source, asked.pin)
        result = self._result(
            "good",
            (Sentence("good", f"Camera: {name}, hình {size[0]}x{size[1]}.", f"Camera: {name}, {size[0]}x{size[1]}."),),
            {"camera": str(shown), "width": size[0], "height": size[1]},
        )
        self._keep(self.progress.with_result("camera", result, outdates={"calibration": another}))
        await self.looker.end()  # the agent may need it at once

    async def choose_sound(self, sound: bool, device: str) -> None:
        """The room's sound goes this way from now on. Raises DataFolderError."""
        choices.choose_sound(self.settings, sound, device if sound else "")
        await self._cancel("listening")
        self.level = None
        without: dict[Step, Result] = {step: one for step, one in self.progress.results.items() if step != "sound"}
        self._keep(Progress(guided=self.progress.guided, results=without))

    def sound_elsewhere(self) -> None:
        """The room's sound does not go by this PC. Raises DataFolderError."""
        self._passed(
            "sound",
            "Tiếng của phòng đi qua hệ thống họp khác, không thử ở đây.",
            "The room's sound goes by another system; it was not tested here.",
            {},
        )

    def hear(self) -> None:
        """Show the level of the microphone by which the agent would send the room's sound."""
        self._listened_at = asyncio.get_running_loop().time()
        if "listening" not in self._tasks and self.settings.config.streaming.sound:
            self._start("listening", self._listen(self.settings.config.streaming.sound_device))

    def heard(self, name: str, loudest: float, quietest: float) -> None:
        """The microphone of the classroom page's browser was heard; dBFS. Raises SetupError when nobody was."""
        if loudest < LOUD_DB or loudest - quietest < ABOVE_DB:
            raise SetupError(
                "Chưa nghe thấy tiếng nói. Hãy nói to gần micro; nếu vẫn không thấy, hãy chọn micro khác.",
                "No voice was heard. Speak up near the microphone; if that does not help, choose another one.",
            )
        name = name[:80] or "–"
        self._passed(
            "sound",
            f"Micro: {name}, tiếng nói {loudest:.0f} dB.",
            f"Microphone: {name}, voice at {loudest:.0f} dB.",
            {"microphone": name, "loudest_db": round(loudest, 1), "quietest_db": round(quietest, 1)},
        )

    def speaker(self, heard: bool, by_microphone: float | None) -> None:
        """Whether the person heard the tone; by_microphone: how much louder the microphone heard it, dB."""
        if not heard:
            said = Sentence(
                "attention",
                "Chưa nghe thấy tiếng. Hãy tăng âm lượng, kiểm tra dây loa, chọn đúng loa trong cài đặt âm thanh.",
                "No sound was heard. Turn up the volume, check the cable, choose the right speaker in the settings.",
            )
            self._keep(self.progress.with_result("speaker", self._result("attention", (said,), {})))
            return
        vi, en = "Đã nghe thấy tiếng từ loa.", "The speaker was heard."
        if by_microphone is not None and by_microphone >= ABOVE_DB:
            vi += f" Micro cũng nghe thấy (+{by_microphone:.0f} dB)."
            en += f" The microphone heard it, too (+{by_microphone:.0f} dB)."
        self._passed("speaker", vi, en, {"microphone_db": by_microphone})

    def measure_network(self) -> None:
        """Measure the way to the server, unless that is being done."""
        if "network" not in self._tasks:
            self._start("network", self._measure())

    async def calibrate(self) -> None:
        """Measure camera, clock and faces, unless that is being done. Raises SetupError while the camera is in use."""
        if "calibration" in self._tasks:
            return
        if self.camera_in_use():
            raise SetupError(
                "Camera đang được dùng cho buổi học hoặc cho việc điểm danh tại bàn. Hãy hiệu chỉnh khi xong.",
                "The camera is in use, for a session or for people at the desk. Calibrate when that is over.",
            )
        await self.looker.end()
        self._start("calibration", self._calibrate())

    def accept(self, step: Step) -> None:
        """The technician goes on though a step is not all good. Raises DataFolderError."""
        self._keep(self.progress.accepting(step))

    async def fetch_consent(self) -> None:
        """Get the text that learners are asked to agree to. What goes wrong is shown at the step."""
        try:
            async with self._server() as server:
                today = await server.today()
        except AgentError as error:
            self.failed["consent"] = error.vi, error.en
        else:
            self.failed.pop("consent", None)
            self.consent = today.consent
        self.changes.touch()

    def consent_read(self, version: str) -> None:
        """The technician has seen the text that is given now. Raises SetupError."""
        if self.consent is None or self.consent.version != version:
            raise SetupError(
                "Nội dung đồng ý chưa tải được hoặc vừa được thay. Hãy tải lại trang và đọc lại.",
                "The consent text is not there or was just replaced. Load the page again and read it anew.",
            )
        self._passed(
            "consent",
            f"Nội dung đồng ý bản {version} đã sẵn sàng.",
            f"The consent text, version {version}, is ready.",
            {"version": version},
        )

    async def close(self) -> None:
        """Let go of everything."""
        for name in tuple(self._tasks):
            await self._cancel(name)
        await self.looker.end()

    # Behind them

    def _server(self) -> Server:
        who = identity.load(self.settings.folder, self._keys)
        return Server(self.settings.config.server or who.membership.server, ServerClock(this_pc()), who)

    async def _measure(self) -> None:
        self.failed.pop("network", None)
        spare = self.in_class()

        def began(step: LineStep) -> None:
            self.measuring = step
            self.changes.touch()

        try:
            who = identity.load(self.settings.folder, self._keys)
            clock = ServerClock(this_pc())
            async with Server(self.settings.config.server or who.membership.server, clock, who) as server:
                line = await measuring.line_speed(server, clock, LINE_S, began, spare=spare)
            self._measured(line)
        finally:
            self.measuring = None

    def _measured(self, line: LineSpeed) -> None:
        found = line_findings(line)
        said = tuple(Sentence("attention" if one.light == "unknown" else one.light, one.vi, one.en) for one in found)
        order: tuple[Light, ...] = ("good", "attention", "bad")
        light = max((one.light for one in said), key=order.index)
        figures: dict[str, float | str | None] = {
            "round_trip_ms": line.round_trip_ms, "upload_kbit_s": line.upload_kbit_s, "clock_ms": line.offset_ms,
            "whip": str(line.whip), "udp": str(line.ways.udp) if line.ways else None,
        }  # fmt: skip
        self._keep(self.progress.with_result("network", self._result(light, said, figures)))

    async def _calibrate(self) -> None:
        self.failed.pop("calibration", None)
        process = ChildProcess[Told, bool]("calibration", calibrate, Calibrate(self.settings, self._camera_s))
        try:
            while True:
                told = await process.event(CALIBRATED_S)
                if isinstance(told, Begun):
                    self.calibrating = told.part
                    self.changes.touch()
                    continue
                if isinstance(told, Calibrated):
                    self._calibrated(told)
                elif isinstance(told, NotCalibrated):
                    self.failed["calibration"] = told.vi, told.en
                else:
                    raise TimeoutError
                return
        except TimeoutError:
            self.failed["calibration"] = (
                "Việc đo dừng giữa chừng. Hãy rút camera ra cắm lại rồi đo lại.",
                "Measuring stopped midway. Unplug the camera, plug it in again, then measure again.",
            )
        finally:
            process.kill()
            self.calibrating = None

    def _calibrated(self, told: Calibrated) -> None:
        if told.source != self.settings.source:
            choices.choose_camera(self.settings, told.source, self.settings.pin)
        light: Light = "good" if all(one.light == "good" for one in told.said) else "attention"
        self._keep(self.progress.with_result("calibration", self._result(light, told.said, told.figures)))

    async def _listen(self, device: str) -> None:
        process = ChildProcess[Heard, bool]("microphone-tried", listen, device)
        loop = asyncio.get_running_loop()
        levels: deque[float] = deque(maxlen=LEVELS)
        try:
            while loop.time() - self._listened_at < LISTENED_S:
                with contextlib.suppress(TimeoutError):
                    heard = await process.event(1.0)
                    if heard is None:
                        return
                    self.level = heard
                    if isinstance(heard, Level):
                        levels.append(heard.db)
                        if not self.progress.passed("sound", joined=True):
                            with contextlib.suppress(SetupError):  # nobody has spoken yet
                                self.heard(device, max(levels), sorted(levels)[len(levels) // 5])
                    self.changes.touch()
        finally:
            process.kill()
            self.level = None

    def _passed(self, step: Step, vi: str, en: str, figures: dict[str, float | str | None]) -> None:
        self._keep(self.progress.with_result(step, self._result("good", (Sentence("good", vi, en),), figures)))

    def _result(self, light: Light, said: tuple[Sentence, ...], figures: dict[str, float | str | None]) -> Result:
        return Result(light=light, at=self._wall(), said=said, figures=figures)

    def _keep(self, progress: Progress) -> None:
        self._file.write(progress)
        self.progress = progress
        self.changes.touch()

    def _start(self, name: Running, work: Coroutine[None, None, None]) -> None:
        async def run() -> None:
            try:
                await work
            except (DiemdanhError, OSError) as error:  # a process that can't be started, a disk that is full
                why = reason(error) if isinstance(error, OSError) else Reason(error.vi, error.en)
                self.failed["sound" if name == "listening" else name] = why.vi, why.en
            finally:
                self._tasks.pop(name, None)
                self.changes.touch()

        self._tasks[name] = asyncio.create_task(run())
        self.changes.touch()

    async def _cancel(self, name: Running) -> None:
        if (task := self._tasks.get(name)) is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def running(self, name: Running) -> bool:
        """Whether it goes on."""
        return name in self._tasks


def offered() -> list[tuple[str, str, bool]]:
    """The cameras of this PC for the page: source, name, whether it is a virtual one. A camera's second device, which
    gives no pictures, is left out."""
    return [
        (str(one.number), one.name, one.is_virtual)
        for one in cameras() or ()
        if not one.unit or "video-index" not in one.unit or one.unit.endswith("video-index0")
    ]


def chosen_number(settings: Settings) -> str:
    """The chosen source as the page lists it: a camera's number without its mode."""
    with contextlib.suppress(SourceError):
        source = parse_source(settings.source)
        if isinstance(source, Device):
            return str(source.number)
    return settings.source
