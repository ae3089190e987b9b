"""Bringing the province into a server that runs: its plan by the jobs that the pages use, its records as agents do.

Each bridge point joins with a one-time token and a key of its own and sends signed batches; nothing is written past the
server's own checks, so `central-server verify` proves a demo as it proves an office.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, text
from sqlmodel import select

from bridge_agent.identity import Identity, Membership
from bridge_agent.server import Server
from bridge_agent.server_clock import ServerClock, this_pc
from central_server.accounts.giving import NewAccount, new_account
from central_server.accounts.permission import Grant
from central_server.bridge_points.joining import make_token
from central_server.courses.acts import publish
from central_server.courses.changes import Changes, changing
from central_server.courses.course_file import BridgePointTable, CourseFile, CoursePlan, CourseTable, LearnerTable
from central_server.courses.loading import load
from central_server.courses.moving import cancel
from central_server.courses.planning import (
    PlannedSession,
    find_or_add_lecturer,
    put_course,
    put_programme,
    put_session,
)
from central_server.courses.tables import SessionBridgePoint
from central_server.database import Writer
from deploy.demo.province.names import person
from deploy.demo.province.plan import DAY, MAIN, MINUTE, PLACES, PROGRAMMES, Class, Meeting, Province
from deploy.demo.province.room import Clock, Room, records, room
from models.records import BATCH_LIMIT, GENESIS, AnyRecord, Checkpoint, chain, encode, sign_batch
from models.wire import JoinRequest

RULES = (
    "1. Có mặt trước giờ học 10 phút.\n2. Ngồi đúng chỗ, trong tầm máy quay.\n"
    "3. Vắng có lý do phải báo cán bộ quản lý lớp trước buổi học.\n4. Tắt chuông điện thoại trong giờ học."
)


def point_code(number: int) -> str:
    """The code of a bridge point."""
    return f"DC{number + 1:02d}"


def learner_code(number: int) -> str:
    """The office's own number of a person."""
    return f"CB{number + 1:05d}"


def fill_plan(writer: Writer, where: Province, now: int) -> None:
    """Bring all courses, with their learners and sessions, into the database."""
    programmes = {code: (title, periods) for code, title, periods in PROGRAMMES}
    for one in where.classes:
        writer.submit(load(_course_plan(where, one), now)).result()
        title, periods = programmes[one.programme]

        def rest(changes: Changes, one: Class = one, title: str = title, periods: int = periods) -> None:
            _rest(changes, one, put_programme(changes, one.programme, title, periods).id)

        writer.submit(changing(rest, now)).result()


def _course_plan(where: Province, one: Class) -> CoursePlan:
    """The course as a course file has it. Before a session was moved it had other times."""
    points = tuple(BridgePointTable(code=point_code(n), name=PLACES[n]) for n in one.points)
    learners = tuple(
        LearnerTable(
            code=learner_code(who), name=where.people[who].name, unit=where.people[who].unit,
            birth_year=where.people[who].birth_year, bridge_point=point_code(point),
        )
        for who, point in one.learners
    )  # fmt: skip
    file = CourseFile(
        course=CourseTable(code=one.code, title=one.title), bridge_points=points, sessions=(), learners=learners
    )
    codes = tuple(point.code for point in points)
    return CoursePlan(file, tuple(_session(meeting, codes) for meeting in one.meetings))


def _session(meeting: Meeting, points: tuple[str, ...]) -> PlannedSession:
    shift = 0 if meeting.moved_from is None else meeting.moved_from - meeting.start
    breaks = tuple((start + shift, end + shift) for start, end in meeting.breaks)
    places = () if meeting.field_visit else points
    return PlannedSession(meeting.id, meeting.title, meeting.start + shift, meeting.end + shift, breaks, places,
                          field_visit=meeting.field_visit)  # fmt: skip


def _rest(changes: Changes, one: Class, programme: str) -> None:
    """What a course file does not say: programme, lecturer, main bridge point, what became of sessions."""
    course = put_course(changes, one.code, programme=programme, class_rules=RULES)
    degree, name = one.lecturer
    lecturer = find_or_add_lecturer(changes, degree, name, MAIN).id
    for meeting in one.meetings:
        places = changes.db.exec(
            select(SessionBridgePoint.bridge_point).where(SessionBridgePoint.session == meeting.id)
        ).all()
        plan = PlannedSession(meeting.id, meeting.title, meeting.start, meeting.end, meeting.breaks, tuple(places),
                              lecturer, next(iter(sorted(places)), None), meeting.field_visit)  # fmt: skip
        session = put_session(changes, course.id, plan, "Trùng lịch họp Hội đồng nhân dân tỉnh.")
        if meeting.cancelled:
            cancel(changes, session, meeting.cancelled)
    if one.state == "draft":
        publish(changes, course.id, False)


