"""Plan against done: from targets, courses and results to the figures of a report. Pure.

A course counts in the period in which its first session was held. It is within the plan when a target names its unit
and programme, unless somebody said that it is not. Turns (lượt) are enrolments; a person in three courses is one
person, so persons of lines don't add up to persons of their sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from central_server.learners.names import plain
from central_server.reports.period import Period, day_of, period
from central_server.reports.sheet import thousandths

By = Literal["unit", "programme"]


@dataclass(frozen=True, slots=True)
class Target:
    """So many courses and turns of a programme for a unit in a period."""

    period: str
    unit: str
    programme: str
    courses: int
    turns: int


@dataclass(frozen=True, slots=True)
class CourseFact:
    """A course as it was known at the moment of the report, with whoever is enrolled and who has completed."""

    id: str
    programme: str
    """Empty: none."""
    unit: str
    audience: str
    held: str
    planned: bool
    opened: int
    """Start of its first session that was not cancelled, ms since 1970 UTC."""
    over: bool
    learners: frozenset[str]
    completed: frozenset[str]
    recognised: bool
    """Whether anybody's result was recognised."""


@dataclass(frozen=True, slots=True)
class Count:
    """A figure: what was planned, what was done."""

    planned: int | None
    """None: nothing was planned for it, and there is no percentage."""
    done: int

    @property
    def percent(self) -> int | None:
        """In thousandths, halves up: 68 of 61 are 1115."""
        return None if self.planned is None else thousandths(self.done, self.planned)


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of some courses beside a target."""

    unit: str
    programme: str
    courses: Count
    turns: Count
    persons: int
    completed: int
    """Turns whose result was recognised as completed."""
    made_of: tuple[str, ...]
    """Ids of the courses."""
    audiences: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of one unit, or of one programme, with their sum."""

    key: str
    lines: tuple[Line, ...]
    total: Line


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """A report's figures."""

    groups: tuple[Group, ...]
    """Within the plan."""
    planned: Line
    """All of the plan, without what is outside it."""
    outside: tuple[Line, ...]
    outside_total: Line
    total: Line
    """All of it: done counts what is outside the plan too."""
    unrecognised: int
    """Courses that are over and of which no result was recognised."""


def targets_for(targets: Iterable[Target], wanted: Period) -> dict[tuple[str, str], Target]:
    """By unit and programme: the target of exactly this period, else the sum of those of periods within it.

    Periods within one another (a quarter and its months) are not added twice: the longest count.
    """
    by_pair: dict[tuple[str, str], list[tuple[Period, Target]]] = {}
    for one in targets:
        span = period(one.period)
        if span.within(wanted):
            by_pair.setdefault((one.unit, one.programme), []).append((span, one))
    found = {}
    for pair, some in by_pair.items():
        taken: list[tuple[Period, Target]] = []
        for span, one in sorted(some, key=lambda each: each[0].first - each[0].last):
            if not any(span.within(longer) for longer, _ in taken):
                taken.append((span, one))
        courses, turns = (sum(getattr(one, name) for _, one in taken) for name in ("courses", "turns"))
        found[pair] = Target(wanted.code, *pair, courses, turns)
    return found


def plan_figures(
    wanted: Period, targets: Iterable[Target], courses: Iterable[CourseFact], order: Mapping[str, str], by: By = "unit"
) -> PlanFigures:
    """The figures of a period. order: by which units and programmes are sorted, by their ids (their names)."""
    set_for = targets_for(targets, wanted)
    here = [one for one in courses if wanted.holds(day_of(one.opened))]
    inside: dict[tuple[str, str], list[CourseFact]] = {pair: [] for pair in set_for}
    outside: dict[tuple[str, str], list[CourseFact]] = {}
    for one in here:
        pair = (one.unit, one.programme)
        (inside if one.planned and pair in set_for else outside).setdefault(pair, []).append(one)

    def rank(pair: tuple[str, str]) -> tuple[str, str]:
        unit, programme = order.get(pair[0], ""), order.get(pair[1], "")
        return (unit, programme) if by == "unit" else (programme, unit)

    at = 0 if by == "unit" else 1
    groups = []
    for key in dict.fromkeys(pair[at] for pair in sorted(inside, key=rank)):
        mine = [pair for pair in sorted(inside, key=rank) if pair[at] == key]
        lines = tuple(_line(*pair, inside[pair], [set_for[pair]]) for pair in mine)
        whole = _line(key if by == "unit" else "", key if by == "programme" else "",
                      [one for pair in mine for one in inside[pair]], [set_for[pair] for pair in mine])  # fmt: skip
        groups.append(Group(key, lines, whole))
    planned = [one for some in inside.values() for one in some]
    beyond = [one for some in outside.values() for one in some]
    return PlanFigures(
        tuple(groups),
        _line("", "", planned, list(set_for.values())),
        tuple(_line(*pair, outside[pair], None) for pair in sorted(outside, key=rank)),
        _line("", "", beyond, None),
        _line("", "", [*planned, *beyond], list(set_for.values())),
        sum(one.over and not one.recognised for one in here),
    )


def _line(unit: str, programme: str, courses: Sequence[CourseFact], targets: Sequence[Target] | None) -> Line:
    persons: set[str] = set().union(*(one.learners for one in courses))
    planned = None if targets is None else sum(one.courses for one in targets)
    turns = None if targets is None else sum(one.turns for one in targets)
    return Line(
        unit, programme, Count(planned, len(courses)), Count(turns, sum(len(one.learners) for one in courses)),
        len(persons), sum(len(one.completed) for one in courses),
        tuple(one.id for one in sorted(courses, key=lambda one: (one.opened, one.id))),
        tuple(dict.fromkeys(one.audience for one in courses if one.audience)),
        tuple(dict.fromkeys(one.held for one in courses)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class UnitNames:
    """What units were called on a day, by their ids."""

    entered: Mapping[str, str]
    """As somebody wrote them, the units that came first standing first."""
    merged: Mapping[str, tuple[str, date]] = field(default_factory=dict)
    """Into which unit, and since when."""
    names: Mapping[str, str] = field(init=False)
    """The same, units of one name told apart by numbers: Xã An Bình (1), Xã An Bình (2)."""

    def __post_init__(self) -> None:
        alike: dict[str, list[str]] = {}
        for unit, name in self.entered.items():
            alike.setdefault(plain(name), []).append(unit)
        names = {unit: name if len(some) == 1 else f"{name} ({some.index(unit) + 1})"
                 for unit, name in self.entered.items() for some in [alike[plain(name)]]}  # fmt: skip
        object.__setattr__(self, "names", names)

    def said(self, unit: str, english: bool = False) -> str:
        """The name as a report has it: a unit that was merged away keeps its own, with what became of it."""
        name = self.names.get(unit) or ("no unit" if english else "(chưa ghi đơn vị)")
        if unit not in self.merged:
            return name
        into, since = self.merged[unit]
        other = self.names.get(into, "?")
        if english:
            return f"{name} (merged into {other} on {since:%d/%m/%Y})"
        return f"{name} (nhập vào {other} từ {since:%d/%m/%Y})"
