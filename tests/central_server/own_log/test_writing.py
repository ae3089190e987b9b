from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import Session, select

from central_server.errors import DataFolderError, NotFoundError
from central_server.own_log.server_key import KEY_FILE, server_key
from central_server.own_log.tables import OwnLogRecord
from models.enrolment_records import Enrolled, LearnerKnown
from models.own_records import (
    AnyOwnRecord,
    CoursePlanned,
    CourseRule,
    DeviceJoined,
    ServerKeyKnown,
    SessionPlanned,
    TakesPart,
    TokenMade,
    decode_own,
)
from models.records import GENESIS, LINE_LIMIT, chain
from tests.central_server.running import START, Agent, Running, running


def own_log(server: Running) -> list[AnyOwnRecord]:
    """The own log, whose chain must hold."""
    with Session(server.services.engine) as db:
        rows = db.exec(select(OwnLogRecord).order_by(OwnLogRecord.seq)).all()  # type: ignore[arg-type]
    head, records = GENESIS, []
    for row in rows:
        head = chain(head, [row.line])
        assert row.head == head
        assert len(row.line) <= LINE_LIMIT
        records.append(decode_own(row.line))
        assert (records[-1].seq, records[-1].__struct_config__.tag) == (row.seq, row.kind)
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    return records


def test_each_act_is_told_once_and_by_ids_only(server: Running, agent: Agent, course_file: Path) -> None:
    records = own_log(server)
    kinds = [type(record) for record in records]
    assert kinds == [
        ServerKeyKnown, CourseRule, CoursePlanned, SessionPlanned, TakesPart, TakesPart,
        LearnerKnown, Enrolled, LearnerKnown, Enrolled, LearnerKnown, Enrolled, TokenMade, DeviceJoined,
    ]  # fmt: skip
    joined = records[-1]
    assert isinstance(joined, DeviceJoined) and joined.device == agent.device
    with Session(server.services.engine) as db:
        whole = b"\n".join(db.exec(select(OwnLogRecord.line)).all())
    assert "Nguyễn".encode() not in whole and b"HV00" not in whole
    server.load(course_file)
    assert own_log(server) == records  # loading the same again is no act


def test_a_changed_plan_is_told(server: Running, course_file: Path) -> None:
    before = len(own_log(server))
    text = course_file.read_text(encoding="utf-8")
    text = text.replace('title = "Bồi dưỡng ngạch chuyên viên"', 'title = "B"\nrule = { gap_tolerance_s = 90 }')
    text = text.replace("breaks = [[09:30:00, 09:45:00]]", 'breaks = []\nbridge_points = ["TDM"]')
    text = text.replace('bridge_point = "BC"', 'bridge_point = "TDM"')
    course_file.write_text(text, encoding="utf-8")
    server.load(course_file)
    rule, planned, place, enrolled = own_log(server)[before:]
    assert isinstance(rule, CourseRule) and rule.rule.gap_tolerance_s == 90
    assert isinstance(planned, SessionPlanned) and (planned.start, planned.breaks) == (START, ())
    assert isinstance(place, TakesPart) and not place.takes_part
    assert isinstance(enrolled, Enrolled)


def test_the_servers_key_is_made_once_and_stays_private(tmp_path: Path) -> None:
    with running(tmp_path / "data") as one:
        key = one.services.server_key.public
    with running(tmp_path / "data") as one:
        assert one.services.server_key.public == key
        assert [type(record) for record in own_log(one)] == [ServerKeyKnown]
    path = tmp_path / "data" / KEY_FILE
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("", encoding="ascii")
    with pytest.raises(DataFolderError, match=KEY_FILE):
        server_key(tmp_path / "data")
    path.unlink()
    with running(tmp_path / "data") as one:
        assert [type(record) for record in own_log(one)] == [ServerKeyKnown, ServerKeyKnown]
        assert own_log(one)[1] != own_log(one)[0]
        assert one.services.server_key.public != key


def test_a_failed_act_is_not_told(server: Running) -> None:
    before = own_log(server)
    with pytest.raises(NotFoundError):
        server.token("XX")
    assert own_log(server) == before
