"""Who is checked in to one session and how, and what is known without the camera: the records of it. Pure but for the
random source that the spot checks draw from. Times are ms of the boot-time clock unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bridge_agent.check_in.spot_checks import ANSWER_MS, SpotChecks
from bridge_agent.check_in.vouching import Closed, Voucher
from bridge_agent.entries import OpenAttendance, OpenSession, confirmed_record, score, stamped, unresumed
from bridge_agent.server_clock import ClockSample
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
        self.admitted: dict[str, Admission] = {}
        """By learner: the latest check-in."""
        self.missing: dict[str, int] = {}
        """Learners who missed a spot check and have not confirmed since; since when, server time."""
        self.camera_knows: frozenset[str] = frozenset()
        self._sample = sample
        opened = saved.attendance if saved is not None else OpenAttendance()
        self._deputies = dict(opened.deputies)
        self.voucher = Voucher(opened.vouching)
        self.checks = checks(opened.asked)
        if saved is not None and saved.clock.boot_id != sample().boot_id:
            self.pending += unresumed(saved)
            self.voucher.pause(opened.vouching.to)
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
        return OpenAttendance(self.voucher.state, self.checks.standing, self._deputies)

    def knows(self, learners: frozenset[str]) -> None:
        """The camera looks for these learners now. What it sees of them says more than any confirmation."""
        lost = (self.camera_knows - learners) & self.admitted.keys() - self.missing.keys()
        self.voucher.state.waiting += sorted(lost - {*self.voucher.state.unwritten, *self.voucher.state.waiting})
        self.camera_knows = learners
        for learner in sorted({*self.voucher.state.unwritten, *self.voucher.state.waiting} & learners):
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
    ) -> bool:
        """Check a learner in at the desk; False where that is nothing new.

        Whom the room's camera alone had matched checks in anew: a desk has a challenge or a witness. Who had checked in
        and missed a spot check, or was not confirmed for too long, is confirmed by card or PIN from now on.
        """
        before = self.admitted.get(learner)
        new = before is None or before.method == "room_camera"
        if new:
            extra = {} if witness is None else {"witness": witness}
            if flags:
                extra["flags"] = flags  # type: ignore[assignment]  # of another type than a witness
            self._write(
                CheckIn, learner=learner, at=at, method=method,
                score=None if alike is None else score(alike), encoder=encoder, **extra,
            )  # fmt: skip
            self.admitted[learner] = Admission(self._sample().server_time(at), method)
        elif method in ("card", "pin") and (learner in self.missing or self.voucher.unconfirmed(learner)):
            self._write(Vouched, learner=learner, start=at, end=at, method=method, witness=witness)
        if method in ("card", "pin") and witness is not None and not self.voucher.vouched(learner):
            self._confirm(learner, at, "card" if method == "card" else "pin", witness)
        return new

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
            learner: None if learner in self.camera_knows else self.voucher.ago(learner, at)
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
        return (set(self.checks.asked), len(self.pending)) != before

    def pause(self, at: int) -> None:
        """The session was moved to a later time."""
        self.checks.withdraw()
        self._keep(self.voucher.pause(at))

    def close(self, at: int) -> None:
        """The session is over."""
        self.checks.forget()
        self._keep(self.voucher.close(at))
        self._deputies = {}

    def vouched(self) -> list[str]:
        """The learners who are taken to be in the room, on their last confirmation."""
        return sorted(learner for learner, known in self.voucher.state.unwritten.items() if known.confirmed)

    def _confirm(self, learner: str, at: int, method: Vouch, witness: str) -> None:
        self.missing.pop(learner, None)
        self.checks.answer(learner)
        if learner not in self.camera_knows:
            self._keep(self.voucher.confirm(learner, at, method, witness))

    def _keep(self, closed: Sequence[Closed]) -> None:
        self.pending += [confirmed_record(interval, self.session, self._sample()) for interval in closed]

    def _write(self, kind: type[CheckIn] | type[SpotCheck] | type[OnDuty] | type[Vouched], **fields: object) -> None:
        self.pending.append(stamped(kind, self.session, self._sample(), **fields))

    def _read(self, record: AnyRecord) -> None:
        """Take in what the log knows."""
        if isinstance(record, CheckIn):
            self.admitted[record.learner] = Admission(record.server_time(record.at), record.method)
            self.missing.pop(record.learner, None)
        elif isinstance(record, Vouched) or (isinstance(record, SpotCheck) and record.answered):
            self.missing.pop(record.learner, None)
        elif isinstance(record, SpotCheck):
            self.missing[record.learner] = record.server_time(record.asked)
