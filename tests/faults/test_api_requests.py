from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from schemathesis import GenerationMode
from sqlalchemy import text

from tests.central_server.running import Running, running, write_course
from tests.faults.api_requests import Fuzzing
from tests.faults.loop import Budget


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_course(tmp_path / "course.toml", learners=6))
        yield one


def test_generated_requests_get_only_answers_that_are_described(server: Running) -> None:
    fuzzing, budget = Fuzzing(server), Budget(5)
    for seed, mode in enumerate((GenerationMode.POSITIVE, GenerationMode.NEGATIVE)):
        fuzzing.round(mode, 60, seed, budget)
    assert fuzzing.tally.failures == []
    assert fuzzing.tally.counts["2xx"] > 0
    assert fuzzing.tally.counts["4xx"] > 0


def test_a_server_that_fails_is_caught_with_the_request(server: Running) -> None:
    fuzzing = Fuzzing(server)
    server.do(lambda connection: connection.execute(text("alter table browser_session rename to gone")))
    fuzzing.round(GenerationMode.POSITIVE, 60, 1, Budget(20))
    assert any("500: curl" in failure for failure in fuzzing.tally.failures)
