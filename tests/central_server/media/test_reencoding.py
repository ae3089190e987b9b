"""Where packets can't be passed the relay re-encodes, says so, and a class goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiortc
import pytest

from central_server.config import MediaSettings
from central_server.media import passing
from tests.central_server.media.peers import SESSION, Painted, Peers, Ticking, Tone, until
from tests.central_server.running import running, write_course


def test_the_installed_aiortc_is_as_passing_needs_it() -> None:
    assert passing.missing() == []


def test_another_version_or_a_changed_method_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(self: object, media_ssrc: int, urgent: bool) -> None:
        """As another version might have it."""

    monkeypatch.setattr(aiortc, "__version__", "1.17.0")
    monkeypatch.setattr(aiortc.RTCRtpReceiver, "_send_rtcp_pli", changed)
    wrong = passing.missing()
    assert "aiortc 1.17.0 instead of 1.16.0" in wrong
    assert any("_send_rtcp_pli" in one for one in wrong)


async def test_a_relay_that_re_encodes_says_so_and_gives_picture_and_sound(tmp_path: Path) -> None:
    with running(tmp_path / "data", Ticking(), media=MediaSettings(pass_packets=False)) as server:
        server.load(write_course(tmp_path / "course.toml"))
        media, peers = server.services.media, Peers(server)
        await media.let_hear(SESSION, frozenset({"r1"}))
        await peers.publish("r1", "camera", Painted())
        tone = Tone()
        await peers.publish("r1", "sound", tone)
        picture, sound = await peers.play("r1", "camera"), await peers.play("r1", "sound")
        await asyncio.gather(picture.until(10), sound.until(30))
        assert media.way == "reencoding"
        assert server.client().get("/health").json()["media"] == "reencoding"
        assert sound.loud > 10
        await until(lambda: media.rooms(SESSION)["r1"].speaking)
        await media.let_hear(SESSION, frozenset())
        heard = sound.frames
        await tone.goes_on(100)
        assert sound.frames - heard < 25, "at most those that were on their way"
        await peers.publish("r1", "camera", Painted())
        await until(lambda: picture.connection.connectionState == "closed")
        await (await peers.play("r1", "camera")).until(10, 20)
        await peers.close()
