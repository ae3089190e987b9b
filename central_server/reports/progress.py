"""How a period's figures grew, month by month. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from central_server.reports.period import Period, day_of
from central_server.reports.plan_report import PlanReport
from central_server.reports.sheet import thousandths


@dataclass(frozen=True, slots=True)
class Month:
    """What had been done by the end of a month; None for months to come."""

    month: Period
    courses: int | None
    turns: int | None
    courses_percent: int | None
    turns_percent: int | None


def progress(report: PlanReport) -> list[Month]:
    """Done so far by month of the period, what is outside the plan too, as it was known at the report's moment."""
    whole, then = report.figures.total, day_of(report.at)
    mine = [report.facts[id_] for id_ in whole.made_of]
    found = []
    for month in report.period.months():
        if month.first > then:
            found.append(Month(month, None, None, None, None))
            continue
        sofar = [one for one in mine if day_of(one.opened) <= month.last]
        courses, turns = len(sofar), sum(len(one.learners) for one in sofar)
        found.append(
            Month(
                month, courses, turns, thousandths(courses, whole.courses.planned or 0),
                thousandths(turns, whole.turns.planned or 0),
            )
        )  # fmt: skip
    return found
