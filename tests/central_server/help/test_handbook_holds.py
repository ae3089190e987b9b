"""The handbook says what is so: each alarm, label, command, picture and link in it exists."""

from __future__ import annotations

import argparse
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bridge_agent.command_line
import central_server.cli
from bridge_agent.console import belonging
from bridge_agent.health import lights
from central_server.health.pages import PARTS
from central_server.help.belonging import help_for
from central_server.help.routes import FOLDERS, HANDBOOK
from deploy.screenshots.handbook import AT_DESK, FIRST_RUN, LARGEST, PICTURES
from deploy.screenshots.office import page_paths
from models.handbook.book import Article, fault_anchor
from models.language import Language

ROOT = Path(__file__).parents[3]
ARTICLES = [article for lang in ("vi", "en") for article in HANDBOOK.articles(lang)]
EVERY = list({(one.part, one.name, one.lang): one for one in ARTICLES}.values())
SOURCES = {
    (part, path.stem.split("-", 1)[1], path.parent.name): path.read_text(encoding="utf-8")
    for part, folder in FOLDERS.items()
    for path in folder.glob("*/*.md")
}
TOTAL = 1_500_000
"""Bytes of all pictures."""


def prose(text: str) -> str:
    """Without blocks of commands and code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def test_every_article_is_shown() -> None:
    assert {(one.part, one.name, one.lang) for one in EVERY} == set(SOURCES)
    assert {one.part for one in EVERY} == set(FOLDERS)


# Alarms


ALARMS = frozenset({*lights._PARTS, *lights._ABOUT_PEOPLE, "portraits", "trouble portraits", "trouble templates"})


def told_as(name: str) -> str:
    """The line below a fault's heading."""
    if name in lights._ABOUT_PEOPLE:
        return "*Không có đèn*"
    part, state = lights._PARTS.get(name, ("faces", "attention"))
    return f"*{PARTS[part][0]} · {'Lỗi' if state == 'bad' else 'Cần chú ý'}*"


def test_every_alarm_has_its_section_with_its_light_and_no_section_is_of_another() -> None:
    text = SOURCES["technician", "faults", "vi"]
    found = dict(re.findall(r"^### .+ \{#(fault-[\w-]+)\}\n\n(.+)$", text, flags=re.MULTILINE))
    assert found == {fault_anchor(name): told_as(name) for name in ALARMS}


def test_each_fault_says_what_to_do() -> None:
    faults = HANDBOOK.article("technician", "faults", "vi")
    assert faults is not None
    assert not [one.heading for one in faults.sections if one.anchor.startswith("fault-") and len(one.text) < 100]


# Labels


@functools.cache
def said_by_the_product() -> str:
    """All templates, scripts and programs, without comments; a sentence over several lines is made whole."""
    parts = []
    for room in ("central_server", "bridge_agent", "models", "calibration"):
        for path in (ROOT / room).rglob("*"):
            if path.suffix in (".html", ".js", ".py"):
                text = re.sub(r"^\s*(#|//).*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
                parts.append(re.sub(r'"\s*\n\s*f?"', "", text))
    return " ".join("\n".join(parts).split())


def test_a_label_that_nothing_says_would_be_found() -> None:
    assert "Nhận trực" in said_by_the_product()
    assert "Nhận ca trực" not in said_by_the_product()


@pytest.mark.parametrize("key", SOURCES, ids="/".join)
def test_every_label_and_sentence_quoted_is_said_by_the_product(key: tuple[str, str, str]) -> None:
    quoted = re.findall(r"\*\*([^*]+)\*\*|«([^»]+)»", prose(SOURCES[key]))
    words = said_by_the_product()
    assert not sorted({label or sentence for label, sentence in quoted if (label or sentence) not in words})


ENGLISH = re.compile(
    r"\b(server|token|upload|download|sync|offline|online|login|logout|password|click|email|dashboard|update|backup|"
    r"feedback|report|wizard|setup|check-?in|user|admin|link|frame|stream)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("key", [key for key in SOURCES if key[2] == "vi"], ids="/".join)
def test_vietnamese_articles_speak_vietnamese(key: tuple[str, str, str]) -> None:
    said = re.sub(r"\]\([^)]*\)|\{#[\w-]+\}", "", prose(SOURCES[key]))
    assert not ENGLISH.findall(said)


# Commands


def commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices


def test_every_command_exists() -> None:
    known = {
        "bridge-agent": set(commands(bridge_agent.command_line.parser())),
        "central-server": set(commands(central_server.cli.parser())),
        "deploy/run.py": {"bundle", "demo", "test", "lint", "screenshots"},
        "calibrate": {"camera", "faces", "clock", "report"},
    }
    used = {
        pair
        for text in SOURCES.values()
        for code in re.findall(r"```\n(.*?)```|`([^`\n]+)`", text, flags=re.DOTALL)
        for line in "\n".join(code).splitlines()
        for pair in re.findall(
            r"^(?:\S*/)?(?:python3 )?(bridge-agent|central-server|deploy/run\.py|calibrate) ([\w-]+)", line
        )
    }
    assert len(used) > 12
    assert not {pair for pair in used if pair[1] not in known[pair[0]]}


# Pictures and links


def test_every_picture_is_there_used_described_and_small() -> None:
    here = {(part, path.name): path for part, folder in FOLDERS.items() for path in (folder / "pictures").iterdir()}
    taken = {(one.part, f"{one.name}.webp") for one in PICTURES} | {
        ("technician", f"{name}.webp") for name in (*AT_DESK, *FIRST_RUN)
    }
    used = set()
    for (part, _, _), text in SOURCES.items():
        for words, name in re.findall(r"!\[([^\]]*)\]\(pictures/([^)]+)\)", text):
            assert len(words) >= 12, name
            used.add((part, name))
    assert set(here) == taken == used
    sizes = [path.stat().st_size for path in here.values()]
    assert max(sizes) <= LARGEST
    assert sum(sizes) <= TOTAL


def target(link: str, of: Article) -> tuple[str, str, str]:
    """Part, article and anchor that a link of the article points at."""
    where, _, anchor = link.partition("#")
    part, _, name = where.removeprefix("/help/").rpartition("/")
    return part or of.part, name or of.name, anchor


def points(part: str, name: str, anchor: str, lang: Language = "vi") -> bool:
    found = HANDBOOK.article(part, name, lang)
    return found is not None and (not anchor or anchor in found.anchors)


@pytest.mark.parametrize("one", EVERY, ids=lambda one: f"{one.part}/{one.name}/{one.lang}")
def test_every_link_leads_somewhere(one: Article) -> None:
    links = re.findall(r'href="([^"]+)"', one.html)
    assert not [link for link in links if not points(*target(link, one), one.lang)]


def test_every_page_has_a_part_of_the_handbook() -> None:
    for path in page_paths():
        if path.startswith("/help"):
            continue
        where = help_for(path.replace("{", "").replace("}", "")).partition("#")
        part, _, name = where[0].removeprefix("/help/").partition("/")
        assert points(part, name, where[2]), path
    for path in ("/", "/kiosk", "/enrol/x", "/calibration", "/setup", "/setup/camera", "/setup/calibration"):
        where = belonging.help_for(path).partition("#")
        assert points("technician", where[0].rpartition("/")[2], where[2]), path
