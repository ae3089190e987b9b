"""What a fault is, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.faults.hundred.place import Place

WITHIN_S = 10.0
"""From the fault to the sentence on the page, and from the fault to the new process."""
STARTING_S = 10.0
"""Ending an agent in order and starting another, on a PC that does other things too."""
Inject = Callable[[Place], AbstractContextManager[object]]
"""The fault lasts as long as the context."""


@dataclass(frozen=True)
class Fault:
    """One fault. how: the way in which it is injected, in words.

    sentence: what the page must say of it, the beginning or another telling part; empty: nothing, for it does no harm.
    where: `page`, another page's path, or `terminal`, where the agent can't start and so has no page.
    lost: the part that must be started again: capture, recognition, streaming, agent; empty: none may be.
    ends: how what was on record must end: coverage by …, or link by …; a part of the alternatives in one string.
    blind: the room can't be watched while it lasts, so no record may say that it was.
    slow: why it takes longer than WITHIN_S, and how long it may then.
    """

    name: str
    part: str
    how: str
    inject: Inject
    sentence: str = ""
    where: str = "page"
    lost: str = ""
    ends: tuple[str, ...] = ()
    blind: bool = False
    within_s: float = WITHIN_S
    slow: str = ""
    times: int = 1
    """So often the part is lost; the sentence counts once all of these are told, so that it is the last one's."""
    reason: str = ""
    """How the reason kept of the last loss must begin; empty: any will do."""
    repeated: bool = False
    """Something is done several times over, or a command has to run first: time counts from when that is done."""
    quick: bool = False
    """CI injects it each time."""

    @property
    def limit_s(self) -> float:
        """Within which the sentence must be said."""
        return self.within_s + (STARTING_S if self.starts else 0.0)

    @property
    def restarts(self) -> bool:
        """Processes are started anew by the fault itself, or by what mends it."""
        return any(word in self.how for word in ("restart", "killed", "ended")) or self.part == "joining"

    @property
    def starts(self) -> bool:
        """The agent is started with it: it can't be known before."""
        return "restart" in self.how.split(", ")
