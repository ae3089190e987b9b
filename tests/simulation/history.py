"""What happened, in order: told line by line, and summed up in one digest that a seed must always give."""

from __future__ import annotations

import hashlib

from tests.simulation.loop import SimulatedLoop

KEPT = 40


class History:
    """The history of one seed. `loud`: print it as it happens."""

    def __init__(self, loop: SimulatedLoop, *, loud: bool = False) -> None:
        self._loop = loop
        self._hash = hashlib.sha256()
        self._loud = loud
        self.events = 0

    def tell(self, who: str, what: str, *facts: object) -> None:
        """Something happened now."""
        line = " ".join(map(str, (f"{self._loop.now:.3f}", who, what, *facts)))
        self._hash.update(line.encode() + b"\n")
        self.events += 1
        if self._loud:
            print(line)

    @property
    def digest(self) -> str:
        """Of everything so far."""
        return self._hash.hexdigest()
