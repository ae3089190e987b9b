"""What tests of sending need: a joined agent's parts against a real server."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import httpx

from bridge_agent.alarms import Alarms
from bridge_agent.courier import Courier
from bridge_agent.identity import Identity, Membership
from bridge_agent.journal import Journal
from bridge_agent.log import Log
from bridge_agent.server import TIMEOUT, Server
from bridge_agent.server_clock import Clocks, ServerClock
from central_server.bridge_points.joining import KEY_LIFE_MS
from tests.central_server.running import START, Running, join


def joined(server: Running) -> Identity:
    """A device of the server's bridge point."""
    agent = join(server)
    member = Membership(
        server=server.address, device=agent.device, bridge_point=agent.bridge_point, bridge_point_name="TDM",
        server_key=agent.server_key.public_bytes_raw().hex(), key_expires_at=server.clock() + KEY_LIFE_MS,
    )  # fmt: skip
    return Identity(member, agent.key)


def clock_of(server: Running) -> ServerClock:
    """This PC's clocks, which read as the server's does."""
    return ServerClock(Clocks(server.clock, server.clock, "b"))


def client(server: Running, who: Identity, url: str = "", timeout: httpx.Timeout = TIMEOUT) -> Server:
    """The agent's own client, at the server or at what stands before it."""
    return Server(url or server.address, clock_of(server), who, timeout)


class Parts:
    """A courier and what it works with. Close it when done."""

    def __init__(self, folder: Path, log: Log, who: Identity, server: Server, damaged: Sequence[Path] = ()) -> None:
        self.said = io.StringIO()
        self.journal = Journal(folder / "agent.log", lambda: START, self.said)
        self.alarms = Alarms(self.journal)
        self.courier = Courier(log, server, who, 1_000, self.alarms, self.journal, list(damaged))
        self.now = 0

    async def drain(self, most: int = 1_000) -> None:
        """Let the courier work until nothing waits, on a clock of its own."""
        for _ in range(most):
            if not await self.courier.once(self.now):
                self.now += 1_000
                if not self.courier.waiting and not self.courier.damaged:
                    return
        raise TimeoutError(f"something still waits: {self.said.getvalue()}")

    def close(self) -> None:
        self.journal.close()


def held(server: Running, device: str, log: str) -> list[bytes]:
    """The lines of one log in the server's database, in order."""
    with closing(server.services.engine.raw_connection()) as connection:
        rows = connection.cursor().execute(
            "select line from record where device = ? and log = ? order by seq", (device, log)
        )
        return [bytes(row[0]) for row in rows.fetchall()]
