"""Keeps the room's stream up while a session runs: the streaming process's owner in the agent's parent.

What fails here is told and tried again, and costs attendance nothing: recognition and the log know nothing of it but
the link records that come of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable
from typing import Final

from bridge_agent.alarms import Alarms
from bridge_agent.capture.outlet import MeetingPlace, Still, StreamOut, StreamSettings, WantStill
from bridge_agent.config import StreamingConfig
from bridge_agent.errors import AgentError
from bridge_agent.journal import Journal
from bridge_agent.recordings import Recordings
from bridge_agent.server import Server
from bridge_agent.session import Recording
from bridge_agent.streaming import showing
from bridge_agent.streaming.link import LinkEnd
from bridge_agent.streaming.messages import (
    NoPass,
    Pass,
    Stop,
    StreamAssignment,
    StreamCommand,
    StreamEvent,
    StreamState,
    WantPass,
)
from bridge_agent.streaming.start import StreamTarget
from bridge_agent.supervisor import is_stopped, keep, restarts, turns
from models.child_process import Alive, ChildProcess
from models.wire import LiveStream, MediaTokenRequest

TICK_S: Final = 0.5
STARTING_S: Final = 120.0
"""Loading aiortc takes a second on a free PC, and much longer on one that starts other things at the same time: it
gives a sign of life every second then."""
SILENT_S: Final = 8.0
"""It tells something every second."""
PASS_S: Final = 5.0
PICTURE_S: Final = 30.0
"""Until the next still when the server can't be asked."""
STILL_S: Final = 4.0
"""Capture answers with its next frame, or there is none now."""
NO_PICTURE_S: Final = 2.0
"""Until capture is asked again: it may just be starting."""

StreamProcess = ChildProcess[StreamEvent | Alive, StreamCommand]


