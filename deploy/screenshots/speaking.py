"""What people say about a session that is over: a contest, corrections, leave, a seal and a revision of it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session

from central_server.accounts.permission import Role
from central_server.corrections.acts import Wanted, correct, enter_leave
from central_server.corrections.contests import contest
from central_server.corrections.rule import Correcting, save_correcting
from central_server.corrections.sealed_sheet import figures_of
from central_server.corrections.sealing import sign
from central_server.courses.acts import session_of
from central_server.courses.changes import Changes, changing
from central_server.courses.tables import CourseSession
from central_server.database import Writer
from central_server.enrolment.places import places_in
from models.correction_records import Signer


def people_speak(writer: Writer, places: Mapping[str, str], accounts: Mapping[Role, str], now: int) -> str:
    """All of it in the session `over`; the id of the learner's contest, which waits for its answer."""
    over = places["over"]

    def by(role: Role) -> str:
        return accounts[role]

    def begin(changes: Changes) -> None:
        save_correcting(
            changes, places["course"], Correcting(0, False, 60), "Lớp dài ngày: cho nêu ý kiến trong 60 ngày"
        )

    def ask(changes: Changes) -> str:
        return contest(changes, over, places["learner"], "Tôi ngồi ở bàn cuối từ 09:45 đến hết buổi", None)

    def signed(role: Signer) -> None:
        def work(changes: Changes) -> None:
            sign(changes, over, role, None, figures_of(changes.db, session_of(changes, over)).digest)

        writer.submit(changing(work, now, by(role))).result()

    def change(changes: Changes) -> None:
        session = session_of(changes, over)
        someone = _another(changes.db, session, places)
        correct(
            changes,
            Wanted(over, "added", ((someone, session.start, session.end),), "off_camera", "Giảng viên xác nhận"),
        )
        enter_leave(changes, over, someone, "permitted", "Họp ở Sở buổi chiều", "Bà Lan, Phó Giám đốc", None)
        parts = ((someone, session.start, session.end),)
        correct(changes, Wanted(over, "added", parts, "camera", "Máy quay mất điện đầu buổi", None, "sheet"))

    writer.submit(changing(begin, now, by("class_manager"))).result()
    asked = writer.submit(changing(ask, now, by("learner"))).result()
    signed("technician")
    signed("class_manager")
    writer.submit(changing(change, now, by("class_manager"))).result()
    return asked


def _another(db: Session, session: CourseSession, places: Mapping[str, str]) -> str:
    """Another learner who sits at the same bridge point."""
    seats, _ = places_in(db, session)
    return min(who for who, point in seats.items() if point == places["bridge_point"] and who != places["learner"])
