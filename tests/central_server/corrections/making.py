"""A course of five sessions of which two were held, and the people who correct, sign and contest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Connection, create_engine, text

from central_server.accounts.administering import Details, change_details
from central_server.accounts.permission import Grant
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import Report, verify
from models.receipts import Receipt
from tests.central_server.participation.term import course_id, taught, write_term
from tests.central_server.running import MINUTE, START, Agent, Running, running

PDF = b"%PDF-1.4\n% a scan\n"
S1 = "/sessions/K1.1"


@dataclass
class School:
    """A server with its people."""

    server: Running
    agent: Agent
    learners: list[str]
    course: str
    point: str
    manager: httpx.Client
    other_manager: httpx.Client
    technician: httpx.Client
    lecturer: httpx.Client
    learner: httpx.Client
    """Of the third learner, who was there for half of the first session."""

    def figures(self, learner: int, session: str = "K1.1") -> dict[str, Any]:
        """A learner's figures as programs get them."""
        got = self.manager.get(f"/api/sessions/{session}/participation").json()["learners"]
        return next(one for one in got if one["id"] == self.learners[learner])

    def minutes(self, learner: int, session: str = "K1.1") -> tuple[float, float, float]:
        """Seen, not seen, not observed."""
        it = self.figures(learner, session)
        return tuple(it[f"{key}_ms"] / MINUTE for key in ("seen", "not_seen", "not_observed"))

    def correct(
        self, learner: int, by: httpx.Client | None = None, session: str = "K1.1", **fields: str
    ) -> httpx.Response:
        """Send the form of a correction."""
        typed = {"change": "added", "start": "8:00", "end": "11:30", "why": "camera", "words": "Thầy Hòa xác nhận"}
        address = f"/sessions/{session}/learners/{self.learners[learner]}/correction"
        return (by or self.manager).post(address, data=typed | fields)

    def proved(self, receipts: tuple[Receipt, ...] = ()) -> Report:
        """What `verify` says now."""
        with self.server.services.engine.connect() as connection:
            return verify(StoredEvidence(connection), receipts)

    def rows(self, sql: str) -> list[Any]:
        with self.server.services.engine.connect() as connection:
            return list(connection.execute(text(sql)).all())

    def tamper(self, sql: str) -> None:
        """Change the database behind the program's back."""
        with create_engine(f"sqlite:///{self.server.services.config.database}").begin() as connection:
            connection.execute(text("PRAGMA foreign_keys = OFF"))
            connection.execute(text(sql))


@contextmanager
def school(folder: Path) -> Iterator[School]:
    """The server with its people, until the context ends; the clock stands at 12:00 of the second day."""
    with running(folder / "data") as server:
        server.load(write_term(folder / "course.toml"))
        agent, people = taught(server, [[1, 0.9, 0.5, 0, 1, 1], [1, 1, 1, 1, 1, 0]], dark=0.1)
        course = course_id(server)
        with server.services.engine.connect() as connection:
            point = str(connection.exec_driver_sql("SELECT id FROM bridge_point").scalar_one())
        server.account("chu-nhiem-2", Grant("class_manager", course=course))
        server.account("ky-thuat", Grant("technician", bridge_point=point))
        server.account("giang-vien", Grant("lecturer", course=course))
        learner = server.account("hoc-vien", Grant("learner"))

        def own(connection: Connection) -> None:
            change_details(connection, learner, Details("Trần Thị C2", "", "HV002"), learner, server.clock())

        server.do(own)
        yield School(
            server, agent, people, course, point, server.manager(), server.signed_in("chu-nhiem-2"),
            server.signed_in("ky-thuat"), server.signed_in("giang-vien"), server.signed_in("hoc-vien"),
        )  # fmt: skip


__all__ = ["MINUTE", "PDF", "S1", "START", "School", "school"]
