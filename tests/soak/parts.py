"""The parts of a soak, each of which gives its processes' samples. `python -m tests.soak.parts PART` prints one's."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tests.soak import agent, course
from tests.soak.central import central
from tests.soak.fast_time import SharedTime
from tests.soak.gauge import Sample

WEEK_S: Final = 7 * 86_400.0


def class_time(
    folder: Path, seconds: float = course.WHOLE_S, every_s: float = 180.0, ends: float | None = None
) -> Iterator[Sample]:
    """The agent through a day of classes. ends: when it is cut off, by the monotonic clock, s."""
    yield from _agent(folder, seconds, every_s, days_later=0, ends=ends)


def idle_week(folder: Path, seconds: float = WEEK_S, every_s: float = 7_200.0) -> Iterator[Sample]:
    """The agent through a week before its first class."""
    yield from _agent(folder, seconds, every_s, days_later=8)


def _agent(
    folder: Path, seconds: float, every_s: float, *, days_later: int, ends: float | None = None
) -> Iterator[Sample]:
    time = SharedTime(folder / "time", course.BEGIN)
    with central(folder / "server", time, 1, agent.LEARNERS, days_later=days_later) as (server, _):
        token = server.tokens[course.point(0)]
        plan = agent.Plan(str(folder), str(time.path), server.address, token, seconds, every_s, days_later == 0)
        yield from agent.samples(plan, ends)


def recognition(folder: Path) -> Iterator[Sample]:
    """Recognition and capture on eight hours of pictures; nothing where the pictures are absent."""
    from tests.soak import eyes

    if not eyes.possible():
        print("# soak: recognition left out, it needs ../shared/pictures", file=sys.stderr)
        return
    yield from eyes.watched(folder)


def streaming(folder: Path) -> Iterator[Sample]:
    """Streaming and capture's encoder, in real time."""
    from tests.soak import stream

    yield from stream.streamed(folder)


def server_day(folder: Path) -> Iterator[Sample]:
    """The server with forty bridge points through a day of classes."""
    from tests.soak import office

    yield from office.server_day(folder)


@dataclass(frozen=True, slots=True)
class Part:
    """A part: what it is called in a measure's name, and what runs."""

    what: str
    run: Callable[[Path], Iterator[Sample]]


PARTS: Final[Mapping[str, Part]] = {
    "class_time": Part("8 h of class time", class_time),
    "idle_week": Part("a week without a class", idle_week),
    "recognition": Part("8 h of pictures", recognition),
    "streaming": Part("8 min in real time, the relay killed again and again", streaming),
    "server_day": Part("8 h of class time at 40 bridge points", server_day),
}


def of_part(name: str) -> Iterator[Sample]:
    """All of a part, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix=f"diemdanh-soak-{name}-") as folder:
        yield from PARTS[name].run(Path(folder))


def by_process(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    """The samples of each process, in order."""
    found: dict[str, list[Sample]] = {}
    for one in samples:
        found.setdefault(one.process, []).append(one)
    return found


def main() -> int:
    """Print a part's samples, a line of JSON each."""
    for one in of_part(sys.argv[1]):
        print(msgspec.json.encode(one).decode(), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
