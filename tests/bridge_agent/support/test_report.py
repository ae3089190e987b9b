"""The support report of a data folder that holds all that it may not give away."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path

import httpx
import msgspec
import nacl.pwhash.argon2id
import pytest

from bridge_agent import identity
from bridge_agent.capture.source import CameraPin
from bridge_agent.check_in.gallery_store import GalleryStore
from bridge_agent.check_in.sealed_file import SealedFiles
from bridge_agent.cli import main
from bridge_agent.config import Config, Settings
from bridge_agent.console.app import create_app
from bridge_agent.console.serving import serve
from bridge_agent.heartbeat import kept_words
from bridge_agent.journal import Journal
from bridge_agent.key_store import KeyStore
from bridge_agent.log import Log
from bridge_agent.server import Server
from bridge_agent.server_clock import ServerClock, this_pc
from bridge_agent.setup import choices
from bridge_agent.setup.progress import Progress, ProgressFile, Result
from bridge_agent.support.report import packed
from models.wire import RosterLearner, SessionPlan, Today, Witness
from tests.bridge_agent.console.scripted_desk import ScriptedDesk
from tests.central_server.running import running, write_course
from tests.faults.making import presence

NAME, CODE, LEARNER = "Nguyễn Thị Phương Thảo", "CC-0141", "l-4f2c9d"


async def joined_folder(folder: Path) -> tuple[Settings, list[bytes]]:
    """A data folder in use, and what of it may not leave the PC."""
    camera = "rtsp://admin:mat-khau-camera@10.0.0.8/ch1"
    config = Config(data=str(folder), source=camera, key_store="file", console_port=0)
    settings = Settings(config, None)
    keys = KeyStore()
    with running(folder.parent / "server") as server:
        server.load(write_course(folder.parent / "course.toml"))
        settings.folder.make()
        async with Server(server.address, ServerClock(this_pc())) as to:
            who = await identity.join(settings.folder, keys, to, server.token())
    pin = nacl.pwhash.argon2id.str(b"2468", opslimit=1, memlimit=8192).decode()
    learner = RosterLearner(id=LEARNER, code=CODE, name=NAME, unit="Sở Nội vụ", birth_year=1971)
    plan = SessionPlan(
        session="s1", course="Lớp một", title="Buổi 1", start=1, end=2**50, breaks=(), learners=(learner,)
    )
    today = Today(sessions=(plan,), witnesses=(Witness(account="a1", name="Trần Văn Bình", pin=pin),))
    settings.folder.plan.write_bytes(msgspec.json.encode(today))
    GalleryStore(SealedFiles(keys, settings.folder.gallery_key), settings.folder.gallery, settings.folder.outbox).today(
        today, 0
    )
    log = Log.open(settings.folder.log, who.membership.device, 1)
    log.append([presence(n) for n in range(1, 4)])
    log.close()
    journal = Journal(settings.folder.journal, lambda: 1_795_482_000_000, io.StringIO())
    journal.say("alarm", f"! Ảnh {NAME} không dùng được.", f"! The picture of {NAME} is no good.", name="portraits")
    journal.note("enrolled", learner=LEARNER, version=1)
    journal.lost("camera", f"{settings.source} gone")
    journal.close()
    heard = Result(light="good", at=5, said=(), figures={"microphone": f"AirPods {NAME}", "loudest_db": -20.0})
    ProgressFile(settings.folder.setup).write(Progress(results={"sound": heard}))
    choices.choose_camera(Settings(config, None), "1", CameraPin("usb-C920"))
    kept_words(settings.folder.hung).write_text("Thread 0x1 (most recent call first):\n", encoding="utf-8")
    secrets = [path.read_bytes() for path in settings.folder.path.glob("*.key")]
    secrets += [path.read_bytes() for path in settings.folder.path.glob("*.sealed")]
    private = who.key.private_bytes_raw()
    secrets += [private, private.hex().encode(), pin.encode()]
    words = (NAME, CODE, LEARNER, "Trần Văn Bình", "2468", "argon2", "mat-khau-camera", "admin", "Sở Nội vụ")
    return settings, [*secrets, *(word.encode() for word in words)]


def texts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        assert pack.testzip() is None
        return {name: pack.read(name) for name in pack.namelist()}


async def test_the_report_holds_what_helps_and_gives_nobody_away(tmp_path: Path) -> None:
    settings, secrets = await joined_folder(tmp_path / "agent")
    found = texts(packed(settings))
    whole = b"\n".join(found.values())
    assert len(secrets) > 10
    assert [secret for secret in secrets if secret in whole] == []
    assert set(found) == {
        "README.txt", "agent.log", "calibration.json", "cameras.json", "doctor.json", "health.json", "hung.json",
        "log.json", "membership.json", "pc.json", "settings.json", "setup.json", "versions.json",
    }  # fmt: skip
    assert json.loads(found["log.json"])["kinds"] == {"presence": 3}
    assert json.loads(found["settings.json"])["source"] == "rtsp://…@10.0.0.8/ch1"
    chosen = json.loads(found["setup.json"])
    assert chosen["chosen"]["camera"] == {
        "source": "1", "camera_name": "usb-C920", "instead_of": ["rtsp://…@10.0.0.8/ch1", ""]
    }  # fmt: skip
    assert chosen["steps"]["sound"] == {"light": "good", "accepted": False, "at": 5, "figures": {"loudest_db": -20.0}}
    assert json.loads(found["hung.json"]) == ["Thread 0x1 (most recent call first):"]
    assert json.loads(found["versions.json"])["packages"]["diemdanh"]
    events = [json.loads(line)["event"] for line in found["agent.log"].splitlines()]
    assert events == ["alarm", "enrolled", "camera_lost"]
    assert json.loads(found["membership.json"])["device"].startswith("d-")


def test_a_pc_that_never_joined_can_send_one_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "r.zip"
    assert main(["report", "--data", str(tmp_path / "nothing"), "--out", str(out)]) == 0
    assert str(out) in capsys.readouterr().out
    assert json.loads(texts(out.read_bytes())["membership.json"])["joined"] is False
    assert main(["report", "--data", str(tmp_path), "--out", str(tmp_path / "no" / "such.zip")]) == 2
    assert "--out" in capsys.readouterr().err


async def test_the_technicians_page_saves_one(tmp_path: Path) -> None:
    settings = Settings(Config(data=str(tmp_path), console_port=0), None)
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    app = create_app(ScriptedDesk(), tmp_path / "none", support=lambda: packed(settings))
    task = asyncio.create_task(serve(app, listening=address.set_result))
    async with httpx.AsyncClient(base_url=await address, timeout=60) as client:
        assert 'href="/report.zip"' in (await client.get("/")).text
        got = await client.get("/report.zip")
        assert got.headers["content-type"] == "application/zip" and "settings.json" in texts(got.content)
        assert (await client.get("/report.zip", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
