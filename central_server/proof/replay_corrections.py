"""Replaying what people said about presence (models.correction_records), and what of it holds. Pure."""

from __future__ import annotations

from typing import cast

from central_server.corrections.effect import Answer, Corrections, Made, in_force, segments_of
from central_server.proof.evidence import Plan
from models.correction_records import (
    Change,
    ContestAnswered,
    Contested,
    Corrected,
    CorrectedFor,
    CorrectingRule,
    CorrectionAnswered,
    EvidenceFiled,
    LeaveEntered,
    SheetRevised,
    SheetSigned,
    Way,
    Why,
)
from models.own_records import AnyOwnRecord


def play_correction(plan: Plan, record: AnyOwnRecord) -> None:
    """Play one act; one of another kind changes nothing."""
    who, at = record.by, record.at
    match record:
        case CorrectingRule():
            told = (record.second_person, record.contest_days, record.reason, who, at)
            plan.correcting[record.course, record.version] = told
        case EvidenceFiled():
            plan.evidence[record.evidence] = (record.session, record.content, record.sealed)
        case Corrected():
            plan.corrections[record.correction] = (
                record.session, record.change, record.way, record.why, record.words, record.evidence,
                record.second_needed, record.contest, record.of, who, at,
            )  # fmt: skip
        case CorrectedFor():
            plan.corrected_for[record.correction, record.learner, record.start] = record.end
        case CorrectionAnswered():
            plan.correction_answers[record.correction] = (record.confirmed, record.words, who, at)
        case LeaveEntered():
            leave = (record.leave, record.words, record.approver, record.evidence, who, at)
            plan.leaves[record.session, record.learner, record.number] = leave
        case Contested():
            plan.contests[record.contest] = (record.session, record.learner, record.words, record.evidence, who, at)
        case ContestAnswered():
            plan.contest_answers[record.contest] = (record.correction, record.words, who, at)
        case SheetRevised():
            revision = (record.cause, record.of, record.figures, record.words, who, at)
            plan.revisions[record.session, record.number] = revision
        case SheetSigned():
            signed = (record.revision, record.signer, record.bridge_point, record.figures, who, at)
            plan.signatures[record.session, record.number] = signed
        case _:
            pass


def corrections_in(plan: Plan) -> dict[str, Corrections]:
    """What the corrections that hold say, by session and learner."""
    made = [
        Made(id_, told[0], cast("Change", told[1]), cast("Way", told[2]), cast("Why", told[3]), told[6], *told[8:])
        for id_, told in plan.corrections.items()
    ]
    answers = {id_: Answer(told[0], *told[2:]) for id_, told in plan.correction_answers.items()}
    parts: dict[str, list[tuple[str, int, int]]] = {}
    for (correction, learner, start), end in plan.corrected_for.items():
        parts.setdefault(correction, []).append((learner, start, end))
    by_session: dict[str, list[Made]] = {}
    for one in made:
        by_session.setdefault(one.session, []).append(one)
    return {session: segments_of(in_force(some, answers), parts) for session, some in by_session.items()}
