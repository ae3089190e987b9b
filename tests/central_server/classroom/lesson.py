"""A lesson to test with: three rooms, a lecturer at the main one, and somebody of each role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
from sqlalchemy import text

from central_server.accounts.permission import Grant
from central_server.courses.acts import edit_session
from central_server.courses.changes import changing
from central_server.courses.plan_form import Held
from central_server.courses.series import Slot
from models.wire import ClassroomTicket, ClassroomTicketRequest
from tests.central_server.running import MINUTE, START, Agent, Clock, Running, join, running, write_course

SESSION = "K1.1"


@dataclass
class Lesson:
    """The session K1.1 at TDM (main), BC and DA; the lecturer, a class manager, a technician at BC."""

    server: Running
    rooms: dict[str, str]
    """Ids by code."""
    course: str
    _clients: dict[str, httpx.Client] = field(default_factory=dict)

    def signed_in(self, who: str) -> httpx.Client:
        """A client of somebody: lecturer, manager, technician (BC), both (BC and DA), learner, elsewhere."""
        if who not in self._clients:
            self._clients[who] = self.server.signed_in(who)
        return self._clients[who]

    def act(self, client: httpx.Client, what: str, at: str = "", **fields: str) -> httpx.Response:
        """Do something in the classroom. at: which of several rooms the client is in."""
        query = f"?room={self.rooms[at]}" if at else ""
        return client.post(f"/api/sessions/{SESSION}/classroom/{what}{query}", data=fields)

    def page(self, client: httpx.Client, session: str = SESSION) -> httpx.Response:
        return client.get(f"/sessions/{session}/classroom")

    def ticket(self, agent: Agent, session: str = SESSION) -> httpx.Response:
        body = msgspec.json.encode(ClassroomTicketRequest(session=session))
        return agent.request("POST", "/api/agent/classroom-ticket", body)

    def enter(self, agent: Agent) -> httpx.Client:
        """A browser that entered as the agent's room."""
        client = self.server.client()
        told = msgspec.json.decode(self.ticket(agent).content, type=ClassroomTicket)
        got = client.post("/classroom/enter", data={"ticket": told.path.partition("#")[2]})
        assert got.url.path == f"/sessions/{SESSION}/classroom" and got.status_code == 200
        return client

    def agent(self, code: str) -> Agent:
        return join(self.server, code)


def course_file(path: Path) -> Path:
    """As the other tests' course, with a third bridge point."""
    write_course(path, learners=6)
    words = path.read_text(encoding="utf-8")
    words = words.replace("[[sessions]]", '[[bridge_points]]\ncode = "DA"\nname = "Dĩ An"\n[[sessions]]')
    path.write_text(words, encoding="utf-8")
    return path


@contextmanager
def lesson(folder: Path, clock: Clock | None = None, *, again: bool = False, **settings: Any) -> Iterator[Lesson]:
    """Serve it. again: it was served from this folder before."""
    with running(folder / "data", clock, **settings) as server:
        if not again:
            server.load(course_file(folder / "course.toml"))
            other = write_course(folder / "other.toml", learners=1, code="K2")
            other.write_text(other.read_text(encoding="utf-8").replace("HV000", "HV900"), encoding="utf-8")
            server.load(other)
        with server.services.engine.connect() as connection:
            rooms: dict[str, str] = dict(connection.execute(text("SELECT code, id FROM bridge_point")).all())
            courses: dict[str, str] = dict(connection.execute(text("SELECT code, id FROM course")).all())
        if not again:
            _fill(server, rooms, courses)
        yield Lesson(server, rooms, courses["K1"])


def _fill(server: Running, rooms: dict[str, str], courses: dict[str, str]) -> None:
    here, held = courses["K1"], Held(("", "Trần Thị Mai", ""), rooms["TDM"], tuple(sorted(rooms.values())), False)
    times = Slot(START, START + 210 * MINUTE)
    server.do(changing(lambda changes: edit_session(changes, SESSION, "Buổi 1", times, held, ""), server.clock()))
    server.account("lecturer", Grant("lecturer", here))
    server.account("manager", Grant("class_manager", here))
    server.account("technician", Grant("technician", None, rooms["BC"]))
    server.account("main-technician", Grant("technician", None, rooms["TDM"]))
    server.account("both", Grant("technician", None, rooms["BC"]), Grant("technician", None, rooms["DA"]))
    server.account("elsewhere", Grant("class_manager", courses["K2"]))
    server.account("learner", Grant("learner"))
    server.account("admin", Grant("administrator"))
