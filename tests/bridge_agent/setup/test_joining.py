"""Joining on the page: whatever goes wrong is one sentence that says what to do, and can be mended by trying again."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bridge_agent.config import Config, Settings
from bridge_agent.errors import IdentityError, ServerAwayError
from bridge_agent.identity import load
from bridge_agent.key_store import KeyStore
from bridge_agent.setup.progress import Result
from bridge_agent.setup.state import SetupError
from bridge_agent.setup.wizard import Wizard
from central_server.bridge_points.joining import TOKEN_LIFE_MS
from models.join_code import JoinCodeError, read, write
from tests.central_server.running import Clock, Running, running, write_course


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("server")
    with running(folder / "data", Clock()) as one:
        one.load(write_course(folder / "course.toml"))
        yield one


def wizard(folder: Path) -> Wizard:
    folder.mkdir(exist_ok=True)
    return Wizard(Settings(Config(data=str(folder), key_store="file"), None), KeyStore(), lambda: 5)


async def test_a_line_as_the_server_shows_it_joins(server: Running, tmp_path: Path) -> None:
    one = wizard(tmp_path)
    assert not one.state.progress.guided, "an identity that was lost may come back"
    await one.join(f"  {write(server.address, server.token())}  ", "")
    assert one.has_joined and one.unfinished, "it is led through the steps that follow"
    member = one.membership()
    assert member is not None and (member.server, member.bridge_point_name) == (server.address, "Thủ Dầu Một")
    assert load(one.settings.folder, KeyStore()).membership == member


async def test_a_token_read_out_on_the_telephone_joins_with_its_look_alikes(server: Running, tmp_path: Path) -> None:
    token = server.token().lower().replace("0", "o").replace("1", "l").replace("-", " ")
    one = wizard(tmp_path)
    await one.join(token, f"{server.address}/")
    assert one.has_joined


async def test_two_tabs_that_join_at_once_join_once(server: Running, tmp_path: Path) -> None:
    one, line = wizard(tmp_path), write(server.address, server.token())
    await asyncio.gather(one.join(line, ""), one.join(line, ""))
    assert one.has_joined


async def test_a_used_an_expired_and_an_unknown_token_are_told_apart(server: Running, tmp_path: Path) -> None:
    used, old = server.token(), server.token()
    await wizard(tmp_path / "first").join(write(server.address, used), "")
    one = wizard(tmp_path / "second")
    with pytest.raises(IdentityError, match=r"đã được dùng.*xin mã mới"):
        await one.join(used, server.address)
    with pytest.raises(IdentityError, match=r"không đúng.*từng ký tự"):
        await one.join("8K2QX-7M4RD-V0T9B-3HJWN", server.address)
    server.clock.ms += TOKEN_LIFE_MS
    with pytest.raises(IdentityError, match=r"hết hạn.*xin mã mới"):
        await one.join(old, server.address)
    await one.join(server.token(), server.address)  # and a good one joins then
    assert one.has_joined


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "chưa có mã gia nhập"), ("8K2QX-7M4RD-V0T9B-3HJW", "có 19"), ("https://may-chu.vn", "chưa có mã gia nhập")],
)
def test_a_mistyped_token_is_found_out_before_anybody_is_asked(text: str, words: str) -> None:
    with pytest.raises(JoinCodeError, match=words):
        read(text)


async def test_a_server_that_is_away_or_not_named_is_said(server: Running, tmp_path: Path) -> None:
    one, token = wizard(tmp_path), server.token()
    with pytest.raises(SetupError, match="địa chỉ máy chủ"):
        await one.join(token, "")
    with pytest.raises(ServerAwayError, match="Không kết nối được"):
        await one.join(token, "http://127.0.0.1:1")
    assert not one.has_joined
    await one.join(token, server.address)
    assert one.has_joined


async def test_a_server_whose_certificate_is_not_good_gets_no_token(server: Running, tmp_path: Path) -> None:
    one = wizard(tmp_path / "agent")
    with stranger(tmp_path) as (address, asked), pytest.raises(ServerAwayError, match=r"chứng chỉ.*ngày giờ"):
        await one.join(server.token(), address)
    assert asked == [] and not one.has_joined


async def test_a_server_that_is_away_makes_the_network_step_bad_until_it_is_back(
    server: Running, tmp_path: Path
) -> None:
    one = wizard(tmp_path)
    await one.join(write(server.address, server.token()), "")
    there = one.settings.config
    one.settings.config = msgspec.structs.replace(there, server="http://127.0.0.1:1")
    assert (await measured(one)).said[0].light == "bad"
    assert not one.state.progress.passed("network", joined=True)
    one.settings.config = there
    one.measure_network()
    one.measure_network()  # pressed in two tabs
    found = await measured(one)
    assert found.said[0].light == "good" and found.figures["udp"] == "True"
    assert found.said[1].light == "bad" and "tự chỉnh giờ" in found.said[1].vi  # this server's clock stands still
    await one.close()


async def measured(one: Wizard) -> Result:
    """What the network step came to, once it is measured."""
    one.measure_network()
    async with asyncio.timeout(60):
        while one.measures.running("network"):
            await one.state.changes.wait(one.state.changes.version, 1.0)
    return one.state.progress.results["network"]


@contextmanager
def stranger(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A server with a certificate that nobody vouches for; and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)

        def log_message(self, format: str, *args: object) -> None:
            pass

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = folder / "stranger.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    class Server(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # the handshake that is refused

    with Server(("127.0.0.1", 0), Handler) as made:
        made.socket = context.wrap_socket(made.socket, server_side=True)
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{made.server_port}", asked
        made.shutdown()
