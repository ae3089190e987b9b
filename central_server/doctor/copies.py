"""The server looks after its copies itself: whether one was made of late, and opens."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from central_server.background import Background
from central_server.doctor.finding import Verdict
from central_server.doctor.machine import backups
from central_server.errors import BackupError
from central_server.works import Works

LOOK_S: Final = 1_800.0


class CopyWatch(Background):
    """A thread that looks for the newest copy every half hour. folder: where copies are made (settings: `backups`)."""

    def __init__(self, folder: Path, works: Works, look_s: float = LOOK_S) -> None:
        super().__init__("copies", look_s, works=works)
        self._folder = folder

    def _turn(self) -> float:
        if (found := backups(self._folder, time.time())).verdict is Verdict.WRONG:
            raise BackupError(found.vi, found.en)
        return self._pause_s
