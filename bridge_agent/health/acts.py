"""The acts that can be pressed on the page of the day: each is really done, and answers with what came of it.

None asks for a PIN (deploy/decisions/0034). What fails is a DeskError with what to do next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bridge_agent.alarms import Alarms
from bridge_agent.check_in.desk import DeskError
from bridge_agent.contact import Contact
from bridge_agent.courier import Courier
from bridge_agent.errors import AgentError
from bridge_agent.health.checklist import Tried
from bridge_agent.health.keeping import HealthWatch
from bridge_agent.health.remedies import Act, Sentence
from bridge_agent.hours import hour
from bridge_agent.journal import Journal
from bridge_agent.recordings import Recordings
from bridge_agent.room_watch import RoomWatch
from bridge_agent.server import Server
from bridge_agent.server_clock import ServerClock
from bridge_agent.streaming.room_stream import RoomStream
from models.language import counted, many

PICTURE_S: Final = 30.0
"""Opening the camera and loading the networks takes some seconds on an old PC."""
SENT_S: Final = 8.0
STREAM_S: Final = 20.0
AGAIN_S: Final = 20.0
"""Between two restarts of one part: nobody may keep the room unwatched, or its stream down, by pressing."""
LOOK_S: Final = 0.2
NO_SESSION: Final = ("Hiện không có buổi học nào đang được theo dõi.", "No session is being watched now.")


@dataclass(frozen=True, slots=True)
class Means:
    """The agent's parts by which the acts are done."""

    room: RoomWatch
    stream: RoomStream
    courier: Courier
    contact: Contact
    server: Server
    recordings: Recordings
    alarms: Alarms
    clock: ServerClock
    journal: Journal
    health: Callable[[], HealthWatch | None]
    look: Callable[[], None]
    """Use the camera for a minute, to see whether it gives pictures. Raises DeskError."""
    pictured: Callable[[], int | None]
    """Server time of the newest picture of the room."""
    stream_answers: Callable[[str], Awaitable[bool]]
    """Whether the address at which this server takes streams answers."""


