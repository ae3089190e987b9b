"""Running the server: its socket, its log lines, its orderly end."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import datetime

import uvicorn
from fastapi import FastAPI

from central_server.app import before_end
from central_server.config import Config
from central_server.courses.course_file import VIETNAM
from central_server.errors import PortTakenError, why

SHUTDOWN_LIMIT_S = 3


def listen(config: Config) -> socket.socket:
    """A bound socket. Raises PortTakenError with what to do."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        if os.name == "posix":  # on Windows this would let two programs have one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(socket.SOMAXCONN)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        another = config.port % 65535 + 1
        raise PortTakenError(
            f"Không mở được cổng {config.port} trên {config.host} ({why(error)}). "
            f"Có thể một chương trình khác đang dùng; hãy chọn cổng khác: central-server serve --port {another}.",
            f"Port {config.port} on {config.host} can't be opened ({why(error)}). "
            f"Another program may be using it; choose another: central-server serve --port {another}.",
        ) from error
    return listener


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
        app,
        log_config=None,
        access_log=False,  # addresses hold the key when somebody signs in
        timeout_graceful_shutdown=SHUTDOWN_LIMIT_S,
        lifespan="on",
        server_header=False,
    )
    return _Server(settings, lambda: before_end(app))


class _Line(logging.Formatter):
    """time level logger message, as key=value words; names of people never stand in them."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        moment = datetime.fromtimestamp(record.created, VIETNAM).isoformat(timespec="milliseconds")
        line = (
            f"{moment} {record.levelname.lower()} {record.name.removeprefix('central_server.')} {record.getMessage()}"
        )
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def log_to_stderr() -> None:
    """Write log lines to the error output, where a service manager keeps them."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Line())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for quiet in ("uvicorn", "alembic"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
