"""A room and its office for tests of the desk: a small server that answers an agent's own client in memory, a room
whose camera tells what a script says, and the real agent between them, all on a loop whose time is a number.
"""

from __future__ import annotations

import asyncio
import io
import os
import shutil
from base64 import b64encode
from collections.abc import Iterable
from contextvars import Context
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from bridge_agent.agent import Agent, Parts
from bridge_agent.check_in.at_desk import AtDesk
from bridge_agent.check_in.desk import Row
from bridge_agent.config import Config, Settings, StreamingConfig
from bridge_agent.eyes import Assignment
from bridge_agent.identity import Identity, Membership
from bridge_agent.journal import Journal
from bridge_agent.key_store import KeyStore
from bridge_agent.log import Log
from bridge_agent.profile_state import NOT_NEEDED, ProfileState
from bridge_agent.recognition.commands import Command
from bridge_agent.recognition.events import Event, Ready, Sighted, Sweep, Unwatched, Watched
from bridge_agent.server import Server
from bridge_agent.server_clock import Clocks, ServerClock
from bridge_agent.supervisor import Listener
from models.records import AnyRecord, decode, decode_batch
from models.sealed_box import open_sealed, seal_to
from models.wire import (
    ClassroomTicket,
    ClassroomTicketRequest,
    ConsentText,
    EnrolmentAnswer,
    EnrolmentRequest,
    GalleryAnswer,
    GalleryLearner,
    KeepingConsent,
    LearnerTicket,
    LearnerTicketRequest,
    LiveStatus,
    Lookalike,
    Refusal,
    RosterLearner,
    ServerTime,
    SessionPlan,
    Today,
    Witness,
)
from tests.receipts import PUBLIC_HEX, SERVER_KEY, receipt_of
from tests.simulation.loop import SimulatedLoop

EPOCH = 1_795_478_400_000
"""24/11/2026, 07:00 in Vietnam."""
MINUTE = 60_000
HOUR = 60 * MINUTE
START, END = EPOCH + HOUR, EPOCH + 4 * HOUR
BREAK = (EPOCH + 2 * HOUR + 15 * MINUTE, EPOCH + 2 * HOUR + 30 * MINUTE)
ENCODER = "face-reidentification-retail-0095"


KEEPING = ConsentText(version="v1.k30", vi=("Tôi đồng ý, và ảnh được giữ.",), en=("I agree, and pictures are kept.",))


def phc(secret: str) -> str:
    """argon2id, as the server makes it but weaker: what is tested is who gets in, not how long it takes."""
    return Argon2id(salt=os.urandom(16), length=32, iterations=1, lanes=1, memory_cost=64).derive_phc_encoded(
        secret.encode()
    )


@dataclass
class Person:
    """A learner, as the office and the room know him or her."""

    id: str
    code: str
    pin: str
    card: str
    face: bytes | None = None


def people(cards: int, faces: int) -> list[Person]:
    """Learners without and with a template. PINs with letters: numbers of six digits are in every log by chance."""
    made = [Person(f"p{n}", f"HV{n:02}", f"{38 + n} mai-{n}", f"C-77{n:04}") for n in range(cards + faces)]
    for one in made[cards:]:
        one.face = os.urandom(1024)
    return made


