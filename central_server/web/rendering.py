"""Pages: templates of all packages, with the language and its figures at hand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from central_server.background import Background
from central_server.help.belonging import help_for
from central_server.participation.bar import HATCH
from central_server.reports.sheet import Cell, Kind, shown
from central_server.web import figures
from central_server.web.headers import page_language
from central_server.works import Works
from models.handbook.book import TEMPLATES as HANDBOOK
from models.language import Language, many

ROOT = Path(__file__).parent.parent
STATIC = Path(__file__).parent / "static"


class Words:
    """What templates use to speak: `t(vi, en)` and figures, in one language."""

    def __init__(self, lang: Language) -> None:
        self.lang = lang

    def t(self, vi: str, en: str) -> str:
        """Of two sentences that say the same, the one in this page's language."""
        return en if self.lang == "en" else vi

    def number(self, value: float, digits: int = 0) -> str:
        """5.476"""
        return figures.number(value, self.lang, digits)

    def percent(self, share: float | None) -> str:
        """111,5 %"""
        return figures.percent(share, self.lang)

    def cell(self, value: Cell, kind: Kind) -> str:
        """A cell of a sheet, as its files have it."""
        return shown(value, kind, self.lang)

    def weekday(self, ms: int) -> str:
        """thứ Ba"""
        return figures.weekday(ms, self.lang)

    def duration(self, ms: int) -> str:
        """1 giờ 05 phút"""
        return figures.duration(ms, self.lang)


COMPILE_AGAIN_S = 600.0
"""After a failure: pages whose templates are not compiled ahead are compiled when somebody asks for them."""


class Compiler(Background):
    """A thread that compiles all pages' templates: that is half a second, a quarter of the server's start."""

    def __init__(self, pages: Pages, works: Works | None = None) -> None:
        super().__init__("compiling", pause_s=COMPILE_AGAIN_S, works=works)
        self._pages = pages

    def _turn(self) -> None:
        for _ in self._pages.compile():
            if self._end.is_set():
                return


class Pages:
    """Renders the templates. One for the whole server."""

    def __init__(self) -> None:
        packages = (
            "web",
            "accounts",
            "bridge_points",
            "classroom",
            "corrections",
            "courses",
            "health",
            "enrolment",
            "learners",
            "participation",
            "reports",
        )
        self._env = Environment(
            loader=FileSystemLoader([*(ROOT / name / "templates" for name in packages), HANDBOOK]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.globals |= {
            "hatch": HATCH,
            "day": figures.day,
            "day_time": figures.day_time,
            "minutes_seconds": figures.minutes_seconds,
            "many": many,
            "second_time": figures.second_time,
            "span": figures.span,
            "static": _static_addresses(),
        }

    def compile(self) -> Iterator[str]:
        """Compile all templates, one at each step, or the first visitor of each page waits for its own."""
        for name in self._env.list_templates():
            self._env.get_template(name)
            yield name

    def html(self, template: str, lang: Language, **context: Any) -> str:
        """A page or a part of one."""
        words = Words(lang)
        return self._env.get_template(template).render(
            lang=lang,
            t=words.t,
            number=words.number,
            percent=words.percent,
            cell=words.cell,
            duration=words.duration,
            weekday=words.weekday,
            **({"actor": None, "visit": None, "help": "/help"} | context),
        )

    def page(self, request: Request, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
        """A whole page in the request's language, with the navigation of whoever asks."""
        state = request.state
        who = {name: getattr(state, name, None) for name in ("actor", "visit", "visit_left_ms")}
        shown = {"status": status, "help": help_for(request.url.path)} | who | context
        return HTMLResponse(self.html(template, page_language(request), **shown), status)

    def part(self, template: str, lang: Language, **context: Any) -> Markup:
        """A part, to be put into another template as it is."""
        return Markup(self.html(template, lang, **context))  # noqa: S704 - rendered with autoescape


def _static_addresses() -> dict[str, str]:
    """The address of each static file by its name, with a mark that changes with its content."""
    files = [path for path in STATIC.rglob("*") if path.suffix in (".css", ".js")]
    return {
        path.name: f"/static/{path.relative_to(STATIC).as_posix()}?{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
        for path in files
    }
