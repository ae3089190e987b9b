"""The handbook's pages: for everybody, as nothing in them is secret and who can't sign in needs help most."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from markupsafe import Markup

from central_server.accounts.guard import Guard, guard, hidden
from central_server.errors import NotSignedInError
from central_server.services import ServicesDep
from central_server.web.headers import page_language
from models.handbook.book import STYLE, TECHNICIAN, Article, Handbook
from models.handbook.searching import LONGEST, search
from models.language import Language

HERE = Path(__file__).parent
TITLES = {
    "technician": ("Cán bộ kỹ thuật", "Technicians"),
    "class-manager": ("Cán bộ quản lý lớp", "Class managers"),
    "administrator": ("Quản trị hệ thống", "Administrators"),
    "everybody": ("Mọi người", "Everybody"),
}
FOLDERS = {
    "technician": TECHNICIAN,
    "class-manager": HERE / "class_manager",
    "administrator": HERE / "administrator",
    "everybody": HERE / "everybody",
}
HANDBOOK = Handbook(FOLDERS)
KEPT = {"Cache-Control": "max-age=3600"}

router = APIRouter(prefix="/help", dependencies=[guard("everybody")])


@dataclass(frozen=True, slots=True)
class Part:
    """A reader's part, as the templates show it."""

    name: str
    title: tuple[str, str]
    articles: tuple[Article, ...]


def _parts(lang: Language) -> list[Part]:
    every = HANDBOOK.articles(lang)
    return [Part(name, TITLES[name], tuple(a for a in every if a.part == name)) for name in HANDBOOK.parts]


def _know(request: Request, of: ServicesDep) -> None:
    """Let the page's head show the rooms of whoever is signed in."""
    try:
        Guard("signed_in")(request, of)
    except NotSignedInError:
        return


@router.get("")
def contents(
    request: Request, of: ServicesDep, q: str = Query("", max_length=4 * LONGEST), part: str = Query("", max_length=32)
) -> Response:
    """The list of contents; with `q` what was found."""
    _know(request, of)
    lang = page_language(request)
    parts = _parts(lang)
    hits = search([a for one in parts for a in one.articles if part in ("", a.part)], q)
    return of.pages.page(
        request, "handbook_contents.html", parts=parts, asked=q[:LONGEST].strip(), chosen=part, hits=hits
    )


@router.get("/handbook.css", response_class=FileResponse)
def style() -> Response:
    """How it looks."""
    return FileResponse(STYLE, media_type="text/css; charset=utf-8", headers=KEPT)


@router.get("/{part}/pictures/{picture}", response_class=FileResponse)
def picture(part: str, picture: str) -> Response:
    """A picture of an article."""
    path = HANDBOOK.picture(part, picture)
    if path is None:
        raise hidden()
    return FileResponse(path, media_type="image/webp", headers=KEPT)


@router.get("/{part}/{article}")
def article(request: Request, of: ServicesDep, part: str, article: str) -> Response:
    """One article."""
    _know(request, of)
    lang = page_language(request)
    found = HANDBOOK.article(part, article, lang)
    if found is None:
        raise hidden()
    here = next(one for one in _parts(lang) if one.name == part)
    html = Markup(found.html)  # noqa: S704 - made of our own Markdown, which may hold no HTML
    return of.pages.page(request, "handbook_article.html", article=found, part=here, html=html)
