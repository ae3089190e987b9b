from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from bridge_agent.check_in.spot_checks import ANSWER_MS, AT_ONCE, LONGEST_MS, SpotChecks
from bridge_agent.check_in.vouching import VOUCH_MS

MINUTE = 60_000
SECOND = 1_000
DAY = 24 * 60


class Class:
    """A room in which everybody who is asked answers after a while, but for those who left."""

    def __init__(self, seed: int, alone: int, others: int = 0, mean_min: int = 20) -> None:
        self.checks = SpotChecks(mean_min * MINUTE, Random(seed))
        self.confirmed: dict[str, int | None] = {f"p{n}": 0 for n in range(alone)} | {
            f"c{n}": None for n in range(others)
        }
        self.at = 0
        self.asked: dict[str, list[int]] = {learner: [] for learner in self.confirmed}
        self.missed: list[str] = []
        self.most = 0

    def play(self, minutes: int, *, answer_after: int = 40 * SECOND, left: frozenset[str] = frozenset()) -> None:
        for _ in range(minutes * 60 // 5):
            self.at += 5 * SECOND
            before = set(self.checks.asked)
            ago = {who: None if then is None else self.at - then for who, then in self.confirmed.items()}
            gone = [question.learner for question in self.checks.tick(self.at, ago, True)]
            self.missed += gone
            for learner in gone:
                del self.confirmed[learner]
            self.most = max(self.most, len(self.checks.asked))
            for learner in self.checks.asked.keys() - before:
                self.asked[learner].append(self.at)
            for question in list(self.checks.asked.values()):
                if question.learner not in left and self.at - question.asked >= answer_after:
                    assert self.checks.answer(question.learner) == question
                    if self.confirmed[question.learner] is not None:
                        self.confirmed[question.learner] = self.at


def gaps(times: list[int]) -> list[int]:
    return [after - before for before, after in pairwise(times)]


def test_whom_only_confirmations_know_is_asked_in_time_to_be_vouched_for_without_a_gap() -> None:
    room = Class(1, alone=6)
    room.play(DAY)
    for times in room.asked.values():
        assert max(gaps(times)) <= VOUCH_MS - ANSWER_MS + 40 * SECOND
        assert sum(gaps(times)) / len(gaps(times)) < 30 * MINUTE
    assert room.missed == []


def test_an_answer_gives_no_rest() -> None:
    room = Class(2, alone=6)
    room.play(4 * DAY)
    between = [gap for times in room.asked.values() for gap in gaps(times)]
    # Drawn evenly: each tenth of the longest gap holds about a tenth of them, the first one too.
    tenths = [
        sum(LONGEST_MS * n / 10 <= gap - 40 * SECOND < LONGEST_MS * (n + 1) / 10 for gap in between) for n in range(10)
    ]
    assert min(tenths) > len(between) / 10 * 0.7
    assert max(tenths) < len(between) / 10 * 1.3


def test_whom_the_camera_knows_is_asked_too_one_a_while_whoever_it_is() -> None:
    room = Class(3, alone=0, others=20)
    room.play(4 * DAY)
    times = sorted(time for one in room.asked.values() for time in one)
    assert 15 * MINUTE < sum(gaps(times)) / len(gaps(times)) < 25 * MINUTE
    assert min(len(one) for one in room.asked.values()) > 0


def test_never_more_than_three_are_asked_and_nobody_is_forgotten_in_a_room_of_forty() -> None:
    room = Class(4, alone=40, others=10)
    room.play(DAY)
    assert room.most == AT_ONCE
    for learner, times in room.asked.items():
        if learner.startswith("p"):
            assert max(gaps(times)) <= VOUCH_MS


def test_who_does_not_answer_within_three_minutes_missed_it() -> None:
    room = Class(5, alone=3)
    room.play(60, left=frozenset({"p1"}))
    assert room.missed == ["p1"]
    assert len(room.asked["p1"]) == 1


def test_a_break_is_asked_for_nothing_and_moves_the_lots() -> None:
    checks = SpotChecks(20 * MINUTE, Random(6))
    for at in range(0, 10 * 60 * MINUTE, 10 * SECOND):
        assert checks.tick(at, {"a": 0}, False) == []
        assert checks.asked == {}
    due = None
    for at in range(10 * 60 * MINUTE, 11 * 60 * MINUTE, 10 * SECOND):
        checks.tick(at, {"a": 0}, True)
        due = due or (at if checks.asked else None)
    assert due is not None


def test_a_question_that_nobody_could_take_the_answer_of_is_asked_anew_and_not_missed() -> None:
    checks = SpotChecks(20 * MINUTE, Random(7), again=["a"])
    assert checks.tick(0, {"a": 0, "b": 0}, True) == []
    assert set(checks.asked) == {"a"}
    checks.withdraw()
    assert checks.standing == ["a"]
    assert checks.tick(10 * SECOND, {"a": 0, "b": 0}, False) == []
    assert checks.tick(20 * SECOND, {"a": 0, "b": 0}, True) == []
    assert checks.asked["a"].until == 20 * SECOND + ANSWER_MS
    # The PC slept for an hour: the same.
    assert checks.tick(60 * MINUTE, {"a": 0, "b": 0}, True) == []
    assert checks.asked["a"].asked == 60 * MINUTE


@pytest.mark.parametrize("seed", range(5))
def test_zero_asks_nobody(seed: int) -> None:
    room = Class(seed, alone=3, others=3, mean_min=0)
    room.play(300)
    assert not any(room.asked.values())


def test_after_a_restart_the_time_since_the_last_confirmation_counts() -> None:
    for seed in range(20):
        checks = SpotChecks(20 * MINUTE, Random(seed))
        at = 0
        while not checks.asked:
            checks.tick(at, {"a": 35 * MINUTE + at}, True)
            at += 5 * SECOND
        assert 35 * MINUTE + at <= LONGEST_MS + 10 * SECOND
    checks = SpotChecks(20 * MINUTE, Random(1))
    checks.tick(0, {"a": VOUCH_MS}, True)
    assert checks.asked  # of whom nothing is known is asked at once
