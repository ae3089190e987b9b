"""Doing what a page asks for: one job, in the name of whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from central_server.accounts.permission import Actor
from central_server.courses.changes import Changes, changing
from central_server.services import Services

T = TypeVar("T")


def do(of: Services, actor: Actor, work: Callable[[Changes], T]) -> T:
    """Do the work in one transaction and wait until it is durable. Raises what it raises, or UnavailableError."""
    return of.writer.submit(changing(work, of.now(), actor.account)).result()
