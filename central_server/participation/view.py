"""The parts of a session's live page, rendered; what has not changed is not rendered again."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from markupsafe import Markup

from central_server.participation.bar import class_bar, presence_bar
from central_server.participation.book import SessionBook
from central_server.participation.rounding import MINUTE_MS, shown
from central_server.participation.state import LearnerState, PointState, SessionState, part_of
from central_server.participation.wording import CAUSES, TO_DO, WORDS, pick, remarks
from central_server.web.figures import day_time, number
from central_server.web.rendering import Pages
from models.language import Language

SHORT_MS = 30 * MINUTE_MS
TROUBLE_ORDER = {"failure": 0, "attention": 1, "good": 2}


class ShownWords(NamedTuple):
    """A row's minutes as they are written."""

    seen: str
    not_seen: str
    not_observed: str


class SessionView:
    """Renders one session, or its part at some bridge points, in one language."""

    def __init__(
        self, book: SessionBook, pages: Pages, lang: Language, now: Callable[[], int],
        points: frozenset[str] | None = None,
    ) -> None:  # fmt: skip
        self._book = book
        self._pages = pages
        self._lang = lang
        self._now = now
        self._points = points
        self._rows: dict[str, tuple[LearnerState, Markup]] = {}
        self._class_bar: tuple[tuple[LearnerState, ...], Markup] | None = None

    def parts(self) -> dict[str, Markup]:
        """Every live part of the page by its id. Raises NotFoundError."""
        return self.parts_of(part_of(self._book.state(self._now()), self._points))

    def parts_of(self, state: SessionState) -> dict[str, Markup]:
        """The parts for a state."""
        parts = {
            "as-of": self._part("as_of.html", state=state),
            "headline": self._part("headline.html", state=state),
            "class-bar": self._bar(state),
        }
        for point in state.points:
            parts[f"point-{point.facts.id}"] = self._part(
                "point.html",
                point=point,
                sentence=self._sentence(point),
                remarks=remarks(point, self._lang),
                state=state,
            )
            for learner in point.learners:
                parts[f"learner-{learner.facts.id}"] = self._row(state, learner)
        return parts

    def _part(self, template: str, **context: object) -> Markup:
        return self._pages.part(template, self._lang, **context)

    def _bar(self, state: SessionState) -> Markup:
        learners = state.learners
        if self._class_bar is None or self._class_bar[0] != learners:
            svg = class_bar(state.facts, learners, self._lang)
            self._class_bar = (learners, Markup('<div id="class-bar">{}</div>').format(svg))
        return self._class_bar[1]

    def _row(self, state: SessionState, learner: LearnerState) -> Markup:
        before = self._rows.get(learner.facts.id)
        if before is not None and before[0] is learner:
            return before[1]
        bar = presence_bar(state.facts, learner, self._lang)
        row = self._part(
            "learner.html",
            learner=learner,
            bar=bar,
            minutes=self._minutes(state, learner),
            word=pick(WORDS[learner.value], self._lang),
        )
        self._rows[learner.facts.id] = (learner, row)
        return row

    def _minutes(self, state: SessionState, learner: LearnerState) -> ShownWords:
        """What a row shows: whole minutes, in a session under half an hour tenths of them; they add up."""
        digits = 0 if state.facts.end - state.facts.start >= SHORT_MS else 1
        parts = shown(learner.participation, MINUTE_MS // 10**digits)
        return ShownWords(*(number(part / 10**digits, self._lang, digits) for part in parts[:3]))

    def _sentence(self, point: PointState) -> str:
        """A bridge point's condition as a sentence: what is so, since when, what to do."""
        lang = self._lang
        if point.phase == "over":
            return pick(("Buổi học đã kết thúc.", "The session is over."), lang)
        if point.watching:
            watched = pick(("Máy quay đang ghi nhận phòng học.", "The camera is watching the room."), lang)
            strangers = point.report.status.unknown if point.report else 0
            if not strangers:
                return watched
            count = number(strangers, lang)
            vi = f"Có {count} người chưa nhận ra; nhờ cán bộ kỹ thuật hỏi tên và kiểm tra danh sách."
            en = f"{count} unknown in the room; ask the technician who it is and check the roster."
            return f"{watched} {pick((vi, en), lang)}"
        if point.phase == "before" and point.report is None:
            return pick(("Điểm cầu chưa kết nối; buổi học chưa bắt đầu.", "Not connected yet; not begun yet."), lang)
        cause = point.cause or "not_started"
        what = pick(CAUSES[cause], lang)
        what = what[0].upper() + what[1:]
        since = ""
        if point.watched_until is not None:
            since = pick((" từ ", " since "), lang) + day_time(point.watched_until)
        return f"{what}{since}. {pick(TO_DO[cause], lang)}"


def by_trouble(points: tuple[PointState, ...]) -> list[PointState]:
    """Bridge points with trouble first, then by name."""
    return sorted(points, key=lambda point: (TROUBLE_ORDER[point.trouble], point.facts.name))
