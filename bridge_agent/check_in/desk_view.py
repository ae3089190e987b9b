"""What the desk shows of a session: a row a learner, and the headcount. Pure."""

from __future__ import annotations

from bridge_agent.check_in.desk import Presence, Row, SessionView
from bridge_agent.check_in.gallery_store import GalleryStore
from bridge_agent.server_clock import ClockSample
from bridge_agent.session import Recording
from models.wire import RosterLearner, SessionPlan


def row(learner: RosterLearner, recording: Recording | None, gallery: GalleryStore, clock: ClockSample) -> Row:
    """How things stand with one learner; recording: None while no session runs."""
    admission = recording.attendance.admitted.get(learner.id) if recording else None
    question = recording.attendance.checks.asked.get(learner.id) if recording else None
    presence, since = ("not_yet", None) if recording is None else _presence(learner.id, recording, clock)
    known = recording.attendance.camera_knows if recording else frozenset[str]()
    return Row(
        learner=learner.id,
        code=learner.code,
        name=learner.name,
        unit=learner.unit,
        birth_year=learner.birth_year,
        presence=presence,
        since=since,
        checked_in_at=admission.at if admission else None,
        method=admission.method if admission else None,
        face=learner.id in known or gallery.has_template(learner.id),
        card=gallery.has_card(learner.id),
        pin=gallery.pin(learner.id) is not None,
        spot_check_until=clock.server_time(question.until) if question else None,
    )


def _presence(learner: str, recording: Recording, clock: ClockSample) -> tuple[Presence, int | None]:
    attendance = recording.attendance
    admission = attendance.admitted.get(learner)
    if learner in attendance.camera_knows:
        seen = recording.last_seen.get(learner, admission.at if admission else None)
        if (since := recording.far_seats.get(learner)) is not None:
            return "unobserved", since
        if (since := recording.present.get(learner)) is not None:
            return "present", since
        if seen is None:
            return "not_yet", None
        return ("away", seen) if recording.watching else ("unobserved", recording.unwatched_at or seen)
    if learner in attendance.unsure and (since := recording.present.get(learner)) is not None:
        return "present", since
    unwritten = attendance.voucher.state.unwritten.get(learner)
    if unwritten is not None and unwritten.confirmed:
        return "vouched", clock.server_time(unwritten.since)
    if (since := attendance.missing.get(learner)) is not None:
        return "away", since
    if unwritten is not None:
        return "unobserved", clock.server_time(unwritten.since)
    return ("not_yet", None) if admission is None else ("unobserved", admission.at)


def session_view(
    plan: SessionPlan, recording: Recording | None, gallery: GalleryStore, clock: ClockSample
) -> SessionView:
    """The session as the pages show it. Whom nobody knows by face may be somebody vouched for: so many are known."""
    people = known = unknown = 0
    if recording is not None and (sweep := recording.count.now) is not None:
        vouched = min(len(recording.attendance.vouched()), sweep.unknown)
        people, known, unknown = recording.count.people, sweep.known + vouched, sweep.unknown - vouched
    return SessionView(
        session=plan.session,
        course=plan.course,
        title=plan.title,
        start=plan.start,
        end=plan.end,
        watching=recording is not None and recording.watching,
        people=people,
        known=known,
        unknown=unknown,
        rows=tuple(row(learner, recording, gallery, clock) for learner in plan.learners),
    )
