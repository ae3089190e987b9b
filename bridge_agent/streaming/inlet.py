"""Where capture calls: its packets come into the event loop, and wishes go back to it."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from multiprocessing import AuthenticationError
from multiprocessing.connection import Listener

from bridge_agent.capture.outlet import Given, StreamOut, Wish, clear
from models.child_process import read_into, write_from


class Inlet:
    """Listens until it is closed. came: gets what capture sends, in the event loop; called: a new capture did.

    Raises OSError when the address can't be had.
    """

    def __init__(self, out: StreamOut, came: Callable[[Given], None], called: Callable[[], None]) -> None:
        self._came, self._called = came, called
        self._loop = asyncio.get_running_loop()
        self._wishes: queue.SimpleQueue[Wish | None] | None = None
        clear(out.address)
        self._listener = Listener(out.address, authkey=out.key)
        threading.Thread(target=self._listen, daemon=True, name="inlet").start()

    def ask(self, wish: Wish) -> None:
        """Tell capture, if it is there; never waits for it."""
        if self._wishes is not None:
            self._wishes.put(wish)

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                conn = self._listener.accept()
            except (AuthenticationError, EOFError, ConnectionError):
                continue  # a stranger, or a capture that died as it called
            except OSError:
                return
            wishes = queue.SimpleQueue[Wish | None]()
            threading.Thread(target=write_from, args=(conn, wishes), daemon=True, name="wishes").start()
            self._loop.call_soon_threadsafe(self._begin, wishes)
            read_into(conn, self._loop, self._take)
            wishes.put(None)

    def _begin(self, wishes: queue.SimpleQueue[Wish | None]) -> None:
        self._wishes = wishes
        self._called()

    def _take(self, what: Given | None) -> None:
        if what is None:
            self._wishes = None
        else:
            self._came(what)
