"""Whether a PIN is right, found out beside the event loop. Wrong tries are counted for each person, and soon cost time.

Times are ms of the boot-time clock. Numbers of tries are not kept over a restart of the agent.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bridge_agent.check_in.desk import DeskError
from models import argon2id

FREE_TRIES = 5
FIRST_PAUSE_MS = 60_000
LONGEST_PAUSE_MS = 15 * 60_000
"""A PIN of six digits then takes years of tries in front of the technician."""


@dataclass(slots=True)
class _Tries:
    wrong: int = 0
    until: int = 0


class Lockout:
    """Counts wrong PINs, person by person, and the desk's wrong card numbers. Pure; time is passed in.

    A try counts as wrong from its beginning until `right` says otherwise, so several at once win nothing.
    """

    def __init__(self) -> None:
        self._tries: dict[str, _Tries] = {}

    def begin(self, who: str, now: int) -> None:
        """A PIN of this person is about to be tried. Raises DeskError while he or she is locked out."""
        tries = self._tries.setdefault(who, _Tries())
        if now < tries.until:
            seconds = -(-(tries.until - now) // 1000)
            raise DeskError(
                f"Nhập sai quá nhiều lần. Hãy thử lại sau {seconds} giây, hoặc nhờ cán bộ kỹ thuật.",
                f"Too many wrong tries. Try again in {seconds} s, or ask the technician.",
            )
        tries.wrong += 1
        if tries.wrong >= FREE_TRIES:
            pause = FIRST_PAUSE_MS << min(tries.wrong - FREE_TRIES, 10)
            tries.until = now + min(pause, LONGEST_PAUSE_MS)

    def right(self, who: str) -> None:
        """The PIN was right."""
        self._tries.pop(who, None)


class Pins:
    """Compares PINs with their hashes in a thread of its own, so that recording does not wait. Close it when done."""

    def __init__(self) -> None:
        self.lockout = Lockout()
        self._thread = ThreadPoolExecutor(1, "argon2id")

    async def check(self, who: str, pin: str, phc: str | None, now: int) -> None:
        """Raises DeskError when the PIN is wrong, none was set, or too many were tried."""
        if phc is None:
            raise DeskError(
                "Người này chưa có mã PIN. Hãy nhờ cán bộ quản lý lớp đặt mã PIN trên máy chủ.",
                "This person has no PIN yet. Ask the class manager to set one on the server.",
            )
        self.lockout.begin(who, now)
        if not await asyncio.get_running_loop().run_in_executor(self._thread, argon2id.matches, pin.strip(), phc):
            raise DeskError("Mã PIN không đúng. Hãy nhập lại.", "The PIN is wrong. Type it again.")
        self.lockout.right(who)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)