class RoomStream:
    """The room's stream. `wrote`: something was recorded that the server should hear of soon. `sound`: the microphone
    that is published now, where it may change; else as the settings say.
    """

    def __init__(
        self,
        config: StreamingConfig,
        target: StreamTarget,
        server: Server,
        recordings: Recordings,
        alarms: Alarms,
        journal: Journal,
        wrote: Callable[[], None],
        sound: Callable[[], str | None] | None = None,
    ) -> None:
        self._sound = sound or config.microphone
        self._config, self._target, self._server = config, target, server
        self._recordings, self._alarms, self._journal, self._wrote = recordings, alarms, journal, wrote
        self._place = MeetingPlace() if config.enabled else None
        self._state: StreamState | None = None
        self._troubled_since: float | None = None
        self._stills: asyncio.Queue[Still] = asyncio.Queue(maxsize=1)
        self._wants_anew = False
        self._runs = False

    @property
    def out(self) -> StreamOut | None:
        """Where capture sends what it encodes; None: the settings want no stream."""
        config = self._config
        settings = StreamSettings(config.width, config.height, config.fps, config.kbit_s)
        return self._place.out(settings) if self._place else None

    def view(self) -> showing.StreamView | None:
        """What the technician's page shows; None between sessions."""
        recording = self._recordings.current
        if recording is None:
            return None
        if self._place is None:
            return showing.StreamView("off", ("Tắt trong tệp cấu hình.", "Switched off in the settings."))
        return showing.view(self._state, recording.streaming_from)

    def live(self) -> LiveStream | None:
        """What the live status tells; None where the settings want no stream."""
        recording, state = self._recordings.current, self._state
        if self._place is None:
            return None
        if recording is None or state is None or not state.up:
            return LiveStream(up_since=None)
        return LiveStream(up_since=recording.streaming_from, kbit_s=state.kbit_s, fps=state.fps, lowered=state.step > 0)

    async def run(self) -> None:
        """Until cancelled. Without a stream in the settings it only waits."""
        while True:
            recording = self._recordings.current
            if recording is None or self.out is None:
                turns()
                await asyncio.sleep(TICK_S)
            else:
                await self._stream(recording, self.out)

    def anew(self) -> bool:
        """End the streaming process, in order, and publish anew; False when none runs."""
        self._wants_anew = self._runs
        return self._runs

    def close(self) -> None:
        """The agent ends."""
        if self._place is not None:
            self._place.close()

    async def _stream(self, recording: Recording, out: StreamOut) -> None:
        """Keep a process streaming until the session is over."""
        loop, backoff = asyncio.get_running_loop(), restarts()
        try:
            while self._recordings.current is recording:
                assignment = StreamAssignment(self._server.url, recording.session, out, self._sound())
                began = loop.time()
                lost = await self._one_process(assignment, recording)
                if lost:
                    self._journal.lost("streaming", lost)
                    self._alarms.set(
                        "stream",
                        "Phần truyền hình đã dừng đột ngột; đang khởi động lại. Việc điểm danh vẫn tiếp tục.",
                        "Streaming ended unexpectedly; it is being restarted. Attendance goes on.",
                    )
                    await asyncio.sleep(backoff.ended(loop.time() - began))
        finally:
            self._troubled_since = None
            self._alarms.clear("stream")

    async def _one_process(self, assignment: StreamAssignment, recording: Recording) -> str:
        """One process until the session is over or another microphone chosen (""), or until it is lost: how."""
        process: StreamProcess = ChildProcess("streaming", self._target, assignment)
        self._journal.note("streaming_started", pid=process.pid)
        stills = functools.partial(self._pictures, process, recording.session)
        pictures = asyncio.create_task(keep("stills", stills, self._journal))
        self._runs, self._wants_anew = True, False
        ended_by: LinkEnd = "stopped"
        try:
            lost = await self._listen(process, recording, assignment.sound)
            if lost:
                ended_by = "crashed"
            else:
                await process.stop(Stop(), lambda event: None)
            return lost
        except asyncio.CancelledError:
            await process.stop(Stop(), lambda event: None)
            raise
        finally:
            pictures.cancel()
            process.kill()
            self._state, self._runs = None, False
            if recording.stream_down(ended_by):
                self._wrote()

    async def _listen(self, process: StreamProcess, recording: Recording, sound: str | None) -> str:
        loop = asyncio.get_running_loop()
        began = heard = loop.time()
        patience = STARTING_S
        asking: set[asyncio.Task[None]] = set()
        while self._recordings.current is recording and self._sound() == sound and not self._wants_anew:
            turns()
            asked, event, silent = loop.time(), None, False
            try:
                event = await process.event(TICK_S)
            except TimeoutError:
                silent = True
            stood = max(0.0, loop.time() - asked - 2 * TICK_S)  # we ourselves stood still, and it perhaps with us
            began, heard = began + stood, heard + stood
            if silent:
                silent_s = loop.time() - heard
                if silent_s > patience or (silent_s > SILENT_S and is_stopped(process.pid)):
                    return "silent"
                continue
            heard = loop.time()
            match event:
                case None:
                    return f"exit {await process.exit_code()}"
                case Alive():
                    patience = SILENT_S if heard - began < STARTING_S else 0.0
                case WantPass():
                    task = asyncio.create_task(self._ask_pass(process, recording.session, event))
                    asking.add(task)
                    task.add_done_callback(asking.discard)
                case Still():
                    if not self._stills.full():
                        self._stills.put_nowait(event)
                case StreamState():
                    patience = SILENT_S
                    self._told(event, recording)
        return ""

    def _told(self, state: StreamState, recording: Recording) -> None:
        before, self._state = self._state, state
        if state.up:
            changed = recording.stream_up(state.at)
        else:
            no_picture = state.trouble in ("no_picture", "not_encoded")
            changed = recording.stream_down("no_picture" if no_picture else "line_lost")
        if changed:
            self._journal.note("stream_up" if state.up else "stream_down", trouble=state.trouble or "")
        self._alarm(state, watching=recording.watching)
        if changed or before is None or before.step != state.step:
            self._wrote()

    def _alarm(self, state: StreamState, *, watching: bool) -> None:
        now = asyncio.get_running_loop().time()
        if state.trouble is None:
            self._troubled_since = None
        elif self._troubled_since is None:
            self._troubled_since = now
        stood_s = 0.0 if self._troubled_since is None else now - self._troubled_since
        said = showing.alarm(state, stood_s, watching=watching)
        if said is not None:
            self._alarms.set("stream", *said)
        elif state.trouble in (None, "no_picture"):
            self._alarms.clear("stream")

    async def _ask_pass(self, process: StreamProcess, session: str, wanted: WantPass) -> None:
        try:
            async with asyncio.timeout(PASS_S):
                answer = await self._server.media_token(MediaTokenRequest(session=session, sources=wanted.sources))
        except (AgentError, TimeoutError) as error:
            said = (error.vi, error.en) if isinstance(error, AgentError) else ("không trả lời", "no answer")
            process.tell(NoPass(*said))
            return
        good_for_s = max(0.0, (answer.expires_at - self._recordings.now()) / 1000)
        process.tell(Pass(answer.token, answer.room, good_for_s, answer.ice_servers))

    async def _pictures(self, process: StreamProcess, session: str) -> None:
        """A still of the room for the classroom page, as often as the server wants one."""
        while True:
            wait = NO_PICTURE_S
            while not self._stills.empty():
                self._stills.get_nowait()
            process.tell(WantStill())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STILL_S):
                    still = await self._stills.get()
                wait = PICTURE_S
                try:
                    async with asyncio.timeout(PASS_S):
                        wait = (await self._server.send_picture(session, still.jpeg)).next_in_s
                except AgentError as error:
                    # The class goes on without it, but a server that takes none must not go unseen.
                    self._journal.note("picture_not_taken", error=type(error).__name__)
            await asyncio.sleep(wait)
