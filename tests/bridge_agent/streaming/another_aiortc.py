"""The streaming process as it is with an aiortc of another version: it knows of no private parts that it could use."""

from __future__ import annotations

from multiprocessing.connection import Connection

from bridge_agent.streaming import passing
from bridge_agent.streaming.child import main
from bridge_agent.streaming.messages import StreamAssignment


def publish(conn: Connection, assignment: StreamAssignment) -> None:
    """The process's life."""
    passing.VERSION = "0.0.0"  # type: ignore[misc]  # a process of its own, in which nothing else is tested
    main(conn, assignment)
