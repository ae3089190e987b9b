"""The central server as the agent sees it: signed requests out, messages of models.wire back, troubles as sentences."""

from __future__ import annotations

import asyncio
import socket
import ssl
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import quote

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bridge_agent.config import check_url
from bridge_agent.errors import IdentityError, RefusedError, ServerAwayError
from bridge_agent.identity import Identity
from bridge_agent.server_clock import ServerClock
from models.health import Health, LineAnswer, UdpAnswer
from models.reasons import Reason, reason
from models.receipts import Receipt
from models.records import Batch
from models.sealed_box import seal_to
from models.wire import (
    ClassroomTicket,
    ClassroomTicketRequest,
    EnrolmentAnswer,
    EnrolmentRequest,
    GalleryAnswer,
    JoinAnswer,
    JoinRequest,
    LearnerTicket,
    LearnerTicketRequest,
    LiveStatus,
    MediaTokenAnswer,
    MediaTokenRequest,
    PictureAnswer,
    Refusal,
    RotateAnswer,
    RotateRequest,
    ServerTime,
    Today,
    request_message,
)

M = TypeVar("M", bound=msgspec.Struct)

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
"""Seconds. A full batch takes a few seconds on a 512 kbit/s line; a server that is off should show sooner."""
ASKED_S = 60.0
"""The longest that a whole request may take: httpx's limits hold for each piece, and pieces may trickle for ever."""
SOON_S = 5.0
"""The same for the small ones, by which it shows that the server does not answer."""


class Server:
    """One central server. Close it when done, or use it in `async with`. `transport`: another than the network."""

    def __init__(
        self,
        url: str,
        clock: ServerClock,
        identity: Identity | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = check_url(url)
        self._clock = clock
        self._identity = identity
        # trust_env stays on: a ministry's network may have a proxy.
        self._http = httpx.AsyncClient(base_url=self.url, timeout=timeout, transport=transport)

    async def __aenter__(self) -> Self:
        """Nothing to open: connections are made when they are needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def join(self, request: JoinRequest) -> JoinAnswer:
        """Become a device. Raises IdentityError when the token is refused."""
        return await self._ask("POST", "/api/agent/join", JoinAnswer, msgspec.json.encode(request), signed=False)

    async def measure_clock(self) -> None:
        """Ask the server for its time once and keep the measurement."""
        sent = self._clock.clocks.boot()
        answer = await self._ask("GET", "/api/agent/time", ServerTime, signed=False, within_s=SOON_S)
        self._clock.measured(sent, self._clock.clocks.boot(), answer.server_time)

    async def today(self) -> Today:
        """This bridge point's sessions that have not ended."""
        return await self._ask("GET", "/api/agent/today", Today)

    async def gallery(self) -> GalleryAnswer:
        """By what the learners of these sessions can be known; sealed to this device's key."""
        return await self._ask("GET", "/api/agent/gallery", GalleryAnswer)

    async def enrol(self, request: EnrolmentRequest) -> EnrolmentAnswer:
        """Tell of a consent and the template made under it; the same one twice is one. Raises RefusedError."""
        return await self._ask("POST", "/api/agent/enrolments", EnrolmentAnswer, msgspec.json.encode(request))

    async def send_batch(self, batch: Batch) -> Receipt:
        """Send records; a batch carries its own signature. Raises RefusedError with `gap` or `fork`, and others."""
        kind = "application/x-ndjson"
        return await self._ask("POST", "/api/agent/batches", Receipt, batch.encode(), kind, signed=False)

    async def classroom(self, session: str) -> str:
        """The address that opens a session's classroom for this room, once and within minutes. Raises RefusedError."""
        request = msgspec.json.encode(ClassroomTicketRequest(session=session))
        ticket = await self._ask("POST", "/api/agent/classroom-ticket", ClassroomTicket, request)
        return self.url + ticket.path

    async def own_page(self, code: str, pin: str, console_port: int) -> str:
        """The address that opens a learner's own pages on this PC, once and within a minute.

        console_port: where this agent's pages are, to come back to. Raises RefusedError when code or PIN is wrong.
        """
        if self._identity is None:
            raise ValueError("only a joined agent asks")
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self._identity.membership.server_key))
        request = LearnerTicketRequest(code=code, pin=seal_to(key, pin.encode()), console_port=console_port)
        body = msgspec.json.encode(request)
        ticket = await self._ask("POST", "/api/agent/learner-ticket", LearnerTicket, body)
        return self.url + ticket.path

    async def rotate(self, request: RotateRequest, signer: Ed25519PrivateKey | None = None) -> RotateAnswer:
        """Ask for a new key; `signer` is the key that is followed, if it is not the present one.

        Raises IdentityError or RefusedError when the server gives none.
        """
        return await self._ask("POST", "/api/agent/rotate", RotateAnswer, msgspec.json.encode(request), signer=signer)

    async def send_status(self, status: LiveStatus) -> None:
        """Tell what is not yet a record."""
        await self._ask("POST", "/api/agent/status", ServerTime, msgspec.json.encode(status), within_s=SOON_S)

    async def send_health(self, health: Health) -> None:
        """Tell how this agent is."""
        await self._ask("POST", "/api/agent/health", ServerTime, msgspec.json.encode(health))

    async def try_line(self, body: bytes) -> LineAnswer:
        """Send bytes that the server drops: to measure the line."""
        return await self._ask("POST", "/api/agent/line", LineAnswer, body, "application/octet-stream")

    async def udp(self) -> UdpAnswer:
        """Have a port opened that answers STUN for some seconds. Raises RefusedError where the server is older."""
        return await self._ask("POST", "/api/agent/udp", UdpAnswer)

    async def media_token(self, request: MediaTokenRequest) -> MediaTokenAnswer:
        """Ask to publish in a session. Raises RefusedError when this bridge point may not."""
        return await self._ask("POST", "/api/agent/media-token", MediaTokenAnswer, msgspec.json.encode(request))

    async def send_picture(self, session: str, jpeg: bytes) -> PictureAnswer:
        """Send a still of the room, for the classroom page."""
        path = f"/api/agent/sessions/{quote(session, safe='')}/picture"
        return await self._ask("POST", path, PictureAnswer, jpeg, "image/jpeg")

    async def _ask(
        self,
        method: str,
        path: str,
        answer: type[M],
        body: bytes = b"",
        content_type: str = "application/json",
        *,
        signed: bool = True,
        signer: Ed25519PrivateKey | None = None,
        within_s: float = ASKED_S,
    ) -> M:
        headers = {"Content-Type": content_type} if body else {}
        if signed:
            headers["Authorization"] = self._authorization(method, path, body, signer)
        try:
            async with asyncio.timeout(within_s):
                response = await self._http.request(method, path, content=body or None, headers=headers)
        except TimeoutError as error:
            raise _away(self.url, *reason(error)) from error
        except httpx.RequestError as error:
            raise _unreachable(self.url, error) from error
        if response.status_code >= 500 or response.status_code in (408, 429):
            raise _away(self.url, str(response.status_code), str(response.status_code))
        try:
            if response.is_success:
                return msgspec.json.decode(response.content, type=answer)
            refusal = msgspec.json.decode(response.content, type=Refusal)
        except msgspec.MsgspecError as error:
            raise _stranger(self.url, response.status_code) from error
        if refusal.reason in ("token", "unknown_device", "signature"):
            raise IdentityError(refusal.vi, refusal.en)
        raise RefusedError(refusal)

    def _authorization(self, method: str, path: str, body: bytes, signer: Ed25519PrivateKey | None) -> str:
        if self._identity is None:
            raise ValueError("only a joined agent signs")
        sample = self._clock.sample()
        now = sample.server_time(sample.boot)
        signature = (signer or self._identity.key).sign(request_message(method, path, now, body)).hex()
        return f"Diemdanh {self._identity.membership.device} {now} {signature}"


