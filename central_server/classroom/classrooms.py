"""The classrooms that somebody has open: the floor as it is on record, what is up in the rooms, and who looks on.

One for each session, on the event loop. What is done in it goes to the record first and is shown when that is durable.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from central_server.classroom.floor import By, Floor, Records, Spoken, close
from central_server.classroom.interaction import Unrecorded, speaking_cut
from central_server.classroom.keeping import doing, read_floor, texts_of
from central_server.classroom.plan import ClassPlan, plan_of
from central_server.database import Job, Writer
from central_server.errors import ConflictError, ServerError
from central_server.media.media import Media
from central_server.media.messages import Way
from central_server.media.rooms import RoomMedia

TICK_S = 1.0
SOONEST_S = 0.2
"""A class full of talk changes often; nobody is told more often than this."""
PLAN_EVERY_TICKS = 5
"""The plan is read anew so often: a moved session, another bridge point."""
CUT_MS = 5 * 60_000
"""Speaking goes on record at least so often: what a crash of the server costs."""
UNRECORDED_STEP_MS = 10_000
"""A session's page shows what is spoken now in such steps, and is sent anew no more often."""
IDLE_TICKS = 60
"""A classroom that nobody has open is put away after so many ticks."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """A classroom as it is shown, at one moment."""

    version: int
    plan: ClassPlan
    floor: Floor
    texts: Mapping[int, str]
    """Questions by number."""
    media: Mapping[str, RoomMedia]
    """By room, where anything is up."""
    entered: frozenset[str]
    """Rooms in which somebody has the page open."""
    microphones: Mapping[str, str]
    """By room: the page (its id) that has turned the room's microphone on."""
    device_microphones: frozenset[str]
    """Rooms whose microphone is their agent's: a page turns it on and off, and captures no sound of its own."""
    generation: int
    """Of the relay: whoever is connected to an older one connects again."""
    open: bool
    way: Way | None
    """How the relay works; None while none runs."""

    @property
    def heard(self) -> frozenset[str]:
        """The rooms that everybody hears, when their microphones are on."""
        return frozenset(room for room in self.floor.heard(self.plan.main) if self.plan.has(room))

    @property
    def audible(self) -> frozenset[str]:
        """Those whose microphones are on: somebody there has pressed the button. All other sound stays at the relay."""
        return self.heard & self.microphones.keys() if self.open else frozenset()


