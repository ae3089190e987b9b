from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import Session, select

from central_server.courses.course_file import read_course
from central_server.courses.loading import load
from central_server.courses.tables import Enrolment, SessionBreak
from central_server.errors import CourseFileError
from central_server.learners.tables import Learner
from models.settings import SettingsError
from tests.central_server.running import MINUTE, START, Running, write_course

EXAMPLE = Path(__file__).parents[3] / "deploy" / "examples" / "course.toml"


def test_the_example_loads(server: Running) -> None:
    loaded = server.do(load(read_course(EXAMPLE), server.clock()))
    assert (loaded.sessions, loaded.learners) == (("QLNN-CV-2026-03.1",), 2)


def test_a_new_course_adds_and_changes_nothing(tmp_path: Path, server: Running) -> None:
    loaded = server.do(load(read_course(write_course(tmp_path / "new.toml", code="K2")), server.clock()))
    assert (loaded.added, loaded.changed) == (5, 0)  # the course, its session, three enrolments


def test_loading_again_changes_nothing_and_a_mended_file_what_was_mended(server: Running, course_file: Path) -> None:
    again = server.do(load(read_course(course_file), server.clock()))
    assert (again.added, again.changed, again.only_in_database) == (0, 0, 0)
    text = course_file.read_text(encoding="utf-8")
    text = text.replace("Nguyễn Văn A0", "Nguyễn Văn An").replace("breaks = [[09:30:00, 09:45:00]]", "")
    course_file.write_text(text.rsplit("[[learners]]", 1)[0], encoding="utf-8")
    mended = server.do(load(read_course(course_file), server.clock()))
    assert (mended.added, mended.changed, mended.only_in_database) == (0, 2, 1)
    with Session(server.services.engine) as db:
        assert [who.name for who in db.exec(select(Learner).where(Learner.code == "HV000"))] == ["Nguyễn Văn An"]
        assert len(db.exec(select(Enrolment)).all()) == 3
        assert db.exec(select(SessionBreak)).all() == []


def test_times_are_vietnams_and_breaks_may_lie_past_midnight(tmp_path: Path) -> None:
    path = write_course(tmp_path / "one.toml")
    (session,) = read_course(path).sessions
    assert (session.start, session.end) == (START, START + 210 * MINUTE)
    assert session.breaks == ((START + 90 * MINUTE, START + 105 * MINUTE),)
    night = path.read_text(encoding="utf-8").replace("T08:00:00", "T23:00:00").replace("24T11:30:00", "25T01:30:00")
    path.write_text(night.replace("[[09:30:00, 09:45:00]]", "[[00:10:00, 00:20:00]]"), encoding="utf-8")
    (session,) = read_course(path).sessions
    assert session.breaks == ((START + 970 * MINUTE, START + 980 * MINUTE),)


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ('code = "HV001"', 'code = "HV000"', 23, "HV000"),
        ('birth_year = 1971\nbridge_point = "TDM"', 'bridge_point = "TMD"', 23, "TDM, BC"),
        ("T11:30:00", "T07:30:00", 10, "end"),
        ("[[09:30:00, 09:45:00]]", "[[11:20:00, 11:45:00]]", 10, "giải lao"),
        ("[[09:30:00, 09:45:00]]", "[[09:30:00, 09:45:00], [09:40:00, 10:00:00]]", 10, "giải lao"),
        ('breaks =', 'bridge_points = ["XX"]\nbreaks =', 10, "TDM, BC"),
    ],
)  # fmt: skip
def test_what_is_impossible_is_named_with_its_line(
    tmp_path: Path, before: str, after: str, line: int, says: str
) -> None:
    path = write_course(tmp_path / "one.toml")
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(CourseFileError) as raised:
        read_course(path)
    assert f"dòng {line}:" in raised.value.vi
    assert f"line {line}:" in raised.value.en
    assert says in raised.value.vi
    assert len(raised.value.vi.splitlines()) == 1


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    path = write_course(tmp_path / "one.toml")
    path.write_text(path.read_text(encoding="utf-8").replace("unit =", "units =", 1), encoding="utf-8")
    with pytest.raises(SettingsError, match='"unit"'):
        read_course(path)
