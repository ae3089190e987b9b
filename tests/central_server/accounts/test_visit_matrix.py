"""Every route against a learner who came in by PIN at a bridge point (learners.visits), from the same table."""

from __future__ import annotations

from sqlalchemy import text

from tests.central_server.accounts.test_matrix import OPEN, TABLE, World, asked, verdict, world
from tests.central_server.running import join

__all__ = ["world"]


def test_a_learners_visit_from_a_bridge_point_opens_the_own_pages_and_nothing_else(world: World) -> None:
    visits, now = world.server.services.visits, world.server.clock()
    with world.server.services.engine.connect() as connection:
        learners: dict[str, str] = dict(connection.execute(text("SELECT code, id FROM learner")).all())
        device = connection.execute(text("SELECT id FROM device")).scalars().first() or join(world.server).device
    for code, own in (("HV000", "in"), ("HV900", "hidden")):
        for (method, path), may in sorted(TABLE.items()):
            if may is OPEN:
                continue
            ticket = visits.invite(learners[code], code, device, world.places["bridge_point"], 8790, now)
            entered = visits.enter(ticket.value, now)
            assert entered is not None
            got = asked(world, method, path, f"{entered[0]}.8790", "diemdanh_visit")
            assert got.status_code < 500 and "/own/left" not in got.headers.get("location", "")
            wanted = own if "learner here" in may.may and "learner" in path else "out"
            assert verdict(got) == wanted, (method, path, code)
