"""What needs doing in a course, as sentences: first what stops a class, then what only waits. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from central_server.courses.overview import Clash, PlannedRow
from central_server.courses.periods import DAY_MS
from central_server.health import silence
from central_server.web.figures import day, day_time, number
from models.language import counted, many


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence in both languages, and the page where it is done."""

    vi: str
    en: str
    href: str | None = None
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class CourseSituation:
    """What is looked at."""

    id: str
    published: bool
    class_rules: str
    sessions: Sequence[PlannedRow]
    learners: Mapping[str, int]
    """Of each bridge point (id)."""
    names: Mapping[str, str]
    """Of bridge points, by id."""
    without_device: frozenset[str]
    clashes: Sequence[Clash]
    planned_periods: float
    """Of all sessions that are not cancelled."""
    programme_periods: int
    """0: not said."""
    now: int
    lookalikes: int = 0
    """Pairs of learners who may be one person, at whom nobody has looked."""
    lookalikes_within: int = 0
    """Of these, pairs who are both in this course."""
    unsealed: frozenset[str] = frozenset()
    """Sessions (ids) that are over and whose sheet nobody, or not everybody, has signed."""
    drifted: frozenset[str] = frozenset()
    """Sessions (ids) whose figures are others now than those that were signed; looked for of a single course alone."""
    contests: Sequence[tuple[str, str]] = ()
    """Sessions (ids, titles) of contests that wait for an answer, the oldest first."""
    silent: Sequence[tuple[str, str, int, int | None]] = ()
    """Agents that are silent though their class is near: session (id), bridge point's name, start, last contact."""


def attention(course: CourseSituation) -> tuple[Notice, ...]:
    """What needs doing."""
    held = [one for one in course.sessions if not one.cancelled]
    to_come = [one for one in held if one.phase != "over"]
    notices = [
        *_silent(course),
        *_start(course, to_come),
        *_basics(course, held),
        *_places(course, to_come),
        *_clashes(course),
        *_lookalikes(course),
        *before_results(course),
        *_periods(course, held),
    ]
    return tuple(sorted(notices, key=lambda one: not one.urgent))


def before_results(course: CourseSituation) -> tuple[Notice, ...]:
    """What is still open of sessions that are over, and should be settled before results are recognised."""
    return (*_contests(course), *_drifted(course), *_seals(course), *_sheets(course))


def _silent(course: CourseSituation) -> list[Notice]:
    return [
        Notice(*silence.sentence(name, heard_at, start, course.now), f"/sessions/{session}", urgent=True)
        for session, name, start, heard_at in course.silent
    ]


def _start(course: CourseSituation, to_come: Sequence[PlannedRow]) -> list[Notice]:
    if course.published:
        return []
    soon = next((one for one in to_come if one.start < course.now + DAY_MS), None)
    if soon is not None:
        when = f"{day_time(soon.start)} {day(soon.start)}"
        return [
            Notice(
                f"Lớp chưa công bố mà {soon.title} bắt đầu lúc {when}: các điểm cầu chưa nhận được lịch, "
                "chưa điểm danh được.",
                f"The course is not published but {soon.title} starts at {when}: the bridge points don't know of it "
                "and can't record anybody.",
                urgent=True,
            )
        ]
    return [
        Notice(
            "Lớp còn là bản nháp: học viên và điểm cầu chưa thấy lịch và nội quy.",
            "The course is a draft: neither learners nor bridge points see its schedule and rules.",
        )
    ]


def _basics(course: CourseSituation, held: Sequence[PlannedRow]) -> list[Notice]:
    notices = []
    if not held:
        href = f"/courses/{course.id}/sessions/new"
        notices.append(Notice("Chưa có buổi học nào.", "There is no session yet.", href))
    if not sum(course.learners.values()):
        href = f"/courses/{course.id}/roster"
        notices.append(Notice("Chưa ghi danh học viên.", "No learner is enrolled yet.", href))
    if not course.class_rules:
        href = f"/courses/{course.id}/edit"
        notices.append(Notice("Chưa có nội quy lớp học.", "The class rules are not written yet.", href))
    return notices


def _places(course: CourseSituation, to_come: Sequence[PlannedRow]) -> list[Notice]:
    """Learners without a session, sessions without a bridge point, bridge points without learners or a PC."""
    taking_part = {point for one in to_come for point in one.points}
    observed = [one for one in to_come if not one.field_visit]
    notices = []
    for point, name in course.names.items():
        count = course.learners.get(point, 0)
        missing = [one for one in observed if point not in one.points]
        if count and missing:
            first = missing[0]
            notices.append(
                Notice(
                    f"{number(count, 'vi')} học viên ở {name} nhưng điểm cầu này không có trong {len(missing)} buổi "
                    f"sắp tới (từ {first.title}).",
                    f"{counted(count, 'learner sits', 'learners sit')} at {name}, which is missing from "
                    f"{counted(len(missing), 'session')} to come (from {first.title} on).",
                    urgent=course.published,
                )
            )
        if point in taking_part and not count and course.learners:
            notices.append(
                Notice(f"Điểm cầu {name} chưa có học viên nào.", f"No learner is enrolled at {name}.",
                       f"/courses/{course.id}/learners")
            )  # fmt: skip
        if point in taking_part and point in course.without_device:
            notices.append(
                Notice(f"Điểm cầu {name} chưa có máy nào gia nhập: chưa điểm danh được ở đó.",
                       f"No PC has joined for {name}: nobody can be recorded there.", urgent=course.published)
            )  # fmt: skip
    return notices


