"""Who completes a course: what the system proposes, what somebody recognised, and the sheet of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from central_server.courses.queries import EnrolledRow
from central_server.participation.queries import Damaged
from central_server.participation.wording import pick
from central_server.reports.acts import Result
from central_server.reports.period import day_of
from central_server.reports.sheet import Cell, Column, Head, Row, Sheet, of_share
from central_server.reports.tables import CourseResult
from central_server.web.figures import number
from models.language import Language, counted
from models.participation import Totals, Verdict
from models.report_records import Outcome

OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "completed": ("hoàn thành", "completed"),
    "not_completed": ("không hoàn thành", "not completed"),
}
PROPOSED: dict[Verdict, Outcome | None] = {
    "completed": "completed", "not_completed": "not_completed", "undecided": None,
}  # fmt: skip
"""What the system proposes; where too much was not observed a person has to say."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A learner's teaching periods, in tenths, and share, in thousandths."""

    attended: int
    scheduled: int
    not_observed: int
    share: int | None


def figures_of(totals: Totals, period_minutes: int) -> Figures:
    """Milliseconds as teaching periods, halves of a tenth up."""

    def tenths(ms: int) -> int:
        unit = period_minutes * 60_000
        return (20 * ms + unit) // (2 * unit)

    return Figures(
        tenths(totals.attended_ms), tenths(totals.scheduled_ms), tenths(totals.not_observed_ms), of_share(totals.share)
    )


@dataclass(frozen=True, slots=True)
class Finisher:
    """A learner of a course: what is known today, and the result that was recognised, if any."""

    who: EnrolledRow
    position: str
    now: Figures
    verdict: Verdict
    result: CourseResult | None

    @property
    def proposed(self) -> Outcome | None:
        """What the system would say."""
        return PROPOSED[self.verdict]

    @property
    def differs(self) -> bool:
        """Whether today's figures are others than those that were recognised."""
        return self.result is not None and (self.result.attended, self.result.scheduled) != (
            self.now.attended,
            self.now.scheduled,
        )

    @property
    def seen(self) -> str:
        """The periods as the page shows them: whoever recognises them has had these before him."""
        return f"{self.now.attended}/{self.now.scheduled}"

    def brings_other_periods(self, result: Result) -> bool:
        """Whether the result is not with the periods that were recognised already."""
        old = self.result
        return old is None or (old.attended, old.scheduled) != (result.attended, result.scheduled)

    def to_recognise(
        self, outcome: Outcome, grade: str, certificate: str, book_number: str, before: int, *, refresh: bool
    ) -> Result:
        """The result as it is to be. Figures that were recognised stay unless something is said anew.

        before: the version that the page showed (0: none).
        """
        new = Result(self.who.id, before, outcome, self.now.attended, self.now.scheduled, self.now.share, self.who.unit,
                     self.position, grade, certificate, book_number)  # fmt: skip
        old = self.result
        if old is None or refresh:
            return new
        if (old.outcome, old.grade, old.certificate, old.book_number) != (outcome, grade, certificate, book_number):
            return new
        return replace(
            new, attended=old.attended, scheduled=old.scheduled, share=old.share, unit=old.unit, position=old.position
        )


@dataclass(frozen=True, slots=True)
class Completion:
    """A course with everybody's result, for its sheet."""

    code: str
    title: str
    programme: str
    first: date | None
    last: date | None
    learners: Sequence[Finisher]
    """By name."""
    at: int
    head: Head
    damaged: tuple[Damaged, ...] = ()
    """Records that can't be read: what they told is left out."""


def completion_sheet(course: Completion, lang: Language, *, everybody: bool = False) -> Sheet:
    """The sheet (Danh sách học viên hoàn thành): those recognised as having completed, or everybody with the result."""

    def t(vi: str, en: str) -> str:
        return pick((vi, en), lang)

    periods = t("Số tiết", "Teaching periods")
    columns = (
        Column(t("STT", "No."), "plain", 5),
        Column(t("Họ và tên", "Name"), "text", 26),
        Column(t("Mã học viên", "Learner code"), "centred", 11),
        Column(t("Năm sinh", "Born"), "plain", 7),
        Column(t("Chức vụ", "Position"), "text", 16),
        Column(t("Đơn vị", "Unit"), "text", 26),
        Column(t("Tham dự", "Attended"), "tenths", 9, periods),
        Column(t("Tổng", "All"), "tenths", 8, periods),
        Column(t("Tỷ lệ", "Share"), "percent", 9),
        *((Column(t("Kết quả", "Result"), "centred", 13),) if everybody else ()),
        Column(t("Xếp loại", "Grade"), "centred", 11),
        Column(t("Số hiệu chứng chỉ", "Certificate"), "centred", 14),
        Column(t("Số vào sổ", "Register"), "centred", 12),
    )
    listed = [one for one in course.learners
              if everybody or (one.result is not None and one.result.outcome == "completed")]  # fmt: skip
    rows = tuple(Row(_cells(at, one, lang, everybody=everybody)) for at, one in enumerate(listed, 1))
    days = [f"{one:%d/%m/%Y}" for one in (course.first, course.last) if one is not None]
    about = (
        (t("Lớp", "Course"), f"{course.title} ({course.code})"),
        *(((t("Chương trình", "Programme"), course.programme),) if course.programme else ()),
        *(((t("Thời gian", "Time"), " – ".join(dict.fromkeys(days))),) if days else ()),
    )
    done = sum(one.result is not None and one.result.outcome == "completed" for one in course.learners)
    notes = [
        t(f"Danh sách có {number(len(listed), lang)} học viên; lớp ghi danh {number(len(course.learners), lang)}, "
          f"{number(done, lang)} được công nhận hoàn thành.",
          f"{counted(len(listed), 'learner')} listed; {number(len(course.learners), lang)} enrolled, "
          f"{number(done, lang)} recognised as having completed."),
        t("Số tiết là số đã chốt khi công nhận kết quả; điều chỉnh sau đó không làm thay đổi danh sách này.",
          "Periods are those of the day of recognition; later corrections do not change this list."),
    ]  # fmt: skip
    if everybody and any(one.result is None for one in course.learners):
        notes.append(
            t("Học viên chưa có kết quả: số tiết theo số liệu hiện nay.",
              "Of learners without a result, periods are those of today.")
        )  # fmt: skip
    title = (
        t("KẾT QUẢ HỌC TẬP CỦA HỌC VIÊN", "RESULTS OF THE LEARNERS")
        if everybody
        else t("DANH SÁCH HỌC VIÊN HOÀN THÀNH", "LEARNERS WHO COMPLETED")
    )
    name = "ket-qua" if everybody else "hoan-thanh"
    return Sheet(
        f"{name}-{course.code}", course.head, title, about, columns, rows, tuple(notes), day_of(course.at), lang
    )


def _cells(at: int, one: Finisher, lang: Language, *, everybody: bool) -> tuple[Cell, ...]:
    got = one.result
    attended, scheduled, share = (
        (got.attended, got.scheduled, got.share) if got else (one.now.attended, one.now.scheduled, one.now.share)
    )
    result = (
        "" if got is None else pick(OUTCOMES["completed" if got.outcome == "completed" else "not_completed"], lang),
    )
    return (
        at, one.who.name, one.who.code, one.who.birth_year, got.position if got else one.position,
        got.unit if got else one.who.unit, attended, scheduled, share, *(result if everybody else ()),
        got.grade if got else "", got.certificate if got else "", got.book_number if got else "",
    )  # fmt: skip
