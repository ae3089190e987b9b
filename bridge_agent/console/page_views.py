"""The pages and their live parts: which template shows what of a view."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bridge_agent.check_in.desk import Desk, DeskView, Outcome, Row
from bridge_agent.console import day, kiosk, showing
from bridge_agent.console.live import Show, opener
from bridge_agent.console.rendering import Pages
from bridge_agent.console.words import Words
from bridge_agent.health.checklist import undone
from models.language import Language

TECHNICIAN_PARTS = ("head", "lights", "faults", "session", "checks", "card", "asked", "duty")


class PageViews:
    """All pages of one desk, whole and in their parts."""

    def __init__(self, desk: Desk, pages: Pages) -> None:
        self._desk = desk
        self._pages = pages

    def technician_page(self, request: Request) -> Response:
        """The technician's page."""
        return self._pages.page(request, "technician.html", **_technician(self._desk.view()))

    def technician(self, lang: Language) -> Show:
        """Its live parts; the roster's rows one by one, so that nothing jumps, or all when they are others."""
        ids: list[str] = []

        def show(view: DeskView) -> tuple[dict[str, str], dict[str, Any]]:
            context = _technician(view)
            parts = {name: self._pages.html(f"part_{name}.html", lang, **context) for name in TECHNICIAN_PARTS}
            rows = view.session.rows if view.session else ()
            now = [row.learner for row in rows]
            if now != ids:
                ids[:] = now
                parts["roster"] = self._pages.html("part_roster.html", lang, **context)
            else:
                for row in rows:
                    parts[f"row-{row.learner}"] = self._pages.html("part_row.html", lang, row=row, **context)
            camera = view.day.by_part.get("camera")
            return parts, {"camera": camera.state if camera else "off", "sweep_ms": view.sweep_ms}

        return show

    def kiosk_page(self, request: Request) -> Response:
        """The learners' page."""
        return self._pages.page(request, "kiosk.html", **_kiosk(self._desk.view()))

    def kiosk(self, lang: Language) -> Show:
        """What its script shows, and the parts that name people."""
        open_for = opener(self._desk)

        def show(view: DeskView) -> tuple[dict[str, str], dict[str, Any]]:
            closed = open_for(view)
            context = _kiosk(view)
            parts = {name: self._pages.html(f"part_kiosk_{name}.html", lang, **context) for name in ("card", "asked")}
            return {f"kiosk-{name}": html for name, html in parts.items()}, kiosk.state(view, lang, closed)

        return show

    def enrol_page(self, request: Request, learner: str, *, keep: bool) -> Response:
        """Consent and portraits of one learner. Raises HTTPException 404 when nobody is called so.

        keep: shows the text by which portraits are kept, where a course of the learner's keeps them.
        """
        view = self._desk.view()
        context = _enrolment(view, self._row(view, learner), None, None, keep=keep)
        return self._pages.page(request, "enrol.html", **context)

    def enrol(self, lang: Language, learner: str, *, keep: bool) -> Show:
        """Its live parts. What the enrolment came to stays on the page when the desk has forgotten it."""
        first = self._desk.view().outcome
        last: Outcome | None = None
        row: Row | None = None

        def show(view: DeskView) -> tuple[dict[str, str], dict[str, Any]]:
            nonlocal last, row
            came = view.outcome
            new = came is not None and (first is None or came.number != first.number)
            if new and came and came.learner and came.learner.learner == learner:
                last = came
            if view.enrolling is not None and view.enrolling.learner == learner:
                last = None
            row = showing.find(view, learner) or row
            if row is None:
                return {}, {"taking": False, "guidance": None, "portraits": (0, 0)}
            done = last if last and last.kind == "enrolled" else None
            failed = last if last and last.kind == "refused" else None
            context = _enrolment(view, row, done, failed, keep=keep)
            taking = context["step"] == "taking"
            return {"step": self._pages.html("part_enrol.html", lang, **context)}, {
                "taking": taking,
                "guidance": kiosk.guidance(view, Words(lang)) if taking else None,
                "portraits": view.portraits,
            }

        return show

    def without_face_page(self, request: Request, learner: str) -> Response:
        """What a learner who does not agree does instead. Raises HTTPException 404."""
        return self._pages.page(request, "without_face.html", row=self._row(self._desk.view(), learner))

    @staticmethod
    def _row(view: DeskView, learner: str) -> Row:
        row = showing.find(view, learner)
        if row is None:
            raise HTTPException(404)
        return row


def _technician(view: DeskView) -> dict[str, Any]:
    session = view.session
    return {
        "view": view,
        "session": session,
        "today": view.day,
        "phase": day.phase(view),
        "verdict": day.verdict(view),
        "figures": {light.part: day.figure(light.part, view) for light in view.day.lights},
        "parts": day.PARTS,
        "people": day.PEOPLE,
        "states": day.STATES,
        "rows": day.trouble_first(session.rows) if session else [],
        "ended": day.ended(view),
        "undone": undone(view.day.checks),
        "when": day.when,
        "duration": day.duration,
        "headcount": showing.headcount(session) if session else None,
        "summary": showing.summary(session.rows) if session else [],
        "asked": showing.asked(session),
        "looks": showing.LOOKS,
        "order": day.TROUBLE_FIRST,
        "methods": showing.METHODS,
        "flags": showing.FLAGS,
    }


def _kiosk(view: DeskView) -> dict[str, Any]:
    return {"view": view, "asked": showing.asked(view.session), "methods": showing.METHODS}


def _enrolment(
    view: DeskView, row: Row, done: Outcome | None, failed: Outcome | None, *, keep: bool
) -> dict[str, Any]:  # fmt: skip
    keeping = view.keeping.get(row.learner)
    return {
        "view": view,
        "row": row,
        "step": showing.enrol_step(view, row.learner, done),
        "done": done,
        "failed": failed,
        "consent": keeping if keep and keeping else view.consent,
        "choice": keeping is not None,
        "keep": keep,
    }
