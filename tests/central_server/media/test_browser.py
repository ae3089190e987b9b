"""A real Chromium publishes through the relay and plays what comes through it: pictures and sound, both ways."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from tests.central_server.media.peers import SESSION, Painted, Peers, Ticking, Tone
from tests.central_server.running import Running, running, write_course

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
# What a page does to publish and to play; bare WHIP and WHEP, without a library.
SCRIPT = """
async function ask(pc, path, token) {
  await pc.setLocalDescription();
  await new Promise(done => {
    if (pc.iceGatheringState === "complete") done();
    pc.addEventListener("icegatheringstatechange", () => pc.iceGatheringState === "complete" && done());
  });
  const got = await fetch(path, {method: "POST", body: pc.localDescription.sdp,
    headers: {"Content-Type": "application/sdp", "Authorization": "Bearer " + token}});
  if (got.status !== 201) throw new Error(got.status + " " + await got.text());
  await pc.setRemoteDescription({type: "answer", sdp: await got.text()});
  return got.headers.get("Location");
}
window.peers = {};
async function publish(path, token, kind, policy) {
  const pc = new RTCPeerConnection(policy || {});
  const wanted = kind === "audio" ? {audio: true} : {video: {width: 640, height: 480, frameRate: 15}};
  const stream = await navigator.mediaDevices.getUserMedia(wanted);
  pc.addTransceiver(stream.getTracks()[0], {direction: "sendonly"});
  window.peers[path] = pc;
  return ask(pc, path, token);
}
async function play(path, token, kind, policy) {
  const pc = new RTCPeerConnection(policy || {});
  pc.addTransceiver(kind, {direction: "recvonly"});
  pc.addEventListener("track", event => {
    const shown = document.createElement(kind);
    shown.autoplay = true; shown.muted = kind === "video"; shown.srcObject = new MediaStream([event.track]);
    document.body.append(shown);
  });
  window.peers[path] = pc;
  return ask(pc, path, token);
}
async function received(path) {
  let found = {};
  (await window.peers[path].getStats()).forEach(one => { if (one.type === "inbound-rtp") found = one; });
  return {state: window.peers[path].connectionState, frames: found.framesDecoded || 0,
          packets: found.packetsReceived || 0, energy: found.totalAudioEnergy || 0, width: found.frameWidth || 0};
}
"""


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
    """A page of the server's own, as getUserMedia and its Content-Security-Policy want it."""
    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await chromium.new_context()
        one = await context.new_page()
        await one.route(
            "**/sign-in",
            lambda route: route.fulfill(content_type="text/html", body=f"<body><script>{SCRIPT}</script></body>"),
        )
        await one.goto(f"{server.address}/sign-in")
        yield one
        await chromium.close()


async def received(page: Page, path: str, what: str, least: float, seconds: float = 12) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        while True:
            found: dict[str, Any] = await page.evaluate("path => received(path)", path)
            if found[what] >= least:
                return found
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("codec", ["video/VP8", "video/H264"])
async def test_chromium_plays_pictures_of_an_agent(page: Page, peers: Peers, codec: str) -> None:
    await peers.publish("r1", "camera", Painted(640, 480), codec)
    path = f"/media/whep/{SESSION}/r1/camera"
    await page.evaluate("([path, token]) => play(path, token, 'video')", [path, peers.token("play", None)])
    assert (await received(page, path, "frames", 15))["width"] == 640


async def test_chromium_publishes_pictures_that_it_and_others_play(page: Page, peers: Peers) -> None:
    await page.evaluate(
        "([path, token]) => publish(path, token, 'video')",
        [f"/media/whip/{SESSION}/r2/screen", peers.token("publish", "r2")],
    )
    other = await peers.play("r2", "screen")
    await other.until(10)
    path = f"/media/whep/{SESSION}/r2/screen"
    await page.evaluate("([path, token]) => play(path, token, 'video')", [path, peers.token("play", None)])
    assert (await received(page, path, "frames", 15))["state"] == "connected"


async def test_sound_goes_both_ways_and_a_browsers_voice_is_measured(page: Page, peers: Peers) -> None:
    media = peers.server.services.media
    await media.let_hear(SESSION, frozenset({"r3", "r4"}))
    await page.evaluate(
        "([path, token]) => publish(path, token, 'audio')",
        [f"/media/whip/{SESSION}/r3/sound", peers.token("publish", "r3")],
    )
    await peers.publish("r4", "sound", Tone())
    other = await peers.play("r3", "sound")
    path = f"/media/whep/{SESSION}/r4/sound"
    await page.evaluate("([path, token]) => play(path, token, 'audio')", [path, peers.token("play", None)])
    await received(page, path, "packets", 20)
    assert (await received(page, path, "energy", 0.01))["state"] == "connected"
    await other.until(100)
    assert other.loud > 5, "Chromium's fake microphone beeps once a second"
    assert media.spoken_ms(SESSION, "r4", 0, 2**53) > 500
