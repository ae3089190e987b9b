"""Whoever recognises a result has seen the figures that go with it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.central_server.enrolment.test_enrolling import course_id, prove
from tests.central_server.enrolment.test_moving import ids
from tests.central_server.running import MINUTE, START, join, running, write_course


def test_figures_that_changed_while_somebody_looked_are_not_recognised_unseen(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        server.load(write_course(tmp_path / "course.toml"))
        agent, manager, course, who = join(server, "TDM"), server.manager(), course_id(server), ids(server)["HV000"]
        address = f"/courses/{course}/completion"

        def recorded(start: int, end: int) -> None:
            agent.coverage("K1.1", start, end)
            agent.presence("K1.1", who, start, end)
            agent.send_all()

        def form() -> dict[str, str]:
            hidden = re.findall(r'name="((?:seen|version)-[^"]+)" value="([^"]*)"', manager.get(address).text)
            return {**dict(hidden), f"outcome-{who}": "completed", f"certificate-{who}": "CC-1"}

        recorded(START, START + 60 * MINUTE)
        server.clock.ms = START + 5 * 60 * MINUTE
        looked_at = form()
        recorded(START + 60 * MINUTE, START + 150 * MINUTE)
        refused = manager.post(address, data=looked_at)
        assert refused.status_code == 422 and "Số tiết đã đổi trong lúc đồng chí xem" in refused.text
        assert "Đã công nhận 1 kết quả" in manager.post(address, data=form()).text
        assert prove(server) == []
