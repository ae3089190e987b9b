"""Articles of the handbook: Markdown files in, pages with anchors, plain text to search and pictures out.

A part is a folder of one reader's articles: `vi/10-quick.md` (the number orders them, `quick` is the name), the same
name in `en/` where there is an English version, and `pictures/`. An article's first heading is its title, its first
paragraph says what it is about. A heading's anchor is made of its words, or stands behind it: `## Mất hình {#dark}`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from models.handbook.pictures import size_of_webp
from models.language import Language

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
STYLE = HERE / "handbook.css"
TECHNICIAN: Final = HERE / "technician"
"""The technician's part, which the agent shows without the server, too."""
_ANCHOR = re.compile(r"\s*\{#([\w-]+)\}$")
_NUMBERED = re.compile(r"\d+-(.+)")
_PICTURE = re.compile(r"[\w-]+\.webp")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the plain text below it, up to the next heading. level: 1 is the article's title."""

    anchor: str
    heading: str
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """One page. lang: the language that it is written in. html: safe to be shown as it is, without the title."""

    part: str
    name: str
    lang: Language
    title: str
    lead: str
    html: str
    sections: tuple[Section, ...]

    @property
    def contents(self) -> tuple[Section, ...]:
        """What its list of contents shows: the headings below the title."""
        return tuple(one for one in self.sections if one.level == 2)

    @property
    def anchors(self) -> frozenset[str]:
        """Where links may point."""
        return frozenset(one.anchor for one in self.sections)


class Handbook:
    """The articles of some parts. Files are read when they are first asked for, and kept."""

    def __init__(self, parts: Mapping[str, Path]) -> None:
        self._parts = dict(parts)
        self.articles = lru_cache(maxsize=None)(self._articles)

    @property
    def parts(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(self._parts)

    def article(self, part: str, name: str, lang: Language) -> Article | None:
        """An article in a language, or in Vietnamese where it has no other; None when there is no such article."""
        return next((one for one in self.articles(lang) if (one.part, one.name) == (part, name)), None)

    def picture(self, part: str, name: str) -> Path | None:
        """The file of a picture (WebP); None when there is none."""
        if part not in self._parts or not _PICTURE.fullmatch(name):
            return None
        path = self._parts[part] / "pictures" / name
        return path if path.is_file() else None

    def _articles(self, lang: Language) -> tuple[Article, ...]:
        found = []
        markdown = _markdown()
        for part, folder in self._parts.items():
            for path in sorted((folder / "vi").glob("*.md")):
                other = folder / lang / path.name
                written: Language = lang if other.exists() else "vi"
                text = (other if other.exists() else path).read_text(encoding="utf-8")
                name = _NUMBERED.fullmatch(path.stem)
                article = _article(markdown, part, name[1] if name else path.stem, written, text, folder, self.parts)
                found.append(article)
        return tuple(found)


def folded(text: str) -> str:
    """Without marks and in small letters, letter for letter, as people type who search: Điểm cầu becomes diem cau."""
    return "".join(_folded(letter) for letter in unicodedata.normalize("NFC", text))


def lowered(text: str) -> str:
    """In small letters with their marks, letter for letter."""
    return "".join(letter.lower()[:1] for letter in unicodedata.normalize("NFC", text))


@lru_cache(maxsize=1024)
def _folded(letter: str) -> str:
    if letter in "đĐ":
        return "d"
    return unicodedata.normalize("NFD", letter)[0].lower()[:1]


def fault_anchor(name: str) -> str:
    """Where the technician's article `faults` explains the alarm `name`."""
    return f"fault-{name.replace(' ', '-').replace('_', '-')}"


def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # only who is asked for help pays for it

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    # A table may be wider than a phone: it scrolls by itself, by keyboard too.
    markdown.add_render_rule("table_open", lambda *_: '<div class="wide" tabindex="0" role="group"><table>\n')
    markdown.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return markdown


def _article(
    markdown: MarkdownIt, part: str, name: str, lang: Language, text: str, folder: Path, parts: tuple[str, ...]
) -> Article:
    tokens = markdown.parse(text)
    sections: list[Section] = []
    lead, taken, words = "", set[str](), list[str]()
    for at, token in enumerate(tokens):
        inline = tokens[at + 1] if at + 1 < len(tokens) else token
        if token.type == "heading_open":
            _close(sections, words)
            heading, anchor = _heading(inline, taken)
            taken.add(anchor)
            token.attrSet("id", anchor)
            sections.append(Section(anchor, heading, int(token.tag[1]), ""))
        elif token.type == "paragraph_open" and not lead and token.level == 0:
            lead = _plain(inline)
        elif token.type == "inline" and tokens[at - 1].type != "heading_open":
            words.append(_plain(token))
            _measure(token, folder)
            _unlink(token, parts)
        elif token.type in ("fence", "code_block"):
            words.append(token.content)
    _close(sections, words)
    if not sections or sections[0].level != 1 or not lead:
        raise ValueError(f"{part}/{name}: an article begins with its title and a paragraph of what it is about")
    html = str(markdown.renderer.render(tokens[3:], markdown.options, {}))
    return Article(part, name, lang, sections[0].heading, lead, html, tuple(sections))


def _close(sections: list[Section], words: list[str]) -> None:
    """Give the words gathered so far to the last section."""
    if sections:
        last = sections.pop()
        sections.append(Section(last.anchor, last.heading, last.level, " ".join(" ".join(words).split())))
    words.clear()


def _heading(inline: Token, taken: set[str]) -> tuple[str, str]:
    """The heading's text and its anchor, which is taken out of the tokens."""
    said = _ANCHOR.search(inline.content)
    if said and inline.children:
        inline.children[-1].content = _ANCHOR.sub("", inline.children[-1].content)
    heading = _plain(inline)
    anchor = said[1] if said else re.sub(r"[^a-z0-9]+", "-", folded(heading)).strip("-")
    if anchor in taken:
        raise ValueError(f"the anchor {anchor} stands twice")
    return heading, anchor


def _plain(inline: Token) -> str:
    """The words of a paragraph; a picture's are its description."""
    return "".join(" " if one.type == "softbreak" else one.content for one in inline.children or ())


def _unlink(inline: Token, parts: tuple[str, ...]) -> None:
    """Leave the words of a link to a part that is not shown here, without the link."""
    kept, dropping = [], False
    for one in inline.children or ():
        href = str(one.attrGet("href") or "")
        if one.type == "link_open" and href.startswith("/help/") and href.split("/")[2] not in parts:
            dropping = True
        elif one.type == "link_close" and dropping:
            dropping = False
        else:
            kept.append(one)
    inline.children = kept


def _measure(inline: Token, folder: Path) -> None:
    """Say each picture's size, so that nothing jumps when it comes."""
    for one in inline.children or ():
        if one.type == "image":
            width, height = size_of_webp((folder / str(one.attrGet("src"))).read_bytes())
            one.attrSet("width", str(width))
            one.attrSet("height", str(height))
