"""A PC's clock is moved, or it sleeps, in class: what the server counts from its records holds within 1 s."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge_agent.log import Log
from tests.bridge_agent.test_clock_moved import HOUR, MINUTE, MOVES, Whose, hold_class
from tests.central_server.running import START, running, write_course
from tests.faults.sending import Parts, client, joined

BREAK = 15 * MINUTE
"""In the second of the two hours."""


@pytest.mark.parametrize(
    ("wrong", "asleep"), [*((by, 0) for by in MOVES.values()), (0, 10 * MINUTE)], ids=[*MOVES, "asleep"]
)
async def test_the_server_counts_what_was_and_its_receipts_say_when_it_heard_of_it(
    tmp_path: Path, wrong: int, asleep: int
) -> None:
    with running(tmp_path / "data") as server:
        server.load(write_course(tmp_path / "course.toml", learners=1))
        who = joined(server)
        with server.services.engine.connect() as db:
            (learner,) = db.exec_driver_sql("select id from learner").one()
        records, _ = hold_class(tmp_path, wrong, asleep, whose=Whose(who.membership.device, "K1.1", learner))
        server.clock.ms = START + 2 * HOUR + asleep
        log = Log.open(tmp_path / "log.db", who.membership.device, 1)
        async with client(server, who) as to:
            parts = Parts(tmp_path, log, who, to)
            await parts.drain()
            parts.close()
        log.close()
        counted = server.manager().get("/api/sessions/K1.1/participation").json()
        with server.services.engine.connect() as db:
            arrived = db.exec_driver_sql("select received_at from signed_head").scalars().all()
    (learner_row,) = counted["learners"]
    stretches = 2 if asleep else 1  # each ends with the last sighting, up to a second before the learner was gone
    assert abs(learner_row["seen_ms"] - (2 * HOUR - BREAK - asleep)) <= 1_000 * stretches
    # No record tells of a moment after it came, and the receipts say when that was.
    assert max(record.server_time(record.boot) for record in records) <= min(arrived) + 1_000