@dataclass
class Office:
    """The server: keeps what it is sent; `away`: nobody answers."""

    learners: list[Person]
    device_key: Ed25519PublicKey
    now: float = 0.0
    away: bool = False
    retention_hours: int = 24
    sessions: int = 1
    witness_pin: str = "91 truc 77"
    kept: tuple[str, ...] = ()
    """Learners whose course keeps portraits."""
    lines: list[bytes] = field(default_factory=list)
    statuses: list[LiveStatus] = field(default_factory=list)
    enrolments: dict[str, EnrolmentRequest] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    """PINs by code of learners of this bridge point who have no session here today."""
    own_pages: list[LearnerTicketRequest] = field(default_factory=list)
    alike: tuple[Lookalike, ...] = ()
    """Whom the next new template resembles."""
    refuses: str = ""
    """The learner whose enrolment it takes never."""
    _pins: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pins = {one.id: phc(one.pin) for one in self.learners} | {"w": phc(self.witness_pin)}

    def today(self, now: int) -> Today:
        """One session this morning, until it is over."""
        roster = tuple(
            RosterLearner(id=one.id, code=one.code, name=f"Nguyễn Văn {one.code}", unit="Sở Nội vụ", birth_year=1980,
                          face=one.face is not None)
            for one in self.learners
        )  # fmt: skip
        plan = SessionPlan(
            session="s1", course="K1", title="Buổi 1", start=START, end=END, breaks=(BREAK,), learners=roster
        )
        return Today(
            sessions=(plan,) * self.sessions if now < END else (),
            witnesses=(Witness(account="kt1", name="Cán bộ Kỹ thuật", pin=self._pins["w"]),),
            consent=ConsentText(version="v1", vi=("Tôi đồng ý.",), en=("I agree.",)),
            keeping=(KeepingConsent(text=KEEPING, learners=self.kept),) if self.kept else (),
            retention_hours=self.retention_hours,
        )

    def gallery(self) -> GalleryAnswer:
        """By what they can be known."""

        def sealed(content: bytes | None) -> str | None:
            return None if content is None else seal_to(self.device_key, content)

        return GalleryAnswer(
            learners=tuple(
                GalleryLearner(
                    learner=one.id, template=sealed(one.face), encoder=ENCODER if one.face else "", portraits=3,
                    version=1, card=sealed(one.card.encode()), pin=self._pins[one.id],
                )
                for one in self.learners
            )
        )  # fmt: skip

    def records(self) -> list[AnyRecord]:
        """What was sent."""
        return [decode(line) for line in self.lines]

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """As the server does."""
        if self.away:
            raise httpx.ConnectError("nobody is there")
        body = request.content
        now = EPOCH + round(self.now * 1000)
        made: msgspec.Struct
        match request.url.path:
            case "/api/agent/time":
                made = ServerTime(server_time=now)
            case "/api/agent/today":
                made = self.today(now)
            case "/api/agent/gallery":
                made = self.gallery()
            case "/api/agent/status":
                self.statuses.append(msgspec.json.decode(body, type=LiveStatus))
                made = ServerTime(server_time=now)
            case "/api/agent/enrolments":
                asked = msgspec.json.decode(body, type=EnrolmentRequest)
                if asked.learner == self.refuses:
                    refusal = Refusal(reason="invalid", vi="Không có trong danh sách.", en="Not on the roster.")
                    return httpx.Response(422, content=msgspec.json.encode(refusal))
                self.enrolments[asked.id] = asked
                person = next(one for one in self.learners if one.id == asked.learner)
                person.face = open_sealed(SERVER_KEY, asked.template)
                made = EnrolmentAnswer(learner=asked.learner, version=2, lookalikes=self.alike)
                self.alike = ()
            case "/api/agent/classroom-ticket":
                session = msgspec.json.decode(body, type=ClassroomTicketRequest).session
                made = ClassroomTicket(path=f"/classroom/enter#{session}", expires_at=now + 120_000)
            case "/api/agent/learner-ticket":
                wanted = msgspec.json.decode(body, type=LearnerTicketRequest)
                self.own_pages.append(wanted)
                right = {one.code: one.pin for one in self.learners} | self.elsewhere
                if right.get(wanted.code) != open_sealed(SERVER_KEY, wanted.pin).decode():
                    refusal = Refusal(reason="invalid", vi="Mã PIN không đúng ở máy chủ.", en="The PIN is wrong.")
                    return httpx.Response(422, content=msgspec.json.encode(refusal))
                made = LearnerTicket(path=f"/own/enter#{wanted.code}", expires_at=now + 60_000)
            case "/api/agent/batches":
                batch = decode_batch(body)
                at = batch.signed.checkpoint
                known = self.lines[batch.first_seq - 1 :]
                assert list(batch.lines[: len(known)]) == known
                self.lines += batch.lines[len(known) :]
                made = receipt_of(at.device, at.log, at.seq, at.head, now)
            case path:
                return httpx.Response(404, text=path)
        return httpx.Response(200, content=msgspec.json.encode(made))


