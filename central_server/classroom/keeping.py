"""Doing something in a classroom: one job that reads the floor as it is on record, and adds to the record."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import Connection, text

from central_server.classroom.floor import By, Floor, Records, after, ask
from central_server.classroom.interaction import RoomInteraction, interaction_of
from central_server.classroom.plan import CLOSES_AFTER_MS
from central_server.courses.changes import digest
from central_server.database import Job
from central_server.own_log.writing import append, own_head
from models.classroom_records import InClassroom, QuestionAsked
from models.own_records import decode_own
from models.records import RecordError

_LINES = text(
    "SELECT own_record.line FROM classroom_act JOIN own_record ON own_record.seq = classroom_act.seq"
    " WHERE classroom_act.session = :session ORDER BY classroom_act.seq"
)
_ADD = text("INSERT INTO classroom_act (seq, session) VALUES (:seq, :session)")
_ADD_TEXT = text("INSERT INTO classroom_question (session, question, text) VALUES (:session, :question, :text)")
_TEXTS = text("SELECT question, text FROM classroom_question WHERE session = :session")


def records_of(connection: Connection, session: str) -> list[InClassroom]:
    """What is on record of a session's classroom, in order."""
    found = []
    for row in connection.execute(_LINES, {"session": session}):
        with suppress(RecordError):  # a line that was tampered with is for `verify` to find
            record = decode_own(bytes(row.line))
            if isinstance(record, InClassroom):
                found.append(record)
    return found


def read_floor(connection: Connection, session: str) -> Floor:
    """The floor as it is on record."""
    return after(Floor(), records_of(connection, session))


def interaction_in(connection: Connection, session: str, end: int) -> dict[str, RoomInteraction]:
    """Each room's part in a session's class, where there is any. end: of the session as planned, server time, ms."""
    return interaction_of(records_of(connection, session), end + CLOSES_AFTER_MS)


def texts_of(connection: Connection, session: str) -> dict[int, str]:
    """The questions' texts by their numbers."""
    return {row.question: row.text for row in connection.execute(_TEXTS, {"session": session})}


def keep(connection: Connection, session: str, records: Records) -> None:
    """Add records to the own log and to what is found of this session; inside a job."""
    seq, _ = own_head(connection)
    append(connection, *records)
    rows = [{"seq": seq + number, "session": session} for number in range(1, len(records) + 1)]
    if rows:
        connection.execute(_ADD, rows)


def doing(session: str, decide: Callable[[Floor], Records]) -> Job[Floor]:
    """The job that does what `decide` makes of the floor; the floor then. Raises what `decide` raises."""

    def job(connection: Connection) -> Floor:
        floor = read_floor(connection, session)
        records = decide(floor)
        keep(connection, session, records)
        return after(floor, records)

    return job


def asking(by: By, room: str, question: str) -> Job[Floor]:
    """The job that keeps a question with its text. Raises ConflictError when too many of the room's wait."""

    def job(connection: Connection) -> Floor:
        floor = read_floor(connection, by.session)
        records = ask(floor, by, room, digest(question))
        keep(connection, by.session, records)
        for record in records:
            if isinstance(record, QuestionAsked):
                row = {"session": by.session, "question": record.question, "text": question}
                connection.execute(_ADD_TEXT, row)
        return after(floor, records)

    return job
