"""A learner's outlook in words."""

from __future__ import annotations

from central_server.courses.attention import Notice
from central_server.participation.course import CourseParticipation
from central_server.participation.wording import at_two_points, damaged_said, pick
from central_server.web.figures import duration, number, percent
from models.forecast import Forecast, Outlook
from models.language import Language, counted

OUTLOOKS: dict[Outlook, tuple[str, str]] = {
    "possible": ("còn kịp", "can still make it"),
    "undecided": ("cần xem xét", "for a person to decide"),
    "too_late": ("không còn kịp", "too late"),
    "enough": ("đã đủ", "enough"),
}
ENDED: dict[Outlook, tuple[str, str]] = {
    "undecided": ("cần xem xét", "for a person to decide"),
    "too_late": ("không hoàn thành", "not completed"),
    "enough": ("hoàn thành", "completed"),
}
"""When nothing is left of the course: then nobody is still to make it."""
MINUTE_MS = 60_000


def outlook(forecast: Forecast, lang: Language) -> str:
    """The word for it."""
    return pick((OUTLOOKS if forecast.left_ms else ENDED)[forecast.outlook], lang)


def needed(forecast: Forecast, lang: Language) -> str:
    """How much more is needed of what is left; empty where that is no question. Minutes needed are rounded up."""
    if not forecast.left_ms or forecast.needed_ms is None:
        return ""
    left = duration(forecast.left_ms, lang)
    if not forecast.needed_ms:
        return ""
    if forecast.needed_ms + MINUTE_MS > forecast.left_ms:
        return pick((f"cần dự hết {left} còn lại", f"needs all of the {left} left"), lang)
    more = duration(-(-forecast.needed_ms // MINUTE_MS) * MINUTE_MS, lang)
    return pick((f"cần thêm {more} trong {left} còn lại", f"needs {more} of the {left} left"), lang)


def at_two_at_once(now: CourseParticipation) -> tuple[Notice, ...]:
    """Who was seen at two bridge points in the same minute, and the session's page."""
    return tuple(
        Notice(
            f"{session.title}: {at_two_points(one, 'vi')}",
            f"{session.title}: {at_two_points(one, 'en')}",
            f"/sessions/{session.id}",
            urgent=True,
        )
        for session, one in now.twice
    )


def damaged_notices(now: CourseParticipation) -> tuple[Notice, ...]:
    """That records can't be read, and which."""
    return tuple(Notice(vi, en, urgent=True) for vi, en in damaged_said(now.damaged))


def to_speak_with(course: str, now: CourseParticipation) -> tuple[Notice, ...]:
    """How many learners of a course (id) somebody should speak with or decide about, and the page that names them."""
    page = f"/courses/{course}/participation?state="
    vi, en = percent(now.rule.share_needed, "vi"), percent(now.rule.share_needed, "en")
    late = sum(one.forecast.outlook == "too_late" for one in now.learners)
    behind = sum(one.behind for one in now.learners)
    undecided = sum(one.forecast.outlook == "undecided" for one in now.learners)
    notices = []
    if behind:
        notices.append(
            Notice(f"{number(behind, 'vi')} học viên đang dưới {vi} nhưng còn kịp: nên nhắc dự đủ các buổi còn lại.",
                   f"{counted(behind, 'learner is', 'learners are')} below {en} but can still make it: "
                   "speak with them.",
                   f"{page}behind")
        )  # fmt: skip
    if late and any(one.forecast.left_ms for one in now.learners):
        notices.append(
            Notice(f"{number(late, 'vi')} học viên không còn kịp đạt {vi} dù dự hết các buổi còn lại.",
                   f"{counted(late, 'learner')} can no longer reach {en}, even if they attend all the rest.",
                   f"{page}too_late")
        )  # fmt: skip
    if undecided:
        notices.append(
            Notice(f"{number(undecided, 'vi')} học viên cần xem xét: thời gian không xác định vượt mức cho phép.",
                   f"{counted(undecided, 'learner is', 'learners are')} for a person to decide: "
                   "too much was not observed.",
                   f"{page}undecided")
        )  # fmt: skip
    return tuple(notices)
