"""Running the console beside the agent's other loops: on this PC alone, quiet, and gone as soon as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.applications import Starlette

from bridge_agent.errors import ConsoleError
from models.reasons import reason

END_LIMIT_S = 1


class _Server(uvicorn.Server):
    """uvicorn that leaves the signals to the agent, which has its own order to end in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0: any free one. Raises ConsoleError with what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # on Windows this would let two programs have one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConsoleError(
            f"Không mở được trang của cán bộ kỹ thuật tại cổng {port} ({reason(error).vi}). "
            "Việc ghi nhận vẫn tiếp tục. Có thể một chương trình khác đang dùng cổng này; "
            "hãy tắt nó hoặc chọn cổng khác trong tệp cấu hình.",
            f"The technician's page can't be opened on port {port} ({reason(error).en}). Recording goes on. "
            "Another program may be using the port; end it, or choose another port in the settings file.",
        ) from error
    return listener


async def serve(
    app: Starlette, host: str = "127.0.0.1", port: int = 0, listening: Callable[[str], object] | None = None
) -> None:
    """Serve the pages until cancelled, then end within about a second. `listening` is told the address.

    Nothing is written of requests: they name learners. Raises ConsoleError when the port can't be had.
    """
    listener = listen(host, port)
    try:
        if listening is not None:
            listening(f"http://localhost:{listener.getsockname()[1]}")
        server = _Server(
            uvicorn.Config(
                app,
                log_level="warning",
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=END_LIMIT_S,
                ws="none",
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = True
            app.state.live.end()
            await serving
    finally:
        listener.close()
