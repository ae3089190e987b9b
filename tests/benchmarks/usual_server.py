"""The usual way to take records in, for comparison: FastAPI, pydantic, one insert and one commit for each request.

python -m tests.benchmarks.usual_server DATABASE PORT
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import create_engine, event, insert

from central_server.database import PRAGMAS
from central_server.ledger.tables import LogRecord

TABLE = (
    "CREATE TABLE record (device TEXT, log TEXT, seq INTEGER, session TEXT, kind TEXT, learner TEXT, start INTEGER,"
    ' "end" INTEGER, line BLOB, head BLOB, PRIMARY KEY (device, log, seq))'
)
INDEX = "CREATE INDEX record_of_session ON record (session, device, log, seq)"


class Presence(BaseModel):
    """A presence record."""

    model_config = ConfigDict(extra="forbid")
    kind: str
    v: int
    device: str
    log: str
    seq: int
    session: str
    wall: int
    boot_id: str
    boot: int
    offset: int | None
    uncertainty: int | None
    learner: str
    start: int
    end: int
    sightings: int
    best_score: float
    encoder: str


def app_on(database: str) -> FastAPI:
    """The app."""
    engine = create_engine(f"sqlite:///{database}")

    def pragmas(connection: Any, _record: object) -> None:
        for pragma in PRAGMAS:
            connection.execute(pragma)

    event.listen(engine, "connect", pragmas)
    with engine.begin() as connection:
        connection.exec_driver_sql(TABLE)
        connection.exec_driver_sql(INDEX)
    app = FastAPI()

    @app.get("/health")
    def health() -> None:
        pass

    @app.post("/records")
    def take(records: list[Presence]) -> int:
        names = {"device", "log", "seq", "session", "kind", "learner", "start", "end"}
        rows = [
            {**one.model_dump(include=names), "line": one.model_dump_json().encode(), "head": b""} for one in records
        ]
        with engine.begin() as connection:
            connection.execute(insert(LogRecord), rows)
        return len(rows)

    return app


if __name__ == "__main__":
    uvicorn.run(app_on(sys.argv[1]), port=int(sys.argv[2]), log_level="warning", access_log=False)
