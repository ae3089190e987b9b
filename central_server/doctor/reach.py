"""Checks of what others reach: the port, the address with its certificate, the relay, the TURN server."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

from central_server.config import Config, MediaSettings
from central_server.doctor.finding import Finding, good, unknown, wrong
from central_server.errors import ServerError
from central_server.media.messages import Event, Ready, Settings
from central_server.media.process import RelayProcess
from central_server.serving import listen
from central_server.web.figures import day, day_time
from central_server.works import said
from models.reasons import reason

WAIT_S = 15.0
"""A busy server takes seconds for its first answer."""
SOON_DAYS = 14
"""A certificate that ends sooner was not renewed: those of a month and more are renewed before."""
RELAY_S = 60.0


def port(config: Config) -> Finding:
    """Our server has it, or nobody."""
    if _health(config) is not None:
        return good(f"Máy chủ đang chạy ở cổng {config.port}.", f"The server runs on port {config.port}.")
    try:
        listen(config).close()
    except ServerError as error:
        return wrong(error.vi, error.en)
    return good(
        f"Cổng {config.port} còn trống; máy chủ chưa chạy.", f"Port {config.port} is free; the server does not run."
    )


def background(config: Config) -> list[Finding]:
    """What the server that runs says of its work beside requests; nothing where none runs."""
    told = _health(config)
    if told is None or not isinstance(failing := told.get("failing"), list):
        return []
    found = [
        wrong(f"Từ {day_time(one['since'])}, {day(one['since'])}: {vi}",
              f"Since {day_time(one['since'])}, {day(one['since'])}: {en}")
        for one in failing
        for vi, en in (said(one["work"]),)
    ]  # fmt: skip
    return found or [
        good("Mọi việc nền của máy chủ đều chạy tốt.", "All of the server's work beside requests is well.")
    ]


def _health(config: Config) -> dict[str, Any] | None:
    """What /health of our server answers there; None: nobody does, or somebody else."""
    host = "127.0.0.1" if config.host in ("0.0.0.0", "::") else config.host  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(host, config.port, timeout=WAIT_S)
    try:
        connection.request("GET", "/health")
        answer = json.loads(connection.getresponse().read(100_000))
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return answer if isinstance(answer, dict) and {"ok", "media"} <= answer.keys() else None


def address(config: Config, now_s: float) -> Finding:
    """What browsers open: reached over TLS, with a certificate that they believe. now_s: seconds since 1970."""
    if config.public_address is None:
        if config.host in ("127.0.0.1", "::1", "localhost"):
            return unknown(
                "Chưa ghi public_address: chỉ máy này mở được trang.",
                "No public_address is set: only this machine opens the pages.",
            )
        return wrong(
            "Máy chủ nghe cả mạng mà không có TLS: mật khẩu đi không mã hóa. Hãy đặt Caddy hoặc nginx ở trước "
            "(deploy/server) và ghi public_address.",
            "The server listens to the network without TLS: passwords travel in the clear. Put Caddy or nginx before "
            "it (deploy/server) and set public_address.",
        )
    parts = urlsplit(config.public_address)
    if parts.scheme != "https":
        return wrong(
            f"{config.public_address} không có TLS: micro và màn hình không chia sẻ được, mật khẩu đi không mã hóa. "
            "Hãy dùng https (deploy/server).",
            f"{config.public_address} has no TLS: no microphone or screen is shared, and passwords travel in the "
            "clear. Use https (deploy/server).",
        )
    host = parts.hostname or ""
    try:
        days = certificate_days(host, parts.port or 443, ssl.create_default_context(), now_s)
    except ssl.SSLCertVerificationError as error:
        return wrong(
            f"Trình duyệt không tin chứng chỉ của {host}: {error.verify_message}. Hãy xin lại chứng chỉ cho đúng tên "
            "và còn hạn.",
            f"Browsers do not believe {host}'s certificate: {error.verify_message}. Get one for this name that is "
            "valid.",
        )
    except OSError as error:
        why = reason(error)
        return wrong(
            f"Không mở được {config.public_address} ({why.vi}). Hãy kiểm tra tên miền, tường lửa và Caddy hoặc nginx.",
            f"{config.public_address} can't be reached ({why.en}). Check the name, the firewall, and Caddy or nginx.",
        )
    if days < SOON_DAYS:
        return wrong(
            f"Chứng chỉ của {host} chỉ còn {days:.0f} ngày. Hãy xem vì sao chưa gia hạn.",
            f"{host}'s certificate ends in {days:.0f} days. See why it was not renewed.",
        )
    return good(f"{host}: chứng chỉ còn {days:.0f} ngày.", f"{host}: the certificate lasts {days:.0f} more days.")


def certificate_days(host: str, number: int, trust: ssl.SSLContext, now_s: float) -> float:
    """Days until the certificate of host:number ends. Raises OSError; of it SSLError where it is not believed."""
    with (
        socket.create_connection((host, number), timeout=WAIT_S) as plain,
        trust.wrap_socket(plain, server_hostname=host) as secure,
    ):
        certificate = secure.getpeercert() or {}
    return (ssl.cert_time_to_seconds(str(certificate["notAfter"])) - now_s) / 86_400


def relay(settings: MediaSettings) -> Finding:
    """A relay of its own starts and ends again."""
    began = time.monotonic()
    ready = asyncio.run(_start_relay(settings.pass_packets))
    took = time.monotonic() - began
    if ready is None:
        return wrong(
            f"Tiến trình chuyển tiếp hình và tiếng không khởi động được trong {RELAY_S:.0f} giây. Hãy xem lỗi phía "
            "trên và cài lại các gói (deploy/requirements/server.txt).",
            f"The relay for pictures and sound does not start within {RELAY_S:.0f} s. See the error above, and install "
            "the packages anew (deploy/requirements/server.txt).",
        )
    if settings.pass_packets and ready.way == "reencoding":
        return wrong(
            f"Chuyển tiếp phải mã hóa lại, tốn gấp nhiều lần ({ready.why}). Hãy cài đúng bản aiortc trong "
            "deploy/requirements/server.txt.",
            f"The relay encodes anew, at many times the cost ({ready.why}). Install the aiortc of "
            "deploy/requirements/server.txt.",
        )
    return good(f"Chuyển tiếp khởi động trong {took:.1f} giây.", f"The relay starts in {took:.1f} s.")


async def _start_relay(pass_packets: bool) -> Ready | None:
    first: asyncio.Future[Ready | None] = asyncio.get_running_loop().create_future()

    def tell(event: Event) -> None:
        if isinstance(event, Ready) and not first.done():
            first.set_result(event)

    def lost() -> None:
        if not first.done():
            first.set_result(None)

    process = RelayProcess(lambda: Settings(pass_packets=pass_packets), tell, lost)
    process.start()
    try:
        return await asyncio.wait_for(first, RELAY_S)
    except TimeoutError:
        return None
    finally:
        await process.end()


def turn(settings: MediaSettings) -> list[Finding]:
    """Each TURN server over TCP answers; UDP can't be told from here."""
    return [_turn(one) for one in settings.turn]


def _turn(uri: str) -> Finding:
    scheme, _, rest = uri.partition(":")
    place, _, query = rest.partition("?")
    host, _, number = place.rpartition(":") if ":" in place.rpartition("]")[2] else (place, "", "")
    if "transport=udp" in query:
        return unknown(f"{uri} đi qua UDP, không thử được ở đây.", f"{uri} is UDP, which can't be tried here.")
    name = host.strip("[]")
    try:
        where = int(number or (5349 if scheme == "turns" else 3478))
        with socket.create_connection((name, where), timeout=WAIT_S) as plain:
            if scheme == "turns":
                ssl.create_default_context().wrap_socket(plain, server_hostname=name).close()
    except (OSError, ValueError) as error:
        why = reason(error)
        return wrong(
            f"Máy chủ TURN {uri} không trả lời ({why.vi}). Hãy xem: systemctl status coturn, và tường lửa.",
            f"The TURN server {uri} does not answer ({why.en}). See: systemctl status coturn, and the firewall.",
        )
    return good(f"Máy chủ TURN {uri} trả lời.", f"The TURN server {uri} answers.")
