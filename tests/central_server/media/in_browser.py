"""A page in a real Chromium that publishes by WHIP and plays by WHEP, without a library."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page, async_playwright

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


@asynccontextmanager
async def page_of(address: str, *flags: str) -> AsyncIterator[Page]:
    """A page of the server's own address, as getUserMedia and the server's answers want it."""
    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        page = await (await chromium.new_context(ignore_https_errors=True)).new_page()
        body = f"<body><script>{SCRIPT}</script></body>"
        await page.route("**/sign-in", lambda route: route.fulfill(content_type="text/html", body=body))
        await page.goto(f"{address}/sign-in")
        yield page
        await chromium.close()


async def received(page: Page, path: str, what: str, least: float, seconds: float = 60) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        while True:
            found: dict[str, Any] = await page.evaluate("path => received(path)", path)
            if found[what] >= least:
                return found
            await asyncio.sleep(0.1)