class Classroom:
    """One session's."""

    def __init__(self, plan: ClassPlan, engine: Engine, writer: Writer, media: Media, now: Callable[[], int]) -> None:
        self._engine, self._writer, self._media, self._now = engine, writer, media, now
        self.plan = plan
        self.floor = Floor()
        self.over = False
        self._texts: Mapping[int, str] = {}
        self._pages: dict[object, str | None] = {}
        """The pages that are open, and in which room; by a key of ours, as a page may say any id."""
        self._microphones: dict[str, str] = {}
        self._since = now()
        """Speaking is measured from here on."""
        self._cut_at = self._since
        """Up to here it is on record."""
        self.unrecorded = Unrecorded()
        """What was spoken since, in steps of UNRECORDED_STEP_MS; replaced as a whole: any thread may read it."""
        self._version = 0
        self._lock = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._heard: frozenset[str] | None = None
        self._told = asyncio.Event()

    def state(self) -> State:
        """As it is now."""
        return State(
            version=self._version,
            plan=self.plan,
            floor=self.floor,
            texts=self._texts,
            media=dict(self._media.rooms(self.plan.session)),
            entered=frozenset(room for room in self._pages.values() if room is not None),
            microphones=dict(self._microphones),
            device_microphones=self._media.sound_of_devices(self.plan.session),
            generation=self._media.generation,
            open=self.plan.is_open(self._now()),
            way=self._media.way,
        )

    async def read(self) -> None:
        """Read the plan, the floor and the questions from the database. Raises NotFoundError or SQLAlchemyError."""

        def read() -> tuple[ClassPlan, Floor, dict[int, str]]:
            with Session(self._engine) as db:
                connection, session = db.connection(), self.plan.session
                return plan_of(db, session), read_floor(connection, session), texts_of(connection, session)

        async with self._lock:
            found = await asyncio.to_thread(read)
            if found != (self.plan, self.floor, self._texts):
                self.plan, self.floor, self._texts = found
                self._grow()
            await self._let_hear()

    async def do(self, decide: Callable[[Floor, Spoken], Records]) -> None:
        """Do what `decide` makes of the floor. Raises what it raises, ConflictError while the classroom is closed."""

        def made(spoken: Spoken) -> Job[Floor]:
            return doing(self.plan.session, lambda floor: decide(floor, spoken))

        await self._commit(made)

    async def ask(self, job: Job[Floor]) -> None:
        """Do a job that keeps a question. Raises what it raises, ConflictError while the classroom is closed."""
        await self._commit(lambda _: job)

    async def _commit(self, job: Callable[[Spoken], Job[Floor]]) -> None:
        if not self.plan.is_open(self._now()):
            raise ConflictError("Lớp học đang đóng nên chưa làm được việc này.",
                                "The classroom is closed, so this can't be done now.")  # fmt: skip
        async with self._lock:
            await self._write(job(self._spoken()))
            self._texts = await asyncio.to_thread(self._read_texts)
            self._drop_microphones()
            await self._let_hear()
        await self.tell()

    async def _write(self, job: Job[Floor]) -> None:
        self.floor = await asyncio.wrap_future(self._writer.submit(job))
        self._grow()

    def _read_texts(self) -> dict[int, str]:
        with self._engine.connect() as connection:
            return texts_of(connection, self.plan.session)

    def _spoken(self) -> Spoken:
        """By whoever has the floor, in this turn."""
        turn, now = self.floor.turn, self._now()
        if turn is None:
            return Spoken()
        ms = self._media.spoken_ms(self.plan.session, turn.room, turn.since, max(now, turn.since))
        return Spoken(ms, self._since)

    async def _let_hear(self) -> None:
        heard = self.state().audible
        if heard != self._heard:
            await self._media.let_hear(self.plan.session, heard)
            self._heard = heard
            self._grow()

    async def take_microphone(self, room: str, page: str) -> None:
        """This page has the room's microphone from now on, and it is on; another page of the room turns its own off."""
        self._microphones[room] = page
        self._grow()
        await self._let_hear()

    async def drop_microphone(self, room: str, page: str) -> None:
        """The page's microphone is off."""
        if self._microphones.get(room) == page:
            del self._microphones[room]
            self._grow()
            await self._let_hear()

    def _drop_microphones(self) -> None:
        """Of rooms that are heard no longer: their microphones go off with the floor."""
        heard = self.state().heard
        for room in [room for room in self._microphones if room not in heard]:
            del self._microphones[room]

    # Who looks on

    def _grow(self) -> None:
        self._version += 1
        self._told.set()

    async def tell(self) -> None:
        """Tell whoever waits in `changed`."""
        self._told.clear()
        async with self._changed:
            self._changed.notify_all()

    def media_changed(self) -> None:
        """Something came up or went in the rooms, or somebody speaks or stopped."""
        self._grow()

    @asynccontextmanager
    async def page(self, page: str, room: str | None) -> AsyncIterator[None]:
        """Somebody has the page open, in a room or in none."""
        key = object()
        self._pages[key] = room
        self._grow()
        try:
            yield
        finally:
            del self._pages[key]
            if room is not None:
                await self.drop_microphone(room, page)
            self._grow()

    async def changed(self, version: int, timeout_s: float) -> None:
        """Wait until the state is another than that version, or so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._changed:
                while version == self._version and not self.over:
                    await self._changed.wait()

    # Time passes

    async def run(self) -> None:
        """Keep it up to date until nobody has it open for a while, or `end`."""
        loop = asyncio.get_running_loop()
        idle = ticks = 0
        next_tick = loop.time() + TICK_S
        try:
            while not self.over and idle < IDLE_TICKS:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(next_tick):
                        await self._told.wait()
                if self._told.is_set():
                    await self.tell()
                    await asyncio.sleep(SOONEST_S)
                if loop.time() >= next_tick:
                    next_tick = loop.time() + TICK_S
                    ticks += 1
                    idle = 0 if self._pages else idle + 1
                    await self._tick(ticks)
        finally:
            await self.put_away()

    async def _tick(self, ticks: int) -> None:
        try:
            if ticks % PLAN_EVERY_TICKS == 0:
                await self.read()
            else:
                async with self._lock:
                    await self._let_hear()
            self._note_spoken()
            if self._now() >= self.plan.closes_at:
                await self.close()
            elif self._now() - self._cut_at >= CUT_MS:
                await self._cut()
        except (ServerError, SQLAlchemyError):
            log.warning("the classroom could not be brought up to date", exc_info=True)

    async def close(self) -> None:
        """The class is over: put on record what is still open. Doing it again changes nothing."""
        by = By(self.plan.session, self._now())
        if close(self.floor, by, Spoken()):
            async with self._lock:
                spoken = self._spoken()
                await self._write(doing(self.plan.session, lambda floor: close(floor, by, spoken)))
                self._drop_microphones()
        await self._cut()

    def _since_cut(self, now: int) -> dict[str, int]:
        """How long each room spoke since that was put on record last."""
        session = self.plan.session
        return {room.id: self._media.spoken_ms(session, room.id, self._cut_at, now) for room in self.plan.rooms}

    def _note_spoken(self) -> None:
        whole = {room: ms - ms % UNRECORDED_STEP_MS for room, ms in self._since_cut(self._now()).items()}
        self.unrecorded = Unrecorded(self._cut_at, {room: ms for room, ms in whole.items() if ms})

    async def _cut(self) -> None:
        """Put on record how long each room spoke since that was done last."""
        async with self._lock:
            by = By(self.plan.session, self._now())
            records = speaking_cut(by, self._cut_at, self._since_cut(by.now))
            if records:
                await self._write(doing(self.plan.session, lambda _: records))
            self._cut_at = by.now
            self._note_spoken()

    async def put_away(self) -> None:
        """Nobody has it open any more: after the session's planned end the class is over, before it may go on later."""
        if not self.over and self._now() >= self.plan.end:
            try:
                await self.close()
            except (ServerError, SQLAlchemyError):
                log.warning("the class could not be closed", exc_info=True)  # closing.Closer does it later
        await self.end()

    async def end(self) -> None:
        """End its streams, with what was spoken on record; nobody is heard any more."""
        try:
            await self._cut()
        except (ServerError, SQLAlchemyError):
            log.warning("what was spoken could not be kept", exc_info=True)
        if self.over:
            return
        self.over = True  # from here on another one may be opened for the session: nothing below waits
        self._media.forget(self.plan.session)
        await self.tell()


