from __future__ import annotations

from pathlib import Path

from bridge_agent.plan import Plan
from models.wire import SessionPlan, Today


def session(name: str, start: int, end: int) -> SessionPlan:
    return SessionPlan(session=name, course="C", title=name, start=start, end=end, breaks=(), learners=())


DAY = Today(sessions=(session("morning", 100, 200), session("afternoon", 300, 400)))


def test_a_day_without_the_server_is_known_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "today.json"
    plan = Plan(path)
    assert not plan.known
    assert plan.update(DAY)
    assert not plan.update(DAY)
    again = Plan(path)
    again.load(now=150)
    assert again.known
    assert again.of("afternoon") == DAY.sessions[1]
    assert path.stat().st_mode & 0o077 == 0


def test_the_file_goes_with_the_last_session(tmp_path: Path) -> None:
    path = tmp_path / "today.json"
    plan = Plan(path)
    plan.update(DAY)
    plan.forget(250)
    assert plan.of("morning") is None
    assert b"morning" not in path.read_bytes()
    plan.forget(400)
    assert not path.exists()
    late = Plan(path)
    late.load(0)
    assert not late.known


def test_the_server_can_cancel(tmp_path: Path) -> None:
    plan = Plan(tmp_path / "today.json")
    plan.update(DAY)
    assert plan.update(Today(sessions=()))
    assert plan.of("morning") is None
    assert not (tmp_path / "today.json").exists()


def test_watching_begins_before_a_session_and_one_at_a_time(tmp_path: Path) -> None:
    plan = Plan(tmp_path / "today.json")
    plan.update(Today(sessions=(session("second", 200, 300), session("first", 100, 200))))
    at = {now: found.session if (found := plan.current(now, 50)) else None for now in (49, 50, 160, 199, 200, 300)}
    assert at == {49: None, 50: "first", 160: "first", 199: "first", 200: "second", 300: None}


def test_a_session_that_is_moved_away_or_cancelled_is_watched_no_longer(tmp_path: Path) -> None:
    plan = Plan(tmp_path / "today.json")
    plan.update(Today(sessions=(session("one", 100, 200),)))
    assert [plan.still("one", now, 20) is not None for now in (79, 80, 199, 200)] == [False, True, True, False]
    plan.update(Today(sessions=(session("one", 500, 600),)))
    assert plan.still("one", 150, 20) is None
    plan.update(Today(sessions=()))
    assert plan.still("one", 550, 20) is None


def test_a_damaged_file_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "today.json"
    path.write_bytes(b"{")
    plan = Plan(path)
    plan.load(0)
    assert not plan.known


def test_a_session_that_is_over_is_remembered_without_its_learners_and_a_cancelled_one_is_not(tmp_path: Path) -> None:
    plan = Plan(tmp_path / "today.json")
    minute = 60_000

    def over() -> list[str]:
        return [one.session for one in plan.over if one.is_over]

    plan.update(Today(sessions=(session("one", 0, 10 * minute), session("two", 20 * minute, 30 * minute))))
    plan.forget(9 * minute)
    assert over() == []
    plan.update(Today(sessions=(session("two", 20 * minute, 30 * minute),)))  # the server's clock is a moment ahead
    plan.forget(10 * minute - 40)
    plan.forget(10 * minute)
    plan.forget(11 * minute)
    assert over() == ["one"]
    plan.update(Today(sessions=()))  # cancelled
    plan.forget(12 * minute)
    plan.forget(31 * minute)
    assert over() == ["one"]
    plan.forget(10 * minute + 12 * 60 * minute)
    assert over() == []
