"""Templates whose term has ended are erased, by the clock, and nobody else's."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from central_server.courses.changes import changing
from central_server.courses.periods import DAY_MS
from central_server.learners.means import keep_pins, put_cards
from central_server.learners.retention import Eraser
from central_server.learners.tables import FaceTemplate, LearnerMeans
from central_server.works import Works
from tests.central_server.enrolment.test_enrolling import course_id, prove
from tests.central_server.learners.desk import enrol, erased, face, gallery, learner, technician
from tests.central_server.learners.served import serving
from tests.central_server.running import MINUTE, START, Agent, Running, running, write_course

END = START + 210 * MINUTE
"""Of the course's one session."""


def on_file(server: Running) -> set[str]:
    with Session(server.services.engine) as db:
        return set(db.exec(select(FaceTemplate.learner)))


def two(server: Running, agent: Agent) -> tuple[str, str]:
    """Two learners with templates."""
    witness, first, second = technician(server), learner(server, "HV000"), learner(server, "HV001")
    enrol(agent, first, face(1), witness)
    enrol(agent, second, face(2), witness)
    return first, second


def test_a_template_goes_so_many_days_after_the_last_session_and_not_before(server: Running, agent: Agent) -> None:
    first, second = two(server, agent)
    assert erased(server, 30, END + 30 * DAY_MS) == 0
    assert on_file(server) == {first, second}
    assert erased(server, 30, END + 30 * DAY_MS + 1) == 2
    assert on_file(server) == set() and gallery(agent) == {}
    assert prove(server) == []
    page = server.administrator().get("/admin/audit?group=learners").text
    assert "xóa dữ liệu khuôn mặt của học viên HV000" in page


def test_pins_and_cards_go_with_the_courses_retention_and_a_later_one_stays(server: Running, agent: Agent) -> None:
    first, second = learner(server, "HV000"), learner(server, "HV001")
    key = server.services.sealing
    server.do(keep_pins({first: "$argon2id$a", second: "$argon2id$b"}, key, START, None, only_new=False))
    server.do(changing(lambda changes: put_cards(changes, key, {first: "C1"}), START))
    server.do(changing(lambda changes: put_cards(changes, key, {second: "C2"}), END + 20 * DAY_MS))
    assert erased(server, 30, END + 30 * DAY_MS) == 0
    assert erased(server, 30, END + 30 * DAY_MS + 1) == 3
    with Session(server.services.engine) as db:
        kept = {
            one.learner: (one.pin, one.card is None, one.card_digest is None) for one in db.exec(select(LearnerMeans))
        }
    assert kept == {first: (None, True, True), second: (None, False, False)}
    assert prove(server) == []
    page = server.administrator().get("/admin/audit?group=learners").text
    assert "xóa mã PIN của học viên HV000" in page and "bỏ thẻ của học viên HV000" in page
    assert erased(server, 30, END + 50 * DAY_MS + 1) == 1  # the card that came later


def test_a_later_session_keeps_it_unless_it_is_cancelled(server: Running, agent: Agent) -> None:
    first, second = two(server, agent)
    later, course = END + 25 * DAY_MS, course_id(server)
    add = text(
        'INSERT INTO session (id, course, title, start, "end", field_visit, cancelled)'
        " VALUES ('K1.2', :c, 'Buổi 2', :s, :e, 0, 0)"
    )
    server.do(lambda db: db.execute(add, {"c": course, "s": later - MINUTE, "e": later}))
    assert erased(server, 30, END + 40 * DAY_MS) == 0
    server.do(lambda db: db.execute(text("UPDATE session SET cancelled = 1 WHERE id = 'K1.2'")))
    assert erased(server, 30, END + 40 * DAY_MS) == 2
    assert on_file(server) == set() and first != second


