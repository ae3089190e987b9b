"""Recognition that is restarted on purpose: real processes, ended in order, one after the other."""

from __future__ import annotations

import asyncio
import functools
import io
from pathlib import Path

from bridge_agent import supervisor
from bridge_agent.alarms import Alarms
from bridge_agent.check_in.gallery_store import GalleryStore
from bridge_agent.check_in.sealed_file import SealedFiles
from bridge_agent.clock import wall_ms
from bridge_agent.config import Config, FacesConfig, Settings
from bridge_agent.eyes import Assignment
from bridge_agent.journal import Journal
from bridge_agent.key_store import KeyStore
from bridge_agent.profile_state import NOT_NEEDED
from bridge_agent.recognition.events import Ended, Event, Watched
from bridge_agent.room_watch import RoomWatch, end
from bridge_agent.supervisor import Listener
from models.records import CoverageEnd
from tests.bridge_agent import scripted_eyes


async def test_a_restart_ends_one_process_in_order_and_starts_another(tmp_path: Path) -> None:
    settings = Settings(Config(data=str(tmp_path), key_store="file"), None)
    settings.folder.make()
    journal = Journal(settings.folder.journal, wall_ms, io.StringIO())
    folder = settings.folder
    gallery = GalleryStore(SealedFiles(KeyStore(), folder.gallery_key), folder.gallery, folder.outbox)
    watch = functools.partial(supervisor.watch, scripted_eyes.good)
    room = RoomWatch(settings, watch, gallery, Alarms(journal), journal, lambda: NOT_NEEDED)
    assert not room.restart(), "nothing runs yet"

    events: asyncio.Queue[Event] = asyncio.Queue()
    lost: list[CoverageEnd] = []
    listener = Listener(events.put_nowait, lost.append, lambda vi, en: None, room.commands)

    async def hear(kind: type[Event]) -> None:
        async with asyncio.timeout(60):
            while not isinstance(await events.get(), kind):
                pass

    assignment = Assignment("0", tmp_path, {"HV1": "l1"}, 1_000, FacesConfig())
    running = asyncio.create_task(room.run(assignment, listener))
    await hear(Watched)
    assert room.restart()
    await hear(Ended)  # its last words were heard
    await hear(Watched)
    assert lost == ["stopped"]
    await end(running)
    assert not room.restart()
    journal.close()
    said = settings.folder.journal.read_text(encoding="utf-8")
    assert said.count("recognition_started") == 2 and said.count("recognition_restarted") == 1
    assert "recognition_lost" not in said
