"""A real Chromium publishes through the relay and plays what comes through it: pictures and sound, both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Page

from tests.central_server.media.in_browser import page_of, received
from tests.central_server.media.peers import SESSION, Painted, Peers, Ticking, Tone
from tests.central_server.running import Running, running, write_course


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("browser")
    with running(folder / "data", Ticking()) as one:
        one.load(write_course(folder / "course.toml"))
        yield one


@pytest.fixture
async def peers(server: Running) -> AsyncIterator[Peers]:
    made = Peers(server)
    yield made
    await made.close()


@pytest.fixture
async def page(server: Running) -> AsyncIterator[Page]:
    async with page_of(server.address) as one:
        yield one


@pytest.mark.parametrize("codec", ["video/VP8", "video/H264"])
async def test_chromium_plays_pictures_of_an_agent(page: Page, peers: Peers, codec: str) -> None:
    await peers.publish("r1", "camera", Painted(640, 480), codec)
    path = f"/media/whep/{SESSION}/r1/camera"
    await page.evaluate("([path, token]) => play(path, token, 'video')", [path, peers.token("play", "r1")])
    assert (await received(page, path, "frames", 15))["width"] == 640


async def test_chromium_publishes_pictures_that_it_and_others_play(page: Page, peers: Peers) -> None:
    await page.evaluate(
        "([path, token]) => publish(path, token, 'video')",
        [f"/media/whip/{SESSION}/r2/screen", peers.token("publish", "r2")],
    )
    other = await peers.play("r2", "screen")
    await other.until(10)
    path = f"/media/whep/{SESSION}/r2/screen"
    await page.evaluate("([path, token]) => play(path, token, 'video')", [path, peers.token("play", "r2")])
    assert (await received(page, path, "frames", 15))["state"] == "connected"


async def test_sound_goes_both_ways_and_a_browsers_voice_is_measured(page: Page, peers: Peers, server: Running) -> None:
    media = server.services.media
    await media.let_hear(SESSION, frozenset({"r3", "r4"}))
    await page.evaluate(
        "([path, token]) => publish(path, token, 'audio')",
        [f"/media/whip/{SESSION}/r3/sound", peers.token("publish", "r3")],
    )
    await peers.publish("r4", "sound", Tone())
    other = await peers.play("r3", "sound")
    path = f"/media/whep/{SESSION}/r4/sound"
    await page.evaluate("([path, token]) => play(path, token, 'audio')", [path, peers.token("play", "r4")])
    await received(page, path, "packets", 20)
    assert (await received(page, path, "energy", 0.01))["state"] == "connected"
    await other.until(100)
    assert other.loud > 5, "Chromium's fake microphone beeps once a second"
    assert media.spoken_ms(SESSION, "r4", 0, 2**53) > 500