def test_a_guests_session_keeps_the_guests_template_and_nobody_elses(server: Running, agent: Agent) -> None:
    first, second = two(server, agent)
    later = END + 25 * DAY_MS
    server.load(write_course(server.services.config.data_folder.parent / "two.toml", learners=0, code="K2"))
    move = text('UPDATE session SET start = :s, "end" = :e WHERE id = :i')
    server.do(lambda db: db.execute(move, {"s": later - MINUTE, "e": later, "i": "K2.1"}))
    guest = text("INSERT INTO guest (session, learner, bridge_point) VALUES ('K2.1', :l, :p)")
    server.do(lambda db: db.execute(guest, {"l": second, "p": agent.bridge_point}))
    assert erased(server, 30, END + 40 * DAY_MS) == 1
    assert on_file(server) == {second} and first != second


def test_a_new_template_of_somebody_without_sessions_is_kept_its_whole_term(server: Running, agent: Agent) -> None:
    first, _ = two(server, agent)
    server.do(lambda db: db.execute(text("DELETE FROM enrolment")))
    assert erased(server, 30, START + 30 * DAY_MS) == 0
    assert erased(server, 30, START + 30 * DAY_MS + 1) == 2
    assert first not in on_file(server)


def test_the_thread_erases_at_once_and_then_every_day(server: Running, agent: Agent) -> None:
    first, second = two(server, agent)
    clock = [END + 30 * DAY_MS]
    asked = threading.Event()

    def now() -> int:
        asked.set()
        return clock[0]

    def wait_for(wanted: set[str]) -> None:
        deadline = time.monotonic() + 60
        while on_file(server) != wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        assert on_file(server) == wanted

    with Eraser(server.services.writer, 30, now, look_s=0.01):
        assert asked.wait(60)
        wait_for({first, second})
        clock[0] += DAY_MS - 1
        asked.clear()
        assert asked.wait(60)
        assert on_file(server) == {first, second}, "looked at already this day"
        clock[0] += 1
        wait_for(set())


def damage(server: Running, who: str) -> None:
    """A row that can't be deleted."""
    trigger = f"CREATE TRIGGER damaged BEFORE DELETE ON face_template WHEN OLD.learner = '{who}'"
    server.do(lambda db: db.exec_driver_sql(f"{trigger} BEGIN SELECT RAISE(ABORT, 'damaged'); END"))


def test_one_that_cannot_be_erased_holds_up_no_other_is_told_and_tried_again(
    server: Running, agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = sorted(two(server, agent))
    damage(server, first)
    seconds, now = [0.0], END + 31 * DAY_MS
    works = Works(lambda: now, lambda: seconds[0])

    def wait_for(wanted: set[str], failing: int) -> None:
        deadline = time.monotonic() + 60
        while (on_file(server), len(works.failing())) != (wanted, failing) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert on_file(server) == wanted
        assert len(works.failing()) == failing

    with Eraser(server.services.writer, 30, lambda: now, look_s=0.01, works=works):
        wait_for({first}, failing=1)
        (found,) = works.failing()
        assert (found.work, found.since, found.things, found.kind) == ("erasing", now, 1, "IntegrityError")
        server.do(lambda db: db.exec_driver_sql("DROP TRIGGER damaged"))
        seconds[0] += 61  # it waited, and is tried again
        wait_for(set(), failing=0)
    told = [line for line in caplog.messages if "background_failed" in line]
    assert len(told) == 1 and f"thing={first}" in told[0]
    assert second not in "".join(told)


def test_a_server_for_people_runs_it_with_its_setting(tmp_path: Path) -> None:
    """The usual term is a year: `serve` starts with a template of long ago and it is gone."""
    folder = tmp_path / "data"
    with running(folder) as server:
        server.load(write_course(tmp_path / "course.toml"))
        who = learner(server, "HV000")
        put = text(
            "INSERT INTO face_template (learner, encoder, portraits, made_at, sealed, version)"
            " VALUES (:l, 'intel', 3, 0, x'00', 1)"
        )
        server.do(lambda db: db.execute(put, {"l": who}))
    with serving(folder, lambda: END + 366 * DAY_MS) as app:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with Session(app.state.services.engine) as db:
                if not db.exec(select(FaceTemplate)).all():
                    return
            time.sleep(0.02)
    raise AssertionError("the template is still there")
