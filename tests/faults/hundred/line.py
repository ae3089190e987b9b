"""The line between agent and server: TLS by our own authority, a connection for each request, and what lines do."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "may-chu.test"
PORTAL = b"<!doctype html><title>Wi-Fi</title><h1>Welcome</h1><form action=/login><button>OK</button></form>"


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True)
class Mode:
    """What the line does. Without anything it carries all.

    accepts: takes connections. resets: and ends them at once. silent: and says nothing, not even of TLS. certificate:
    which one it shows, "" for none, plain HTTP. answer: says this instead of the server; only: to paths that begin so.
    drops: the server gets the request, the answer is lost. trickles: bytes a second. cut: bytes after which it hangs
    up. late_s: so much later. upstream: another server's port.
    """

    accepts: bool = True
    resets: bool = False
    silent: bool = False
    certificate: str = "good"
    answer: bytes | None = None
    only: tuple[str, ...] = ("/",)
    drops: bool = False
    trickles: float = 0.0
    cut: int | None = None
    late_s: float = 0.0
    upstream: int | None = None


class Line:
    """`become(Mode)`; what was under way ends with it."""

    def __init__(self, folder: Path, upstream: int) -> None:
        self.authority, self._contexts = _certificates(folder)
        self._upstream, self._mode = upstream, Mode()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"https://{HOST}:{self.port}"
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._do(self._become(Mode()))

    def become(self, mode: Mode) -> None:
        """Do this from now on."""
        self._do(self._become(mode))

    def close(self) -> None:
        """It is no more."""
        self._do(self._become(Mode(accepts=False)))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)  # type: ignore[arg-type]

    async def _become(self, mode: Mode) -> None:
        self._mode = mode
        for task in list(self._tasks):
            task.cancel()
        if self._server is not None:
            self._server.close()
            self._server = None
        if mode.accepts:
            self._server = await asyncio.start_server(self._taken, "127.0.0.1", self.port, reuse_address=True)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._carry(reader, writer, self._mode)
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError, ConnectionError, ValueError):
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mode: Mode) -> None:
        if mode.resets:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
            return
        if mode.silent:
            await asyncio.sleep(3600)
        if mode.certificate:
            await writer.start_tls(self._contexts[mode.certificate])
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
        body = await reader.readexactly(length) if length else b""
        await asyncio.sleep(mode.late_s)
        answer = mode.answer
        if answer is None or not first.split()[1].startswith(mode.only):
            answer = await self._asked(first, lines, body, mode.upstream or self._upstream)
        if mode.drops:
            await asyncio.sleep(3600)
        if mode.cut is not None:
            answer = answer[: mode.cut]
        if mode.trickles:
            for byte in answer:
                writer.write(bytes((byte,)))
                await writer.drain()
                await asyncio.sleep(1 / mode.trickles)
        writer.write(answer)
        await writer.drain()

    @staticmethod
    async def _asked(first: str, lines: list[str], body: bytes, port: int) -> bytes:
        kept = [line for line in lines if line and not line.lower().startswith(("connection:", "accept-encoding:"))]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write("\r\n".join([first, *kept, "Connection: close", "", ""]).encode("latin-1") + body)
            return await reader.read(-1)
        finally:
            writer.close()


def _certificates(folder: Path) -> tuple[Path, dict[str, ssl.SSLContext]]:
    """Our authority's file, and what the line may show: good, expired, another host's, another authority's."""
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def authority(text: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        key = ec.generate_private_key(ec.SECP256R1())
        made = (
            x509.CertificateBuilder().subject_name(name(text)).issuer_name(name(text)).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - 30 * day).not_valid_after(now + 30 * day)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
                    key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
                    decipher_only=False,
                ), critical=True,
            ).sign(key, hashes.SHA256())
        )  # fmt: skip
        return made, key

    ours, ours_key = authority("Ours")
    theirs, theirs_key = authority("Theirs")
    contexts: dict[str, ssl.SSLContext] = {}
    for kind, host, until, (by, by_key) in (
        ("good", HOST, now + 20 * day, (ours, ours_key)),
        ("expired", HOST, now - day, (ours, ours_key)),
        ("another_host", "another.test", now + 20 * day, (ours, ours_key)),
        ("unknown", HOST, now + 20 * day, (theirs, theirs_key)),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.97"))]
        made = (
            x509.CertificateBuilder().subject_name(name(host)).issuer_name(by.subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - 20 * day).not_valid_after(until)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by_key.public_key()), critical=False)
            .sign(by_key, hashes.SHA256())
        )  # fmt: skip
        pem = folder / f"{kind}.pem"
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        contexts[kind] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[kind].load_cert_chain(pem)
    trusted = folder / "authority.pem"
    trusted.write_bytes(ours.public_bytes(serialization.Encoding.PEM))
    return trusted, contexts


class Names:
    """Who answers where `may-chu.test` is: the hosts file, and a name server of our own on 127.0.0.97."""

    def __init__(self, folder: Path) -> None:
        self.hosts, self.resolver = folder / "hosts", folder / "resolv.conf"
        self.resolver.write_text("nameserver 127.0.0.97\noptions timeout:2 attempts:1\n", encoding="ascii")
        self._socket: socket.socket | None = None
        self.good()

    def good(self, address: str = "127.0.0.1") -> None:
        """The name is known, and stands for this address."""
        self.hosts.write_text(f"127.0.0.1 localhost\n{address} {HOST}\n", encoding="ascii")
        self._end()

    def unknown(self, *, answers: bool) -> None:
        """No hosts file knows it; the name server says that there is no such name, or nothing at all."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(0.2)
        self._socket.bind(("127.0.0.97", 53))
        if answers:
            threading.Thread(target=self._deny, args=(self._socket,), daemon=True).start()
        self.hosts.write_text("127.0.0.1 localhost\n", encoding="ascii")

    def gone(self) -> None:
        """There is no name server either."""
        self.hosts.write_text("127.0.0.1 localhost\n", encoding="ascii")

    def _end(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    @staticmethod
    def _deny(asked: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while asked.fileno() >= 0:
                try:
                    question, who = asked.recvfrom(2048)
                except TimeoutError:
                    continue
                # The same question back, as an answer (QR, RD, RA) that says NXDOMAIN.
                asked.sendto(question[:2] + b"\x81\x83" + question[4:6] + b"\0\0\0\0\0\0" + question[12:], who)


@contextmanager
def line(folder: Path, upstream: int) -> Iterator[Line]:
    """A line until the context ends."""
    made = Line(folder, upstream)
    try:
        yield made
    finally:
        made.close()
