"""Which bridge points a session's page lists: those with trouble first, or those that were asked for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from central_server.learners.names import plain
from central_server.participation.condition import TROUBLE_ORDER, PointRow
from central_server.participation.queries import LearnerFacts
from central_server.participation.state import Trouble

PAGE = 50
"""Bridge points on one page."""
OPEN_ALL = 300
"""A session with no more learners than this shows all of them at once."""
OPEN_FOUND = 20
"""At most so many bridge points are opened to show the learners that were found there."""
Wanted = Trouble | Literal[""]


@dataclass(frozen=True, slots=True)
class Listing:
    """What one page of a session lists."""

    points: tuple[str, ...]
    """Ids, in order."""
    opened: tuple[str, ...]
    """Those of them that show their learners."""
    page: int
    pages: int
    first: int
    """Of the first one listed, from 1; 0 when there is none."""
    found: int
    """Bridge points in all pages."""
    found_learners: int | None
    """Learners who match the text; None without a text."""


class Texts:
    """What each learner is found by, made when somebody searches for the first time."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Sequence[LearnerFacts], list[str]]] = {}

    def of(self, point: str, learners: Sequence[LearnerFacts]) -> list[str]:
        """The texts of a bridge point's learners, in their order."""
        made = self._made.get(point)
        if made is None or made[0] is not learners:
            texts = [plain(f"{who.name} {who.code} {who.unit} {who.birth_year or ''}") for who in learners]
            made = self._made[point] = (learners, texts)
        return made[1]


def listing(
    rows: Mapping[str, PointRow],
    learners: Mapping[str, Sequence[LearnerFacts]],
    texts: Texts,
    text: str = "",
    trouble: Wanted = "",
    page: int = 1,
    opened: Collection[str] = (),
) -> Listing:
    """The page to show.

    text: words of a bridge point's name or code, or of a learner's name, code, unit, birth year.
    """
    words = plain(text).split()
    matches: dict[str, int] = {}
    some: Iterable[str] = rows
    if words:
        matches = {id_: _matches(rows[id_], texts.of(id_, learners[id_]), words) for id_ in rows}
        some = [id_ for id_ in rows if matches[id_] or _named(rows[id_], words)]
    kept = [id_ for id_ in some if not trouble or rows[id_].trouble == trouble]
    order = {id_: at for at, id_ in enumerate(rows)}
    kept.sort(key=lambda id_: (TROUBLE_ORDER[rows[id_].trouble], order[id_]))
    pages = max(1, -(-len(kept) // PAGE))
    page = min(max(page, 1), pages)
    here = tuple(kept[(page - 1) * PAGE : page * PAGE])
    whole = sum(row.expected for row in rows.values()) <= OPEN_ALL
    found = [id_ for id_ in here if matches.get(id_)][:OPEN_FOUND]
    show = set(here if whole else found) | set(opened)
    return Listing(
        points=here,
        opened=tuple(id_ for id_ in here if id_ in show),
        page=page,
        pages=pages,
        first=(page - 1) * PAGE + 1 if here else 0,
        found=len(kept),
        found_learners=sum(matches.values()) if words else None,
    )


def _named(row: PointRow, words: Sequence[str]) -> bool:
    name = plain(f"{row.facts.name} {row.facts.code}")
    return all(word in name for word in words)


def _matches(row: PointRow, texts: Sequence[str], words: Sequence[str]) -> int:
    """How many learners match; the bridge point's name may stand beside theirs."""
    place = plain(row.facts.name)
    rest = [word for word in words if word not in place]
    return sum(all(word in text for word in rest) for text in texts) if rest else 0
