"""The wizard's pages over HTTP: who may ask what, and what is refused with a sentence while a class is held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest

from bridge_agent.autostart import UNIT, Way
from bridge_agent.capture.source import CameraPin
from bridge_agent.config import Config, Settings
from bridge_agent.console.app import create_app
from bridge_agent.console.serving import serve
from bridge_agent.key_store import KeyStore
from bridge_agent.setup.looking import Look
from bridge_agent.setup.progress import Progress, ProgressFile, Result, Sentence
from bridge_agent.setup.wizard import Wizard
from tests.bridge_agent.console.scripted_desk import ScriptedDesk
from tests.bridge_agent.test_autostart import joined
from tests.mjpeg_camera import filming


class Pages:
    """A console with a wizard, asked as its own page asks."""

    def __init__(self, wizard: Wizard, desk: ScriptedDesk, http: httpx.AsyncClient, token: str) -> None:
        self.wizard, self.desk, self.http, self._token = wizard, desk, http, token

    async def act(self, name: str, /, **fields: str) -> httpx.Response:
        return await self.http.post(f"/setup/do/{name}", data=fields, headers={"X-Diemdanh-Token": self._token})


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Pages]:
    settings = Settings(Config(data=str(tmp_path), key_store="file"), None)
    desk = ScriptedDesk()
    at_sign_in = Way(tmp_path / "Startup" / UNIT, "user.service", ())
    wizard = Wizard(settings, KeyStore(), lambda: 5, desk, starting=lambda: at_sign_in)
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(create_app(desk, tmp_path / "none", wizard=wizard), listening=address.set_result))
    async with httpx.AsyncClient(base_url=await address, timeout=60) as http:
        page = (await http.get("/setup/network")).text
        yield Pages(wizard, desk, http, page.split('<meta name="token" content="')[1].split('"')[0])
    await wizard.close()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_only_the_own_pages_act_and_only_two_of_them_may_listen(pages: Pages) -> None:
    assert (await pages.http.post("/setup/do/network")).status_code == 403
    stranger = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert (await pages.http.get("/setup/picture.jpg", headers=stranger)).status_code == 403
    for step in ("camera", "sound", "speaker", "network", "calibration", "consent"):
        got = await pages.http.get(f"/setup/{step}")
        assert got.status_code == 200
        may = "(self)" if step in ("sound", "speaker") else "()"
        assert got.headers["Permissions-Policy"] == f"camera=(), microphone={may}, geolocation=()"
        assert "default-src 'self'" in got.headers["Content-Security-Policy"]
    assert (await pages.http.get("/setup/nowhere")).status_code == 404
    assert (await pages.http.get("/setup/events?step=nowhere")).status_code == 404
    assert (await pages.http.get("/setup/picture.jpg")).status_code == 200  # the class's own
    pages.desk.set(session=None)
    assert (await pages.http.get("/setup/picture.jpg")).status_code == 204
    assert pages.wizard.state.progress == Progress()  # nothing was done


async def test_what_can_not_be_done_now_is_said_and_nothing_is_kept(pages: Pages) -> None:
    pages.desk.set_session(watching=False)
    for name, fields, status, words in (
        ("camera", {}, 409, "Chưa có hình"),
        ("look", {"source": "ftp://camera"}, 409, "rtsp://"),
        ("heard", {"name": "Micro", "loudest": "-70", "quietest": "-80"}, 409, "Chưa nghe thấy"),
        ("heard", {"name": "Micro", "loudest": "nan", "quietest": "-80"}, 400, "không nhận"),
        ("consent", {"version": "2020-01"}, 409, "tải lại trang"),
        ("accept", {"step": "nowhere"}, 404, ""),
    ):
        got = await pages.act(name, **fields)
        assert got.status_code == status and words in got.json()["vi"], name
    assert pages.wizard.state.progress == Progress()


async def test_a_class_keeps_its_camera(pages: Pages) -> None:
    pages.desk.set_session(watching=True)
    got = await pages.act("calibration")
    assert got.status_code == 409 and "đang được dùng" in got.json()["vi"]
    await pages.act("look", source=pages.wizard.settings.source)
    assert pages.wizard.looker.asked is None  # it is not opened a second time
    assert (await pages.act("camera")).status_code == 200
    assert pages.wizard.state.progress.passed("camera", joined=True)


async def test_a_page_that_was_left_open_gives_the_camera_back_when_a_class_is_near(pages: Pages) -> None:
    view = pages.desk.view()
    assert view.session is not None
    pages.desk.set_session(watching=False, start=view.now + 3_600_000, end=view.now + 7_200_000)
    with filming(lambda: np.full((360, 640, 3), 90, np.uint8)) as camera:
        wizard = pages.wizard
        wizard.settings.config = msgspec.structs.replace(wizard.settings.config, without_profile=True)
        wizard.settings.use_camera(camera.address, "")
        await pages.act("look", source=camera.address)
        await wizard.give_way()
        looked: list[object] = [wizard.looker.asked]
        pages.desk.set_session(start=view.now + 300_000)
        await wizard.give_way()
        looked.append(wizard.looker.asked)
        assert looked == [Look(camera.address, CameraPin()), None]
        await pages.act("look", source=camera.address)
        assert wizard.looker.asked is None  # nor is it opened again
        assert (await pages.act("camera")).status_code == 409


async def test_what_is_bad_can_not_be_accepted_and_the_day_page_is_never_locked(pages: Pages) -> None:
    said = (Sentence("bad", "Máy chủ: không trả lời.", "Server: no answer."),)
    kept = Progress(guided=True).with_result("network", Result(light="bad", at=5, said=said))
    ProgressFile(pages.wizard.settings.folder.setup).write(kept)
    pages.wizard.state.progress = kept
    assert (await pages.act("accept", step="network")).status_code == 200
    assert not pages.wizard.state.progress.passed("network", joined=True)
    assert (await pages.http.get("/")).headers["location"] == "/setup"
    assert (await pages.http.get("/setup")).headers["location"] == "/setup/camera"
    assert (await pages.http.get("/setup/consent")).headers["location"] == "/setup"
    assert (await pages.http.get("/?setup=later")).status_code == 200
    assert (await pages.http.get("/kiosk")).status_code == 200


async def test_the_last_page_has_the_agent_start_by_itself_or_says_why_not(pages: Pages) -> None:
    folder = pages.wizard.settings.folder
    startup = folder.path / "Startup" / UNIT
    assert 'id="autostart-on"' in (await pages.http.get("/setup/done")).text
    got = await pages.act("autostart")  # nothing has joined in this folder
    assert got.status_code == 409 and "chưa gia nhập" in got.json()["vi"]
    assert not startup.exists() and 'id="autostart-on"' in (await pages.http.get("/setup/done")).text
    joined(folder.path)
    assert (await pages.act("autostart")).status_code == 200
    assert f'"run" "--data" "{folder.path}"' in startup.read_text(encoding="utf-8")
    page = (await pages.http.get("/setup/done")).text
    assert "Đã bật." in page and str(startup) in page and 'id="autostart-on"' not in page
