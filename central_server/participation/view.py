"""The parts of a session's live page, rendered; what has not changed is not rendered again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from markupsafe import Markup

from central_server.classroom.interaction import RoomInteraction, Unrecorded
from central_server.errors import NotFoundError
from central_server.participation.bar import Slice, class_bar, class_slices, presence_bar
from central_server.participation.condition import PointRow
from central_server.participation.finding import Listing, Texts, Wanted, listing
from central_server.participation.queries import SessionFacts
from central_server.participation.rounding import MINUTE_MS, shown
from central_server.participation.state import LearnerState, Trouble, without_flags
from central_server.participation.streamed import losses_said, said
from central_server.participation.watch import SessionNow, SessionWatch
from central_server.participation.wording import (
    CAUSES,
    TO_DO,
    WORDS,
    at_two_points,
    doubted,
    flags_of,
    heads,
    known_by,
    pick,
    remarks,
    spot_checks,
    strangers_stay,
)
from central_server.web.figures import day_time, number
from central_server.web.rendering import Pages
from models.language import Language

SHORT_MS = 30 * MINUTE_MS
HEAD = "head"
"""The group of parts that every page shows."""
ROW, LEARNERS = "row:", "learners:"
"""Before a bridge point's id: the groups of its row, and of its learners' rows."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """Groups of a page now."""

    plan: str
    """Another word when the page must be loaded anew."""
    groups: Mapping[str, Mapping[str, Markup]]
    """By group, each part by its id, in order."""

    @property
    def parts(self) -> dict[str, Markup]:
        """All parts by their ids."""
        return {name: html for parts in self.groups.values() for name, html in parts.items()}


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a session to be sent."""

    state: SessionNow
    listing: Listing
    rendered: Rendered


class ShownWords(NamedTuple):
    """A row's minutes as they are written."""

    seen: str
    not_seen: str
    not_observed: str


def groups_of(points: Collection[str], opened: Collection[str]) -> list[str]:
    """The groups of parts of a page that lists and opens these bridge points (ids)."""
    return [HEAD, *(ROW + id_ for id_ in points), *(LEARNERS + id_ for id_ in opened)]


