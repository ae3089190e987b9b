"""Mute is the default also where a room's agent sends its sound: nobody hears it before somebody presses the button."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.central_server.classroom.lesson import SESSION, lesson
from tests.central_server.media.peers import Peers, RefusedByServerError, Ticking, Tone, spoken, until


async def test_an_agents_microphone_is_heard_and_counted_while_a_page_of_its_room_has_it_on(tmp_path: Path) -> None:
    with lesson(tmp_path, Ticking()) as one:
        peers, media, room = Peers(one.server), one.server.services.media, one.rooms["BC"]
        lecturer, technician = one.signed_in("lecturer"), one.signed_in("technician")
        tone = Tone()
        await peers.publish(room, "sound", tone)
        assert (await asyncio.to_thread(one.act, lecturer, "floor", "", room=room)).status_code == 200
        listener = await peers.play(room, "sound")
        await until(lambda: room in media.rooms(SESSION))
        await spoken(media, room, tone)
        assert (
            f"&#34;deviceMicrophones&#34;: [&#34;{room}&#34;]" in (await asyncio.to_thread(one.page, technician)).text
        )
        assert (listener.frames, media.spoken_ms(SESSION, room, 0, 2**53)) == (0, 0)
        tone.loud = True
        await asyncio.to_thread(one.act, technician, "microphone", page="p", on="yes")
        await listener.until(30)
        await until(lambda: media.spoken_ms(SESSION, room, 0, 2**53) > 0)
        await asyncio.to_thread(one.act, technician, "microphone", page="p")
        heard = listener.frames
        await tone.goes_on(100)
        assert listener.frames - heard < 25, "at most those that were on their way"

        # A page that captures the room's sound itself takes over, and the agent waits.
        turned_on = await asyncio.to_thread(one.act, technician, "microphone", page="p", on="yes")
        page = await peers.publish(room, "sound", Tone(), token=turned_on.json()["token"])
        await until(lambda: room not in media.sound_of_devices(SESSION))
        with pytest.raises(RefusedByServerError) as refused:
            await peers.publish(room, "sound", Tone())
        assert refused.value.answer.status_code == 409
        headers = {"Authorization": f"Bearer {page.token}"}
        assert (await asyncio.to_thread(technician.delete, page.location, headers=headers)).status_code == 200
        await peers.publish(room, "sound", Tone())
        await peers.close()
