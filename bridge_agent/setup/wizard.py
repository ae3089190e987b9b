"""The wizard: what its pages show and what can be done there. Each step's result is kept as soon as it is known.

Before this PC has joined there is nothing but the step `join`; afterwards the running agent has the other steps on its
own pages, also later, for one thing to be changed. All tabs show the same: what runs, runs once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from bridge_agent import autostart, identity
from bridge_agent.capture.cameras import cameras
from bridge_agent.capture.source import Device, parse_source
from bridge_agent.check_in.desk import Desk
from bridge_agent.config import Settings
from bridge_agent.errors import AgentError, IdentityError, SourceError
from bridge_agent.key_store import KeyStore
from bridge_agent.profile_state import ProfileReader
from bridge_agent.server import Server
from bridge_agent.server_clock import ServerClock, this_pc
from bridge_agent.setup import choices
from bridge_agent.setup.calibrating import SECONDS
from bridge_agent.setup.looker import Looker, look_at
from bridge_agent.setup.measures import ABOVE_DB, Measures
from bridge_agent.setup.progress import ELSEWHERE, Progress, Sentence, Step
from bridge_agent.setup.state import SetupError, SetupState
from models import join_code
from models.wire import ConsentText


class Wizard:
    """One wizard. `wall`: this PC's clock, ms. `desk`: the running agent's; None: this PC has not joined.

    camera_s: for so long calibration looks through the camera. starting: how this PC starts the agent by itself.
    """

    def __init__(
        self,
        settings: Settings,
        keys: KeyStore,
        wall: Callable[[], int],
        desk: Desk | None = None,
        *,
        camera_s: float = SECONDS,
        starting: Callable[[], autostart.Way] = autostart.way,
    ) -> None:
        self._starting = starting
        self.settings, self._keys, self._desk = settings, keys, desk
        self._profile = ProfileReader(settings)
        self.state = SetupState(settings, wall)
        self.measures = Measures(settings, keys, self.state, camera_s)
        self.looker = Looker(self.state.changes.touch, self._coded)
        self.joined = asyncio.Event()
        if desk is not None:
            self.joined.set()
        self.code: join_code.JoinCode | None = None
        """Read from a QR code: waits to be confirmed."""
        self.consent: ConsentText | None = None
        self._joining = asyncio.Lock()

    # What stands

    @property
    def has_joined(self) -> bool:
        """This PC is a device of a server."""
        return self.joined.is_set()

    @property
    def unfinished(self) -> bool:
        """It is guided, and a step is not green."""
        return self.state.progress.guided and self.state.progress.first_open(self.has_joined) is not None

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
            if not self.state.progress.results:
                # Only now: whose identity was lost and came back is not led through all steps.
                self.state.keep(Progress(guided=True))
            await self.looker.end()
            self.code = None
            self.joined.set()
        self.state.changes.touch()

    def _coded(self, text: str) -> None:
        """A QR code is before the camera. One that is no join code says nothing."""
        try:
            code = join_code.read(text)
        except join_code.JoinCodeError:
            return
        if code.server is not None and code != self.code:
            self.code = code
            self.state.changes.touch()

    async def look(self, source: str, *, codes: bool = False) -> None:
        """Show the live picture of a source. Raises SourceError when it can be none."""
        source = source.strip()
        self.state.failed.pop("camera", None)
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
            self.state.passed("camera", "Camera của phòng đang được dùng.", "The room's camera is in use.", {})
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
        self.state.came_to(
            "camera",
            "good",
            (Sentence("good", f"Camera: {name}, hình {size[0]}x{size[1]}.", f"Camera: {name}, {size[0]}x{size[1]}."),),
            {"camera": str(shown), "width": size[0], "height": size[1]},
            {"calibration": another},
        )
        await self.looker.end()  # the agent may need it at once

    async def choose_sound(self, sound: bool, device: str) -> None:
        """The room's sound goes this way from now on. Raises DataFolderError."""
        choices.choose_sound(self.settings, sound, device if sound else "")
        await self.measures.stop_listening()
        self.state.keep(self.state.progress.without("sound"))

    def sound_elsewhere(self) -> None:
        """The room's sound does not go by this PC. Raises DataFolderError."""
        self.state.passed(
            "sound",
            "Tiếng của phòng đi qua hệ thống họp khác, không thử ở đây.",
            "The room's sound goes by another system; it was not tested here.",
            {"way": ELSEWHERE},
        )

    def speaker(self, heard: bool, by_microphone: float | None) -> None:
        """Whether the person heard the tone; by_microphone: how much louder the microphone heard it, dB."""
        if not heard:
            said = Sentence(
                "attention",
                "Chưa nghe thấy tiếng. Hãy tăng âm lượng, kiểm tra dây loa, chọn đúng loa trong cài đặt âm thanh.",
                "No sound was heard. Turn up the volume, check the cable, choose the right speaker in the settings.",
            )
            self.state.came_to("speaker", "attention", (said,), {})
            return
        vi, en = "Đã nghe thấy tiếng từ loa.", "The speaker was heard."
        if by_microphone is not None and by_microphone >= ABOVE_DB:
            vi += f" Micro cũng nghe thấy (+{by_microphone:.0f} dB)."
            en += f" The microphone heard it, too (+{by_microphone:.0f} dB)."
        self.state.passed("speaker", vi, en, {"microphone_db": by_microphone})

    def measure_network(self) -> None:
        """Measure the way to the server; without the upload while a class needs the line."""
        self.measures.measure_network(spare=self.in_class())

    async def calibrate(self) -> None:
        """Measure camera, clock and faces, unless that is being done. Raises SetupError while the camera is in use."""
        if self.measures.running("calibration"):
            return
        if self.camera_in_use():
            raise SetupError(
                "Camera đang được dùng cho buổi học hoặc cho việc điểm danh tại bàn. Hãy hiệu chỉnh khi xong.",
                "The camera is in use, for a session or for people at the desk. Calibrate when that is over.",
            )
        await self.looker.end()
        self.measures.calibrate()

    def accept(self, step: Step) -> None:
        """The technician goes on though a step is not all good. Raises DataFolderError."""
        self.state.keep(self.state.progress.accepting(step))

    async def fetch_consent(self) -> None:
        """Get the text that learners are asked to agree to. What goes wrong is shown at the step."""
        try:
            async with self._server() as server:
                today = await server.today()
        except AgentError as error:
            self.state.failed["consent"] = error.vi, error.en
        else:
            self.state.failed.pop("consent", None)
            self.consent = today.consent
        self.state.changes.touch()

    def consent_read(self, version: str) -> None:
        """The technician has seen the text that is given now. Raises SetupError."""
        if self.consent is None or self.consent.version != version:
            raise SetupError(
                "Nội dung đồng ý chưa tải được hoặc vừa được thay. Hãy tải lại trang và đọc lại.",
                "The consent text is not there or was just replaced. Load the page again and read it anew.",
            )
        self.state.passed(
            "consent",
            f"Nội dung đồng ý bản {version} đã sẵn sàng.",
            f"The consent text, version {version}, is ready.",
            {"version": version},
        )

    # Starting by itself

    def started_by(self) -> Path | None:
        """The file by which this agent starts by itself; None: somebody has to start it."""
        return autostart.started_by(self._starting(), self.settings.folder)

    async def start_by_itself(self) -> None:
        """Start with the next sign-in (as root: with the PC). Raises IdentityError, FinalError."""
        data = self.settings.folder
        await asyncio.to_thread(autostart.enable, self._starting(), data, self.settings.path, data.path)

    async def close(self) -> None:
        """Let go of everything."""
        await self.measures.close()
        await self.looker.end()

    def _server(self) -> Server:
        who = identity.load(self.settings.folder, self._keys)
        return Server(self.settings.config.server or who.membership.server, ServerClock(this_pc()), who)


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
