"""Comparing a new template with all others of a server: 50,000 learners, as a large province's or a ministry's.

Once: opening all of them after the server's start. Each time: an enrolment as the writer's job does it (consent, sealed
template, own log, comparing), beside the bare multiplication of the matrix with the vector.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, text

from central_server.database import Writer, open_database
from central_server.learners.alike import Templates
from central_server.learners.desk_enrolments import Desk, keep_enrolment
from central_server.learners.sealing import SealingKey
from models.wire import EnrolmentRequest
from tests.benchmarks.measure import Measure, median_ms
from tests.central_server.learners.desk import ENCODER, content, face
from tests.central_server.running import START

LEARNERS, NEW = 50_000, 7
GOAL_MS = 200.0
_PUT = text(
    "INSERT INTO face_template (learner, encoder, portraits, made_at, sealed, version)"
    " VALUES (:l, :encoder, 3, 0, :sealed, 1)"
)
_LEARNER = text(
    "INSERT INTO learner (id, code, name, unit, position, name_key, salt) VALUES (:l, :l, :l, '', '', '', x'')"
)
_DEVICE = (
    "INSERT INTO bridge_point (id, code, name) VALUES ('p-1', 'P', 'P')",
    "INSERT INTO device (id, bridge_point, public_key, joined_at) VALUES ('d-1', 'p-1', 'k', 0)",
)


def run() -> Iterator[Measure]:
    """The measures."""
    key = SealingKey(b"k" * 32)
    everybody = [f"l-{number:016x}" for number in range(LEARNERS)]
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(Path(folder) / "d.db")
        with engine.connect() as connection, connection.begin():
            _fill(connection, key, everybody)
        templates = Templates(key)
        begin = time.perf_counter()
        with engine.connect() as connection:
            templates.refresh(connection, ENCODER)
        yield Measure("templates: opening 50,000 once", (time.perf_counter() - begin) * 1000, "ms")
        with Writer(engine) as writer:
            desk = Desk("d-1", lambda _: frozenset(everybody[:40]), lambda _: frozenset({"a-1"}), lambda _: frozenset())
            numbers = iter(range(NEW + 1))

            def enrol() -> None:
                number = next(numbers)
                asked = EnrolmentRequest(
                    id=f"e-{number}", learner=everybody[number], text_version="2026-11.2", consented_at=START,
                    witness="a-1", encoder=ENCODER, portraits=3, template="AAAA",
                )  # fmt: skip
                vector = content(face(LEARNERS + number))
                writer.submit(keep_enrolment(asked, vector, (), desk, key, templates, START)).result()

            each = median_ms(enrol, NEW)
        matrix = np.random.default_rng(0).normal(size=(LEARNERS, 256)).astype(np.float32)
        bare = median_ms(lambda: matrix @ matrix[0], NEW)
        engine.dispose()
    yield Measure(
        "templates: an enrolment compared with 50,000", each, "ms", bare, each / bare, GOAL_MS, ok=each < GOAL_MS
    )  # fmt: skip


def _fill(connection: Connection, key: SealingKey, everybody: list[str]) -> None:
    for line in _DEVICE:
        connection.execute(text(line))
    connection.execute(_LEARNER, [{"l": one} for one in everybody])
    rows = [
        {"l": one, "encoder": ENCODER, "sealed": key.seal("template", f"{one}\n{ENCODER}", content(face(number)))}
        for number, one in enumerate(everybody)
    ]
    connection.execute(_PUT, rows)
