"""One learner in one session, without computing everybody else: for the learner's own page, and for a correction."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlmodel import Session

from central_server.participation.evidence import no_evidence
from central_server.participation.live import LiveBoard
from central_server.participation.queries import SessionFacts, names_of, new_records, records_around, session_facts
from central_server.participation.state import LearnerState, point_state


@dataclass(frozen=True, slots=True)
class OneLearner:
    """A learner's session, now."""

    facts: SessionFacts
    """With this learner and his or her bridge point alone."""
    state: LearnerState


def one_learner(db: Session, live: LiveBoard, session: str, learner: str, now: int) -> OneLearner | None:
    """The learner at `now` (server time, ms); None: not expected in the session. Raises NotFoundError."""
    whole = session_facts(db, session)
    who = next((one for one in whole.learners if one.id == learner), None)
    if who is None:
        return None
    point = next(one for one in whole.points if one.id == who.bridge_point)
    facts = replace(whole, points=(point,), learners=(who,))
    evidence = no_evidence(facts, point.id)
    for device in point.devices:
        for one in new_records(db, session, device, {}):
            evidence.take(device, one)
    evidence.learn_missing_clocks(lambda record: records_around(db, record))
    reports = [report for report in live.of(session) if report.device in point.devices]
    state = point_state(facts, point, evidence, reports, now, names_of(db, evidence.witnesses))
    return OneLearner(facts, state.learners[0])
