"""What the tables say of corrections, leave, contests and signed sheets, as the replayed log has it."""

from __future__ import annotations

import hashlib

from sqlalchemy import text
from sqlmodel import Session, select

from central_server.corrections.tables import (
    ContestAnswerRow,
    ContestRow,
    CorrectingVersion,
    CorrectionAnswerRow,
    CorrectionPart,
    CorrectionRow,
    LeaveRow,
    SheetSignature,
)
from central_server.courses.changes import digest
from central_server.proof.evidence import Plan

# As bytes, whatever somebody has put there in their place: what can't be read as text must be found, not stumbled over.
_FILES = text("SELECT id, session, content, CAST(sealed AS BLOB) FROM evidence_file")
_REVISIONS = text("SELECT session, number, cause, of, CAST(figures AS BLOB), words, by, at FROM sheet_revision")


def read_corrections(db: Session, plan: Plan) -> None:
    """Read all of it into the plan."""
    for rule in db.exec(select(CorrectingVersion)):
        told = (rule.second_person, rule.contest_days, digest(rule.reason), rule.by, rule.at)
        plan.correcting[rule.course, rule.version] = told
    for id_, session, content, sealed in db.execute(_FILES):
        plan.evidence[id_] = (session, content, hashlib.sha256(sealed).hexdigest())
    for one in db.exec(select(CorrectionRow)):
        plan.corrections[one.id] = (
            one.session, one.change, one.way, one.why, digest(one.words), one.evidence, one.second_needed, one.contest,
            one.of, one.by, one.at,
        )  # fmt: skip
    for part in db.exec(select(CorrectionPart)):
        plan.corrected_for[part.correction, part.learner, part.start] = part.end
    for answer in db.exec(select(CorrectionAnswerRow)):
        plan.correction_answers[answer.correction] = (answer.confirmed, digest(answer.words), answer.by, answer.at)
    for leave in db.exec(select(LeaveRow)):
        said = (digest(leave.words), digest(leave.approver), leave.evidence, leave.by, leave.at)
        plan.leaves[leave.session, leave.learner, leave.number] = (leave.leave, *said)
    for contest in db.exec(select(ContestRow)):
        what = (contest.session, contest.learner, digest(contest.words), contest.evidence)
        plan.contests[contest.id] = (*what, contest.by, contest.at)
    for given in db.exec(select(ContestAnswerRow)):
        plan.contest_answers[given.contest] = (given.correction, digest(given.words), given.by, given.at)
    for session, number, cause, of, figures, words, by, at in db.execute(_REVISIONS):
        plan.revisions[session, number] = (cause, of, hashlib.sha256(figures).hexdigest(), digest(words), by, at)
    for signed in db.exec(select(SheetSignature)):
        plan.signatures[signed.session, signed.number] = (
            signed.revision, signed.signer, signed.bridge_point, signed.figures, signed.by, signed.at
        )  # fmt: skip
