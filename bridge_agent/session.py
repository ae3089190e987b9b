"""One session at this bridge point: recognition's events become records and the live status. Pure but for the log.

What closes goes to `pending` and from there into the log in one transaction with what is still open; when the disk is
full it waits there, in memory, and the next `flush` takes it along.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from bridge_agent.check_in.attendance import Attendance
from bridge_agent.check_in.spot_checks import SpotChecks
from bridge_agent.entries import (
    Eyes,
    OpenSession,
    check_in,
    interval_record,
    link_record,
    score,
    seal,
    stamped,
    told_zones,
    unresumed,
)
from bridge_agent.headcount import Counted, Headcount
from bridge_agent.log import Log
from bridge_agent.recognition.events import Event, Ready, SeatLost, Sighted, Sweep, Trouble, Unwatched, Watched
from bridge_agent.recognition.pace import longest_pause
from bridge_agent.server_clock import ClockSample
from bridge_agent.streaming.link import LinkEnd, LinkInterval, LinkRecorder
from bridge_agent.untold import Untold
from models import records
from models.presence import CoverageInterval, Interval, OpenState, PresenceInterval, Recorder
from models.records import AnyRecord, CheckIn, CoverageEnd, Presence
from models.wire import LivePresence, LiveStatus, LiveStream, LiveUnobserved

NOTHING_YET = Eyes("?", "?")


def write_seal(log: Log, session: str, sample: Callable[[], ClockSample]) -> None:
    """Seal a session's part of the log, with what an earlier run left open of it.

    Raises DiskFullError or LogUnwritableError.
    """
    saved = log.left_open(session)
    left = [] if saved is None else unresumed(saved)
    clock = sample()
    sealed = seal(session, log.of_session(session), clock)
    log.append([*left, sealed], OpenSession(session, OpenState(), clock, NOTHING_YET))


def asks_nobody(again: Sequence[str]) -> SpotChecks:
    """No spot checks."""
    return SpotChecks(0, Random(0), again)  # noqa: S311 - it never draws


class Recording:
    """The record of one session while it runs.

    earlier, saved: what the log holds of it already, and what was open there, from before a restart. checks: makes its
    spot checks, given who was being asked.
    """

    def __init__(
        self,
        session: str,
        earlier: Sequence[AnyRecord],
        sample: Callable[[], ClockSample],
        saved: OpenSession | None = None,
        checks: Callable[[Sequence[str]], SpotChecks] = asks_nobody,
    ) -> None:
        self.session = session
        self.eyes = NOTHING_YET
        self.attendance = Attendance(session, sample, checks, earlier, saved)
        self.count = Headcount()
        self.roster = 0
        """How many learners the session has here."""
        self.last_seen: dict[str, int] = {
            record.learner: record.server_time(record.end) for record in earlier if isinstance(record, Presence)
        }
        """When each learner's last interval ended, server time."""
        self.unwatched_at: int | None = None
        """When the room was last watched, server time; None before it ever was, and while it is."""
        self._profile_said = any(isinstance(record, records.ProfileUsed) for record in earlier)
        self.troubles: dict[str, Trouble] = {}
        """What recognition complains of now, by name."""
        self.pending: list[AnyRecord] = []
        self._recorder = Recorder()
        self._link = LinkRecorder()
        self._is_over = False
        self._sample = sample
        self._untold = Untold[PresenceInterval]()
        """Presence that ended within this watch."""
        self._checked_in = {record.learner for record in earlier if isinstance(record, CheckIn)}
        self._watching_from: int | None = None
        self._sweep_ms = 0

    @property
    def watching(self) -> bool:
        """The room is watched now."""
        return self._recorder.state.covered_from is not None

    @property
    def unknown(self) -> int:
        """Faces in view now that match nobody."""
        return 0 if self.count.now is None else self.count.now.unknown

    @property
    def unsaved(self) -> bool:
        """Something is not in the log yet, or goes on changing."""
        unwritten = bool(self.pending or self.attendance.pending)
        return unwritten or self.watching or self._link.open is not None or not self.attendance.open.empty

    @property
    def far_seats(self) -> Mapping[str, int]:
        """Learners who may sit where no face can be identified, and since when nothing is known (server time)."""
        clock = self._sample()
        return {learner: clock.server_time(at) for learner, at in self.attendance.far.state.lost.items()}

    @property
    def present(self) -> Mapping[str, int]:
        """Learners whom the camera sees, and since when (server time)."""
        clock = self._sample()
        return {learner: clock.server_time(known.start) for learner, known in self._recorder.present().items()}

    def take(self, event: Event) -> bool:
        """Take one event in; True when it made records or changed what people should see."""
        match event:
            case Ready():
                self.eyes = Eyes(event.detector, event.encoder, told_zones(event.zones))
                return True
            case Watched():
                return self._watched(event.at)
            case Sighted():
                return self._sighted(event)
            case Unwatched():
                return self._unwatched(event.at, event.ended_by)
            case Sweep():
                return self._swept(event)
            case SeatLost():
                if self.watching:
                    self.attendance.seat_lost(event.learner, event.at)
                return self.watching
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
        self.troubles.clear()

    @property
    def streaming_from(self) -> int | None:
        """Since when the room's stream is up without a break, server time; None while it is not."""
        clock = self._sample()
        return None if self._link.since is None else clock.server_time(self._link.since)

    def stream_up(self, at: int) -> bool:
        """The room's stream was up at `at`; True when it was not just before."""
        if self._is_over:
            return False  # the seal is written: what comes late belongs to no session
        before = self._link.since
        self._linked(self._link.up(at))
        return self._link.since != before

    def stream_down(self, ended_by: LinkEnd) -> bool:
        """It is not up any more; True when it was."""
        closed = self._link.down(ended_by)
        self._linked(closed)
        return bool(closed)

    def _linked(self, closed: Sequence[LinkInterval]) -> None:
        if closed:
            clock = self._sample()
            self.pending += [link_record(interval, self.session, clock) for interval in closed]

    def profile_used(self, profile: str | None, state: str, encoder: str, threshold: float) -> None:
        """Write down, once, with which calibration profile the session is watched (record_kinds.ProfileUsed)."""
        if self._profile_said:
            return
        self._profile_said = True
        clock = self._sample()
        self.pending.append(
            stamped(
                records.ProfileUsed, self.session, clock, at=clock.boot, profile=profile, state=state,
                encoder=encoder, threshold=score(threshold),
            )
        )  # fmt: skip

    def tick(self, at: int, breaks: Sequence[tuple[int, int]], end: int, attended: bool) -> bool:
        """Time passes for those whom the camera does not know (Attendance.tick)."""
        return self.attendance.tick(at, breaks, end, attended)

    def over(self, at: int) -> None:
        """The session is over: what is still open of those whom the camera does not know ends at `at`."""
        self.stream_down("stopped")
        self._is_over = True
        self.attendance.close(at)

    def put_off(self, at: int) -> None:
        """The session was moved to a later time."""
        self.stream_down("stopped")
        self._is_over = True
        self.attendance.pause(at)

    def flush(self, log: Log) -> None:
        """Make everything durable: what is pending as records, what is open as saved state.

        Raises DiskFullError or LogUnwritableError; all of it is kept for the next call then.
        """
        if not self.unsaved:
            return
        self._save(log)

    def close(self, log: Log) -> None:
        """Seal the session; watching has stopped. Raises as `flush`; may be called again then."""
        self._save(log)
        write_seal(log, self.session, self._sample)

    def status(
        self,
        waiting: int,
        alarms: tuple[str, ...],
        stream: LiveStream | None = None,
        held: int = 0,
        suspicions: tuple[str, ...] = (),
    ) -> LiveStatus:
        """What the log does not tell yet. held: the seq up to which the server has the log."""
        clock = self._sample()
        state = self._recorder.state
        presence = [(one.learner, one.start, one.end) for one in self._untold.left(held)]
        presence += [(learner, known.start, known.last) for learner, known in state.present.items()]
        return LiveStatus(
            session=self.session,
            at=clock.server_time(clock.boot),
            watching_from=None if self._watching_from is None else clock.server_time(self._watching_from),
            watching_to=None if state.covered_to is None else clock.server_time(state.covered_to),
            present=tuple(
                LivePresence(learner=learner, start=clock.server_time(start), last=clock.server_time(last))
                for learner, start, last in sorted(presence)
            ),
            unknown=self.unknown,
            people=self.count.people,
            vouched=tuple(self.attendance.vouched()),
            unobserved=tuple(
                LiveUnobserved(learner=who, start=clock.server_time(start), last=clock.server_time(end), why=why)
                for who, start, end, why in self.attendance.unobserved(clock.boot, held)
            ),
            sweep_ms=0 if self.count.now is None else self.count.now.sweep_ms,
            waiting=waiting + len(self.pending) + len(self.attendance.pending),
            detector=self.eyes.detector,
            encoder=self.eyes.encoder,
            alarms=alarms,
            suspicions=suspicions,
            stream=stream,
        )

    def _save(self, log: Log) -> None:
        attendance = self.attendance
        opened = OpenSession(
            self.session, self._recorder.state, self._sample(), self.eyes, attendance.open, self._link.open
        )
        # Coverage last: who has only the beginning of the log must not miss what keeps somebody from being absent.
        seq = log.append([*attendance.pending, *self.pending], opened)
        self.pending = []
        attendance.pending = []
        self._untold.written(seq)
        attendance.untold.written(seq)

    def _watched(self, at: int) -> bool:
        last = self._recorder.state.covered_to
        if last is not None and at - last > longest_pause(self._sweep_ms):
            self._unwatched(last, "suspended")
        closed = self._recorder.watch(at)
        opened = self._watching_from is None
        if opened:
            self._watching_from = at
            self.unwatched_at = None
        self.attendance.watched(at)
        if closed and isinstance(closed[-1], CoverageInterval):
            self.attendance.covered(closed[-1].end)
        return self._keep(closed) or opened

    def _sighted(self, event: Sighted) -> bool:
        present = self._recorder.present()
        new = event.learner not in present
        closed = [*self._recorder.sight(event.learner, event.at, event.score)]
        told = self.attendance.sighted(event.learner, event.at)
        if event.learner in present and event.learner not in self._checked_in:
            self._checked_in.add(event.learner)
            if event.learner not in self.attendance.admitted:
                clock = self._sample()
                self.pending.append(check_in(self.session, event.learner, event.at, event.score, clock, self.eyes))
                self.attendance.seen(event.learner, event.at)
        return self._keep(closed) or told or new

    def _swept(self, sweep: Sweep) -> bool:
        """A look at the room; False: the numbers travel with the next status."""
        self._sweep_ms = sweep.sweep_ms
        if not self.watching:
            self._counted(self.count.end())
            return False
        self._counted(self.count.sweep(sweep))
        return self.attendance.looked(sweep)

    def _counted(self, minute: Counted | None) -> None:
        if minute is not None:
            vouched = len(self.attendance.vouched())
            self.pending.append(
                stamped(
                    records.Headcount, self.session, self._sample(), start=minute.start, end=minute.end,
                    people=minute.people, known=minute.known, unknown=minute.unknown, vouched=vouched,
                    roster=self.roster,
                )
            )  # fmt: skip

    def _unwatched(self, at: int, ended_by: CoverageEnd) -> bool:
        if self._watching_from is not None:
            self.unwatched_at = self._sample().server_time(at)
        self._watching_from = None
        self._counted(self.count.end())
        self.attendance.unwatched(at)
        told = self._keep(self._recorder.unwatch(at, ended_by))
        self._untold.clear()  # of a watch that ended a status claims nothing
        return told

    def _keep(self, closed: Sequence[Interval]) -> bool:
        if not closed:
            return False
        clock = self._sample()
        for interval in closed:
            self.pending.append(interval_record(interval, self.session, clock, self.eyes))
            if isinstance(interval, PresenceInterval):
                self.last_seen[interval.learner] = clock.server_time(interval.end)
                self._untold.add(interval)
        return True
