"""Reading what an attendance sheet tells beside the state of its session."""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session, col, select

from central_server.accounts.tables import Account
from central_server.classroom.keeping import interaction_in
from central_server.corrections.reading import leaves_of_session
from central_server.corrections.sealed_sheet import Seal, figures_of, seal_of
from central_server.corrections.words import CAUSES, SIGNERS
from central_server.courses.queries import course_of
from central_server.courses.tables import CourseSession
from central_server.participation.state import SessionState
from central_server.participation.wording import NOBODY, pick
from central_server.reports.attendance_sheet import Beside, attendance_sheet
from central_server.reports.interaction_sheet import interaction_sheet
from central_server.reports.reading import letterhead_at
from central_server.reports.sheet import Sheet
from central_server.web.figures import day, day_time
from models.correction_records import Signer
from models.language import Language


def attendance_of(db: Session, state: SessionState, lang: Language) -> Sheet:
    """The attendance sheet of a session as it stands."""
    minutes = course_of(db, state.facts.course).period_minutes
    head = letterhead_at(db, state.now).of("attendance")
    said, signed = _seal(db, state, lang)
    signers = tuple(replace(one, name=one.name or signed.get(one.title.casefold(), "")) for one in head.signers)
    beside = Beside(minutes, leaves_of_session(db, state.facts.id), replace(head, signers=signers), tuple(said))
    told = interaction_in(db.connection(), state.facts.id, state.facts.end)
    return replace(attendance_sheet(state, beside, lang), beside=interaction_sheet(state, told, lang))


def _seal(db: Session, state: SessionState, lang: Language) -> tuple[list[str], dict[str, str]]:
    """Which revision the figures are and who signed it, as sentences; nothing where nobody has signed yet.

    With them the names of those who signed, by their titles in small letters, for the blocks under the sheet. Where the
    figures are no longer those of the newest revision, no signature stands beside them.
    """
    seal = seal_of(db, state.facts.id)
    last = seal.last
    if last is None:
        return [], {}
    if seal.drifted(figures_of(db, db.get_one(CourseSession, state.facts.id))):
        drifted = (
            f"Số liệu nay khác bản niêm phong số {last.number}; chưa ai ký số liệu này.",
            f"These figures differ from revision {last.number} of the sealed ones; nobody has signed them.",
        )
        return [pick(drifted, lang)], {}
    names = _names(db, seal)
    cause = pick(CAUSES[last.cause], lang)
    when = f"{day_time(last.at)} {day(last.at)}"
    made = (f"Bản số liệu niêm phong số {last.number}, lập lúc {when}, {cause}.",
            f"Revision {last.number} of the sealed figures, made at {when}, {cause}.")  # fmt: skip
    said, signed = [pick(made, lang)], dict[str, str]()
    wanted: list[tuple[Signer, str | None, str]] = [
        ("technician", point.facts.id, f"{point.facts.name}: ") for point in state.points
    ]
    for role, point, where in (*wanted, ("class_manager", None, "")):
        one = seal.signed(last, role, point)
        if one is None:
            continue
        who, (vi, en) = names.get(one.by or "") or pick(NOBODY, lang), SIGNERS[role]
        at = f"{day_time(one.at)} {day(one.at)}"
        said.append(where + pick((f"{vi} {who} đã ký lúc {at}.", f"{en} {who} signed at {at}."), lang))
        before = signed.get(vi.casefold())
        signed[vi.casefold()] = who if before in (None, who) else f"{before}, {who}"
    if seal.missing(last):
        said.append(pick(("Bản này chưa đủ chữ ký.", "This revision lacks signatures."), lang))
    return said, signed


def _names(db: Session, seal: Seal) -> dict[str, str]:
    ids = {one.by for one in seal.signatures if one.by}
    return dict(db.exec(select(Account.id, Account.name).where(col(Account.id).in_(ids))).all())
