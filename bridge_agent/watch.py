"""`bridge-agent watch`, the agent's eyes alone: a video or camera and portraits in; who was there, and when, out."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bridge_agent.capture.capture import Capture
from bridge_agent.capture.child import Pace
from bridge_agent.capture.frame import Frame
from bridge_agent.capture.source import parse_source
from bridge_agent.output import check_writable, write_json
from bridge_agent.recognition.commands import Command, Stop
from bridge_agent.recognition.events import Ended, Event, Sighted, UnknownSeen, Unwatched, Watched
from bridge_agent.recognition.watcher import Watcher
from bridge_agent.recognition.watching import Ask, watching
from models.faces.engine import FaceEngine, FaceProfile, load_engine
from models.faces.match import Gallery
from models.faces.portraits import enrol, read_portraits
from models.language import both
from models.presence import GAP_MS, CoverageInterval, Interval, Recorder
from models.spans import intersect, spans


@dataclass(slots=True)
class Findings:
    """What was seen so far. Intervals in ms on the source's clock."""

    recorder: Recorder = field(default_factory=lambda: Recorder(cut_ms=2**62))
    intervals: list[Interval] = field(default_factory=list)
    unknown: list[tuple[int, int]] = field(default_factory=list)
    frames: int = 0
    first: int | None = None
    last: int | None = None

    def take(self, event: Event) -> None:
        """Take in the next event."""
        match event:
            case Watched():
                self.first = event.at if self.first is None else self.first
                self.intervals += self.recorder.watch(event.at)
            case Sighted():
                self.intervals += self.recorder.sight(event.learner, event.at, event.score)
            case Unwatched():
                self.intervals += self.recorder.unwatch(event.at, event.ended_by)
            case UnknownSeen():
                self.unknown.append((event.start, event.end))
            case Ended():
                self.frames, self.last = event.frames, event.at
            case _:
                pass


def watch(
    source: str,
    portraits: Path,
    out: Path,
    *,
    sweep_ms: int = 1_000,
    for_seconds: float | None = None,
    faces: FaceProfile | None = None,
    console: Console | None = None,
) -> dict[str, Any]:
    """Watch `source` for the people in `portraits` and write the result to `out`; returns it.

    A file is watched as fast as the machine can, on its own clock; a camera until Ctrl-C or for `for_seconds`, with
    times from its first frame. A learner who is never seen has an entry without intervals, with score 0.

    Raises SourceError, FaceError (portraits, weights), OutputError, and CaptureLostError when the reading process dies:
    each before anything is written.
    """
    began = time.monotonic()
    wanted = parse_source(source)
    pictures = read_portraits(portraits)
    check_writable(out)
    console = console or Console(stderr=True)
    live = wanted.live
    with Capture(wanted, Pace(sweep_ms, newest=live, real_time=False)) as capture:
        opened = capture.open()
        engine = load_engine(faces or FaceProfile())
        gallery, problems = enrol(pictures, engine)
        if problems:
            raise problems[0]
        findings = Findings()
        length = None if live else opened.length_ms
        end = None if for_seconds is None else for_seconds * 1000
        with _interrupt(live) as stop, _bar(console, length if length is not None else end) as progress:
            if live:
                events = watching(capture, engine, gallery, sweep_ms=sweep_ms, ask=_asked(stop, end))
            else:
                events = _file(capture, engine, gallery, sweep_ms, end)
            for event in events:
                findings.take(event)
                if isinstance(event, Watched):
                    progress(event.at - (findings.first or 0 if live else 0))
    result = _result(findings, list(pictures), engine, live, time.monotonic() - began)
    write_json(out, json.dumps(result, ensure_ascii=False, indent=1).encode())
    return result


def _file(
    capture: Capture, engine: FaceEngine, gallery: Gallery, sweep_ms: int, end_ms: float | None
) -> Iterator[Event]:
    watcher = Watcher(engine, gallery, sensor=False)
    watcher.set_pace(sweep_ms)
    number = 0
    while isinstance(got := capture.next(), Frame):
        if end_ms is not None and got.at > end_ms:
            break
        number = got.number
        yield from watcher.frame(got)
    yield from watcher.stop()
    yield Ended(number if isinstance(got, Frame) else got.frames, watcher.last)


def _asked(stop: threading.Event, end_ms: float | None) -> Ask:
    """What `watching` asks for commands: Stop when `stop` is set, or after `end_ms`."""
    until = float("inf") if end_ms is None else time.monotonic() + end_ms / 1000

    def ask(wait_s: float) -> Command | None:
        ended = stop.wait(max(0.0, min(wait_s, until - time.monotonic()))) or time.monotonic() >= until
        return Stop() if ended else None

    return ask


@contextmanager
def _interrupt(live: bool) -> Iterator[threading.Event]:
    """Ctrl-C ends a camera's watch as its end would; on a file it stays what it is, for half a result is none."""
    stop = threading.Event()
    if not live or threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _bar(console: Console, length_ms: float | None) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, in ms of the source's clock; nothing where nobody looks."""
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(both("Đang xem", "Watching"), total=length_ms)
        yield lambda at: progress.update(task, completed=at)
        if length_ms is not None:
            progress.update(task, completed=length_ms)


def _result(findings: Findings, names: list[str], engine: FaceEngine, live: bool, took: float) -> dict[str, Any]:
    zero = (findings.first or 0) if live else 0

    def seconds(ms: int) -> float:
        return round((ms - zero) / 1000, 3)

    watched = [(i.start, i.end) for i in findings.intervals if isinstance(i, CoverageInterval)]
    learners: dict[str, dict[str, Any]] = {name: {"intervals": [], "sightings": 0, "best_score": 0.0} for name in names}
    coverage = []
    for interval in sorted(findings.intervals, key=lambda interval: interval.start):
        if isinstance(interval, CoverageInterval):
            coverage.append(
                {"from": seconds(interval.start), "to": seconds(interval.end), "ended_by": interval.ended_by}
            )
            continue
        entry = learners[interval.learner]
        entry["intervals"].append([seconds(interval.start), seconds(interval.end)])
        entry["sightings"] += interval.sightings
        entry["best_score"] = max(round(interval.best_score, 4), entry["best_score"])
    return {
        "learners": learners,
        "coverage": coverage,
        "unknown": [{"from": seconds(a), "to": seconds(b)} for a, b in unknown_times(findings.unknown, watched)],
        "frames": findings.frames,
        "video_seconds": _length(findings, zero) / 1000,
        "took_seconds": round(took, 3),
        "detector": engine.detector.name,
        "encoder": engine.encoder.name,
    }


def _length(findings: Findings, zero: int) -> int:
    """ms from the first frame to the end of the last one, which is shown for as long as the others on average."""
    if findings.last is None:
        return 0
    span = findings.last - zero
    return round(span * findings.frames / max(1, findings.frames - 1))


def unknown_times(pairs: list[tuple[int, int]], watched: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The times with anybody unknown in view: gaps bridged as for learners, never outside coverage."""
    if not pairs:
        return []
    widened = spans(np.array(pairs, np.int64) + np.array((0, GAP_MS)))
    bridged = spans(widened - np.array((0, GAP_MS)))
    return [(int(a), int(b)) for a, b in intersect(bridged, spans(watched))]
