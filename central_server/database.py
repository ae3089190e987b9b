"""The database: SQLite with everything that makes a commit last, its migrations, and the one writer.

Reading: a `sqlmodel.Session` on the engine, for one request. Writing: a job given to the `Writer`, which runs jobs one
after the other and commits those that wait together as one transaction. SQLite has one writer in any case; a single
thread makes that a queue instead of a lock, and many bridge points share one fsync.
"""

from __future__ import annotations

import os
import queue
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from central_server.errors import DataFolderError, UnavailableError
from central_server.works import Works, told
from models.reasons import Reason, reason

T = TypeVar("T")
Job = Callable[[Connection], T]

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # NORMAL loses acknowledged records in a power cut
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA cache_size = -65536",
)
GROUP_LIMIT = 200
"""Most jobs in one commit."""


def open_database(path: Path) -> Engine:
    """The database at `path`, created and brought to the newest tables where needed.

    Raises DataFolderError when the folder or file can't be used.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise DataFolderError(
            f"Không dùng được thư mục dữ liệu {path.parent} ({reason(error).vi}). Hãy kiểm tra quyền và ổ đĩa.",
            f"The data folder {path.parent} can't be used ({reason(error).en}). Check permissions and the disk.",
        ) from error
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"isolation_level": None})
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    try:
        migrate(engine)
    except (DBAPIError, CommandError) as error:
        engine.dispose()
        why = _why(error)
        raise DataFolderError(
            f"Không mở được cơ sở dữ liệu {path} ({why.vi}). Tệp được giữ nguyên; hãy báo quản trị hệ thống.",
            f"The database {path} can't be opened ({why.en}). The file was left as it is; tell the administrator.",
        ) from error
    return engine


def _why(error: DBAPIError | CommandError) -> Reason:
    if isinstance(error, DBAPIError):
        return reason(error.orig or error)
    newer = re.search(r"identified by '(.+)'", str(error))
    return Reason(f"do một bản mới hơn tạo ra, {newer[1]}" if newer else "không cập nhật được các bảng", str(error))


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest version, in one transaction."""
    config = AlembicConfig()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    with engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _set_pragmas(connection: Any, _record: object) -> None:
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    """Say BEGIN ourselves: the driver would begin late, and then a read that turns into a write can fail as busy."""
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


class Writer:
    """The thread that makes every change. Used as a context: `with Writer(engine) as writer:`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: queue.SimpleQueue[tuple[Job[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="database-writer")
        self.works: Works | None = None
        """Where it is told that nothing can be written, and that it can again."""

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._jobs.put(None)
        self._thread.join()

    @property
    def waiting(self) -> int:
        """Jobs that nobody has begun yet."""
        return self._jobs.qsize()

    def submit(self, job: Job[T]) -> Future[T]:
        """Queue a job; its future holds the result once that is durable, or the job's error with nothing changed.

        The future fails with UnavailableError when the database can't commit; the job may be submitted again.
        """
        future: Future[T] = Future()
        self._jobs.put((job, future))
        return future

    def _run(self) -> None:
        while (first := self._jobs.get()) is not None:
            group = [first]
            while len(group) < GROUP_LIMIT and not self._jobs.empty():
                following = self._jobs.get()
                if following is None:
                    self._jobs.put(None)
                    break
                group.append(following)
            self.commit([(job, future) for job, future in group if future.set_running_or_notify_cancel()])

    def commit(self, group: list[tuple[Job[Any], Future[Any]]]) -> None:
        """Run the jobs as one transaction, in the calling thread, and tell their futures."""
        outcomes: list[tuple[Future[Any], Any, Exception | None]] = []
        try:
            with self._engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
                outcomes.extend((future, *_attempt(job, connection)) for job, future in group)
        except SQLAlchemyError as error:
            unavailable = UnavailableError(
                "Máy chủ chưa ghi được cơ sở dữ liệu. Không có gì bị mất; máy sẽ tự gửi lại.",
                "The server can't write its database now. Nothing is lost; the agent will send again.",
            )
            unavailable.__cause__ = error
            if self.works is not None:
                self.works.failed("writing", *told(error))
            for _, future in group:
                future.set_exception(unavailable)
            return
        if self.works is not None:
            self.works.well("writing")
        for future, result, failure in outcomes:
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)


def _attempt(job: Job[T], connection: Connection) -> tuple[T | None, Exception | None]:
    """The job's result or its error; an error takes back what this job changed and leaves the others alone."""
    savepoint = connection.begin_nested()
    try:
        result = job(connection)
    except Exception as error:
        savepoint.rollback()  # raises when the whole transaction is lost (disk full): then the whole group fails
        return None, error
    savepoint.commit()
    return result, None
