"""Where the streaming process begins: what the agent's parent can import without loading aiortc."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.connection import Connection

from bridge_agent.streaming.messages import StreamAssignment

StreamTarget = Callable[[Connection, StreamAssignment], None]
"""What runs in the process: sends StreamEvents, gets StreamCommands; ends on Stop or when the pipe closes."""


def publish(conn: Connection, assignment: StreamAssignment) -> None:
    """The streaming process's life (bridge_agent.streaming.child)."""
    from models.child_process import signs_of_life

    with signs_of_life(conn.send):
        from bridge_agent.streaming.child import main

    main(conn, assignment)
