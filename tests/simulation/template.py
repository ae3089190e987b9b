"""How every seed begins: a server that knows the course, and twenty agents that have joined it. Made once a process."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from sqlalchemy import Connection, text

from bridge_agent import identity
from bridge_agent.data_folder import DataFolder
from central_server.accounts.giving import NewAccount, new_account, set_pin
from central_server.accounts.permission import Grant
from central_server.bridge_points.joining import join, make_token
from central_server.courses.course_file import read_course
from central_server.courses.loading import load
from central_server.database import Writer, open_database
from central_server.learners.means import keep_pins
from central_server.learners.sealing import sealing_key
from central_server.own_log.server_key import make_known, server_key
from models.wire import JoinAnswer, JoinRequest
from tests.simulation import script
from tests.simulation.central import EPOCH
from tests.simulation.entropy import seeded_entropy
from tests.simulation.pc import KEYS, URL

DAY_MS = 86_400_000
AGES_DAYS = {0: 375, 1: 390, 2: 402, 3: 420}
"""How long ago some agents joined: their keys are due to be rotated, or have ended. The others joined last week."""


@dataclass(slots=True)
class _Office:
    """A server that is joined without a network."""

    writer: Writer
    now: int
    public_key: str
    url: str = URL

    async def join(self, request: JoinRequest) -> JoinAnswer:
        """As the route does."""
        return self.writer.submit(join(request, self.now, self.public_key)).result()


def make(folder: Path) -> None:
    """Make `server`, `P00` … and the portraits in an empty folder."""
    with seeded_entropy("template"):
        (folder / "server").mkdir()
        engine = open_database(folder / "server" / "diemdanh.db")
        key = server_key(folder / "server")
        began = EPOCH - max(AGES_DAYS.values()) * DAY_MS - DAY_MS
        with Writer(engine) as writer:
            writer.submit(make_known(key, began)).result()
            writer.submit(load(read_course(script.write_course(folder / "course.toml")), began)).result()
            for point in sorted(range(script.POINTS), key=lambda one: -AGES_DAYS.get(one, 7)):
                now = EPOCH - AGES_DAYS.get(point, 7) * DAY_MS
                token = writer.submit(make_token(script.code(point), now)).result().token
                data = DataFolder(folder / script.code(point))
                data.make()
                asyncio.run(identity.join(data, KEYS, _Office(writer, now, key.public), token))
                portraits = folder / "portraits" / script.code(point)
                portraits.mkdir(parents=True)
                for who in (script.learner(point, number) for number in range(script.LEARNERS)):
                    if not script.by_pin(who):
                        (portraits / f"{who}.jpg").touch()
            _give_pins(writer, folder / "server", EPOCH - DAY_MS)
        engine.dispose()


def _give_pins(writer: Writer, folder: Path, now: int) -> None:
    """The technician's, and those of the learners who are not known by face."""
    sealing = sealing_key(folder)
    new = NewAccount(script.WITNESS, "Cán bộ kỹ thuật", (Grant("technician"),))
    who = writer.submit(new_account(new, None, now)).result()
    sealed = sealing.seal("witness_pin", who, phc(script.WITNESS_PIN).encode())
    writer.submit(lambda connection: set_pin(connection, who, sealed, now)).result()

    def learners(connection: Connection) -> dict[str, str]:
        rows = connection.execute(text("SELECT id, code FROM learner"))
        return {str(one.id): phc(script.pin(one.code)) for one in rows if script.by_pin(one.code)}

    hashes = writer.submit(learners).result()
    writer.submit(keep_pins(hashes, sealing, now, who, only_new=True)).result()


def phc(pin: str) -> str:
    """argon2id as the server makes it, but weaker and of a fixed salt: a simulation is played a thousand times."""
    salt = pin.encode().ljust(16, b"0")
    return Argon2id(salt=salt, length=32, iterations=1, lanes=1, memory_cost=64).derive_phc_encoded(pin.encode())


def copy(template: Path, to: Path) -> None:
    """A fresh copy of it for one seed; the portraits are shared."""
    for folder in sorted(template.iterdir()):
        if folder.is_dir() and folder.name != "portraits":
            shutil.copytree(folder, to / folder.name)