def _clashes(course: CourseSituation) -> list[Notice]:
    return [
        Notice(
            f"{one.title} trùng giờ với “{one.other}” của lớp {one.other_course} ở {one.point}; máy ở điểm cầu chỉ "
            "theo dõi được một buổi. Hãy dời một trong hai.",
            f"{one.title} is at the same time as “{one.other}” of {one.other_course} at {one.point}, whose PC can "
            "watch only one. Move one of them.",
            f"/courses/{course.id}/sessions/{one.session}/edit",
            urgent=True,
        )
        for one in course.clashes
    ]


def _lookalikes(course: CourseSituation) -> list[Notice]:
    if not course.lookalikes:
        return []
    pairs = course.lookalikes
    return [
        Notice(
            f"{number(pairs, 'vi')} cặp học viên có khuôn mặt giống nhau đến mức máy có thể nhầm, hoặc là một người "
            "ghi danh hai lần. Hãy xem và xác nhận.",
            f"{counted(pairs, 'pair')} of learners {many(pairs, 'is', 'are')} so alike that a camera "
            "may take one for the other, or one "
            "person is enrolled twice. Look and say which.",
            f"/courses/{course.id}/learners#alike",
            urgent=bool(course.lookalikes_within),
        )
    ]


def _seals(course: CourseSituation) -> list[Notice]:
    waiting = [one for one in course.sessions if one.unsealed]
    if not waiting:
        return []
    names = ", ".join(one.title for one in waiting[:3]) + (", …" if len(waiting) > 3 else "")
    return [
        Notice(
            f"{len(waiting)} buổi chưa niêm phong: {names}.",
            f"{counted(len(waiting), 'session')} not sealed: {names}.",
            f"/sessions/{waiting[0].id}" if len(waiting) == 1 else None,
        )
    ]


def _contests(course: CourseSituation) -> list[Notice]:
    if not course.contests:
        return []
    count, (session, title) = len(course.contests), course.contests[0]
    return [
        Notice(
            f"{number(count, 'vi')} ý kiến của học viên chờ trả lời, cũ nhất về {title}.",
            f"{counted(count, 'contest')} {many(count, 'waits', 'wait')} for an answer, the oldest about {title}.",
            f"/sessions/{session}/corrections#contests",
            urgent=True,
        )
    ]


def _sheets(course: CourseSituation) -> list[Notice]:
    """Sheets that wait for their two signatures."""
    waiting = [one for one in course.sessions if one.id in course.unsealed]
    if not waiting:
        return []
    names = ", ".join(one.title for one in waiting[:3]) + (", …" if len(waiting) > 3 else "")
    return [
        Notice(
            f"{number(len(waiting), 'vi')} buổi chưa niêm phong bảng điểm danh (hai chữ ký): {names}.",
            f"{counted(len(waiting), 'session')} whose sheet is not sealed (two signatures): {names}.",
            f"/sessions/{waiting[0].id}/corrections#seal",
        )
    ]


def _drifted(course: CourseSituation) -> list[Notice]:
    """Signed sheets whose figures have changed, by late records for instance, and which nobody has made a revision."""
    changed = [one for one in course.sessions if one.id in course.drifted]
    if not changed:
        return []
    names = ", ".join(one.title for one in changed[:3]) + (", …" if len(changed) > 3 else "")
    return [
        Notice(
            f"{number(len(changed), 'vi')} buổi có số liệu đã đổi sau khi ký: {names}. Hãy lập bản sửa đổi và ký lại.",
            f"The figures of {counted(len(changed), 'session')} have changed since they were signed: {names}. Make a "
            "revision and sign again.",
            f"/sessions/{changed[0].id}/corrections#seal",
            urgent=True,
        )
    ]


def _periods(course: CourseSituation, held: Sequence[PlannedRow]) -> list[Notice]:
    planned = course.planned_periods
    if not held or not course.programme_periods or planned == course.programme_periods:
        return []
    digits = 0 if planned == int(planned) else 1
    needed = course.programme_periods
    return [
        Notice(
            f"Lịch có {number(planned, 'vi', digits)} tiết, chương trình là {number(needed, 'vi')} tiết.",
            f"{number(planned, 'en', digits)} teaching periods are planned, the programme has {number(needed, 'en')}.",
            f"/courses/{course.id}/sessions/new" if planned < needed else None,
        )
    ]
