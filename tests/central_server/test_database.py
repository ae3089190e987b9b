from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

import central_server.database
from central_server.database import Writer, open_database
from central_server.errors import DataFolderError, UnavailableError
from central_server.tables import metadata


def test_the_migrations_make_the_tables_that_the_models_describe(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "data" / "one.db")
    with engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {*metadata().tables, "alembic_version"}
        assert compare_metadata(MigrationContext.configure(connection), metadata()) == []
    engine.dispose()
    open_database(tmp_path / "data" / "one.db").dispose()  # a second time changes nothing


def test_records_from_before_they_lay_by_arrival_are_all_there(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    before = create_engine(f"sqlite:///{path}")
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(central_server.database.__file__).parent / "migrations"))
    with before.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        rows = [
            {
                "device": device, "log": log, "seq": seq, "session": f"s{seq % 3}",
                "kind": "seal" if seq == 9 else "presence", "learner": None if seq == 9 else "l",
                "start": seq, "end": seq + 1, "line": b"line %d" % seq, "head": bytes([seq]) * 32,
            }
            for device in ("d2", "d1") for log in ("b", "a") for seq in range(1, 10)
        ]  # fmt: skip
        connection.execute(
            text(
                'INSERT INTO record (device, log, seq, session, kind, learner, start, "end", line, head)'
                " VALUES (:device, :log, :seq, :session, :kind, :learner, :start, :end, :line, :head)"
            ),
            rows,
        )
    before.dispose()
    engine = open_database(path)
    with engine.connect() as connection:
        kept = [dict(row._mapping) for row in connection.execute(text("SELECT * FROM record"))]
        (seals,) = connection.execute(text("SELECT count(*) FROM record WHERE kind = 'seal' AND session = 's0'")).one()
        again = "INSERT INTO record SELECT * FROM record WHERE device = 'd1' AND log = 'a' AND seq = 1"
        with pytest.raises(IntegrityError):
            connection.execute(text(again))
    engine.dispose()
    assert sorted(kept, key=str) == sorted(rows, key=str)
    assert seals == 4


def test_commits_are_made_to_last(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "one.db")
    with engine.connect() as connection:
        values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in
                  ("journal_mode", "synchronous", "foreign_keys")]  # fmt: skip
    engine.dispose()
    assert values == ["wal", 2, 1]
    assert (tmp_path / "one.db").stat().st_mode & 0o077 == 0


def test_a_database_that_is_none_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "one.db").write_bytes(b"this is no database, and somebody may want it" * 100)
    with pytest.raises(DataFolderError, match=r"one\.db"):
        open_database(tmp_path / "one.db")
    assert (tmp_path / "one.db").read_bytes().startswith(b"this is no database")


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    open_database(tmp_path / "one.db").dispose()
    with sqlite3.connect(tmp_path / "one.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    with pytest.raises(DataFolderError, match="9999"):
        open_database(tmp_path / "one.db")


def test_a_job_that_fails_takes_back_only_its_own_changes(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "one.db")
    go = threading.Event()

    def add(code: str, fail: bool = False) -> Callable[[Connection], str]:
        def job(connection: Connection) -> str:
            connection.execute(text("INSERT INTO bridge_point VALUES (:code, :code, 'x')"), {"code": code})
            if fail:
                raise ValueError(code)
            return code

        return job

    def wait(_connection: Connection) -> None:
        go.wait(60)

    with Writer(engine) as writer:
        first = writer.submit(wait)
        jobs = [writer.submit(add("a")), writer.submit(add("b", fail=True)), writer.submit(add("c"))]
        go.set()
        first.result(60)
        assert [jobs[0].result(60), jobs[2].result(60)] == ["a", "c"]
        with pytest.raises(ValueError, match="b"):
            jobs[1].result(60)
        with engine.connect() as connection:
            assert [row[0] for row in connection.execute(text("SELECT id FROM bridge_point ORDER BY id"))] == ["a", "c"]
    engine.dispose()


def test_a_database_that_cannot_be_written_says_so_and_recovers(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "one.db")
    other = sqlite3.connect(tmp_path / "one.db", isolation_level=None)

    def job(connection: Connection) -> int:
        connection.exec_driver_sql("INSERT INTO bridge_point VALUES ('a', 'a', 'x')")
        return 1

    with engine.connect() as connection:  # wait less than a real server does; the pool hands this connection out again
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    with Writer(engine) as writer:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError):
            writer.submit(job).result(60)
        other.execute("ROLLBACK")
        assert writer.submit(job).result(60) == 1
    other.close()
    engine.dispose()
