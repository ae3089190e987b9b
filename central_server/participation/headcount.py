"""How many people are in a room, how many of them are known, and how well the room was prepared. Pure."""

from __future__ import annotations

from central_server.participation.evidence import PointEvidence
from central_server.participation.known_by import Counted, ProfileState, doubtful, unexplained
from central_server.participation.live import LiveReport
from models.wire import LiveStatus

STAY_MS = 2 * 60_000
"""Who is unknown for longer than this is not only passing by."""
NEXT_MS = 90_000
"""A headcount that begins so long after the one before still goes on from it; each is of a minute at most."""


def strangers(status: LiveStatus) -> int:
    """People in the room now whom nothing explains: each learner known by card or PIN explains one unknown face."""
    return unexplained(status.unknown, len(status.vouched))


def counted_now(report: LiveReport, roster: int) -> Counted | None:
    """The headcount of a live status; None where its agent does not count. roster: learners who are expected."""
    status = report.status
    if not status.people or status.watching_to is None:
        return None
    recognised = max(0, status.people - status.unknown)
    at = min(status.watching_to, report.received_at)
    return Counted(at, at, status.people, recognised, status.unknown, len(status.vouched), roster)


def last_count(evidence: PointEvidence) -> Counted | None:
    """The last headcount of the records."""
    return max(evidence.counted, key=lambda one: one.end, default=None)


def strangers_since(evidence: PointEvidence) -> int | None:
    """Since when there is somebody whom nothing explains, by the headcounts up to the last; None: there is nobody, or
    only for a moment.
    """  # fmt: skip
    since: int | None = None
    last: int | None = None
    for one in sorted(evidence.counted, key=lambda one: one.end):
        if not one.unknown:
            since = None
        elif since is None or last is None or one.start > last + NEXT_MS:
            since = one.start
        last = one.end
    return since if since is not None and last is not None and last - since >= STAY_MS else None


def profile_of(evidence: PointEvidence) -> ProfileState:
    """How the bridge point is calibrated: the worst of its devices; good where none says anything."""
    states = {one.state for one in evidence.profiles.values()}
    return "missing" if "missing" in states else "outdated" if "outdated" in states else "good"


def times_doubted(evidence: PointEvidence) -> bool:
    """Whether a person must look at times of some learner here."""
    clocks = [one.clock for some in evidence.seen.values() for one in some]
    clocks += [one.clock for some in evidence.confirmed.values() for one in some]
    return any(map(doubtful, clocks))
