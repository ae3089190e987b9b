"""Spot checks: who is asked to confirm, and when, so that nobody can foresee it. Pure; time and randomness come in.

A learner whom the camera does not know is asked at a moment drawn evenly from the time after each confirmation, at most
twice the mean set and always before the last confirmation stops to vouch (vouching.VOUCH_MS). Right after an answer the
next question may come at once. The learners whom the camera knows are asked too: one of them, whoever is drawn, each
mean on average (exponential: what has been tells nothing of what comes). Deploy/decisions/0020 has the reasons.

All times are ms of the boot-time clock. While nobody may be asked (a break, nobody on duty) no lot comes nearer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random

from bridge_agent.check_in.vouching import VOUCH_MS

ANSWER_MS = 180_000
AT_ONCE = 3
QUEUE_MS = 120_000
"""What a due question may wait for a free place, that the answer still comes before VOUCH_MS."""
LONGEST_MS = VOUCH_MS - ANSWER_MS - QUEUE_MS
STEP_MS = 60_000
"""A longer pause between two ticks is a PC that slept or an agent that hung, in which nobody could answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """A learner is asked from `asked` on, until `until`."""

    learner: str
    asked: int
    until: int


class SpotChecks:
    """The questions that stand, and the lots drawn for the next ones.

    mean_ms: 0 asks nobody. rng: random.SystemRandom in the product. again: learners who were being asked when the agent
    died; they are asked anew, as nobody could take their answer.
    """

    def __init__(self, mean_ms: int, rng: Random, again: Iterable[str] = ()) -> None:
        self._mean_ms = mean_ms
        self._rng = rng
        self._again = list(again)
        self.asked: dict[str, Question] = {}
        """By learner."""
        self._lessons = 0
        """Time in which somebody could be asked, ms."""
        self._last: int | None = None
        self._due: dict[str, float] = {}
        """When each learner whom the camera does not know is asked, on the clock `_lessons`."""
        self._one_due: float | None = None
        """When one of the others is."""

    def tick(self, at: int, learners: Mapping[str, int | None], may_ask: bool) -> list[Question]:
        """Time passes; returns the questions that were not answered in time.

        learners: everybody checked in who is not known to have left, and how long ago (ms, outside breaks) the last
        confirmation was; None for those whom the camera knows. may_ask: somebody is on duty, and neither a break nor
        the end is near.
        """
        step = 0 if self._last is None else at - self._last
        self._last = at
        if step > STEP_MS:
            self._again += self.asked
            self.asked.clear()
        missed = [question for question in self.asked.values() if question.until <= at]
        for question in missed:
            del self.asked[question.learner]
            self._due.pop(question.learner, None)
        gone = {question.learner for question in missed}
        if may_ask and self._mean_ms:
            self._lessons += min(step, STEP_MS)
            self._ask(at, {learner: ago for learner, ago in learners.items() if learner not in gone})
        return missed

    def answer(self, learner: str) -> Question | None:
        """The learner confirmed; None when nobody asked. However it came, the next lot is drawn anew."""
        self._due.pop(learner, None)
        return self.asked.pop(learner, None)

    def withdraw(self) -> None:
        """Nobody can take answers now: the questions that stand are asked anew when somebody can."""
        self._again += self.asked
        self.asked.clear()

    def forget(self) -> None:
        """Nobody is asked any more."""
        self.asked.clear()
        self._again.clear()

    @property
    def standing(self) -> list[str]:
        """The learners who are asked, or are to be asked anew: what is saved."""
        return sorted({*self.asked, *self._again})

    def _ask(self, at: int, learners: Mapping[str, int | None]) -> None:
        alone = {learner: ago for learner, ago in learners.items() if ago is not None and learner not in self.asked}
        self._due = {learner: when for learner, when in self._due.items() if learner in alone}
        for learner, ago in alone.items():
            left = max(0, LONGEST_MS - ago)
            drawn = self._due.get(learner)
            if drawn is None:
                drawn = self._lessons + self._rng.random() * min(2 * self._mean_ms, left)
            # Later than drawn it may not be: the agent was restarted, or nobody was on duty for a while.
            self._due[learner] = min(drawn, self._lessons + left)
        first = [learner for learner in self._again if learner in learners]
        due = sorted((when, learner) for learner, when in self._due.items() if when <= self._lessons)
        for learner in (*first, *(learner for _, learner in due)):
            self._put(learner, at)
        self._again = [learner for learner in first if learner not in self.asked]
        others = sorted(learner for learner, ago in learners.items() if ago is None and learner not in self.asked)
        if self._one_due is None:
            self._one_due = self._lessons + self._rng.expovariate(1 / self._mean_ms)
        if self._one_due <= self._lessons and others and self._put(self._rng.choice(others), at):
            self._one_due = None

    def _put(self, learner: str, at: int) -> bool:
        if learner in self.asked or len(self.asked) >= AT_ONCE:
            return False
        self.asked[learner] = Question(learner, at, at + ANSWER_MS)
        self._due.pop(learner, None)
        return True
