"""A learner's outlook in words."""

from __future__ import annotations

from central_server.participation.wording import pick
from central_server.web.figures import duration
from models.forecast import Forecast, Outlook
from models.language import Language

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
