"""The technician's articles of the handbook on the agent's own pages: help without the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from bridge_agent.console.belonging import PART
from bridge_agent.console.rendering import Pages
from bridge_agent.console.words import page_language
from models.handbook.book import STYLE, TECHNICIAN, Article, Handbook
from models.handbook.searching import LONGEST, search
from models.language import Language

HANDBOOK: Final = Handbook({PART: TECHNICIAN})


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    title: tuple[str, str]
    articles: tuple[Article, ...]


def routes(pages: Pages) -> list[Route]:
    """Contents and search, the articles, their pictures."""

    async def contents(request: Request) -> Response:
        asked = request.query_params.get("q", "").strip()
        part = _part(page_language(request))
        return pages.page(
            request, "handbook_contents.html", parts=[part], asked=asked[:LONGEST], chosen="",
            hits=search(part.articles, asked),
        )  # fmt: skip

    async def article(request: Request) -> Response:
        lang = page_language(request)
        found = HANDBOOK.article(PART, request.path_params["article"], lang)
        if found is None:
            raise HTTPException(404)
        html = Markup(found.html)  # noqa: S704 - made of our own Markdown, which may hold no HTML
        return pages.page(request, "handbook_article.html", article=found, part=_part(lang), html=html)

    async def style(request: Request) -> Response:
        return FileResponse(STYLE, media_type="text/css; charset=utf-8")

    async def picture(request: Request) -> Response:
        path = HANDBOOK.picture(PART, request.path_params["picture"])
        if path is None:
            raise HTTPException(404)
        return FileResponse(path, media_type="image/webp")

    return [
        Route("/help", contents),
        Route("/help/handbook.css", style),
        Route(f"/help/{PART}/pictures/{{picture}}", picture),
        Route(f"/help/{PART}/{{article}}", article),
    ]


def _part(lang: Language) -> _Part:
    return _Part(PART, ("Cán bộ kỹ thuật", "Technicians"), HANDBOOK.articles(lang))
