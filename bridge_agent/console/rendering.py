"""The pages' templates, and the static files with addresses that change with their content."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from bridge_agent.console import words
from bridge_agent.console.belonging import help_for
from bridge_agent.console.words import Words, page_language, page_theme
from models.handbook.book import TEMPLATES as HANDBOOK
from models.handbook.book import fault_anchor
from models.language import Language, many

HERE = Path(__file__).parent
STATIC = HERE / "static"


def font_folder() -> Path:
    """Be Vietnam Pro as its package brings it (OFL-1.1)."""
    return Path(str(files("fontpkg_be_vietnam_pro"))) / "files"


class Pages:
    """Renders the templates. `run`: a mark of this process, by which a page sees that the agent was started anew."""

    def __init__(self, token: str, run: str) -> None:
        self._env = Environment(
            loader=FileSystemLoader([HERE / "templates", HANDBOOK]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.globals |= {
            "token": token,
            "run": run,
            "fault_anchor": fault_anchor,
            "help_for": help_for,
            "day": words.day,
            "day_time": words.day_time,
            "many": many,
            "static": {path.name: _address(path) for path in STATIC.iterdir()},
        }

    def html(self, template: str, lang: Language, **context: Any) -> str:
        """A page or a part of one."""
        speak = Words(lang)
        return self._env.get_template(template).render(
            lang=lang, t=speak.t, say=speak.say, seconds=speak.seconds, **context
        )

    def page(self, request: Request, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
        """A whole page, in the language and the colours that the request asks for."""
        lang, theme = page_language(request), page_theme(request)
        return HTMLResponse(self.html(template, lang, theme=theme, path=request.url.path, **context), status)


def _address(path: Path) -> str:
    return f"/static/{path.name}?{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
