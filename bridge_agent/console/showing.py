"""What the technician's page and the enrolment page show of the desk: a pure reading of the view, in words."""

from __future__ import annotations

from typing import Literal

from bridge_agent.check_in.desk import DeskView, Outcome, Presence, Row, SessionView
from bridge_agent.console.words import Sentence
from models.language import counted
from models.records import CheckInMethod, Flag

Look = Literal["seen", "not_seen", "not_observed", "not_yet"]
"""The three looks of presence; before a check-in there is none of them yet."""

LOOKS: dict[Presence, tuple[Look, Sentence]] = {
    "present": ("seen", ("có mặt", "present")),
    "vouched": ("seen", ("có mặt, được xác nhận", "present, vouched for")),
    "away": ("not_seen", ("vắng mặt", "not seen")),
    "not_yet": ("not_yet", ("chưa điểm danh", "not checked in yet")),
    "unobserved": ("not_observed", ("không xác định", "not observed")),
}
METHODS: dict[CheckInMethod, Sentence] = {
    "face": ("khuôn mặt", "face"),
    "room_camera": ("máy quay phòng học", "the room's camera"),
    "card": ("thẻ", "card"),
    "pin": ("mã PIN", "PIN"),
}
FLAGS: dict[Flag, Sentence] = {
    "moving_background": (
        "phía sau khuôn mặt chuyển động cùng khuôn mặt: có thể là ảnh hoặc điện thoại",
        "what is behind the face moved together with it: it may be a picture or a phone",
    ),
    "bright_frame": (
        "quanh khuôn mặt có khung sáng: có thể là màn hình",
        "a bright frame is around the face: it may be a screen",
    ),
    "lookalike": ("giống một học viên khác trong buổi học", "resembles another learner of this session"),
    "second_factor": ("đã hỏi thêm thẻ hoặc mã PIN", "a card or PIN was asked for, too"),
}


def headcount(session: SessionView) -> Sentence:
    """28 người, 27 đã biết, 1 không quen"""
    people, known, unknown = session.people, session.known, session.unknown
    return (
        f"{people} người, {known} đã biết, {unknown} không quen",
        f"{counted(people, 'person', 'people')}, {known} known, {unknown} unknown",
    )


def summary(rows: tuple[Row, ...]) -> list[tuple[Look, int, Sentence]]:
    """How many learners are how, in the order of the looks; those that nobody is are left out."""
    counts: dict[tuple[Look, Sentence], int] = {}
    for row in rows:
        counts[LOOKS[row.presence]] = counts.get(LOOKS[row.presence], 0) + 1
    return [(look, counts[look, word], word) for look, word in LOOKS.values() if (look, word) in counts]


def asked(session: SessionView | None) -> list[Row]:
    """The learners who are asked to confirm now, the most urgent first."""
    rows = [] if session is None else [row for row in session.rows if row.spot_check_until is not None]
    return sorted(rows, key=lambda row: row.spot_check_until or 0)


def find(view: DeskView, learner: str) -> Row | None:
    """A learner of the session by id."""
    return next((row for row in view.session.rows if row.learner == learner), None) if view.session else None


EnrolStep = Literal["no_text", "no_duty", "deputy", "busy", "consent", "taking", "done"]


def enrol_step(view: DeskView, learner: str, done: Outcome | None) -> EnrolStep:
    """Where the enrolment of a learner stands. `done`: its good end, if the page has seen it."""
    if view.enrolling is not None:
        return "taking" if view.enrolling.learner == learner else "busy"
    if done is not None:
        return "done"
    if view.consent is None:
        return "no_text"
    if view.on_duty is None:
        return "no_duty"
    return "deputy" if view.on_duty.deputy else "consent"
