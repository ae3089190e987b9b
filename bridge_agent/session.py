"""One session at this bridge point: recognition's events become records and the live status. Pure but for the log.

What closes goes to `pending` and from there into the log in one transaction with what is still open; when the disk is
full it waits there, in memory, and the next `flush` takes it along.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bridge_agent.entries import Eyes, OpenSession, check_in, interval_record, seal
from bridge_agent.log import Log
from bridge_agent.recognition.events import Event, Ready, Sighted, Sweep, Trouble, Unwatched, Watched
from bridge_agent.server_clock import ClockSample
from models.presence import Interval, Recorder
from models.records import AnyRecord, CheckIn, CoverageEnd
from models.wire import LivePresence, LiveStatus

UNWATCHED_STEP_MS = 10_000
"""Between two looks lies a second, and a process that hangs is killed: only a PC that slept leaves more than this."""
NOTHING_YET = Eyes("?", "?")


def write_seal(log: Log, session: str, sample: Callable[[], ClockSample]) -> None:
    """Seal a session's part of the log. Raises DiskFullError or LogUnwritableError."""
    log.append([seal(session, log.of_session(session), sample())])


class Recording:
    """The record of one session while it runs. `earlier`: what the log holds of it already, from before a restart."""

    def __init__(self, session: str, earlier: Sequence[AnyRecord], sample: Callable[[], ClockSample]) -> None:
        self.session = session
        self.eyes = NOTHING_YET
        self.unknown = 0
        self.troubles: dict[str, Trouble] = {}
        """What recognition complains of now, by name."""
        self.pending: list[AnyRecord] = []
        self._recorder = Recorder()
        self._sample = sample
        self._checked_in = {record.learner for record in earlier if isinstance(record, CheckIn)}
        self._watching_from: int | None = None

    @property
    def watching(self) -> bool:
        """The room is watched now."""
        return self._recorder.state.covered_from is not None

    @property
    def unsaved(self) -> bool:
        """Something is not in the log yet, or goes on changing."""
        return bool(self.pending) or self.watching

    def take(self, event: Event) -> bool:
        """Take one event in; True when it made records or changed what people should see."""
        match event:
            case Ready():
                self.eyes = Eyes(event.detector, event.encoder)
                return True
            case Watched():
                return self._watched(event.at)
            case Sighted():
                return self._sighted(event)
            case Unwatched():
                return self._unwatched(event.at, event.ended_by)
            case Sweep():
                self.unknown = event.unknown
            case Trouble():
                # Several portraits may be wrong at once, and none of them passes by itself.
                name = f"portraits: {event.vi}" if event.name == "portraits" else event.name
                known = self.troubles.pop(name, None)
                if not event.passed:
                    self.troubles[name] = event
                return known != self.troubles.get(name)
        return False

    def stop(self, ended_by: CoverageEnd) -> None:
        """Nobody watches any more: recognition was told to end (`stopped`) or died (`crashed`)."""
        last = self._recorder.state.covered_to
        if last is not None:
            self._unwatched(last, ended_by)
        self.unknown = 0
        self.troubles.clear()

    def flush(self, log: Log) -> None:
        """Make everything durable: what is pending as records, what is open as saved state.

        Raises DiskFullError or LogUnwritableError; all of it is kept for the next call then.
        """
        if not self.unsaved:
            return
        log.append(self.pending, OpenSession(self.session, self._recorder.state, self._sample(), self.eyes))
        self.pending = []

    def close(self, log: Log) -> None:
        """Seal the session; watching has stopped. Raises as `flush`; may be called again then."""
        log.append(self.pending, OpenSession(self.session, self._recorder.state, self._sample(), self.eyes))
        self.pending = []
        write_seal(log, self.session, self._sample)

    def status(self, waiting: int, alarms: tuple[str, ...]) -> LiveStatus:
        """What the log does not tell yet."""
        clock = self._sample()
        state = self._recorder.state
        return LiveStatus(
            session=self.session,
            at=clock.server_time(clock.boot),
            watching_from=None if self._watching_from is None else clock.server_time(self._watching_from),
            watching_to=None if state.covered_to is None else clock.server_time(state.covered_to),
            present=tuple(
                LivePresence(learner=learner, start=clock.server_time(known.start), last=clock.server_time(known.last))
                for learner, known in sorted(state.present.items())
            ),
            unknown=self.unknown,
            waiting=waiting + len(self.pending),
            detector=self.eyes.detector,
            encoder=self.eyes.encoder,
            alarms=alarms,
        )

    def _watched(self, at: int) -> bool:
        last = self._recorder.state.covered_to
        if last is not None and at - last > UNWATCHED_STEP_MS:
            self._unwatched(last, "suspended")
        closed = self._recorder.watch(at)
        opened = self._watching_from is None
        if opened:
            self._watching_from = at
        return self._keep(closed) or opened

    def _sighted(self, event: Sighted) -> bool:
        present = self._recorder.present()
        new = event.learner not in present
        closed = self._recorder.sight(event.learner, event.at, event.score)
        if event.learner in present and event.learner not in self._checked_in:
            self._checked_in.add(event.learner)
            clock = self._sample()
            self.pending.append(check_in(self.session, event.learner, event.at, event.score, clock, self.eyes))
        return self._keep(closed) or new

    def _unwatched(self, at: int, ended_by: CoverageEnd) -> bool:
        self._watching_from = None
        return self._keep(self._recorder.unwatch(at, ended_by))

    def _keep(self, closed: Sequence[Interval]) -> bool:
        if not closed:
            return False
        clock = self._sample()
        self.pending += [interval_record(interval, self.session, clock, self.eyes) for interval in closed]
        return True
