"""Who is checked in to one session and how, and what is known without the camera: the records of it. Pure but for the
random source that the spot checks draw from. Times are ms of the boot-time clock unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bridge_agent.check_in.far_seats import FarSeats
from bridge_agent.check_in.spot_checks import ANSWER_MS, SpotChecks
from bridge_agent.check_in.vouching import Closed, UnobservedInterval, Voucher
from bridge_agent.entries import OpenAttendance, OpenSession, confirmed_record, score, stamped, unresumed
from bridge_agent.recognition.events import Sweep
from bridge_agent.server_clock import ClockSample
from bridge_agent.untold import Untold
from models.records import (
    AnyRecord,
    CheckIn,
    CheckInMethod,
    Flag,
    OnDuty,
    SpotCheck,
    Vouch,
    Vouched,
)

Sample = Callable[[], ClockSample]


@dataclass(frozen=True, slots=True)
class Admission:
    """How a learner checked in, at `at` (server time, ms)."""

    at: int
    method: CheckInMethod
    flags: frozenset[Flag] = frozenset()
    """All that was odd, then or when the learner came again."""


Why = Literal["far_seat", "no_face", "unconfirmed"]
Blank = tuple[str, int, int, Why]
"""Of this learner, from when to when, nothing is known, and why."""


class Attendance:
    """The check-ins, confirmations and spot checks of one session.

    earlier: the session's records that the log holds. saved: what was open when an earlier run ended.
    """

    def __init__(
        self,
        session: str,
        sample: Sample,
        checks: Callable[[Sequence[str]], SpotChecks],
        earlier: Iterable[AnyRecord] = (),
        saved: OpenSession | None = None,
    ) -> None:
        self.session = session
        self.pending: list[AnyRecord] = []
        """Records that the log does not hold yet."""
        self.untold = Untold[Closed]()
        """What was written of those whom the camera does not know, and the server may not have yet."""
        self.admitted: dict[str, Admission] = {}
        """By learner: the check-in that counts."""
        self.missing: dict[str, int] = {}
        """Learners who missed a spot check and have not confirmed since; since when, server time."""
        self.camera_knows: frozenset[str] = frozenset()
        self._sample = sample
        opened = saved.attendance if saved is not None else OpenAttendance()
        self._deputies = dict(opened.deputies)
        self.voucher = Voucher(opened.vouching)
        self.far = FarSeats(opened.far)
        self.unsure = list(opened.unsure)
        """Learners whom the camera could not recognise at the desk: confirmations count for them, and sightings too."""
        self.checks = checks(opened.asked)
        if saved is not None and saved.clock.boot_id != sample().boot_id:
            self.pending += unresumed(saved)
            self.voucher.pause(opened.vouching.to)
            self.far.rebooted(sample().boot)
        for record in earlier:
            self._read(record)
        if saved is None:  # another log had it, or it was taken over: nothing is known until they confirm
            without = [learner for learner, how in self.admitted.items() if how.method in ("card", "pin")]
            self.voucher.state.waiting += [learner for learner in without if learner not in self.missing]

    @property
    def deputies(self) -> dict[str, str]:
        """Learners who may be on duty in this session, and who named each."""
        return self._deputies

    @property
    def open(self) -> OpenAttendance:
        """What is not a record yet."""
        return OpenAttendance(self.voucher.state, self.checks.standing, self._deputies, self.far.state, self.unsure)

    def knows(self, learners: frozenset[str]) -> None:
        """The camera looks for these learners now. What it sees of them says more than any confirmation."""
        learners -= {*self.unsure}
        lost = (self.camera_knows - learners) & self.admitted.keys() - self.missing.keys()
        self.voucher.state.waiting += sorted(lost - {*self.voucher.state.unwritten, *self.voucher.state.waiting})
        self.camera_knows = learners
        for learner in sorted({*self.voucher.state.unwritten, *self.voucher.state.waiting} & learners):
            if not self.far.hides(learner):
                self._keep(self.voucher.release(learner, self._sample().boot))

    def admit(
        self,
        learner: str,
        method: CheckInMethod,
        *,
        at: int,
        witness: str | None = None,
        alike: float | None = None,
        encoder: str = "",
        flags: tuple[Flag, ...] = (),
        unsure: bool = False,
    ) -> bool:
        """Check a learner in at the desk; False where that is nothing new. unsure: the camera had not recognised the
        learner, who stood before it: for this session it is taken not to know him or her.

        Whom the room's camera alone had matched checks in anew: a desk has a challenge or a witness. What is odd when a
        learner comes again is recorded, too, or the worse try would only have to be the second. Who had checked in
        and missed a spot check, or was not confirmed for too long, is confirmed by card or PIN from now on.
        """
        before = self.admitted.get(learner)
        new = before is None or before.method == "room_camera"
        known = frozenset[Flag]() if before is None else before.flags
        if new or not known.issuperset(flags):
            extra = {} if witness is None else {"witness": witness}
            if flags:
                extra["flags"] = flags  # type: ignore[assignment]  # of another type than a witness
            self._write(
                CheckIn, learner=learner, at=at, method=method,
                score=None if alike is None else score(alike), encoder=encoder, **extra,
            )  # fmt: skip
            self._admitted(learner, self._sample().server_time(at), method, flags)
        if not new and method in ("card", "pin") and (learner in self.missing or self.voucher.unconfirmed(learner)):
            self._write(Vouched, learner=learner, start=at, end=at, method=method, witness=witness)
        if unsure and learner not in self.unsure:
            self.unsure.append(learner)
            self.camera_knows -= {learner}
            self._keep(self.far.sighted(learner, at))  # it is not for the camera to say where this learner sits
        if method in ("card", "pin") and witness is not None and not self.voucher.vouched(learner):
            self._confirm(learner, at, "card" if method == "card" else "pin", witness)
        self._came(learner, at, by_face=method == "face")
        return new

    def sighted(self, learner: str, at: int) -> bool:
        """The room's camera saw a learner; True when that ended something."""
        hidden = self.far.hides(learner)
        closed = self.far.sighted(learner, at)
        self._keep(closed)
        if learner in self.camera_knows:
            self.missing.pop(learner, None)
            if hidden and not self.far.hides(learner):
                self.voucher.forget(learner)  # what was to be said of this time has been
        return bool(closed)

    def seat_lost(self, learner: str, at: int) -> None:
        """A learner's track was lost where the camera can't tell who sits there."""
        self.far.lose(learner, at)
        self._far_began()

    def looked(self, sweep: Sweep) -> bool:
        """A look at the watched room; True when something ended by it."""
        hidden = {*self.far.state.lost}
        closed = self.far.looked(sweep, self.camera_knows - self.missing.keys())
        self._keep(closed)
        for learner in hidden - self.far.state.lost.keys():
            self.voucher.forget(learner)
        self._far_began()
        return bool(closed)

    def watched(self, at: int) -> None:
        """The room is watched at `at`."""
        self.far.watched(at)

    def covered(self, at: int) -> None:
        """Coverage is written up to `at`; so is, before it, of whom nothing is known till then."""
        asked = {learner: question.asked for learner, question in self.checks.asked.items()}
        self._keep(self.voucher.tell(at, asked))
        self._keep(self.far.tell(at, asked))

    def unwatched(self, at: int) -> None:
        """Coverage ended at `at`."""
        self.covered(at)
        self._keep(self.far.unwatched(at))
        self.untold.clear()  # whoever gets the coverage has got this before
        self._far_began(dict.fromkeys(self.far.state.waiting, at))

    def _far_began(self, since_of: Mapping[str, int] | None = None) -> None:
        """Confirmations count for whom the camera can say nothing of: the first was when it last could."""
        for learner, since in (self.far.state.lost if since_of is None else since_of).items():
            if learner in self.camera_knows and learner in self.admitted and learner not in self.missing:
                self.voucher.begin(learner, since)

    def _watched_over(self, learner: str) -> bool:
        """The camera says of this learner whether he or she is there."""
        return learner in self.camera_knows and not self.far.hides(learner)

    def seen(self, learner: str, at: int) -> None:
        """The room's camera checked a learner in (its record is session.Recording's)."""
        self.admitted.setdefault(learner, Admission(self._sample().server_time(at), "room_camera"))

    def answered(self, learner: str, at: int, method: Vouch, witness: str) -> bool:
        """A learner who is asked confirmed; False when nobody asked."""
        question = self.checks.answer(learner)
        if question is None:
            return False
        self._write(SpotCheck, learner=learner, asked=question.asked, at=at, answered=True, method=method)
        self._confirm(learner, at, method, witness)
        return True

    def enrolled(self, learner: str, at: int, witness: str) -> None:
        """The learner's template was made before the witness: who is vouched for was there until now."""
        self._came(learner, at, by_face=True)
        if self.voucher.vouched(learner) or self.voucher.unconfirmed(learner):
            self._confirm(learner, at, "technician", witness)

    def on_duty(self, witness: str, at: int) -> None:
        """This person is on duty from now on."""
        self._write(OnDuty, at=at, witness=witness, named_by=self._deputies.get(witness))

    def name_deputy(self, learner: str, by: str) -> None:
        """This learner may be on duty in this session."""
        self._deputies[learner] = by

    def tick(self, at: int, breaks: Sequence[tuple[int, int]], end: int, attended: bool) -> bool:
        """Time passes; True when a record was made or somebody is asked anew.

        breaks, end: of the session. attended: somebody is on duty, who may take answers.
        """
        self.voucher.breaks = breaks
        before = set(self.checks.asked), len(self.pending)
        self._keep(self.voucher.tick(at))
        free = all(not (start - ANSWER_MS <= at < until) for start, until in (*breaks, (end, 2**62)))
        if not attended or at >= end:
            self.checks.withdraw()
        here = {
            learner: None if self._watched_over(learner) else self.voucher.ago(learner, at)
            for learner in self.admitted
            if learner not in self.missing
        }
        for question in self.checks.tick(at, here, attended and free):
            self._write(
                SpotCheck, learner=question.learner, asked=question.asked, at=question.until,
                answered=False, method=None,
            )  # fmt: skip
            self.missing[question.learner] = self._sample().server_time(question.asked)
            self._keep(self.voucher.missed(question.learner, question.asked))
            self._keep(self.far.missed(question.learner, question.asked))
        return (set(self.checks.asked), len(self.pending)) != before

    def pause(self, at: int) -> None:
        """The session was moved to a later time."""
        self.checks.withdraw()
        self._keep(self.far.unwatched(at))
        self._keep(self.voucher.pause(at))

    def close(self, at: int) -> None:
        """The session is over."""
        self.checks.forget()
        self._keep(self.voucher.close(at))
        self._keep(self.far.close(at))
        self._deputies, self.unsure = {}, []

    def vouched(self) -> list[str]:
        """The learners who are taken to be in the room, on their last confirmation. Not those in far seats: if they are
        there they count among the faces that have no name."""
        known = self.voucher.state.unwritten.items()
        return sorted(learner for learner, how in known if how.confirmed and not self.far.hides(learner))

    def unobserved(self, at: int, held: int) -> list[Blank]:
        """Time up to `at` in which nothing is known and the room may have been watched, as far as the server can't know
        by the log, which it has up to the seq `held`."""
        left = self.untold.left(held)
        some: list[Blank] = [(one.learner, one.start, one.end, _why(one)) for one in left]
        some += [(learner, since, at, "far_seat") for learner, since in self.far.state.lost.items()]
        some += [
            (learner, known.since, at, "unconfirmed" if known.confirmed else "no_face")
            for learner, known in self.voucher.state.unwritten.items()
            if not self.far.hides(learner)
        ]
        return [(learner, start, end, why) for learner, start, end, why in some if start < end]

    def _confirm(self, learner: str, at: int, method: Vouch, witness: str) -> None:
        self.missing.pop(learner, None)
        self.checks.answer(learner)
        self._came(learner, at, by_face=False)
        if not self._watched_over(learner):
            self._keep(self.voucher.confirm(learner, at, method, witness))

    def _came(self, learner: str, at: int, *, by_face: bool) -> None:
        """The learner was confirmed on the spot. Whose face was matched at the desk, or put on file there, the camera
        names as well as before when a PIN or card confirms it later; not so whom it could not recognise."""
        admitted, before = self.admitted.get(learner), self.far.state.came.get(learner)
        matched = (admitted is not None and admitted.method == "face") or (before is not None and before.by_face)
        self.far.came(learner, at, by_face=by_face or (matched and learner not in self.unsure))

    def _keep(self, closed: Sequence[Closed]) -> None:
        for interval in closed:
            unconfirmed = isinstance(interval, UnobservedInterval) and interval.why == "no_face"
            if not (unconfirmed and self.far.hides(interval.learner)):  # FarSeats says it
                self.pending.append(confirmed_record(interval, self.session, self._sample()))
                self.untold.add(interval)

    def _write(self, kind: type[CheckIn] | type[SpotCheck] | type[OnDuty] | type[Vouched], **fields: object) -> None:
        self.pending.append(stamped(kind, self.session, self._sample(), **fields))

    def _admitted(self, learner: str, at: int, method: CheckInMethod, flags: tuple[Flag, ...]) -> bool:
        """A check-in at `at` (server time) is on record; True when it is the one that counts now."""
        before = self.admitted.get(learner)
        counts = before if before is not None and before.method != "room_camera" else Admission(at, method)
        known = frozenset[Flag]() if before is None else before.flags
        self.admitted[learner] = replace(counts, flags=known.union(flags))
        return counts is not before

    def _read(self, record: AnyRecord) -> None:
        """Take in what the log knows."""
        if isinstance(record, CheckIn):
            flags = record.flags if isinstance(record.flags, tuple) else ()
            if self._admitted(record.learner, record.server_time(record.at), record.method, flags):
                self.missing.pop(record.learner, None)
        elif isinstance(record, Vouched) or (isinstance(record, SpotCheck) and record.answered):
            self.missing.pop(record.learner, None)
        elif isinstance(record, SpotCheck):
            self.missing[record.learner] = record.server_time(record.asked)


def _why(interval: Closed) -> Why:
    return interval.why if isinstance(interval, UnobservedInterval) else "unconfirmed"
