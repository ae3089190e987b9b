"""The two ends of test_one_port: a server, and peers who reach it by nothing but TCP port 443."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from aiortc import RTCIceServer

from central_server.config import MediaSettings
from central_server.media.tokens import seat_holder
from models.wire import IceServer
from tests.central_server.media.in_browser import page_of, received
from tests.central_server.media.peers import SESSION, SOURCES, Painted, Peers, Wall, device_at, manager_in
from tests.central_server.running import running, write_course

NAME, TURN_NAME = "diemdanh.test", "turn.diemdanh.test"


def serve(folder: str, port: int) -> None:
    """Run a server until the input ends; prints its address, tokens and TURN servers for the other end."""
    home = Path(folder)
    media = MediaSettings(
        turn=(f"turns:{TURN_NAME}:443?transport=tcp",), turn_secret_file=str(home / "one_port" / "turn-secret")
    )
    with running(home / "data", Wall(), port=port, media=media, public_address=f"https://{NAME}") as server:
        server.load(write_course(home / "course.toml"))
        of = server.services
        now = of.now()
        told = {
            "address": server.address,
            "publish": of.media.tokens.issue(f"device:{device_at(of, 'r1')}", SESSION, "r1", "publish", SOURCES, now),
            "play": of.media.tokens.issue(seat_holder(manager_in(of)), SESSION, "r1", "play", SOURCES, now),
            "turn": [_plain(one) for one in of.media.ice_servers()],
        }
        print(json.dumps(told), flush=True)
        sys.stdin.read()


def _plain(server: IceServer) -> dict[str, object]:
    return {"urls": list(server.urls), "username": server.username, "credential": server.credential}


async def meet(told: dict[str, Any]) -> dict[str, object]:
    """Publish and play over the one port, by aiortc and by Chromium; tells what arrived and how."""
    turn = told["turn"][0]
    peers = Peers(None, RTCIceServer(turn["urls"], turn["username"], turn["credential"]), f"https://{NAME}")
    await peers.publish("r1", "camera", Painted(), token=told["publish"])
    viewer = await peers.play("r1", "camera", token=told["play"])
    await viewer.until(20)
    found: dict[str, object] = {"aiortc": viewer.frames}
    flags = ("--ignore-certificate-errors",)
    async with page_of(f"https://{NAME}", *flags) as page:
        path, screen = f"/media/whep/{SESSION}/r1/camera", f"/media/whip/{SESSION}/r1/screen"
        policy = {"iceServers": told["turn"]}
        await page.evaluate("([...all]) => play(...all)", [path, told["play"], "video", policy])
        found["chromium plays"] = await received(page, path, "frames", 15, 20)
        await page.evaluate("([...all]) => publish(...all)", [screen, told["publish"], "video", policy])
        shown = await peers.play("r1", "screen", token=told["play"])
        await shown.until(10)
        found["chromium publishes"] = shown.frames
        found["candidate"] = await page.evaluate(
            """async path => {
              const stats = [...(await window.peers[path].getStats()).values()];
              const pair = stats.find(one => one.type === "candidate-pair" && one.nominated);
              const local = stats.find(one => one.id === pair.localCandidateId);
              return [local.candidateType, local.relayProtocol];
            }""",
            path,
        )
    await peers.close()
    return found


def command(call: str) -> list[str]:
    """A command line that calls a function of this module, `serve(…)` or `tell(…)`.

    Not by -m: the relay's process imports the main module of its server anew, and this one loads a browser's driver.
    """
    return [sys.executable, "-c", f"from tests.deploy.one_port_peers import *; {call}"]


def tell(told: str) -> None:
    """What `meet` found, printed."""
    print(json.dumps(asyncio.run(meet(json.loads(told)))), flush=True)
