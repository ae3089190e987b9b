"""The province's plan: bridge points, people, courses in all states with their sessions. Pure, seeded.

Every name is invented. Times are ms since 1970 UTC, counted from the moment at which the demo runs.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
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
PROGRAMMES = (
    ("CV", "Bồi dưỡng ngạch chuyên viên", 160),
    ("CVC", "Bồi dưỡng ngạch chuyên viên chính", 240),
    ("LDP", "Bồi dưỡng lãnh đạo, quản lý cấp phòng", 160),
    ("HDND", "Kỹ năng hoạt động của đại biểu Hội đồng nhân dân cấp xã", 24),
    ("CDS", "Kỹ năng chuyển đổi số cho cán bộ xã", 32),
    ("DVC", "Nghiệp vụ dịch vụ công trực tuyến và một cửa", 24),
    ("VTLT", "Nghiệp vụ văn thư, lưu trữ điện tử", 24),
    ("TCD", "Nghiệp vụ tiếp công dân, giải quyết khiếu nại, tố cáo", 16),
    ("AI", "Ứng dụng trí tuệ nhân tạo trong công việc hành chính", 16),
    ("QPAN", "Bồi dưỡng kiến thức quốc phòng và an ninh, đối tượng 4", 48),
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
    """The province as it stands at `now` (ms since 1970 UTC)."""
    rng = random.Random(seed)  # noqa: S311 - invented people, no secret
    homes = [rng.randrange(len(PLACES)) for _ in range(people)]
    who = [person(rng, PLACES[home] if home else PLACES[1]) for home in homes]
    for _ in range(people // 40):
        first, second = rng.sample(range(people), 2)
        who[second] = namesakes(rng, who[first], PLACES[homes[second] or 1])
    live = STATES.index("running")
    classes = [_class(rng, number, state, homes, now, live=number == live) for number, state in enumerate(STATES)]
    here = next(one.id for one in classes[live].meetings if one.start <= now < one.end)
    return Province(tuple(who), tuple(classes), here, seed)


def _class(rng: random.Random, number: int, state: State, homes: list[int], now: int, *, live: bool) -> Class:
    programme, title, _ = PROGRAMMES[number % len(PROGRAMMES)]
    turn = 1 + number // len(PROGRAMMES)
    code = f"{programme}-{turn:02d}"
    points = rng.sample(range(1, len(PLACES)), len(PLACES) - 1 if live else rng.randrange(3, 7))
    pool = [who for who, home in enumerate(homes) if home in points or home == 0]
    chosen = rng.sample(pool, min(len(pool), 96 if live else rng.randrange(42, 96)))
    learners = tuple((who, homes[who] if homes[who] in points else 0) for who in sorted(chosen))
    meetings = _meetings(rng, code, state, now, live=live)
    full = f"{title}, khóa {turn} năm {datetime.fromtimestamp(now / 1000, UTC).year}"
    return Class(code, full, programme, state, rng.choice(LECTURERS), meetings, learners)


def _meetings(rng: random.Random, code: str, state: State, now: int, *, live: bool) -> tuple[Meeting, ...]:
    count = rng.randrange(6, 12)
    held = {"draft": 0, "to_come": 0, "running": rng.randrange(3, 6), "over": count}[state]
    morning = rng.random() < 0.6
    today = datetime.fromtimestamp(now / 1000, HANOI).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [-1 - 2 * n for n in range(held)][::-1] + [2 + 3 * n for n in range(count - held)]
    if state == "over":
        days = [day - rng.randrange(8, 30) for day in days]
    out = []
    for n, offset in enumerate(days):
        day = today + timedelta(days=offset)
        if day.weekday() == 6:  # nobody teaches on a Sunday
            day += timedelta(days=1)
        start = round((day + timedelta(hours=7.5 if morning else 13.5)).timestamp() * 1000)
        if offset < 0 and start + 210 * MINUTE > now:
            start -= DAY
        title = f"Buổi {n + 1}: {TOPICS[n % len(TOPICS)]}"
        recorded = max(0, held - RECORDED) <= n < held
        out.append(Meeting(f"{code}.{n + 1}", title, start, start + 210 * MINUTE, _break(start), recorded))
    if live:
        start = now - now % (5 * MINUTE) - 70 * MINUTE
        title = f"Buổi {held + 1}: Chuyên đề trực tuyến toàn tỉnh"
        here = Meeting(f"{code}.{held + 1}", title, start, start + 210 * MINUTE, _break(start), recorded=True)
        later = [_numbered(one, code, n) for n, one in enumerate(out[held:], held + 2)]
        return (*out[:held], here, *later)
    if state == "running" and len(out) > held + 2:
        at = held + 1
        out[at] = _with(out[at], moved_from=out[at].start - 2 * DAY)
        out[-1] = _with(out[-1], field_visit=True) if rng.random() < 0.4 else out[-1]
        if rng.random() < 0.3:
            out[held + 2] = _with(out[held + 2], cancelled="Giảng viên đi công tác đột xuất; lớp học bù vào tuần sau.")
    return tuple(out)


def _break(start: int) -> tuple[tuple[int, int], ...]:
    return ((start + 90 * MINUTE, start + 105 * MINUTE),)


def _numbered(one: Meeting, code: str, number: int) -> Meeting:
    title = f"Buổi {number}: {one.title.split(': ', 1)[1]}"
    return Meeting(f"{code}.{number}", title, one.start, one.end, one.breaks, one.recorded)


def _with(
    one: Meeting, *, field_visit: bool = False, cancelled: str = "", moved_from: int | None = None
) -> Meeting:  # fmt: skip
    return Meeting(one.id, one.title, one.start, one.end, one.breaks, one.recorded, field_visit, cancelled, moved_from)
