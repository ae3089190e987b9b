"""The agent's parent for the benchmark `agent`: a module of its own, so that it holds what the real one holds."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection, wait

import bridge_agent.agent  # noqa: F401  # what the parent holds in memory is part of the figure
from bridge_agent.eyes import Assignment, watch
from bridge_agent.streaming.messages import Pass, StreamAssignment, WantPass
from bridge_agent.streaming.start import publish


def parent(events: Connection, room: Assignment, stream: StreamAssignment, leave: Pass) -> None:
    """Recognition and streaming as its children; what they tell goes on to `events`."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    context.Process(target=watch, args=(theirs, room), name="recognition").start()
    streaming, its = context.Pipe()
    context.Process(target=publish, args=(its, stream), name="streaming").start()
    theirs.close()
    its.close()
    while True:
        try:
            for one in wait([ours, streaming]):
                event = one.recv()  # type: ignore[union-attr,call-arg]  # all of them are pipes
                if isinstance(event, WantPass):
                    streaming.send(leave)
                else:
                    events.send(event)
        except (EOFError, OSError):
            return
