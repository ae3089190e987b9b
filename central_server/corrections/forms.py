"""Reading the forms of corrections: times within a session, why, leave."""

from __future__ import annotations

from datetime import datetime

from central_server.corrections.acts import Part
from central_server.corrections.words import LEAVES, WHY
from central_server.courses.periods import DAY_MS
from central_server.courses.series import VIETNAM
from central_server.courses.tables import CourseSession
from central_server.errors import InputError
from central_server.web.figures import day_time, moment
from central_server.web.forms import NEEDED, Form, Sentence
from models.correction_records import Change, Leave, Why
from models.language import Language

WORDS_MOST = 500


def read_span(form: Form, session: CourseSession, start: str = "start", end: str = "end") -> tuple[int, int] | None:
    """From when to when (server time, ms), by clock times; None with a sentence at a field.

    A time before the session's start lies past midnight, as in the plan (courses.series).
    """
    first, last = form.clock(start, needed=True), form.clock(end, needed=True)
    if first is None or last is None:
        return None
    day = moment(session.start).date()
    low, high = (round(datetime.combine(day, at, VIETNAM).timestamp() * 1000) for at in (first, last))
    if low < session.start:
        low += DAY_MS
    if high < session.start:
        high += DAY_MS
    if not session.start <= low < high <= session.end:
        within = f"{day_time(session.start)}–{day_time(session.end)}"
        form.fail(start, f"Giờ phải theo thứ tự và nằm trong buổi học {within}.",
                  f"The times must be in order and within the session, {within}.")  # fmt: skip
        return None
    return low, high


def read_part(form: Form, session: CourseSession, learner: str) -> Part | None:
    """The whole session, or from–to."""
    span = (session.start, session.end) if form.has("whole") else read_span(form, session)
    return (learner, *span) if span is not None else None


def read_change(form: Form) -> Change:
    """Add or take away; nothing chosen is said at the field."""
    value = form.value("change")
    if value not in ("added", "taken"):
        form.fail("change", *NEEDED)
    return "taken" if value == "taken" else "added"


def read_why(form: Form) -> Why:
    """The reason from the list."""
    found = next((key for key in WHY if key == form.value("why")), None)
    if found is None:
        form.fail("why", "Hãy chọn một lý do.", "Choose a reason.")
    return found or "other"


def read_leave(form: Form) -> Leave:
    """With or without leave, or none."""
    found = next((key for key in LEAVES if key == form.value("leave")), None)
    if found is None:
        form.fail("leave", *NEEDED)
    return found or "none"


def read_words(form: Form, missing: Sentence) -> str:
    """The reason of an act whose form stands on a page without fields of its own. Raises InputError."""
    words = form.words("words", WORDS_MOST)
    if not words:
        raise InputError(*missing)
    if form.errors:
        raise InputError(*form.errors["words"])
    return words


def whys(lang: Language) -> list[tuple[str, str]]:
    """The choices of a form."""
    return [(key, words[lang == "en"][:1].upper() + words[lang == "en"][1:]) for key, words in WHY.items()]
