"""The invented province: the same each time, believable, and made by the same ways as a real office's data."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from sqlalchemy import text

from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import verify
from deploy.demo.province import plan
from deploy.demo.province.__main__ import run
from deploy.demo.province.cards import card_learner
from deploy.demo.province.plan import PLACES, STATES, Province, province
from tests.central_server.running import START, Clock, running

NOW = START + 100 * 60_000


@pytest.fixture(scope="module")
def where() -> Province:
    return province(NOW)


def test_the_same_seed_makes_the_same_province(where: Province) -> None:
    assert province(NOW) == where
    assert province(NOW, seed=7) != where


def test_it_is_a_provinces_worth_in_all_states(where: Province) -> None:
    assert (len(where.people), len(where.classes), len(PLACES)) == (1_500, 25, 12)
    assert {one.state for one in where.classes} == set(STATES)
    live = [one for c in where.classes for one in c.meetings if one.start <= NOW < one.end]
    assert [one.id for one in live] == [where.live]
    kinds = [one for c in where.classes for one in c.meetings]
    assert any(one.moved_from for one in kinds)
    assert any(one.cancelled for one in kinds)
    assert any(one.field_visit for one in kinds)


def test_names_are_as_frequent_as_in_vietnam_and_some_are_shared(where: Province) -> None:
    families = Counter(who.name.split()[0] for who in where.people)
    assert families.most_common(1)[0][0] == "Nguyễn"
    assert 0.3 < families["Nguyễn"] / len(where.people) < 0.46
    shared = [who for who in where.people if sum(other.name == who.name for other in where.people) > 1]
    assert len(shared) > 40
    told_apart = {(who.name, who.unit, who.birth_year) for who in shared}
    assert len(told_apart) == len(shared)


def test_no_room_is_booked_twice(where: Province) -> None:
    booked = [
        (point, one.start, one.end)
        for c in where.classes
        for one in c.meetings
        if not one.cancelled and not one.field_visit
        for point in c.points
    ]
    clashes = [(a, b) for a, b in combinations(sorted(booked), 2) if a[0] == b[0] and a[1] < b[2] and b[1] < a[2]]
    assert clashes == []


class Now(Clock):
    def __call__(self) -> int:
        return time.time_ns() // 1_000_000


def test_what_is_filled_in_is_proved_as_an_offices_data_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "RECORDED", 1)
    monkeypatch.setattr("deploy.demo.province.__main__.province", lambda now: province(now, people=36))
    with running(tmp_path / "data", Now()) as server:
        asyncio.run(run(tmp_path / "data", server.address, once=True))
        live = province(Now()(), people=36).live
        state = server.services.watches.of(live).look(Now()())
        assert state.seen > state.expected / 3
        assert {row.trouble for row in state.rows.values()} >= {"good", "failure"}
        with server.services.engine.connect() as db:
            assert db.execute(text("SELECT count(*) FROM course")).scalar_one() == len(STATES)
            assert db.execute(text("SELECT count(*) FROM record")).scalar_one() > 500
            kinds = set(db.execute(text("SELECT DISTINCT kind FROM record")).scalars())
            assert kinds >= {"vouched", "spot_check", "headcount", "on_duty", "profile", "check_in", "seal"}
            report = verify(StoredEvidence(db), [])
            assert report.findings == []
            assert not [vi for vi, _ in report.notices if "hai điểm cầu" in vi]


@pytest.mark.parametrize("minutes", [30, 95, 210])
def test_no_record_of_a_learner_by_card_ends_before_it_starts(minutes: int) -> None:
    meeting = plan.Meeting("K1.1", "Buổi 1", START, START + minutes * plan.MINUTE, (), recorded=True)
    for seed in range(400):
        rng = random.Random(seed)
        came = START + rng.randrange(-20, minutes + 3) * plan.MINUTE
        left = came + rng.randrange(1, 2 * minutes) * plan.MINUTE
        one = card_learner(meeting, [(came, left)], rng)
        assert one is not None
        spans = [told for _, _, told in one.records("l-1", "a-1") if "start" in told]
        assert all(told["start"] < told["end"] for told in spans)
        assert all(check.asked < check.at for check in one.checks)
