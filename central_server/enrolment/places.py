"""Where each learner sits in a session: enrolment, the transfers that hold by then, guests. Pure, and the reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlmodel import Session, select

from central_server.courses.tables import CourseSession, Enrolment
from central_server.enrolment.tables import Guest, Transfer


def place_at(enrolled: str, transfers: Iterable[tuple[int, str]], start: int) -> str:
    """The bridge point of a learner in a session that begins at `start`. transfers: (since, bridge point)."""
    held = [one for one in transfers if one[0] <= start]
    return max(held)[1] if held else enrolled


def places(
    enrolled: Mapping[str, str], transfers: Mapping[str, Iterable[tuple[int, str]]], start: int
) -> dict[str, str]:
    """The bridge point of every enrolled learner in a session that begins at `start`."""
    return {who: place_at(point, transfers.get(who, ()), start) for who, point in enrolled.items()}


def places_in(db: Session, session: CourseSession) -> tuple[dict[str, str], frozenset[str]]:
    """The bridge point of everybody whom a session expects, guests too; and who the guests are."""
    enrolled = dict(
        db.exec(select(Enrolment.learner, Enrolment.bridge_point).where(Enrolment.course == session.course)).all()
    )
    transfers: dict[str, list[tuple[int, str]]] = {}
    for one in db.exec(select(Transfer).where(Transfer.course == session.course)):
        transfers.setdefault(one.learner, []).append((one.since, one.bridge_point))
    found = places(enrolled, transfers, session.start)
    guests = {one.learner: one.bridge_point for one in db.exec(select(Guest).where(Guest.session == session.id))}
    guests = {who: point for who, point in guests.items() if who not in found}  # enrolled since: no guest any more
    return found | guests, frozenset(guests)
