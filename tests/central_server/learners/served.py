"""The app as `serve` runs it: with the threads that serve days and people."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI

from central_server.app import create_app
from central_server.config import Config


@contextmanager
def serving(folder: Path, now: Callable[[], int]) -> Iterator[FastAPI]:
    """The app's lifespan on a data folder, until the context ends."""
    app = create_app(Config(port=0, data=str(folder)), now, serving=True)
    started, end = threading.Event(), threading.Event()

    async def live() -> None:
        async with app.router.lifespan_context(app):
            started.set()
            await asyncio.to_thread(end.wait)

    thread = threading.Thread(target=lambda: asyncio.run(live()))
    thread.start()
    try:
        assert started.wait(60)
        yield app
    finally:
        end.set()
        thread.join(60)