@dataclass(slots=True)
class Seat:
    """One bridge point: its device's key, its log so far, its PC's clock."""

    number: int
    identity: Identity
    server: Server
    clock: Clock
    technician: str
    """The account on duty there."""
    profile: str | None
    """SHA-256 of its calibration profile; one has none."""
    head: bytes = GENESIS
    seq: int = 0
    told: dict[str, int] = field(default_factory=dict)
    """By session: how many of its records are in the log."""

    async def send(self, made: Sequence[AnyRecord]) -> None:
        """Append records to the log and send them, signed, in batches."""
        for at in range(0, len(made), BATCH_LIMIT):
            lines = [encode(record) for record in made[at : at + BATCH_LIMIT]]
            self.head = chain(self.head, lines)
            self.seq += len(lines)
            checkpoint = Checkpoint(self.identity.membership.device, "log-1", self.seq, self.head.hex())
            await self.server.send_batch(sign_batch(self.identity.key, checkpoint, lines))

    async def come_to(self, address: str) -> None:
        """From now on speak with this server, which has the present's clock."""
        await self.server.close()
        clock = ServerClock(this_pc())
        self.server = Server(address, clock, self.identity)
        await self.server.measure_clock()

    @property
    def common(self) -> dict[str, object]:
        """What all its records carry."""
        return {"device": self.identity.membership.device, "log": "log-1"}


async def join_points(writer: Writer, address: str, where: Province, now: int) -> list[Seat]:
    """Let a PC of every bridge point join, but for the last one, which has none yet."""
    rng = random.Random(where.seed)  # noqa: S311 - invented clocks
    used = sorted({point for one in where.classes for point in one.points})[:-1]
    seats = []
    for number in used:
        token = writer.submit(make_token(point_code(number), now)).result().token
        key = Ed25519PrivateKey.generate()
        clock = ServerClock(this_pc())
        joining = Server(address, clock)
        await joining.measure_clock()
        answer = await joining.join(JoinRequest(token=token, public_key=key.public_key().public_bytes_raw().hex()))
        await joining.close()
        member = Membership(
            server=address, device=answer.device, bridge_point=answer.bridge_point,
            bridge_point_name=answer.bridge_point_name, server_key=answer.server_key,
            key_expires_at=answer.key_expires_at,
        )  # fmt: skip
        identity = Identity(member, key)
        # One PC's wall clock is three hours off: what it records is right, and said to be looked at.
        off = 3 * 60 * MINUTE if number == 4 else rng.randrange(-900, 900)
        pc = Clock(f"boot-{number}", now - 60 * DAY, off, off)
        grant = Grant("technician", bridge_point=answer.bridge_point)
        account = NewAccount(f"ky-thuat-{point_code(number).lower()}", person(rng, PLACES[number]).name, (grant,))
        technician = writer.submit(new_account(account, None, now)).result()
        profile = None if number == 3 else hashlib.sha256(point_code(number).encode()).hexdigest()
        seats.append(Seat(number, identity, Server(address, clock, identity), pc, technician, profile))
    return seats


@dataclass(frozen=True, slots=True)
class Held:
    """A session in one room: who is enrolled there, and what happened."""

    meeting: Meeting
    seat: Seat
    room: Room
    seed: int

    def records(self, until: int) -> list[AnyRecord]:
        """What its log holds of the session then, from the first record on."""
        rng = random.Random(self.seed)  # noqa: S311 - invented scores
        after = self.seat.seq - self.seat.told.get(self.meeting.id, 0)
        seat = self.seat
        made = records(
            self.meeting, self.room, seat.clock, seat.common, rng, after, until, seat.technician, seat.profile
        )
        return list(made)

    async def tell(self, until: int) -> None:
        """Send what is new of it."""
        known = self.seat.told.get(self.meeting.id, 0)
        made = self.records(until)[known:]
        await self.seat.send(made)
        self.seat.told[self.meeting.id] = known + len(made)


def rooms(engine: Engine, where: Province, seats: Sequence[Seat]) -> Iterator[Held]:
    """Every room of every recorded session, in the order in which they were held."""
    with engine.connect() as db:
        ids = {code: id_ for id_, code in db.execute(text("SELECT id, code FROM learner"))}
    by_point = {seat.number: seat for seat in seats}
    held = [(meeting, one) for one in where.classes for meeting in one.meetings if meeting.recorded]
    held.sort(key=lambda pair: pair[0].start)
    for n, (meeting, one) in enumerate(held):
        for point in one.points:
            if point in by_point:
                here = [ids[learner_code(who)] for who, place in one.learners if place == point]
                rng = random.Random(f"{where.seed} {n} {point}")  # noqa: S311 - invented presence
                yield Held(meeting, by_point[point], room(meeting, here, rng), rng.randrange(2**32))
