"""Injects one fault and judges what comes of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import psutil

from bridge_agent.clock import boot_ms
from models.records import AnyRecord, Coverage, Link
from tests.faults.hundred.fault import WITHIN_S, Fault
from tests.faults.hundred.logs import compare
from tests.faults.hundred.place import NotGoodError, Place, wait

LATEST_S = 60.0
"""When nobody waits for a sentence any more: the limit is judged, not waited for."""
WELL_S = 120.0
"""The same for being well again."""
STANDS_S = 90.0
"""So long what was said of an earlier fault may stand."""
QUIET_S = 8.0
"""So long a fault that does no harm lasts."""
NOTICED_MS = 2_500
"""The last good picture may have been looked at a moment after the fault: a sweep, and the picture under way."""
KEPT_AS = {"capture": "camera"}
"""Under which name the agent keeps why a process was lost, where it is another."""


@dataclass
class Outcome:
    """What came of one fault. Seconds since it was injected; of `well_s`, since it was removed."""

    said: str = ""
    said_s: float | None = None
    restart_s: float | None = None
    reason: str = ""
    well_s: float | None = None
    log: str = ""
    same: int = 0
    """So many records of the agent's log were compared with the server's, byte for byte, and its chain verified."""
    wrong: list[str] = field(default_factory=list)
    """Whatever is not as the fault demands; a sentence each."""
    late: list[str] = field(default_factory=list)
    """What came, but too late: judged where the machine is free."""


def judge(fault: Fault, place: Place) -> Outcome:
    """Inject it, see what the page says, remove it, see that all is well again and what is on record."""
    outcome = Outcome()
    try:
        place.wait_good(WELL_S)
        _judge(fault, place, outcome)
    except (NotGoodError, TimeoutError, LookupError, psutil.Error, AssertionError, OSError) as error:
        outcome.wrong.append(f"{type(error).__name__}: {error}")
    return outcome


def _judge(fault: Fault, place: Place, outcome: Outcome) -> None:
    if fault.sentence and fault.where != "terminal":  # what is said of an earlier fault must not count for this one
        wait(lambda: not _said(fault, place), STANDS_S, f"{fault.sentence!r} stands on the page before the fault")
    known = len(place.servers_log())
    before = place.process(fault.lost) if fault.lost else 0
    running = {name: place.process(name) for name in ("agent", "recognition", "streaming")}
    losses = place.losses()
    printed = place.keeper.output.stat().st_size
    began, began_boot = time.monotonic(), boot_ms()
    new = 0
    with fault.inject(place):
        took = time.monotonic() - began
        if fault.repeated:
            began = time.monotonic()
        if fault.sentence:
            outcome.said = _wait_said(fault, place, printed, losses)
            outcome.said_s = time.monotonic() - began
        if fault.lost:
            new = place.wait_process(fault.lost, before)
            outcome.restart_s = _since(new, began)
        if not fault.sentence:
            if fault.starts:
                place.wait_good(WELL_S)
            _stays_quiet(place, outcome)
        ended_boot = boot_ms()
    removed = time.monotonic()
    place.wait_good(WELL_S)
    wait(lambda: place.health().get("waiting") == 0, 30, "records wait for the server")
    outcome.well_s = time.monotonic() - removed
    if outcome.said_s is not None and outcome.said_s > fault.limit_s:
        outcome.late.append(f"the sentence came after {outcome.said_s:.1f} s (injecting took {took:.1f} s)")
    if outcome.restart_s is not None and outcome.restart_s > WITHIN_S:
        outcome.late.append(f"{fault.lost} was back after {outcome.restart_s:.1f} s")
    _restarts(fault, place, outcome, losses, running)
    _on_record(fault, place.servers_log()[known:], outcome, began_boot, ended_boot)
    try:  # the newest moments count once the next sighting is there
        wait(lambda: place.absent_ms() == 0, 20, "present")
    except TimeoutError:
        outcome.wrong.append(f"the learner counts as absent for {place.absent_ms()} ms")
    outcome.same = compare(place)


def _since(pid: int, began: float) -> float:
    """How long after `began` this process was started."""
    return max(0.0, psutil.Process(pid).create_time() - (time.time() - time.monotonic()) - began)


def _lost_since(fault: Fault, place: Place, before: dict[str, tuple[int, str]]) -> int:
    """How often the part that the fault ends was lost since. The agent itself counts from its start."""
    kept = KEPT_AS.get(fault.lost, fault.lost)
    known = {} if fault.lost == "agent" else before
    return place.losses().get(kept, (0, ""))[0] - known.get(kept, (0, ""))[0]


def _shown(fault: Fault, place: Place) -> str:
    """The page on which the fault must be told."""
    return place.page("/" if fault.where == "page" else fault.where.format(learner=place.learner))


def _line_with(sentence: str, text: str) -> str:
    return next((one.strip() for one in text.splitlines() if sentence in one), "")


def _said(fault: Fault, place: Place) -> str:
    return _line_with(fault.sentence, _shown(fault, place))


def _wait_said(fault: Fault, place: Place, printed: int, losses: dict[str, tuple[int, str]]) -> str:
    """The sentence, once it is said of the last loss. Raises TimeoutError with what is said instead."""
    seen: list[str] = []

    def look() -> str:
        if fault.times > 1 and _lost_since(fault, place, losses) < fault.times:
            seen[:] = ["not all losses told"]
            return ""
        if fault.where == "terminal":
            seen[:] = [place.printed(printed)]
        else:
            seen[:] = [_shown(fault, place)]
        return _line_with(fault.sentence, seen[0])

    try:
        return str(wait(look, LATEST_S, "sentence"))
    except TimeoutError:
        health = [one["vi"] for one in place.health().get("lights", ()) if one["vi"]]
        told = seen[0][-400:] if fault.where == "terminal" else health or seen[0][:300]
        raise TimeoutError(f"the page never said {fault.sentence!r}, but {told}") from None


def _stays_quiet(place: Place, outcome: Outcome) -> None:
    end = time.monotonic() + QUIET_S
    while time.monotonic() < end:
        wrong = [one for one in place.complaints() if not one.startswith("the page lacks")]
        if wrong:
            outcome.wrong.append(f"said though it does no harm: {'; '.join(wrong)}")
            return
        time.sleep(0.2)


def _restarts(
    fault: Fault, place: Place, outcome: Outcome, before: dict[str, tuple[int, str]], running: dict[str, int]
) -> None:
    after = place.losses()
    kept = KEPT_AS.get(fault.lost, fault.lost)
    if fault.lost:
        if "in order" not in fault.how and (told := _lost_since(fault, place, before)) < fault.times:
            outcome.wrong.append(f"{kept} was lost {fault.times} times, but that is told {told} times: {after}")
        outcome.reason = after.get(kept, (0, ""))[1]
        if not outcome.reason.startswith(fault.reason):
            outcome.wrong.append(f"the reason kept is {outcome.reason!r}, not {fault.reason!r}")
    for name, pid in running.items():
        with_it = {"agent": ("agent", "recognition", "streaming")}.get(fault.lost, (fault.lost,))
        if name not in with_it and not fault.restarts and place.process(name) != pid:
            outcome.wrong.append(f"{name} was started again for nothing")


def _on_record(fault: Fault, new: list[AnyRecord], outcome: Outcome, began: int, ended: int) -> None:
    ends = {f"coverage {one.ended_by}" for one in new if isinstance(one, Coverage)}
    ends |= {f"link {one.ended_by}" for one in new if isinstance(one, Link)}
    missing = [one for one in fault.ends if not ends & set(one.split("|"))]
    if missing:
        outcome.wrong.append(f"on record is {sorted(ends)}, not {missing}")
    if fault.blind:
        for one in new:
            if isinstance(one, Coverage) and one.end > began + NOTICED_MS and one.start < ended:
                outcome.wrong.append(f"watched, it says, {one.end - began} ms into the fault")
    outcome.log = ", ".join(sorted(one for one in ends if one.rpartition(" ")[2] != "cut")) or "goes on"
