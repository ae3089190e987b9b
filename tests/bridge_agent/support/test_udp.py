"""Whether UDP passes is found out with real sockets: a real server's port, and STUN servers over UDP, TCP and TLS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aioice import stun

from bridge_agent.support import udp
from bridge_agent.support.measuring import LineSpeed
from bridge_agent.support.udp import Place, Ways, place, ways
from bridge_agent.support.verdict import line_findings
from central_server.config import MediaSettings
from tests.central_server.running import running, write_course
from tests.faults.sending import client, joined


@asynccontextmanager
async def answering_tcp() -> AsyncIterator[int]:
    """A STUN server over TCP."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = stun.parse_message(await reader.readexactly(20))
        writer.write(bytes(stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, asked.transaction_id)))
        await writer.drain()
        writer.close()

    made = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield made.sockets[0].getsockname()[1]
    finally:
        made.close()


async def test_udp_to_a_real_server_passes_and_the_turn_server_over_tcp_is_found(tmp_path: Path) -> None:
    async with answering_tcp() as port:
        secret = tmp_path / "secret"
        secret.write_text("not a real one")
        urls = (f"turn:127.0.0.1:{port}?transport=tcp", "turns:127.0.0.1:1?transport=tcp")
        media = MediaSettings(turn=urls, turn_secret_file=str(secret))
        with running(tmp_path / "data", media=media) as server:
            server.load(write_course(tmp_path / "course.toml"))
            async with client(server, joined(server)) as to:
                assert await ways(to) == Ways(relay_udp=True, turn_udp=None, turn_tcp=urls[0])
                asked = await to.udp()
                # Whoever has not got the key is not answered: nothing is reflected at anybody.
                assert not await udp.answers_udp(Place("127.0.0.1", asked.port, "udp"), "f" * 32, tries=1)
                assert await udp.answers_udp(Place("127.0.0.1", asked.port, "udp"), asked.key)


def test_a_port_that_nobody_answers_is_no_way() -> None:
    async def tried() -> tuple[bool, bool]:
        silent, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        port = silent.get_extra_info("sockname")[1]
        got = (
            await udp.answers_udp(Place("127.0.0.1", port, "udp")),
            await udp.answers_tcp(Place("127.0.0.1", 1, "tcp")),
        )
        silent.close()
        return got

    assert asyncio.run(tried()) == (False, False)


@pytest.mark.parametrize(
    ("uri", "wanted"),
    [
        ("turn:turn.vn:3478?transport=udp", Place("turn.vn", 3478, "udp")),
        ("turn:turn.vn", Place("turn.vn", 3478, "udp")),
        ("turns:turn.vn:443?transport=tcp", Place("turn.vn", 443, "tls")),
        ("turn:[2001:db8::1]:443?transport=tcp", Place("2001:db8::1", 443, "tcp")),
        ("stun:stun.vn", Place("stun.vn", 3478, "udp")),
        ("http://turn.vn", None),
        ("turn:turn.vn:99999", None),
        ("turn:", None),
    ],
)
def test_addresses_of_turn_servers_are_read(uri: str, wanted: Place | None) -> None:
    assert place(uri) == wanted


@pytest.mark.parametrize(
    ("found", "light", "words"),
    [
        (None, "unknown", "chưa đo được"),
        (Ways(True), "good", "thẳng tới máy chủ"),
        (Ways(False, True), "good", "qua máy chủ TURN"),
        (Ways(False, False, "turns:turn.vn:443"), "good", "turns:turn.vn:443"),
        (Ways(False, None, None), "attention", "cổng 443"),
        (Ways(False, False, ""), "attention", "Điểm danh vẫn chạy"),
    ],
)
def test_the_way_of_the_stream_is_said(found: Ways | None, light: str, words: str) -> None:
    line = LineSpeed(None, 25.0, 12, 8_000.0, True, found)
    (said,) = [one for one in line_findings(line) if one.name == "udp"]
    assert said.light == light and words in said.vi
