"""A course as of a past moment: whatever comes later, what was known then comes out the same."""

from __future__ import annotations

from pathlib import Path

from sqlmodel import Session

from central_server.proof.as_of import CourseThen, Past, course_as_of
from tests.central_server.corrections.making import MINUTE, START, School, school
from tests.central_server.participation.term import DAY


def then(here: School, at: int) -> CourseThen:
    with Session(here.server.services.engine) as db:
        return course_as_of(db, here.course, at)


def test_later_corrections_records_rules_and_leave_change_nothing_of_the_past(tmp_path: Path) -> None:
    with school(tmp_path) as here:
        first = START + DAY - 60 * MINUTE  # the first session had been held, but its records came on the second day
        second = here.server.clock()
        nothing, before = then(here, first), then(here, second)
        assert [one.id for one in nothing.sessions] == ["K1.1"] and len(nothing.planned) == 5
        assert all(one.not_observed_ms == one.scheduled_ms for one in nothing.totals.values())
        assert [one.id for one in before.sessions] == ["K1.1", "K1.2"]
        for who, learner in enumerate(here.learners):
            for n, session in enumerate(before.sessions):
                it = here.figures(who, f"K1.{n + 1}")
                total = session.parts[learner]
                assert (total.seen_ms, total.not_seen_ms, total.not_observed_ms, total.verdict) == (
                    it["seen_ms"], it["not_seen_ms"], it["not_observed_ms"], it["verdict"]
                )  # fmt: skip
        here.server.clock.ms += 60 * MINUTE
        here.correct(3, whole="yes")
        leave = {"leave": "permitted", "words": "Họp", "approver": "Bà Lan"}
        here.manager.post(f"/sessions/K1.1/learners/{here.learners[2]}/leave", data=leave)
        here.server.clock.ms += 60 * MINUTE
        corrected = then(here, here.server.clock())
        here.agent.clock.ms = here.server.clock.ms + MINUTE
        here.server.clock.ms += MINUTE
        here.agent.presence("K1.1", here.learners[2], START + 150 * MINUTE, START + 160 * MINUTE)
        here.agent.send_all()
        rule = {"version": "1", "share_needed": "50", "late_after_min": "5", "early_before_min": "5",
                "gap_tolerance_s": "60", "not_observed": "nothing", "not_observed_up_to": "100",
                "before_check_in_counts": "yes", "reason": "Quy chế mới", "act": "save"}  # fmt: skip
        here.manager.post(f"/courses/{here.course}/rules", data=rule)
        here.server.clock.ms += MINUTE
        now = then(here, here.server.clock())
        assert then(here, first) == nothing
        assert then(here, second) == before
        assert then(here, corrected.at) == corrected
        assert corrected.sessions[0].leaves == {here.learners[2]: "permitted"} and not before.sessions[0].leaves
        seen = [one.sessions[0].parts[here.learners[3]].seen_ms for one in (before, corrected)]
        assert seen == [0, 195 * MINUTE]
        late = [one.sessions[0].parts[here.learners[2]].seen_ms for one in (corrected, now)]
        assert late[1] - late[0] == 10 * MINUTE


def test_a_course_that_was_not_known_yet_is_empty(tmp_path: Path) -> None:
    with school(tmp_path) as here, Session(here.server.services.engine) as db:
        past = Past(db, START - DAY)
        got = past.course(here.course)
        assert (got.planned, got.sessions, got.enrolled, got.published) == ((), (), {}, False)
