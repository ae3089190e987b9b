"""Some articles as one HTML file with its pictures inside, to be read where no program of ours runs yet."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

from models.handbook.book import STYLE, Article

_COLOURS = (
    ":root{color-scheme:light;--ink:#1b1f24;--soft:#4a525b;--paper:#f6f5f1;--card:#fff;--line:#dcdad3;--accent:#0b5d66;"
    "--warn-ground:#fff4d6;--warn-ink:#5c4300}"
    "body{margin:0 auto;max-width:50rem;padding:1rem;background:var(--paper);color:var(--ink);"
    "font:16px/1.5 system-ui,sans-serif}a{color:var(--accent)}"
    "article+article{border-top:2px solid var(--line);margin-top:3rem;padding-top:1rem}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def single_page(title: str, articles: Iterable[Article], folder: Path) -> str:
    """The page. folder: of the part, which holds pictures/. Links to what is not on it become plain words."""
    articles = tuple(articles)
    names = {one.name for one in articles}
    contents = "".join(f'<li><a href="#{one.name}">{escape(one.title)}</a></li>' for one in articles)
    return (
        f'<!doctype html>\n<html lang="{articles[0].lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title><style>{_COLOURS}{STYLE.read_text(encoding='utf-8')}</style></head>\n"
        f'<body><main class="handbook"><h1>{escape(title)}</h1><nav><ul>{contents}</ul></nav>\n'
        + "\n".join(_article(one, names, folder) for one in articles)
        + "</main></body></html>\n"
    )


def _article(one: Article, names: set[str], folder: Path) -> str:
    def link(found: re.Match[str]) -> str:
        where, words = found[1], found[2]
        name, _, anchor = where.partition("#")
        name = name or one.name
        if name not in names:
            return words
        return f'<a href="#{f"{name}--{anchor}" if anchor else name}">{words}</a>'

    def picture(found: re.Match[str]) -> str:
        data = base64.b64encode((folder / found[1]).read_bytes()).decode()
        return f'src="data:image/webp;base64,{data}"'

    html = re.sub(r'<a href="([^"]*)">(.*?)</a>', link, one.html, flags=re.DOTALL)
    html = re.sub(r'src="(pictures/[^"]+)"', picture, html)
    html = re.sub(r'(<h\d) id="', rf'\1 id="{one.name}--', html)
    return f'<article id="{one.name}" lang="{one.lang}"><h2>{escape(one.title)}</h2>\n{html}</article>'
