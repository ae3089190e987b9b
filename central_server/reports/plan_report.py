"""The report of plan against done as of a moment: its figures with the names of then, and its sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from sqlmodel import Session

from central_server.errors import NotFoundError
from central_server.learners.names import plain
from central_server.reports.period import Period, day_of, end_of
from central_server.reports.plan_figures import By, CourseFact, Line, PlanFigures, UnitNames, plan_figures
from central_server.reports.reading import HeadKept, facts_at, letterhead_at, programme_names, targets_at, units_at
from central_server.reports.sheet import Against, Cell, Column, Row, Sheet, Style
from central_server.web.figures import day, day_time, number
from models.language import Language, many

HELD_WORDS: dict[str, tuple[str, str]] = {
    "online": ("trực tuyến qua điểm cầu", "online over bridge points"),
    "in_person": ("trực tiếp", "in person"),
    "both": ("trực tiếp kết hợp trực tuyến", "in person and online"),
}


@dataclass(frozen=True, slots=True)
class PlanReport:
    """A report, as of `at` (server time, ms)."""

    period: Period
    at: int
    by: By
    figures: PlanFigures
    facts: Mapping[str, CourseFact]
    """By id: the courses that it may speak of."""
    units: UnitNames
    programmes: Mapping[str, str]
    head: HeadKept


def plan_report(db: Session, wanted: Period, at: int, by: By = "unit") -> PlanReport:
    """The report as of a moment. What had been entered by then decides, and the names that units had on that day."""
    units = units_at(db, at, min(wanted.last, day_of(at)))
    programmes = programme_names(db)
    facts = facts_at(db, at)
    order = {key: plain(name) for names in (units.names, programmes) for key, name in names.items()}
    figures = plan_figures(wanted, targets_at(db, at), facts, order, by)
    kept = {one.id: one for one in facts}
    return PlanReport(wanted, at, by, figures, kept, units, programmes, letterhead_at(db, at))


def address(report: PlanReport, **more: str) -> str:
    """The query by which a page shows this report, or a part of it."""
    asked = {"period": report.period.code, "as_of": day_of(report.at).isoformat(), "by": report.by}
    return urlencode(asked | {name: value for name, value in more.items() if value})


NONE = "-"
"""Stands in an address for courses without a unit, or without a programme."""
Which = Literal["", "plan", "outside"]
"""Of which courses a figure is: within the plan, outside it; empty: both."""


def part_of(report: PlanReport, unit: str, programme: str, which: Which) -> tuple[str, ...]:
    """Ids of the courses behind a figure. unit, programme: empty for all. Raises NotFoundError for unknown ones."""
    for asked, known in ((unit, report.units.names), (programme, report.programmes)):
        if asked not in ("", NONE) and asked not in known:
            raise NotFoundError(
                "Không có đơn vị hoặc chương trình này. Hãy mở lại từ trang báo cáo.",
                "There is no such unit or programme. Open it from the report again.",
            )
    found: list[str] = []
    if which != "outside":
        found += [id_ for group in report.figures.groups for line in group.lines if _is(line, unit, programme)
                  for id_ in line.made_of]  # fmt: skip
    if which != "plan":
        found += [id_ for line in report.figures.outside if _is(line, unit, programme) for id_ in line.made_of]
    return tuple(sorted(found, key=lambda id_: (report.facts[id_].opened, id_)))


def _is(line: Line, unit: str, programme: str) -> bool:
    return (not unit or line.unit == ("" if unit == NONE else unit)) and (
        not programme or line.programme == ("" if programme == NONE else programme)
    )


def plan_sheet(report: PlanReport, lang: Language) -> Sheet:
    """The sheet (Biểu tổng hợp kết quả đào tạo, bồi dưỡng)."""
    english = lang == "en"

    def t(vi: str, en: str) -> str:
        return en if english else vi

    by_unit = report.by == "unit"
    courses, turns = t("Số lớp", "Courses"), t("Lượt học viên", "Training turns")
    plan, done = t("Kế hoạch", "Planned"), t("Thực hiện", "Done")
    columns = (
        Column(t("STT", "No."), "plain", 5),
        Column(t("Nội dung bồi dưỡng", "Programme") if by_unit else t("Đơn vị", "Unit"), "text", 30),
        Column(t("Đối tượng", "For whom"), "text", 20),
        Column(t("Hình thức", "How"), "text", 15),
        Column(plan, "number", 8, courses), Column(done, "number", 8, courses), Column("%", "percent", 9, courses),
        Column(plan, "number", 8, turns), Column(done, "number", 8, turns), Column("%", "percent", 9, turns),
        Column(t("Số người", "Persons"), "number", 8),
        Column(t("Hoàn thành", "Completed"), "number", 8),
    )  # fmt: skip
    rows: list[Row] = []
    figures = report.figures
    at = 0
    for group in figures.groups:
        name = report.units.said(group.key, english) if by_unit else _programme(report, group.key, english)
        rows.append(Row((name, *[None] * 11), "group"))
        for line in group.lines:
            at += 1
            rows.append(_row(report, at, line, _name(report, line, english), "plan", lang))
        if len(group.lines) > 1:
            rows.append(_row(report, None, group.total, t(f"Cộng: {name}", f"Sum: {name}"), "plan", lang))
    rows.append(_row(report, None, figures.planned, t("CỘNG TRONG KẾ HOẠCH", "ALL OF THE PLAN"), "plan", lang))
    rows.append(Row((t("Ngoài kế hoạch", "Outside the plan"), *[None] * 11), "group"))
    for line in figures.outside:
        at += 1
        unit = report.units.said(line.unit, english)
        name = f"{_programme(report, line.programme, english)} – {unit}" if by_unit else (
            f"{unit} – {_programme(report, line.programme, english)}")  # fmt: skip
        rows.append(_row(report, at, line, name, "outside", lang))
    outside = t("CỘNG NGOÀI KẾ HOẠCH", "ALL OUTSIDE THE PLAN")
    rows.append(_row(report, None, figures.outside_total, outside, "outside", lang))
    rows.append(_row(report, None, figures.total, t("TỔNG CỘNG", "TOTAL"), "", lang))
    then = day_of(report.at)
    bars = tuple(
        Against(report.units.said(group.key, english) if by_unit else _programme(report, group.key, english),
                group.total.turns.planned or 0, group.total.turns.done)
        for group in figures.groups
    )  # fmt: skip
    about = (
        (t("Kỳ báo cáo", "Period"), report.period.label(english)),
        (t("Số liệu tính đến", "Figures as of"),
         f"{then:%d/%m/%Y}" if report.at == end_of(then) else f"{day_time(report.at)} {day(report.at)}"),
    )  # fmt: skip
    return Sheet(
        f"bieu-tong-hop-{report.period.code}-{then:%Y%m%d}", report.head.of("plan"),
        t("BIỂU TỔNG HỢP KẾT QUẢ ĐÀO TẠO, BỒI DƯỠNG", "RESULTS OF TRAINING: PLAN AGAINST DONE"), about, columns,
        tuple(rows), _notes(report, lang), then, lang, grouped_by=t("Đơn vị", "Unit") if by_unit else columns[1].title,
        bars_of=t("Lượt học viên: thực hiện (tô) so với kế hoạch (khung)", "Turns: done (filled), planned (outline)"),
        bars=bars,
    )  # fmt: skip


def _name(report: PlanReport, line: Line, english: bool) -> str:
    if report.by == "unit":
        return _programme(report, line.programme, english)
    return report.units.said(line.unit, english)


def _programme(report: PlanReport, programme: str, english: bool) -> str:
    return report.programmes.get(programme) or ("no programme" if english else "(chưa ghi chương trình)")


def _row(report: PlanReport, at: int | None, line: Line, name: str, which: str, lang: Language) -> Row:
    held = "; ".join(HELD_WORDS[one][lang == "en"] for one in line.held)
    style: Style = "plain" if at is not None else "total"
    cells: tuple[Cell, ...] = (
        at, name, "; ".join(line.audiences) if at is not None else "", held if at is not None else "",
        line.courses.planned, line.courses.done, line.courses.percent,
        line.turns.planned, line.turns.done, line.turns.percent, line.persons, line.completed,
    )  # fmt: skip
    if not line.made_of:
        return Row(cells, style)
    leaf = at is not None
    unit, programme = (one or (NONE if leaf else "") for one in (line.unit, line.programme))
    query = address(report, which=which, unit=unit, programme=programme)
    opened = f"/reports/courses?{query}"
    return Row(cells, style, {5: opened, 8: f"{opened}#turns", 10: f"{opened}#turns", 11: f"{opened}#turns"})


def _notes(report: PlanReport, lang: Language) -> tuple[str, ...]:
    english, figures = lang == "en", report.figures

    def t(vi: str, en: str) -> str:
        return en if english else vi

    inside, whole = figures.planned, figures.total
    said = [
        t("Lớp tính vào kỳ có buổi học đầu tiên. Lượt học viên là số ghi danh; một người học ba lớp là ba lượt, một "
          "người, nên số người của các dòng không cộng thành số người của dòng tổng.",
          "A course counts in the period of its first session. Turns are enrolments; a person in three courses is "
          "three turns and one person, so the persons of the lines do not add up to those of their sum."),
        t("Hoàn thành là kết quả đã công nhận tính đến ngày báo cáo. Tên đơn vị là tên vào ngày ấy, tên chương trình "
          "là tên hiện nay.",
          "Completed are the results recognised by the day of the report. Units have their names of that day, "
          "programmes those of today."),
    ]  # fmt: skip
    if inside.courses.percent is not None and whole.courses.percent is not None:
        pair = [(number(one.courses.percent / 10, lang, 1), _tenths(one.turns.percent, lang)) for one in (inside, whole)
                if one.courses.percent is not None]  # fmt: skip
        said.append(
            t(f"So với kế hoạch: trong kế hoạch đạt {pair[0][0]} % số lớp, {pair[0][1]} % số lượt; kể cả ngoài kế "
              f"hoạch đạt {pair[1][0]} % số lớp, {pair[1][1]} % số lượt.",
              f"Against the plan: {pair[0][0]} % of the courses and {pair[0][1]} % of the turns within it; with those "
              f"outside it {pair[1][0]} % and {pair[1][1]} %.")
        )  # fmt: skip
    if figures.unrecognised:
        count = number(figures.unrecognised, lang)
        said.append(
            t(f"{count} lớp đã kết thúc nhưng chưa công nhận kết quả.",
              f"{count} {many(figures.unrecognised, 'course is', 'courses are')} over without recognised results.")
        )  # fmt: skip
    return tuple(said)


def _tenths(percent: int | None, lang: Language) -> str:
    return "–" if percent is None else number(percent / 10, lang, 1)
