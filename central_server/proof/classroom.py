"""What is proved of classrooms: which acts are of which session, questions' texts, and rooms' tickets."""

from __future__ import annotations

from sqlmodel import Session, select

from central_server.classroom.tables import ClassroomAct, ClassroomQuestion, RoomTicket
from central_server.courses.changes import digest
from central_server.proof.evidence import Plan
from models.classroom_records import InClassroom, QuestionAsked, RoomEntered, RoomTicketMade


def play_classroom(plan: Plan, record: InClassroom) -> None:
    """What an act makes true."""
    plan.classroom_acts[record.seq] = record.session
    match record:
        case QuestionAsked():
            plan.questions[record.session, record.question] = record.text
        case RoomTicketMade():
            place = (record.device, record.session, record.bridge_point)
            plan.tickets_in[record.ticket] = (*place, record.expires_at, None, None)
        case RoomEntered():
            made = plan.tickets_in.get(record.ticket, (None, "", "", 0, None, None))
            plan.tickets_in[record.ticket] = (*made[:4], record.key, record.at)
        case _:
            pass


def read_classrooms(db: Session, plan: Plan) -> None:
    """What the tables say."""
    plan.classroom_acts = {one.seq: one.session for one in db.exec(select(ClassroomAct))}
    for asked in db.exec(select(ClassroomQuestion)):
        plan.questions[asked.session, asked.question] = digest(asked.text)
    for one in db.exec(select(RoomTicket)):
        place = (one.device, one.session, one.bridge_point)
        plan.tickets_in[one.hash] = (*place, one.expires_at, one.key, one.used_at)
