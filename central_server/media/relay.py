"""The relay process: answers offers, passes streams on, tells the server what is up. Knows nothing of permissions.

It ends when its pipe does: with the server, however that ends.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription

from central_server.log_lines import log_to_stderr
from central_server.media import passing
from central_server.media.messages import (
    Answered,
    Beat,
    Close,
    Closed,
    Command,
    Event,
    LetHear,
    Name,
    Play,
    Publish,
    Ready,
    Refused,
    Settings,
    Spoke,
    Stop,
    StreamState,
    Way,
)
from central_server.media.offers import (
    Coding,
    OfferError,
    first_payload_type,
    kind_of,
    played_preferences,
    published_coding,
    read_offer,
)
from central_server.media.packets import Packet
from central_server.media.reencoding import DecodedIncoming, DecodedView
from central_server.media.streams import SILENT_S, PassedView, Publishing, Stream, Viewing

log = logging.getLogger(__name__)
TICK_S, BEAT_S = 0.1, 1.0
CONNECT_S = 15.0
"""A peer that has not connected this long after its answer is given up."""
CLOSE_S = 3.0
"""Closing a connection can hang: after this long it is left to itself."""
ABANDONED_S = 60.0
"""Viewers of a stream whose publisher is gone wait this long for it to come back, then are closed."""


@dataclass
class Resource:
    """A publisher or viewer."""

    id: str
    name: Name
    connection: RTCPeerConnection
    made_at: float
    coding: Coding
    incoming: Publishing | None = None
    """Of a publisher."""
    connected_at: float | None = None


class Relay:
    """All streams and their peers. tell: takes each event."""

    def __init__(self, settings: Settings, tell: Any) -> None:
        self._tell = tell
        self._now = time.monotonic
        wrong = passing.missing() if settings.pass_packets else ["pass_packets = false"]
        self._way: Way = "reencoding" if wrong else "passing"
        self._why = "; ".join(wrong)
        servers = [RTCIceServer(list(one.urls), one.username, one.credential) for one in settings.ice_servers]
        self._configuration = RTCConfiguration(iceServers=servers)
        self._heard = {one.session: one.rooms for one in settings.heard}
        self._streams: dict[Name, Stream] = {}
        self._resources: dict[str, Resource] = {}
        self._ended_at: dict[Name, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: tuple[StreamState, ...] = ()
        self._told_at = float("-inf")
        self._spoke: list[Spoke] = []
        """Not yet told."""

    async def run(self, commands: asyncio.Queue[Command | None]) -> None:
        """Do what is asked until told to stop, or the pipe ends. Raises what goes wrong in looking after the peers."""
        self._tell(Ready(self._way, self._why))
        async with asyncio.TaskGroup() as group:
            ticking = group.create_task(self._tick())
            await self._obey(commands)
            ticking.cancel()
        for resource in list(self._resources):
            self._end(resource, "stopping")
        await asyncio.wait(self._tasks, timeout=1) if self._tasks else None

    async def _obey(self, commands: asyncio.Queue[Command | None]) -> None:
        while True:
            match await commands.get():
                case Publish() as asked:
                    self._start(self._make(asked, self._publish))
                case Play() as asked:
                    self._start(self._make(asked, self._play))
                case Close(resource):
                    self._end(resource, "asked")
                case LetHear(session, rooms):
                    self._let_hear(session, rooms)
                case Stop() | None:
                    return

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _make(self, asked: Publish | Play, make: Any) -> None:
        connection = RTCPeerConnection(self._configuration)
        try:
            answer = await make(asked, connection)
        except OfferError as error:
            self._tell(Refused(asked.resource, error.status, error.vi, error.en))
            self._resources.pop(asked.resource, None)
            await _close(connection)
        except Exception as error:  # one peer's offer, on which aiortc may fail in any way, costs nobody else's stream
            log.warning("offer not answered error=%s", type(error).__name__)
            vi, en = "Không trả lời được yêu cầu SDP này.", "This SDP offer can't be answered."
            self._tell(Refused(asked.resource, 400, vi, en))
            self._resources.pop(asked.resource, None)
            await _close(connection)
        else:
            self._tell(Answered(asked.resource, answer))

    async def _publish(self, asked: Publish, connection: RTCPeerConnection) -> str:
        media = read_offer(asked.offer, kind_of(asked.name.source), "sendonly")
        coding, preferences = published_coding(media)
        transceiver = connection.addTransceiver(media.kind, "recvonly")
        transceiver.setCodecPreferences(preferences)  # before the offer is set: afterwards aiortc ignores it
        await connection.setRemoteDescription(_offered(asked.offer))
        resource = Resource(asked.resource, asked.name, connection, self._now(), coding)
        stream = self._stream(asked.name, coding)
        if self._way == "passing":

            async def passed(packet: Packet) -> None:
                if stream.publisher != resource.id:
                    self._take_over(stream, resource)
                if stream.publisher == resource.id:
                    await stream.passed(packet)

            resource.incoming = passing.Incoming(transceiver.receiver, coding.codec, passed, self._now)
        else:
            resource.incoming = DecodedIncoming(
                transceiver.receiver, self._now, lambda: self._take_over(stream, resource)
            )
        return await self._answer(connection, resource)

    def _take_over(self, stream: Stream, resource: Resource) -> None:
        """The first packet of a publisher: it replaces an older one."""
        if stream.publisher == resource.id or resource.incoming is None or resource.id not in self._resources:
            return
        older = self._resources.get(stream.publisher or "")
        if older is not None and older.made_at > resource.made_at:
            return  # a last packet of one that was replaced
        if older is not None:
            self._end(older.id, "replaced", resource.id)
        if stream.codec != resource.coding.codec or (older is not None and self._way == "reencoding"):
            for viewer in list(stream.viewers):
                self._end(viewer, "publisher changed")  # it asks anew
        stream.replace(resource.id, resource.incoming, resource.coding.codec, resource.coding.profile)
        if isinstance(resource.incoming, DecodedIncoming):
            resource.incoming.stream = stream

    async def _play(self, asked: Play, connection: RTCPeerConnection) -> str:
        media = read_offer(asked.offer, kind_of(asked.name.source), "recvonly")
        stream = self._streams.get(asked.name)
        published = stream is not None and any(
            one.incoming is not None for one in self._resources.values() if one.name == asked.name
        )
        if stream is None or not published:
            raise _nobody_publishes()
        coding = Coding(stream.codec, stream.profile)
        transceiver = connection.addTransceiver(media.kind, "sendonly")
        transceiver.setCodecPreferences(played_preferences(media, coding))
        viewer: Viewing = (
            PassedView(stream, transceiver.sender)
            if self._way == "passing"
            else DecodedView(stream, transceiver.sender)
        )
        await connection.setRemoteDescription(_offered(asked.offer))
        answer = await self._answer(connection, Resource(asked.resource, asked.name, connection, self._now(), coding))
        if asked.resource not in self._resources or self._streams.get(asked.name) is not stream:
            raise _nobody_publishes()  # gathering takes up to 5 s: the viewer or the publisher has left meanwhile
        viewer.payload_type = first_payload_type(answer)
        stream.viewers[asked.resource] = viewer
        return answer

    async def _answer(self, connection: RTCPeerConnection, resource: Resource) -> str:
        def changed() -> None:
            if connection.connectionState == "connected":
                resource.connected_at = self._now()
            elif connection.connectionState in ("failed", "closed"):
                self._end(resource.id, connection.connectionState)

        connection.on("connectionstatechange", changed)
        self._resources[resource.id] = resource
        await connection.setLocalDescription(await connection.createAnswer())
        return connection.localDescription.sdp

    def _stream(self, name: Name, coding: Coding) -> Stream:
        stream = self._streams.get(name)
        if stream is None:
            stream = Stream(name, self._now, self._may_hear(name), coding.codec, coding.profile)
            self._streams[name] = stream
        elif stream.publisher is None and not stream.viewers:
            stream.codec, stream.profile = coding.codec, coding.profile
        return stream

    def _let_hear(self, session: str, rooms: frozenset[str]) -> None:
        self._heard.pop(session, None)
        if rooms:
            self._heard[session] = rooms
        for name, stream in self._streams.items():
            if name.session == session:
                stream.hear(self._may_hear(name))

    def _may_hear(self, name: Name) -> bool:
        return name.source != "sound" or name.room in self._heard.get(name.session, ())

    def _end(self, resource_id: str, why: str, by: str = "") -> None:
        """End a resource; what is gone already is left alone."""
        resource = self._resources.pop(resource_id, None)
        if resource is None:
            return
        stream = self._streams.get(resource.name)
        if stream is not None:
            stream.viewers.pop(resource_id, None)
            if stream.publisher == resource_id:
                stream.end()
        self._tell(Closed(resource_id, why, by))
        self._start(_close(resource.connection))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            now = self._now()
            for name, stream in self._streams.items():
                stream.tick()
                if (part := stream.voice.spoken(int(now * 1000))) is not None:
                    self._spoke.append(Spoke(name.session, name.room, *part))
            self._sweep(now)
            self._beat(now)

    def _sweep(self, now: float) -> None:
        """End the peers that are gone, and forget streams that nobody needs."""
        for resource in list(self._resources.values()):
            stream = self._streams.get(resource.name)
            viewer = stream.viewers.get(resource.id) if stream is not None else None
            if stream is None:
                self._end(resource.id, "abandoned")
            elif resource.connected_at is None:
                if now - resource.made_at > CONNECT_S:
                    self._end(resource.id, "never connected")
            elif viewer is not None and viewer.gone():
                self._end(resource.id, "no reports")
            elif resource.incoming is not None:
                heard = max(resource.connected_at, resource.incoming.last_heard)
                if now - heard > SILENT_S:
                    self._end(resource.id, "silent")
        published = {one.name for one in self._resources.values() if one.incoming is not None}
        for name, stream in list(self._streams.items()):
            if name in published:
                self._ended_at.pop(name, None)
                continue
            if now - self._ended_at.setdefault(name, now) > ABANDONED_S or not stream.viewers:
                for viewer_id in list(stream.viewers):
                    self._end(viewer_id, "abandoned")
                del self._streams[name], self._ended_at[name]

    def _beat(self, now: float) -> None:
        states = tuple(
            StreamState(name, int(stream.up_at * 1000), len(stream.viewers), stream.voice.speaking)
            for name, stream in self._streams.items()
            if stream.up_at is not None
        )
        if states == self._told and now - self._told_at < BEAT_S:
            return
        self._told, self._told_at = states, now
        self._tell(Beat(int(now * 1000), states, tuple(self._spoke)))
        self._spoke.clear()


def _nobody_publishes() -> OfferError:
    return OfferError(
        404,
        "Hiện chưa có ai phát luồng này. Trang sẽ tự thử lại.",
        "Nobody publishes this stream at the moment. The page tries again.",
    )


def _offered(offer: str) -> RTCSessionDescription:
    """An offer whose candidates may not be all: a peer is also reached where its checks come from (RFC 8445, 7.3.1.3).

    aiortc gives up at once on one that says that it has no more than none.
    """
    return RTCSessionDescription(offer.replace("a=end-of-candidates\r\n", ""), "offer")


async def _close(connection: RTCPeerConnection) -> None:
    closing = asyncio.ensure_future(connection.close())
    done, _ = await asyncio.wait([closing], timeout=CLOSE_S)
    if done:
        closing.exception()  # a connection that fails at closing is closed


def main(pipe: Connection, settings: Settings) -> None:
    """The process."""
    log_to_stderr(logging.WARNING)
    logging.getLogger("aiortc").setLevel(logging.ERROR)
    logging.getLogger("aioice").setLevel(logging.ERROR)
    try:
        _runner()(_main(pipe, settings))
    except KeyboardInterrupt:
        return


def _runner() -> Any:
    if sys.platform == "win32":
        return asyncio.run
    import uvloop

    return uvloop.run


async def _main(pipe: Connection, settings: Settings) -> None:
    commands: asyncio.Queue[Command | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        command: Command | None
        while True:
            try:
                command = pipe.recv()
            except (EOFError, OSError):
                command = None
            loop.call_soon_threadsafe(commands.put_nowait, command)
            if command is None or isinstance(command, Stop):
                return

    def tell(event: Event) -> None:
        try:
            pipe.send(event)
        except OSError:
            commands.put_nowait(None)  # the server is gone

    threading.Thread(target=read, daemon=True, name="commands").start()
    await Relay(settings, tell).run(commands)