class RoomOf:
    """The bridge point: its PC's data folder, its camera, and the agent that runs or does not."""

    def __init__(
        self, loop: SimulatedLoop, folder: Path, learners: Iterable[Person], spot_check_minutes: float = 20,
        profile: ProfileState = NOT_NEEDED,
    ) -> None:  # fmt: skip
        self.loop, self.folder, self.profile = loop, folder, profile
        self.key = Ed25519PrivateKey.generate()
        self.office = Office(list(learners), self.key.public_key())
        self.config = Config(
            data=str(folder / "data"), source="0", portraits="portraits", spot_check_minutes=spot_check_minutes,
            streaming=StreamingConfig(enabled=False),
        )  # fmt: skip
        self.seen: dict[str, list[tuple[float, float]]] = {}
        """Whom the camera sees, and when (s)."""
        self.strangers = 0
        self.nameless = 0
        """Faces in view that are too small to be anybody's."""
        self.followed: tuple[str, ...] = ()
        """Learners in such seats whose name stands on the track alone."""
        self.told: list[Command] = []
        """What recognition was told."""
        self.said = io.StringIO()
        self.boots = 0
        self.sources: list[str] = []
        """What recognition was told to watch, each time."""
        self.used = self.settings
        """As the agent that runs has them."""
        self.listener: Listener | None = None
        self.agent: Agent | None = None
        self._life: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    @property
    def settings(self) -> Settings:
        """The agent's settings."""
        return Settings(self.config, self.folder / "agent.toml")

    def watches(self) -> bool:
        """The camera is used."""
        return self.listener is not None

    @property
    def desk(self) -> AtDesk:
        """The desk."""
        assert self.agent is not None
        return self.agent.desk

    async def switch_on(self, *, boot: bool = True) -> None:
        """Start the agent; `boot`: the PC was off."""
        if boot or not self.boots:
            self.boots += 1
            self._booted = self.loop.now
        booted = self._booted
        self._stop = asyncio.Event()
        clocks = Clocks(
            lambda: EPOCH + round(self.loop.now * 1000),
            lambda: round((self.loop.now - booted) * 1000) + 5_000,
            f"boot-{self.boots}",
        )
        ready = asyncio.Event()
        self._life = self.loop.create_task(self._live(clocks, ready), context=Context())
        await ready.wait()

    async def _live(self, clocks: Clocks, ready: asyncio.Event) -> None:
        settings = self.used = self.settings
        settings.folder.make()
        member = Membership(
            server="http://office", device="d1", bridge_point="b1", bridge_point_name="Bến Cát",
            server_key=PUBLIC_HEX, key_expires_at=2**50,
        )  # fmt: skip
        who, clock = Identity(member, self.key), ServerClock(clocks)
        journal = Journal(settings.folder.journal, clocks.wall, self.said)
        log = Log.open(settings.folder.log, "d1", clocks.wall())
        transport = httpx.MockTransport(self._asked)
        try:
            async with Server(member.server, clock, who, transport=transport) as server:
                parts = Parts(
                    settings, who, KeyStore(), log, server, clock, journal, self._watch, (), lambda _: self.profile
                )
                self.agent = Agent(parts)
                ready.set()
                await self.agent.run(self._stop)
        finally:
            log.close()
            journal.close()

    async def _asked(self, request: httpx.Request) -> httpx.Response:
        self.office.now = self.loop.now
        return await self.office.answer(request)

    async def switch_off(self) -> None:
        """In order."""
        assert self._life is not None
        self._stop.set()
        await self._life

    async def die(self) -> None:
        """As a kill leaves it: the disk as it is at this moment, and nobody hears another word."""
        assert self._life is not None
        data, kept = self.settings.folder.path, self.folder / "kept"
        shutil.copytree(data, kept)
        away, self.office.away = self.office.away, True
        self._life.cancel()
        await asyncio.gather(self._life, return_exceptions=True)
        shutil.rmtree(data)
        kept.rename(data)
        self.office.away = away

    async def until(self, minute: float) -> None:
        """Let time pass until so many minutes after EPOCH."""
        await asyncio.sleep(max(0.0, minute * 60 - self.loop.now))

    def boot(self) -> int:
        """The boot-time clock of now."""
        return round((self.loop.now - self._booted) * 1000) + 5_000

    def tell(self, *events: Event) -> None:
        """Recognition tells this."""
        assert self.listener is not None, "nobody watches"
        for event in events:
            self.listener.on_event(event)

    async def _watch(self, assignment: Assignment, listener: Listener, _: Journal) -> None:
        """Recognition: looks every second."""
        assert listener.commands is not None
        self.listener = listener
        self.sources.append(assignment.source)
        with listener.commands.to(self.told.append):
            known = tuple(template.learner for template in assignment.templates)
            self.tell(Ready("yunet", ENCODER, known))
            at = self.boot()
            try:
                while True:
                    at, now = self.boot(), self.loop.now
                    here = [who for who, spans in self.seen.items() if any(a <= now < b for a, b in spans)]
                    self.tell(Watched(at), *(Sighted(who, at, 0.8) for who in here))
                    faces = len(here) + self.strangers + self.nameless
                    self.tell(Sweep(at, faces, self.strangers, 9.0, len(here), 1_000, self.nameless, self.followed))
                    await asyncio.sleep(1)
            except asyncio.CancelledError:
                self.tell(Unwatched(at, "stopped"))
                raise
            finally:
                self.listener = None
                listener.on_lost("stopped")


def hidden(secret: bytes) -> tuple[bytes, ...]:
    """A secret as files might show it."""
    return secret, b64encode(secret), secret.hex().encode()


def row(room: RoomOf, learner: str) -> Row:
    view = room.desk.view()
    assert view.session is not None
    return next(one for one in view.session.rows if one.learner == learner)


async def begun(room: RoomOf, *, duty: bool = True) -> None:
    """The session's check-in has begun."""
    await room.switch_on()
    await room.until(52)
    if duty:
        await room.desk.take_duty("kt1", room.office.witness_pin)


async def over(room: RoomOf) -> None:
    await asyncio.sleep(10)
    await room.switch_off()
