"""The learners of a course as a list: found without diacritics, sorted as Vietnamese lists are, and as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import xlsxwriter
from sqlmodel import Session, col, select

from central_server.bridge_points.tables import BridgePoint
from central_server.courses.tables import CourseSession, Enrolment
from central_server.enrolment.places import place_at
from central_server.enrolment.tables import Guest, Transfer
from central_server.learners.consents import consents_on_file
from central_server.learners.names import given_name_first, plain, vietnamese_order
from central_server.learners.queries import learners_of
from central_server.learners.tables import FaceTemplate
from models.language import Language

Order = Literal["name", "code", "unit", "birth", "point"]
ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass(frozen=True, slots=True)
class ListedLearner:
    """A learner of a course."""

    id: str
    code: str
    name: str
    unit: str
    position: str
    birth_year: int | None
    bridge_point: str
    """Its name, as it is now."""
    consent: bool
    template: bool


def listed(db: Session, course: str, now: int) -> list[ListedLearner]:
    """Everybody who is enrolled in a course, by given name."""
    enrolled = dict(db.exec(select(Enrolment.learner, Enrolment.bridge_point).where(Enrolment.course == course)).all())
    moves: dict[str, list[tuple[int, str]]] = {}
    for one in db.exec(select(Transfer).where(Transfer.course == course)):
        moves.setdefault(one.learner, []).append((one.since, one.bridge_point))
    points = {one.id: one.name for one in db.exec(select(BridgePoint))}
    ids = list(enrolled)
    consents = consents_on_file(db, ids)
    templates = set(
        db.exec(
            select(FaceTemplate.learner)
            .join(Enrolment, col(Enrolment.learner) == FaceTemplate.learner)
            .where(Enrolment.course == course)
        )
    )
    rows = [
        ListedLearner(
            who.id, who.code, who.name, who.unit, who.position, who.birth_year,
            points[place_at(enrolled[who.id], moves.get(who.id, ()), now)], who.id in consents, who.id in templates,
        )
        for who in learners_of(db, ids)
    ]  # fmt: skip
    return sorted(rows, key=_KEYS["name"])


_KEYS: dict[Order, Callable[[ListedLearner], tuple[object, ...]]] = {
    "name": lambda row: (given_name_first(row.name), row.code),
    "code": lambda row: (row.code,),
    "unit": lambda row: (vietnamese_order(row.unit), given_name_first(row.name)),
    "birth": lambda row: (row.birth_year or 0, given_name_first(row.name)),
    "point": lambda row: (vietnamese_order(row.bridge_point), given_name_first(row.name)),
}


def shown(rows: Sequence[ListedLearner], find: str, order: str) -> list[ListedLearner]:
    """The rows in which all words of `find` stand (plain letters), in that order. Pure."""
    words = plain(find).split()
    found = [
        row
        for row in rows
        if all(word in plain(f"{row.name} {row.code} {row.unit} {row.bridge_point}") for word in words)
    ]
    return sorted(found, key=_KEYS[order]) if order in ORDERS else found


@dataclass(frozen=True, slots=True)
class Move:
    """A transfer, to be shown and taken back."""

    learner: str
    name: str
    unit: str
    since: int
    session: str
    """Title of the first session at the new place."""
    bridge_point: str


@dataclass(frozen=True, slots=True)
class ListedGuest:
    """A guest of one session."""

    learner: str
    code: str
    name: str
    unit: str
    birth_year: int | None
    session: str
    session_title: str
    start: int
    bridge_point: str


def moves_of(db: Session, course: str) -> list[Move]:
    """The transfers in a course, newest first."""
    rows = db.exec(select(Transfer).where(Transfer.course == course).order_by(col(Transfer.since).desc())).all()
    people = {who.id: who for who in learners_of(db, {row.learner for row in rows})}
    points = {one.id: one.name for one in db.exec(select(BridgePoint))}
    titles = {one.start: one.title for one in db.exec(select(CourseSession).where(CourseSession.course == course))}
    return [
        Move(row.learner, people[row.learner].name, people[row.learner].unit, row.since, titles.get(row.since, ""),
             points[row.bridge_point])
        for row in rows
    ]  # fmt: skip


def guests_of(db: Session, course: str) -> list[ListedGuest]:
    """The guests of a course's sessions, newest session first."""
    query = select(Guest, CourseSession).join(CourseSession, col(CourseSession.id) == Guest.session)
    rows = db.exec(query.where(CourseSession.course == course).order_by(col(CourseSession.start).desc())).all()
    people = {who.id: who for who in learners_of(db, {guest.learner for guest, _ in rows})}
    points = {one.id: one.name for one in db.exec(select(BridgePoint))}
    return [
        ListedGuest(
            guest.learner, people[guest.learner].code, people[guest.learner].name, people[guest.learner].unit,
            people[guest.learner].birth_year,
            session.id, session.title, session.start, points[guest.bridge_point],
        )
        for guest, session in rows
    ]  # fmt: skip


def _cells(rows: Sequence[ListedLearner], lang: Language) -> list[list[str | int]]:
    head: list[str | int] = (
        ["No.", "Code", "Name", "Born", "Unit", "Position", "Bridge point", "Consent"]
        if lang == "en"
        else ["STT", "Mã học viên", "Họ và tên", "Năm sinh", "Đơn vị", "Chức vụ", "Điểm cầu", "Đồng ý"]
    )
    yes, no = ("yes", "no") if lang == "en" else ("có", "chưa")
    return [head] + [
        [at, row.code, row.name, row.birth_year or "", row.unit, row.position, row.bridge_point,
         yes if row.consent else no]
        for at, row in enumerate(rows, 1)
    ]  # fmt: skip


def listed_csv(rows: Sequence[ListedLearner], lang: Language) -> bytes:
    """The list as CSV that a Vietnamese Excel opens: UTF-8 with its mark, semicolons; no text that it would run."""
    out = io.StringIO(newline="")
    write = csv.writer(out, delimiter=";")
    for cells in _cells(rows, lang):
        write.writerow(
            f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
            for cell in cells
        )
    return out.getvalue().encode("utf-8-sig")


def listed_xlsx(rows: Sequence[ListedLearner], title: str, lang: Language) -> bytes:
    """The list as an Excel file, ready to print; it may be sent back as a roster."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        font = {"font_name": "Times New Roman", "font_size": 12, "valign": "vcenter"}
        heading = book.add_format({**font, "bold": True, "font_size": 15, "align": "center"})
        head = book.add_format({**font, "bold": True, "border": 1, "text_wrap": True, "bg_color": "#F0EFEA"})
        box = book.add_format({**font, "border": 1, "text_wrap": True})
        page = book.add_worksheet("Danh sách" if lang == "vi" else "Learners")
        page.merge_range(0, 0, 0, 7, title, heading)
        for column, width in enumerate((5, 14, 28, 9, 28, 18, 18, 9)):
            page.set_column(column, column, width)
        for at, cells in enumerate(_cells(rows, lang), 2):
            for column, cell in enumerate(cells):
                form = head if at == 2 else box
                if isinstance(cell, int):
                    page.write_number(at, column, cell, form)
                else:
                    page.write_string(at, column, cell, form)
        page.freeze_panes(3, 0)
        page.repeat_rows(2)
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        page.set_footer("&C&P/&N")
    return out.getvalue()
