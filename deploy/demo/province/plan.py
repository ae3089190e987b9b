"""The province's plan: bridge points, people, courses in all states with their sessions. Pure, seeded.

Every name is invented. Times are ms since 1970 UTC, counted from the moment at which the demo runs.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

from deploy.demo.province.names import Person, namesakes, person

HANOI = timezone(timedelta(hours=7))
MINUTE, DAY = 60_000, 86_400_000
PEOPLE = 1_500
RECORDED = 3
"""Of the sessions that a course has held, so many have records; before that the office kept paper."""
MAIN = "Trường Chính trị tỉnh"
PLACES = (
    MAIN, "Phường Bình Lãng", "Phường Hòa Lạc Đông", "Phường Long Thạnh Mỹ", "Xã Tân Phước Hạ", "Xã Yên Định Sơn",
    "Xã Phú Cát Tây", "Xã Sơn Tịnh Bắc", "Xã Vĩnh Kim Nam", "Xã Đức Ninh Hạ", "Xã Quảng Lãm", "Xã Mỹ Hưng Trung",
)  # fmt: skip
SESSION_PERIODS = 4
PROGRAMMES = (
    ("CV", "Kỹ năng, nghiệp vụ cho chuyên viên", 32),
    ("CVC", "Kỹ năng tham mưu, tổng hợp cho chuyên viên chính", 36),
    ("LDP", "Kỹ năng lãnh đạo, quản lý cấp phòng", 28),
    ("HDND", "Kỹ năng hoạt động của đại biểu Hội đồng nhân dân cấp xã", 24),
    ("CDS", "Kỹ năng chuyển đổi số cho cán bộ xã", 32),
    ("DVC", "Nghiệp vụ dịch vụ công trực tuyến và một cửa", 24),
    ("VTLT", "Nghiệp vụ văn thư, lưu trữ điện tử", 24),
    ("TCD", "Nghiệp vụ tiếp công dân, giải quyết khiếu nại, tố cáo", 28),
    ("AI", "Ứng dụng trí tuệ nhân tạo trong công việc hành chính", 24),
    ("QPAN", "Bồi dưỡng kiến thức quốc phòng và an ninh, đối tượng 4", 36),
)
TOPICS = (
    "Khai giảng và những vấn đề chung", "Tổ chức bộ máy sau sắp xếp", "Đạo đức công vụ", "Kỹ năng soạn thảo văn bản",
    "Phân cấp, phân quyền", "Cải cách thủ tục hành chính", "Quản lý tài chính, tài sản công", "Thảo luận nhóm",
    "Chuyển đổi số ở cơ sở", "Kỹ năng giao tiếp với người dân", "Tình huống và trao đổi", "Tổng kết và bế giảng",
)  # fmt: skip
LECTURERS = (
    ("TS.", "Đinh Trọng Khoa"), ("ThS.", "Mai Thị Thu Oanh"), ("PGS.TS.", "Tạ Minh Quang"), ("ThS.", "Lý Hữu Phúc"),
    ("TS.", "Trịnh Thị Bích Liên"), ("ThS.", "Ngô Đức Thịnh"),
)  # fmt: skip
State = Literal["draft", "to_come", "running", "over"]
STATES: tuple[State, ...] = ("draft",) * 3 + ("to_come",) * 4 + ("running",) * 10 + ("over",) * 8


@dataclass(frozen=True, slots=True)
class Meeting:
    """A session of a course."""

    id: str
    title: str
    start: int
    end: int
    breaks: tuple[tuple[int, int], ...]
    recorded: bool
    """The bridge points have records of it."""
    field_visit: bool = False
    cancelled: str = ""
    """Why, where it is."""
    moved_from: int | None = None
    """When it was to begin before it was moved."""


@dataclass(frozen=True, slots=True)
class Class:
    """A course."""

    code: str
    title: str
    programme: str
    state: State
    lecturer: tuple[str, str]
    meetings: tuple[Meeting, ...]
    learners: tuple[tuple[int, int], ...]
    """(number of the person, number of the bridge point)."""

    @property
    def points(self) -> tuple[int, ...]:
        """Numbers of the bridge points where somebody sits."""
        return tuple(sorted({point for _, point in self.learners}))


@dataclass(frozen=True, slots=True)
class Province:
    """All of it. `live`: the id of the session that is held right now."""

    people: tuple[Person, ...]
    classes: tuple[Class, ...]
    live: str
    seed: int = field(default=0)


def province(now: int, seed: int = 2026, people: int = PEOPLE) -> Province:
    """The province as it stands at `now` (ms since 1970 UTC). No room is booked twice for the same half day."""
    rng = random.Random(seed)  # noqa: S311 - invented people, no secret
    homes = [rng.randrange(len(PLACES)) for _ in range(people)]
    who = [person(rng, PLACES[home] if home else PLACES[1]) for home in homes]
    for _ in range(people // 40):
        first, second = rng.sample(range(people), 2)
        who[second] = namesakes(rng, who[first], PLACES[homes[second] or 1])
    rooms = _Rooms(now)
    live = STATES.index("running")
    order = [live, *(number for number in range(len(STATES)) if number != live)]
    made = {number: _class(rng, number, homes, rooms, live=number == live) for number in order}
    classes = tuple(made[number] for number in range(len(STATES)))
    here = next(one.id for one in classes[live].meetings if one.start <= now < one.end)
    return Province(tuple(who), classes, here, seed)


class _Rooms:
    """Which rooms are taken on which half day; days count from today."""

    def __init__(self, now: int) -> None:
        self.now = now
        self._today = datetime.fromtimestamp(now / 1000, HANOI).replace(hour=0, minute=0, second=0, microsecond=0)
        self._taken: set[tuple[int, int, int]] = set()

    def start(self, day: int, half: int) -> int:
        """When class begins in the morning (0) or afternoon (1) of a day."""
        return round((self._today + timedelta(days=day, hours=7.5 + 6 * half)).timestamp() * 1000)

    def take(self, points: Sequence[int], day: int, step: int) -> tuple[int, int]:
        """The next free half day of a working day, from `day` on in steps of one day: (day, half)."""
        while True:
            if (self._today + timedelta(days=day)).weekday() < 5:
                for half in (0, 1):
                    wanted = {(point, day, half) for point in points}
                    if not wanted & self._taken:
                        self._taken |= wanted
                        return day, half
            day += step

    def take_day(self, points: Sequence[int], day: int) -> None:
        """Both halves of a day."""
        self._taken |= {(point, day, half) for point in points for half in (0, 1)}


def _class(rng: random.Random, number: int, homes: list[int], rooms: _Rooms, *, live: bool) -> Class:
    state = STATES[number]
    programme, title, periods = PROGRAMMES[number % len(PROGRAMMES)]
    turn = 1 + number // len(PROGRAMMES)
    code = f"{programme}-{turn:02d}"
    everywhere = list(range(len(PLACES)))
    points = everywhere if live else sorted(rng.sample(everywhere, rng.randrange(3, 6)))
    pool = [who for who, home in enumerate(homes) if home in points]
    chosen = sorted(rng.sample(pool, min(len(pool), 96 if live else rng.randrange(42, 96))))
    meetings = _meetings(rng, number, code, periods // SESSION_PERIODS, points, rooms, live=live)
    full = f"{title}, khóa {turn} năm {datetime.fromtimestamp(rooms.now / 1000, UTC).year}"
    learners = tuple((who, homes[who]) for who in chosen)
    return Class(code, full, programme, state, rng.choice(LECTURERS), meetings, learners)


def _meetings(
    rng: random.Random, number: int, code: str, count: int, points: list[int], rooms: _Rooms, *, live: bool
) -> tuple[Meeting, ...]:
    state = STATES[number]
    held = {"draft": 0, "to_come": 0, "running": rng.randrange(3, 5), "over": count}[state]
    if live:
        rooms.take_day(points, 0)
    past, day = [], -rng.randrange(12, 40) if state == "over" else -1
    for _ in range(held):
        slot = rooms.take(points, day, -1)
        past.append(slot)
        day = slot[0] - rng.randrange(1, 4)
    later, day = [], rng.randrange(20, 50) if state == "draft" else rng.randrange(2, 9)
    for _ in range(count - held - live):
        slot = rooms.take(points, day, 1)
        later.append(slot)
        day = slot[0] + rng.randrange(1, 4)
    starts = [rooms.start(*slot) for slot in reversed(past)]
    if live:
        starts.append(rooms.now - rooms.now % (5 * MINUTE) - 70 * MINUTE)
    starts += [rooms.start(*slot) for slot in later]
    out = [_meeting(code, n, start, max(0, held - RECORDED) <= n < held + live) for n, start in enumerate(starts)]
    if state == "running" and not live and count > held + 2:
        out[held + 1] = replace(out[held + 1], moved_from=out[held + 1].start - 2 * DAY)
        if number % 3 == 0:
            out[-1] = replace(out[-1], field_visit=True, title=f"Buổi {len(out)}: Đi nghiên cứu thực tế")
        elif number % 3 == 1:
            out[-1] = replace(out[-1], cancelled="Giảng viên đi công tác đột xuất; lớp học bù vào tuần sau.")
    return tuple(out)


def _meeting(code: str, number: int, start: int, recorded: bool) -> Meeting:
    title = f"Buổi {number + 1}: {TOPICS[number % len(TOPICS)]}"
    pause = ((start + 90 * MINUTE, start + 120 * MINUTE),)  # what is left are SESSION_PERIODS of 45 minutes
    return Meeting(f"{code}.{number + 1}", title, start, start + 210 * MINUTE, pause, recorded)
