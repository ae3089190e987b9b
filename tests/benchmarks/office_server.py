"""The server as it is in earnest, which also says how long each answer took it.

python -m tests.benchmarks.office_server FOLDER PORT
"""

from __future__ import annotations

import gc
import sys
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central_server.app import create_app
from central_server.config import Config
from central_server.serving import listen, server


class ServerTime:
    """The outermost layer: `Server-Timing`, from the request's arrival to the whole of its answer but the sending.

    A page is one piece, so its answer starts when it is rendered and compressed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and time."""
        begin = time.perf_counter()

        async def timed(message: Message) -> None:
            if message["type"] == "http.response.start":
                took = (time.perf_counter() - begin) * 1000
                MutableHeaders(scope=message)["Server-Timing"] = f"app;dur={took:.2f}"
            await send(message)

        await self._app(scope, receive, timed)


def main() -> None:
    """Serve until killed."""
    folder, port = sys.argv[1:]
    config = Config(port=int(port), data=folder)
    app = create_app(config, serving=True)
    app.add_middleware(ServerTime)
    gc.freeze()  # as the command does
    with listen(config) as listener:
        server(app).run(sockets=[listener])


if __name__ == "__main__":
    main()
