"""The table of all faults, as deploy/faults.md holds it: made by a run, compared with the code by a test."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.faults.hundred.fault import WITHIN_S, Fault
from tests.faults.hundred.judging import Outcome

PATH = Path(__file__).parents[3] / "deploy" / "faults.md"
HEAD = ("No.", "Fault", "Part", "Injected by", "The page says", "after s", "Restarted", "after s", "Well again after s",
        "On record", "Verdict")  # fmt: skip


def table(faults: Sequence[Fault], outcomes: Mapping[str, Outcome], when: str, where: str, proof: Sequence[str]) -> str:
    """The whole file. proof: what `central-server verify` found when all was done."""
    good = sum(name in outcomes and not outcomes[name].wrong and not outcomes[name].late for name in _names(faults))
    ran = sum(name in outcomes for name in _names(faults))
    late = sum(name in outcomes and not outcomes[name].wrong and bool(outcomes[name].late) for name in _names(faults))
    rows = [_row(number, fault, outcomes.get(fault.name)) for number, fault in enumerate(faults, 1)]
    return "\n".join(
        [
            f"# {len(faults)} faults, injected one by one",
            "",
            f"Written by `python3 deploy/run.py faults` {when}, at {where}. Each fault was injected into a running "
            "agent in the midst of a class (real processes, server, camera and line; `tests/faults/hundred`): all "
            "good, the fault, what the technician's page says, the fault removed, all good again, the chain of the "
            "agent's log verified and its records compared with the server's, byte for byte. Then `central-server "
            f"verify` proved all of the server's logs: {'; '.join(proof) or 'all of it fits'}.",
            "",
            f"**{good} of {len(faults)} as demanded**, {late} right but late, {ran - good - late} wrong, "
            f"{len(faults) - ran} not run. Demanded are the sentence and the restart within {WITHIN_S:g} s, or within "
            "the limit that is given with its reason; no second in which nobody could see may be on record as watched; "
            "and the learner, who sat there all the time, never counts as absent.",
            "",
            f"| {' | '.join(HEAD)} |",
            f"|{'---|' * len(HEAD)}",
            *(f"| {' | '.join(row)} |" for row in rows),
            "",
        ]
    )


def _names(faults: Sequence[Fault]) -> list[str]:
    return [fault.name for fault in faults]


def _row(number: int, fault: Fault, outcome: Outcome | None) -> list[str]:
    if outcome is None:
        outcome = Outcome(wrong=["not run"])
    said = outcome.said or ("(nothing: it does no harm)" if not fault.sentence else "")
    where = {"page": "", "terminal": " (at the terminal)"}.get(fault.where, " (enrolment's page)")
    why = ", ".join(one for one in (fault.slow, "the agent is started with it" if fault.starts else "") if one)
    limit = f" (limit {fault.limit_s:g}: {why})" if fault.limit_s != WITHIN_S else ""
    verdict = "; ".join((*outcome.wrong, *outcome.late)) or "good"
    same = f"; {outcome.same} records the same" if outcome.same else ""
    cells = [
        str(number), fault.name, fault.part, fault.how, f"{said}{where}", f"{_seconds(outcome.said_s)}{limit}",
        f"{fault.lost} ({outcome.reason})" if fault.lost else "", _seconds(outcome.restart_s),
        _seconds(outcome.well_s), f"{outcome.log}{same}", verdict,
    ]  # fmt: skip
    return [re.sub(r"\s+", " ", _anonymous(cell)).replace("|", "/") for cell in cells]


def _anonymous(text: str) -> str:
    """Without this run's own paths and ports."""
    text = re.sub(r"/\S*/(agent|portraits|weights|anh|none\.mp4)\b", r"…/\1", text)
    return re.sub(r"(127\.0\.0\.1|localhost|\.test):\d{4,5}", r"\1", text)


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f}"


def listed(path: Path = PATH) -> list[tuple[str, str, str]]:
    """Name, part and way of each fault in the file."""
    rows = [line.strip("| ").split(" | ") for line in path.read_text(encoding="utf-8").splitlines()]
    return [(row[1], row[2], row[3]) for row in rows if row[0].isdigit()]