def _unreachable(url: str, error: httpx.RequestError) -> ServerAwayError:
    """In words that say where to look: at names, at certificates, or at the line."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = _CERTIFICATES.get(cause.verify_code, Reason("không rõ nơi cấp", "of an unknown authority"))
            return ServerAwayError(
                f"Không kết nối an toàn được với máy chủ {url} (chứng chỉ {why.vi}). Hãy kiểm tra ngày giờ của máy này "
                "và địa chỉ máy chủ; nếu vẫn vậy, hãy báo quản trị hệ thống.",
                f"No safe connection to the server {url} (a certificate {why.en}). Check this PC's date and time and "
                "the server's address; if it stays, tell the administrator.",
            )
        if isinstance(cause, socket.gaierror):
            return ServerAwayError(
                f"Không tìm thấy máy chủ {url} trong mạng này (DNS). Hãy kiểm tra dây mạng và địa chỉ máy chủ; nếu vẫn "
                "vậy, hãy báo bộ phận mạng.",
                f"This network does not know where the server {url} is (DNS). Check the cable and the server's "
                "address; if it stays, tell whoever looks after the network.",
            )
        cause = cause.__cause__ or cause.__context__
    return _away(url, *_reason(error))


_CERTIFICATES: Final = {
    9: Reason("chưa có hiệu lực", "that is not valid yet"),
    10: Reason("đã hết hạn", "that has expired"),
    62: Reason("của máy chủ khác", "of another host"),
}
"""By OpenSSL's X509_V_ERR_ numbers."""


def _reason(error: httpx.RequestError) -> Reason:
    if isinstance(error, httpx.TimeoutException):
        return reason(TimeoutError())
    if isinstance(error, httpx.ConnectError):
        return Reason("không mở được kết nối", "no connection")
    return Reason("kết nối bị ngắt", type(error).__name__)


def _away(url: str, vi: str, en: str) -> ServerAwayError:
    return ServerAwayError(
        f"Không kết nối được máy chủ {url} ({vi}). Hãy kiểm tra địa chỉ, mạng, và máy chủ có đang chạy không.",
        f"The server {url} cannot be reached ({en}). Check the address, the network and that the server runs.",
    )


def _stranger(url: str, status: int) -> ServerAwayError:
    return ServerAwayError(
        f"{url} trả lời (mã {status}) nhưng không phải máy chủ Điểm danh. Hãy kiểm tra địa chỉ; nếu mạng đòi đăng nhập "
        "(Wi-Fi), hãy đăng nhập bằng trình duyệt.",
        f"{url} answers (status {status}) but is no Điểm danh server. Check the address; if the network asks for a "
        "sign-in (Wi-Fi), sign in by a browser.",
    )
