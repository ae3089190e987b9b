"""Which of the server's work beside requests fails, since when: for /health, /metrics, the administrator and doctor.

Each thing that is worked on (a session to be closed, a learner to be erased) fails for itself: it is tried again later
and later, and holds up no other. No error's message is kept, for it may name people.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

AGAIN_S: Final = (60.0, 120.0, 300.0, 900.0, 3_600.0)
"""After its first failure, its second … a thing is tried again so much later."""

Sentence = tuple[str, str]
"""Vietnamese, English."""
SEE_LOG: Final[Sentence] = (
    "Hãy xem dòng background_failed trong nhật ký máy chủ (journalctl -u central-server), chạy central-server doctor, "
    "rồi gửi cả hai cho người hỗ trợ.",
    "See the line background_failed in the server's log (journalctl -u central-server), run central-server doctor, and "
    "send both to support.",
)
COSTS: Final[Mapping[str, Sentence]] = {
    "settling": (
        "Chưa tính sẵn được số liệu của buổi học đã xong. Số liệu vẫn đúng, nhưng trang mở chậm hơn.",
        "The figures of sessions that are over can't be kept ready. They are right, but pages take longer.",
    ),
    "erasing": (
        "Chưa xóa được dữ liệu khuôn mặt, mã PIN, thẻ hoặc ảnh đã hết hạn giữ. Quy định buộc phải xóa.",
        "Face templates, PINs, cards or portraits whose term is over can't be erased. The law wants them gone.",
    ),
    "closing classrooms": (
        "Chưa đóng được lớp học trực tuyến đã quá giờ: lượt nói và tay giơ vẫn còn mở trong hồ sơ.",
        "Classrooms that are over can't be closed: turns and raised hands stay open on record.",
    ),
    "compiling": (
        "Chưa chuẩn bị được một trang. Trang đó có thể không mở được.",
        "A page can't be made ready. It may not open.",
    ),
    "rights to streams": (
        "Chưa kiểm tra được quyền xem và phát luồng: người vừa mất quyền vẫn có thể xem tiếp.",
        "The rights to streams can't be checked: who has just lost a right may go on watching.",
    ),
    "writing": (
        "Máy chủ không ghi được cơ sở dữ liệu. Các điểm cầu giữ bản ghi và sẽ gửi lại. Hãy kiểm tra đĩa còn trống và "
        "quyền ghi thư mục dữ liệu.",
        "The database can't be written. Bridge points keep their records and will send them again. Check the disk's "
        "room and the data folder's permissions.",
    ),
    "relay": (
        "Tiến trình chuyển tiếp hình và tiếng cứ dừng lại: lớp học không có hình. Việc điểm danh không bị ảnh hưởng.",
        "The relay for pictures and sound keeps ending: classes have no picture. Attendance is not touched.",
    ),
    "live pages": (
        "Trang theo dõi buổi học chưa tính được: người xem thấy số liệu cũ.",
        "A session's live page can't be computed: who watches sees old figures.",
    ),
    "copies": (
        "Bản sao cơ sở dữ liệu không có, đã cũ hoặc không mở được. Hãy chạy central-server doctor và xem systemctl "
        "status central-server-backup.",
        "The database's copy is missing, old or does not open. Run central-server doctor, and see systemctl status "
        "central-server-backup.",
    ),
}  # fmt: skip
"""What it costs that a work fails."""


def said(work: str) -> Sentence:
    """What it costs that a work fails, and what to do."""
    vi, en = COSTS.get(work, (f"Việc “{work}” không chạy được.", f"The work “{work}” fails."))
    if work in ("writing", "copies"):
        return vi, en
    return f"{vi} {SEE_LOG[0]}", f"{en} {SEE_LOG[1]}"


@dataclass(frozen=True, slots=True)
class Failing:
    """A work that fails now."""

    work: str
    since: int
    """Server time, ms: when the first failed of what fails now."""
    things: int
    """How many of the things that it works on fail."""
    kind: str
    """Of the last error."""
    place: str
    """Where that was raised: file and line."""

    @property
    def said(self) -> Sentence:
        """What it costs, and what to do."""
        return said(self.work)


@dataclass(slots=True)
class _Trouble:
    since: int
    times: int
    again: float
    kind: str
    place: str
    well_since: float | None = None


class Works:
    """What fails now. For all threads. now: server time, ms; clock: seconds that only run."""

    def __init__(self, now: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._now, self._clock = now, clock
        self._lock = threading.Lock()
        self._troubles: dict[tuple[str, str], _Trouble] = {}

    def due(self, work: str, thing: str = "") -> bool:
        """Whether a thing may be tried now: it has not failed lately."""
        with self._lock:
            trouble = self._troubles.get((work, thing))
            return trouble is None or self._clock() >= trouble.again

    def failed(self, work: str, kind: str, place: str = "", thing: str = "", *, calm_s: float = 0.0) -> None:
        """It failed; thing: an id, empty where it is the work as a whole. calm_s: as `well` was told."""
        clock = self._clock()
        with self._lock:
            before = self._troubles.pop((work, thing), None)  # the last one that failed comes last
            if before is not None and _over(before, clock, calm_s):
                before = None
            times = before.times + 1 if before else 1
            self._troubles[work, thing] = _Trouble(
                before.since if before else self._now(),
                times,
                clock + AGAIN_S[min(times, len(AGAIN_S)) - 1],
                kind,
                place,
            )

    def well(self, work: str, thing: str = "", *, calm_s: float = 0.0) -> None:
        """It worked. calm_s: so long it has to go well until it counts as mended."""
        with self._lock:
            trouble = self._troubles.get((work, thing))
            if trouble is None:
                return
            if calm_s:
                trouble.well_since = self._clock()
            else:
                del self._troubles[work, thing]

    def keep_only(self, work: str, things: Collection[str]) -> None:
        """Forget what is not to be worked on any more; the work as a whole stays."""
        with self._lock:
            for key in [key for key in self._troubles if key[0] == work and key[1] and key[1] not in things]:
                del self._troubles[key]

    def things(self, work: str) -> set[str]:
        """The things of a work that fail."""
        with self._lock:
            return {thing for of, thing in self._troubles if of == work and thing}

    def failing(self, calm_s: float = 60.0) -> tuple[Failing, ...]:
        """Each work that fails, the longest first."""
        clock = self._clock()
        found: dict[str, list[_Trouble]] = {}
        with self._lock:
            for key in [key for key, one in self._troubles.items() if _over(one, clock, calm_s)]:
                del self._troubles[key]
            for (work, _), trouble in self._troubles.items():
                found.setdefault(work, []).append(trouble)
        return tuple(
            sorted(
                (
                    Failing(work, min(one.since for one in all_), len(all_), all_[-1].kind, all_[-1].place)
                    for work, all_ in found.items()
                ),
                key=lambda one: (one.since, one.work),
            )
        )


def _over(trouble: _Trouble, clock: float, calm_s: float) -> bool:
    return trouble.well_since is not None and clock - trouble.well_since >= calm_s


def told(error: BaseException) -> tuple[str, str]:
    """What an error is and where it was raised: its message may name people, and is left out."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    return type(error).__name__, where