class SessionView:
    """Renders one session, or its part at some bridge points, in one language.

    points: which of them, flags: at which it also shows what was odd at check-ins; None: all. unrecorded: what is
    spoken in the classroom now.
    """

    def __init__(
        self,
        watch: SessionWatch,
        pages: Pages,
        lang: Language,
        now: Callable[[], int],
        points: frozenset[str] | None = None,
        flags: frozenset[str] | None = None,
        unrecorded: Callable[[], Unrecorded] = Unrecorded,
    ) -> None:
        self._watch = watch
        self._flags = flags
        self._points = points
        self._pages = pages
        self._lang = lang
        self._now = now
        self._texts = Texts()
        self._rows: dict[str, tuple[PointRow, Markup]] = {}
        self._learners: dict[str, tuple[LearnerState, Markup]] = {}
        self._class_bar: tuple[list[Slice], Markup] | None = None
        self._unrecorded = unrecorded
        self._interaction: tuple[Mapping[str, RoomInteraction], str, Markup] | None = None

    def _look(self) -> SessionNow:
        return self._watch.look(self._now(), self._points)

    def page(self, text: str = "", trouble: Wanted = "", page: int = 1, opened: Collection[str] = ()) -> Page:
        """One page: what it lists, and all its parts. Raises NotFoundError."""
        state = self._look()
        listed = listing(state.rows, state.learners, self._texts, text, trouble, page, opened)
        return Page(state, listed, self._render(state, groups_of(listed.points, listed.opened)))

    def point(self, id_: str) -> tuple[SessionNow, Rendered]:
        """One bridge point's row and learners. Raises NotFoundError."""
        state = self._look()
        if id_ not in state.rows:
            raise NotFoundError("Điểm cầu này không dự buổi học.", "This bridge point takes no part in the session.")
        return state, self._render(state, groups_of([id_], [id_]))

    def render(self, groups: Collection[str]) -> Rendered:
        """The named groups as they are now; those that there are not are left out. Raises NotFoundError."""
        return self._render(self._look(), groups)

    def _render(self, state: SessionNow, groups: Collection[str]) -> Rendered:
        out: dict[str, dict[str, Markup]] = {HEAD: self._head(state)}
        for group in groups:
            id_ = group.removeprefix(ROW)
            if id_ is not group and id_ in state.rows:
                out[group] = {f"point-{id_}": self._row(state.rows[id_], self._odd(id_))}
        wanted = [group.removeprefix(LEARNERS) for group in groups if group.startswith(LEARNERS)]
        for id_, point in self._watch.opened([id_ for id_ in wanted if id_ in state.rows], state.now).items():
            odd = self._odd(id_)
            out[LEARNERS + id_] = {
                f"learner-{who.facts.id}": self._learner(state.facts, who, odd) for who in point.learners
            }
        return Rendered(state.plan, out)

    def _odd(self, point: str) -> bool:
        """Whether it shows what was odd at check-ins there, and what is suspected."""
        return self._flags is None or point in self._flags

    def _head(self, state: SessionNow) -> dict[str, Markup]:
        return {
            "as-of": self._part("as_of.html", state=state),
            "plan": self._part("plan.html", facts=state.facts),
            "headline": self._part("headline.html", state=state),
            "class-bar": self._bar(state),
            "troubles": self._part("troubles.html", state=state, troubles=_troubles(state)),
            "interaction": self._spoken(state),
        }

    def _part(self, template: str, **context: object) -> Markup:
        return self._pages.part(template, self._lang, **context)

    def _bar(self, state: SessionNow) -> Markup:
        slices = class_slices(state.expected, *state.columns, state.shown)
        if self._class_bar is None or self._class_bar[0] != slices:
            svg = class_bar(state.facts, slices, self._lang)
            self._class_bar = (slices, Markup('<div id="class-bar">{}</div>').format(svg))
        return self._class_bar[1]

    def _spoken(self, state: SessionNow) -> Markup:
        """What was done in the classroom. It stands beside participation: nothing of it is counted there."""
        told, new = state.interaction.rooms, self._unrecorded()
        live = new.spoken if new.since >= state.interaction.spoken_to else {}
        rooms: dict[str, RoomInteraction] = {}
        for id_ in state.rows:
            if id_ in told or id_ in live:
                one = told.get(id_, RoomInteraction())
                rooms[id_] = replace(one, spoken_ms=one.spoken_ms + live.get(id_, 0))
        if self._interaction is None or self._interaction[:2] != (rooms, state.plan):
            some = [(state.rows[id_].facts.name, one) for id_, one in rooms.items()]
            html = self._part("interaction.html", rooms=some, silent=len(state.rows) - len(some))
            self._interaction = (rooms, state.plan, html)
        return self._interaction[2]

    def _row(self, row: PointRow, odd: bool) -> Markup:
        before = self._rows.get(row.facts.id)
        if before is not None and before[0] is row:
            return before[1]
        alarms = [at_two_points(one, self._lang) for one in row.twice]
        if row.strangers_since is not None and row.phase != "over":
            alarms.append(strangers_stay(row.strangers_since, self._lang))
        html = self._part(
            "point.html",
            row=row,
            sentence=self._sentence(row),
            stream=said(row.stream, self._lang) if row.stream else "",
            remarks=[*remarks(row, self._lang), *filter(None, [losses_said(row.losses, self._lang)])],
            heads=heads(row.heads, self._lang) if row.heads else "",
            alarms=alarms,
            told=(*row.alarms, *(row.suspicions if odd else ())),
        )
        self._rows[row.facts.id] = (row, html)
        return html

    def _learner(self, facts: SessionFacts, learner: LearnerState, odd: bool) -> Markup:
        before = self._learners.get(learner.facts.id)
        if before is not None and before[0] is learner:
            return before[1]
        shown = learner if odd else without_flags(learner)
        row = self._part(
            "learner.html",
            learner=shown,
            bar=presence_bar(facts, shown, self._lang),
            minutes=self._minutes(facts, shown),
            word=pick(WORDS[shown.value], self._lang),
            doubted=doubted(shown),
            known_by=known_by(shown, self._lang),
            flags=flags_of(shown.check_in, self._lang),
            spot_checks=spot_checks(shown, self._lang),
        )
        self._learners[learner.facts.id] = (learner, row)
        return row

    def _minutes(self, facts: SessionFacts, learner: LearnerState) -> ShownWords:
        """What a row shows: whole minutes, in a session under half an hour tenths of them; they add up."""
        digits = 0 if facts.end - facts.start >= SHORT_MS else 1
        parts = shown(learner.participation, MINUTE_MS // 10**digits)
        return ShownWords(*(number(part / 10**digits, self._lang, digits) for part in parts[:3]))

    def _sentence(self, row: PointRow) -> str:
        """A bridge point's condition as a sentence: what is so, since when, what to do."""
        lang = self._lang
        if row.phase == "over":
            return pick(("Buổi học đã kết thúc.", "The session is over."), lang)
        if row.watching:
            watched = pick(("Máy quay đang ghi nhận phòng học.", "The camera is watching the room."), lang)
            if not row.unknown or row.strangers_since is not None:  # who stays is told of in a sentence of its own
                return watched
            count = number(row.unknown, lang)
            vi = f"Có {count} người chưa nhận ra; nhờ cán bộ kỹ thuật hỏi tên và kiểm tra danh sách."
            en = f"{count} unknown in the room; ask the technician who it is and check the roster."
            return f"{watched} {pick((vi, en), lang)}"
        if row.phase == "before" and row.news_at is None:
            return pick(("Điểm cầu chưa kết nối; buổi học chưa bắt đầu.", "Not connected yet; not begun yet."), lang)
        cause = row.cause or "not_started"
        what = pick(CAUSES[cause], lang)
        what = what[0].upper() + what[1:]
        since = ""
        if row.watched_until is not None:
            since = pick((" từ ", " since "), lang) + day_time(row.watched_until)
        return f"{what}{since}. {pick(TO_DO[cause], lang)}"


def _troubles(state: SessionNow) -> dict[Trouble, int]:
    counts: dict[Trouble, int] = {"failure": 0, "attention": 0, "good": 0}
    for row in state.rows.values():
        counts[row.trouble] += 1
    return counts
