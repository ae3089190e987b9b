"""Running the server: its socket, its orderly end."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import uvicorn
from fastapi import FastAPI

from central_server.app import before_end
from central_server.config import Config
from central_server.errors import AddressError, PortTakenError
from central_server.ledger.routes import BatchesFirst
from models.reasons import reason

SHUTDOWN_LIMIT_S = 3


def listen(config: Config) -> socket.socket:
    """A bound socket. Raises AddressError or PortTakenError with what to do."""
    try:
        listener, address = _socket(config)
        if os.name == "posix":  # on Windows this would let two programs have one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(socket.SOMAXCONN)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise _no_host(config.host, error) from error
        denied = error.errno == errno.EACCES
        another = 8080 if denied and config.port != 8080 else config.port % 65535 + 1
        vi = "Hệ điều hành không cho phép" if denied else "Có thể một chương trình khác đang dùng"
        en = "The system does not allow it" if denied else "Another program may be using it"
        raise PortTakenError(
            f"Không mở được cổng {config.port} trên {config.host} ({reason(error).vi}). "
            f"{vi}; hãy chọn cổng khác: central-server serve --port {another}.",
            f"Port {config.port} on {config.host} can't be opened ({reason(error).en}). "
            f"{en}; choose another: central-server serve --port {another}.",
        ) from error
    return listener


def check_host(config: Config) -> None:
    """Raises AddressError unless this PC has the address. Whether the port is free is not asked: the server may run."""
    try:
        listener, address = _socket(msgspec.structs.replace(config, port=0))
        with listener:
            listener.bind(address)
    except OSError as error:
        raise _no_host(config.host, error) from error


def _socket(config: Config) -> tuple[socket.socket, Any]:
    """A socket, not yet bound, and the address to bind it to."""
    family, kind, protocol, _, address = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0]
    return socket.socket(family, kind, protocol), address


def _no_host(host: str, error: OSError) -> AddressError:
    why = reason(error)
    return AddressError(
        f'Máy này không có địa chỉ "{host}" ({why.vi}). Hãy ghi host = "127.0.0.1" (chỉ máy này) '
        'hoặc host = "0.0.0.0" (cả mạng).',
        f'This PC has no address "{host}" ({why.en}). Write host = "127.0.0.1" (this PC only) '
        'or host = "0.0.0.0" (the whole network).',
    )


def addresses(config: Config, listener: socket.socket) -> str:
    """The address that a browser on this PC (or behind the configured proxy) opens."""
    if config.public_address:
        return config.public_address.rstrip("/")
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """uvicorn, which ends the open event streams first: they would hold its end back."""

    def __init__(self, config: uvicorn.Config, before_end: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._before_end = before_end

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        await self._before_end()
        await super().shutdown(sockets)


def server(app: FastAPI) -> uvicorn.Server:
    """The server that runs `app`; `run(sockets=[listener])` serves until Ctrl-C or SIGTERM, then ends within 3 s."""
    settings = uvicorn.Config(
        BatchesFirst(app),
        log_config=None,
        access_log=False,  # addresses hold the key when somebody signs in
        timeout_graceful_shutdown=SHUTDOWN_LIMIT_S,
        lifespan="on",
        server_header=False,
    )
    return _Server(settings, lambda: before_end(app))