class Classrooms:
    """Those that are open, by session."""

    def __init__(self, engine: Engine, writer: Writer, media: Media, now: Callable[[], int]) -> None:
        self._engine, self._writer, self._media, self._now = engine, writer, media, now
        self._open: dict[str, tuple[Classroom, asyncio.Task[None]]] = {}
        self._opening = asyncio.Lock()
        self._ended = False
        self._stop_listening = media.listen(self._media_changed)

    def _media_changed(self, session: str) -> None:
        found = self._open.get(session)
        if found is not None:
            found[0].media_changed()

    async def of(self, session: str) -> Classroom:
        """A session's classroom, which is opened when nobody had it. Raises NotFoundError."""
        async with self._opening:
            for key in [key for key, (room, task) in self._open.items() if room.over or task.done()]:
                del self._open[key]
            if session not in self._open:
                room = Classroom(
                    await asyncio.to_thread(self._plan, session), self._engine, self._writer, self._media, self._now
                )
                await room.read()
                if room.state().open:
                    self._media.start()  # streams are wanted soon
                self._open[session] = (room, asyncio.create_task(room.run()))
            return self._open[session][0]

    def unrecorded(self, session: str) -> Unrecorded:
        """What was spoken in a session's classroom and is not on record yet. May be called from any thread."""
        found = self._open.get(session)
        return found[0].unrecorded if found is not None else Unrecorded()

    def heard(self, session: str) -> frozenset[str]:
        """The rooms that everybody sees and hears now: none while nobody has the classroom open."""
        found = self._open.get(session)
        state = found[0].state() if found is not None and not found[0].over else None
        return state.heard if state is not None and state.open else frozenset()

    def _plan(self, session: str) -> ClassPlan:
        with Session(self._engine) as db:
            return plan_of(db, session)

    async def end(self) -> None:
        """Put all away, with what was spoken on record; a second time changes nothing."""
        if self._ended:
            return
        self._ended = True
        self._stop_listening()
        for room, _ in self._open.values():
            await room.end()
        for _, task in self._open.values():
            task.cancel()
        await asyncio.gather(*(task for _, task in self._open.values()), return_exceptions=True)
        self._open.clear()
