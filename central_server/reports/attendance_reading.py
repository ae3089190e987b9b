"""Reading what an attendance sheet tells beside the state of its session."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlmodel import Session, col, select

from central_server.accounts.tables import Account
from central_server.classroom.keeping import interaction_in
from central_server.corrections.reading import leaves_of_session
from central_server.corrections.sealed_sheet import Seal, figures_of, seal_of
from central_server.corrections.words import CAUSES
from central_server.courses.queries import course_of
from central_server.courses.tables import CourseSession
from central_server.participation.state import SessionState
from central_server.participation.wording import NOBODY, pick
from central_server.reports.attendance_sheet import Beside, attendance_sheet
from central_server.reports.interaction_sheet import interaction_sheet
from central_server.reports.reading import letterhead_at
from central_server.reports.sheet import Sheet
from central_server.web.figures import day, day_time
from models.language import Language


def attendance_of(db: Session, state: SessionState, lang: Language) -> Sheet:
    """The attendance sheet of a session as it stands."""
    minutes = course_of(db, state.facts.course).period_minutes
    head = letterhead_at(db, state.now).of("attendance")
    beside = Beside(minutes, leaves_of_session(db, state.facts.id), head, tuple(_seal(db, state, lang)))
    rooms = interaction_in(db.connection(), state.facts.id, state.facts.end)
    return replace(attendance_sheet(state, beside, lang), beside=interaction_sheet(state, rooms, lang))


def _seal(db: Session, state: SessionState, lang: Language) -> Iterable[str]:
    """Which revision the figures are, and who signed it, as sentences; nothing where nobody has signed yet.

    Where the figures are no longer those of the newest revision, no signature stands beside them.
    """
    seal = seal_of(db, state.facts.id)
    last = seal.last
    if last is None:
        return
    if seal.drifted(figures_of(db, db.get_one(CourseSession, state.facts.id))):
        yield pick(
            (f"Số liệu nay khác bản niêm phong số {last.number}; chưa ai ký số liệu này.",
             f"These figures differ from revision {last.number} of the sealed ones; nobody has signed them."),
            lang,
        )  # fmt: skip
        return
    names = _names(db, seal)
    cause = pick(CAUSES[last.cause], lang)
    when = f"{day_time(last.at)} {day(last.at)}"
    yield pick(
        (f"Bản số liệu niêm phong số {last.number}, lập lúc {when}, {cause}.",
         f"Revision {last.number} of the sealed figures, made at {when}, {cause}."),
        lang,
    )  # fmt: skip
    for point in state.points:
        name, signed = point.facts.name, seal.signed(last, "technician", point.facts.id)
        if signed is not None:
            who = names.get(signed.by or "") or pick(NOBODY, lang)
            at = f"{day_time(signed.at)} {day(signed.at)}"
            vi, en = f"cán bộ kỹ thuật {who} đã ký lúc {at}.", f"signed by the technician {who} at {at}."
            yield f"{name}: {pick((vi, en), lang)}"
    signed = seal.signed(last, "class_manager", None)
    if signed is not None:
        who = names.get(signed.by or "") or pick(NOBODY, lang)
        at = f"{day_time(signed.at)} {day(signed.at)}"
        yield pick((f"Cán bộ quản lý lớp {who} đã ký lúc {at}.", f"Signed by the class manager {who} at {at}."), lang)
    if seal.missing(last):
        yield pick(("Bản này chưa đủ chữ ký.", "This revision lacks signatures."), lang)


def _names(db: Session, seal: Seal) -> dict[str, str]:
    ids = {one.by for one in seal.signatures if one.by}
    return dict(db.exec(select(Account.id, Account.name).where(col(Account.id).in_(ids))).all())