class Acts:
    """Does them. stream_tried: whether the stream's address answered when that was asked last."""

    def __init__(self, means: Means) -> None:
        self.stream_tried: Tried | None = None
        self._means = means
        self._restarted: dict[Act, float] = {}
        """When something was started anew, on the loop's clock."""
        self._ways: dict[Act, Callable[[], Awaitable[Sentence]]] = {
            "restart_camera": self._restart_camera,
            "try_camera": self._try_camera,
            "republish": self._republish,
            "try_stream": self._try_stream,
            "send_now": self._send_now,
            "try_server": self._try_server,
            "write_again": self._write_again,
            "look_again": self._look_again,
        }

    async def do(self, act: Act) -> Sentence:
        """Do it; what came of it. Raises DeskError when that is not what was wanted."""
        self._means.journal.note("asked_for", act=act)
        return await self._ways[act]()

    def _not_just_now(self, act: Act) -> None:
        since = asyncio.get_running_loop().time() - self._restarted.get(act, -AGAIN_S)
        if (left := AGAIN_S - since) > 0:
            raise DeskError(
                f"Vừa được khởi động lại. Hãy đợi {left:.0f} giây rồi xem kết quả.",
                f"It was just restarted. Wait {left:.0f} s, then see what came of it.",
            )

    async def _restart(self, act: Act, done: Callable[[], bool], most_s: float) -> bool:
        """Wait until what was started anew works, for so long at most; whether it does."""
        loop = asyncio.get_running_loop()
        self._restarted[act] = loop.time()
        works = await _until(done, most_s)
        self._restarted[act] = loop.time()
        return works

    # Camera

    async def _restart_camera(self) -> Sentence:
        means = self._means
        self._not_just_now("restart_camera")
        starts = means.room.starts
        if not means.room.restart():
            raise DeskError(
                "Camera hiện không được dùng nên không có gì để khởi động lại. Hãy bấm “Thử camera”.",
                "The camera is not in use, so there is nothing to restart. Press “Try the camera”.",
            )
        began = means.clock.clocks.boot()

        def back() -> bool:
            recording = means.recordings.current
            return means.room.starts > starts and (recording.watching if recording else self._newer(began))

        if await self._restart("restart_camera", back, PICTURE_S):
            at = hour(means.recordings.now())
            return f"Đã khởi động lại: camera có hình từ {at}.", f"Restarted: the camera gives pictures since {at}."
        raise self._no_picture()

    async def _try_camera(self) -> Sentence:
        means = self._means
        began = means.clock.clocks.boot()
        means.look()
        if await _until(lambda: self._newer(began), PICTURE_S):
            at = hour(means.recordings.now())
            return f"Camera có hình lúc {at}. Hãy xem hình bên dưới.", f"It gave a picture at {at}: see it below."
        raise self._no_picture()

    def _newer(self, began: int) -> bool:
        pictured = self._means.pictured()
        return pictured is not None and pictured > self._means.clock.sample().server_time(began)

    def _no_picture(self) -> DeskError:
        said = self._means.alarms.named()
        for name in ("recognition", "trouble camera_gone", "trouble frozen", "trouble dark"):
            if name in said:
                return DeskError(*said[name])
        return DeskError(
            "Chưa có hình. Hãy xem dây và nguồn của camera, hoặc chọn camera khác.",
            "No picture yet. Check the camera's cable and power, or choose another camera.",
        )

    # Stream

    async def _republish(self) -> Sentence:
        means = self._means
        self._not_just_now("republish")
        if not means.stream.anew():
            raise DeskError(*NO_SESSION)
        since = means.clock.clocks.boot()

        def up() -> bool:
            recording = means.recordings.current
            from_ = None if recording is None else recording.streaming_from
            return from_ is not None and from_ >= means.clock.sample().server_time(since)

        if await self._restart("republish", up, STREAM_S):
            at = hour(means.recordings.now())
            return f"Đang truyền hình lại từ {at}.", f"Streaming again since {at}."
        view = means.stream.view()
        raise DeskError(
            *(
                (view.why if view else None)
                or (
                    "Chưa truyền được hình; máy tự thử tiếp. Việc điểm danh vẫn tiếp tục.",
                    "Not streaming yet; the agent tries on by itself. Attendance goes on.",
                )
            )
        )

    async def _try_stream(self) -> Sentence:
        means = self._means
        answers = await means.stream_answers(means.server.url)
        self.stream_tried = Tried(means.recordings.now(), answers)
        if answers:
            return "Nơi nhận hình của lớp học trả lời.", "Where the room's stream goes answers."
        raise DeskError(
            "Nơi nhận hình của lớp học không trả lời. Hãy kiểm tra đường mạng; việc điểm danh không bị ảnh hưởng.",
            "Where the room's stream goes does not answer. Test the line; attendance is not affected.",
        )

    # Server and log

    async def _try_server(self) -> Sentence:
        means, loop = self._means, asyncio.get_running_loop()
        began = loop.time()
        try:
            await means.server.measure_clock()
        except AgentError as error:
            waiting = means.courier.waiting
            raise DeskError(
                f"{error.vi} Điểm danh vẫn được ghi trên máy này ({waiting} bản ghi chờ gửi).",
                f"{error.en} Attendance is still recorded here ({counted(waiting, 'record')} "
                f"{many(waiting, 'waits', 'wait')}).",
            ) from error
        took = (loop.time() - began) * 1000
        means.contact.hurry()
        means.courier.server_is_back()
        means.alarms.clock(means.clock.sample())
        off = abs(means.clock.sample().offset or 0) / 1000
        vi, en = f"{off:.1f}".replace(".", ","), f"{off:.1f}"
        return (
            f"Máy chủ trả lời sau {took:.0f} ms; đồng hồ máy này lệch {vi} giây.",
            f"The server answered after {took:.0f} ms; this PC's clock is {en} s off.",
        )

    async def _send_now(self) -> Sentence:
        courier = self._means.courier
        before = courier.waiting
        courier.hurry()
        if await _until(lambda: courier.waiting == 0, SENT_S):
            if not before:
                return "Không có bản ghi nào chờ gửi.", "No record waits."
            return f"Đã gửi hết {before} bản ghi.", f"All {counted(before, 'record')} are sent."
        left = courier.waiting
        sent = max(0, before - left)
        if sent and not courier.away:
            return (
                f"Đã gửi {sent} bản ghi, còn {left}; máy đang gửi tiếp.",
                f"{counted(sent, 'record')} sent, {left} left; sending goes on.",
            )
        raise DeskError(
            f"Chưa gửi được: {left} bản ghi vẫn nằm an toàn trên máy này. Hãy thử kết nối máy chủ.",
            f"Not sent: {counted(left, 'record')} {many(left, 'is', 'are')} safe on this PC. Try the server.",
        )

    async def _write_again(self) -> Sentence:
        recordings = self._means.recordings
        recordings.flush()
        if recordings.write(lambda: None):
            return "Đã ghi được nhật ký.", "The log is written."
        raise DeskError(*self._means.alarms.named()["log"])

    # The PC

    async def _look_again(self) -> Sentence:
        health = self._means.health()
        if health is None:
            raise DeskError("Máy này không được theo dõi về ổ đĩa và nguồn điện.", "This PC is not looked after.")
        machine = await health.read()
        said = self._means.alarms.named()
        if found := [said[name] for name in ("disk", "hot", "power") if name in said]:
            raise DeskError(" ".join(vi for vi, _ in found), " ".join(en for _, en in found))
        free = f"{machine.disk_free / 1e9:.1f} GB"
        return (
            f"Đã kiểm tra lại: ổ đĩa còn {free.replace('.', ',')} trống, nguồn điện và nhiệt độ tốt.",
            f"Looked again: {free} of the disk are free, power and heat are good.",
        )


async def _until(fits: Callable[[], bool], most_s: float) -> bool:
    """Wait until it fits, for so long at most; whether it does."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + most_s
    while not (found := fits()) and loop.time() < ends:  # noqa: ASYNC110 - other processes change it, not this loop
        await asyncio.sleep(LOOK_S)
    return found
