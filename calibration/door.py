"""The door of a class, simulated on pictures with names: strangers and learners before classes drawn at random.

Shapes: n pictures, p probes, m templates, d numbers a vector. Scores are those of `models.faces.match`: higher is more
alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.faces.match import Metric, average

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Indices = NDArray[np.intp]
Bools = NDArray[np.bool_]

PORTRAITS: Final = 3
"""What enrolment asks for."""
PROBES: Final = 5
"""Pictures of one person that come to the door at most: people count alike, however many pictures they have."""
_TEMPLATES, _STRANGERS = 1_000, 4_000
"""At most so many people of a large set are in classes and come to the door, drawn; more would only take time."""
_BLOCK: Final = 2_000


@dataclass(frozen=True)
class Pictures:
    """Vectors (n, d) of pictures and for each the number of its person (n,), from 0 on without a gap.

    `apart` (people, people): which two are known to be two different people; None: all are.
    """

    vectors: Floats
    persons: Indices
    metric: Metric
    apart: Bools | None = None

    def of(self, people: Indices) -> Pictures:
        """The pictures of these people only, who are numbered anew in the order given."""
        number = np.full(self.people, -1, np.intp)
        number[people] = np.arange(len(people))
        kept = number[self.persons] >= 0
        apart = None if self.apart is None else self.apart[np.ix_(people, people)]
        return Pictures(self.vectors[kept], number[self.persons[kept]], self.metric, apart)

    @cached_property
    def people(self) -> int:
        """How many people there are."""
        return int(self.persons.max(initial=-1)) + 1

    @cached_property
    def counts(self) -> Indices:
        """How many pictures each person has."""
        return np.bincount(self.persons, minlength=self.people).astype(np.intp)

    def different(self, a: Indices, b: Indices) -> Bools:
        """(len(a), len(b)): whether these people are known to be two."""
        return np.asarray(a[:, None] != b[None, :]) if self.apart is None else self.apart[np.ix_(a, b)]


@dataclass(frozen=True)
class Door:
    """Templates and who stands before them.

    `scores` (p, m): of every probe with every template. `person` (p,), `owner` (m,): whose they are. `mated` (p,): the
    probe is in no template and its person has one. `different` (p, m): known to be two people. `portraits` (m,):
    pictures in each template. `wanted`: how many learners a class has.
    """

    scores: Floats
    person: Indices
    owner: Indices
    mated: Bools
    different: Bools
    portraits: Indices
    wanted: int

    @cached_property
    def impostors(self) -> Floats:
        """The scores (p, m) of two different people; -inf in place of all others."""
        return np.where(self.different, self.scores, np.float32(-np.inf))

    @cached_property
    def others(self) -> Indices:
        """How many templates of other people each probe (p,) meets."""
        return np.asarray(self.different.sum(1), np.intp)

    @property
    def strangers(self) -> int:
        """How many people come as strangers: those who meet anybody else's template."""
        return len(np.unique(self.person[self.others > 0]))

    @property
    def learners(self) -> int:
        """How many people come to a class in which they are."""
        return len(np.unique(self.person[self.mated]))

    @cached_property
    def comparisons(self) -> int:
        """How many times a person met another one's template."""
        _, first = np.unique(self.person, return_index=True)
        return int(self.others[first].sum())

    @property
    def pairs(self) -> float:
        """How many different pairs of people that were: two who both have a template met twice."""
        _, first = np.unique(self.person, return_index=True)
        twice = np.isin(self.person[first], self.owner)
        return max(1.0, self.comparisons - float(self.others[first][twice].sum()) / 2)

    @property
    def transactions(self) -> int:
        """Strangers times the classes without a common learner that can be drawn: what an FPIR here rests on."""
        return self.comparisons // max(1, self.wanted)

    @property
    def small(self) -> bool:
        """There are fewer templates than a class has learners: the FPIR is reckoned from smaller classes."""
        return len(self.others) == 0 or float(np.median(self.others)) < self.wanted

    def fpir(self, threshold: float) -> float:
        """The share of strangers for whom some template of a class reaches the threshold, each person counting alike.

        The mean over all classes that can be drawn from the templates of other people, so nothing depends on which
        were drawn: 1 - C(m - k, n) / C(m, n) for a stranger whom k of m templates take, and 1 - (1 - k / m)^n where
        there are fewer templates than a class has learners.
        """
        come = self.others > 0
        hits = (self.impostors[come] >= threshold).sum(1)
        return _per_person(1 - _missed(self.others[come], hits, self.wanted), self.person[come])

    def fnir(self, threshold: float) -> float:
        """The share of learners who are not named: own template under the threshold, or another at least as alike.

        Mean over all classes as in `fpir`; people count alike, however often they try.
        """
        score, alone = self._tries
        return _per_person(1 - np.where(score >= threshold, alone, 0.0), self.person[self.mated])

    @cached_property
    def _tries(self) -> tuple[Floats, Doubles]:
        """For each mated probe its score with the own template, and the chance that nobody in a class is more alike."""
        own = self.person[self.mated, None] == self.owner[None, :]
        score = self.scores[self.mated][own]
        rivals = (self.impostors[self.mated] >= score[:, None]).sum(1)
        return score, _missed(self.others[self.mated], rivals, max(0, self.wanted - 1))


def door(pictures: Pictures, portraits: int, wanted: int, draw: np.random.Generator, *, whole: bool = True) -> Door:
    """A door to which everybody of `pictures` comes, as a learner or as a stranger.

    Classes have `wanted` learners. Templates of `portraits` pictures, drawn; `whole`: only people with so many pictures
    get one. Otherwise people with fewer get one of what they have, but for one picture that is left to come with, where
    there are two.
    """
    order = draw.permutation(len(pictures.persons))
    order = order[np.argsort(pictures.persons[order], kind="stable")]
    groups = np.split(order, np.flatnonzero(np.diff(pictures.persons[order])) + 1) if len(order) else []
    drawn = draw.permutation(len(groups))
    drawn = drawn[np.argsort(pictures.counts[drawn] <= portraits, kind="stable")]  # who can be in a class comes first
    templates: list[Floats] = []
    owners, sizes, probes, mated = [], [], [], []
    for mine in (groups[person] for person in drawn[:_STRANGERS]):
        size = portraits if whole else min(portraits, max(1, len(mine) - 1))
        rest = mine
        owns = len(mine) >= size and (pictures.apart is not None or len(templates) < _TEMPLATES)
        if owns:
            templates.append(average(pictures.vectors[mine[:size]], pictures.metric))
            owners.append(int(pictures.persons[mine[0]]))
            sizes.append(size)
            rest = mine[size:]
        # Somebody whose pictures all went into the template still comes as a stranger to the others.
        come = (rest if len(rest) else mine)[:PROBES]
        probes += come.tolist()
        mated += [owns and len(mine) > size] * len(come)
    matrix = np.stack(templates) if templates else np.zeros((0, pictures.vectors.shape[1]), np.float32)
    person, owner = pictures.persons[np.array(probes, np.intp)], np.array(owners, np.intp)
    return Door(
        compare(pictures.vectors[np.array(probes, np.intp)], matrix, pictures.metric),
        person,
        owner,
        np.array(mated, np.bool_),
        pictures.different(person, owner),
        np.array(sizes, np.intp),
        wanted,
    )


def compare(a: Floats, b: Floats, metric: Metric) -> Floats:
    """The scores (n, m) of vectors (n, d) with vectors (m, d), as models.faces.match.scores, but in little memory."""
    if metric == "cosine":
        return np.asarray(a @ b.T, np.float32)
    squares = (a.astype(np.float64) ** 2).sum(1)[:, None] + (b.astype(np.float64) ** 2).sum(1)[None, :] - 2 * (a @ b.T)
    return np.asarray(1 - np.sqrt(np.maximum(squares, 0)), np.float32)


def one_to_one(pictures: Pictures) -> Iterator[tuple[Floats, Floats]]:
    """The scores of all pairs of pictures, in blocks: of one person, and of two who are known to be two.

    Of people with many pictures the first PROBES count, and of large sets the first people; of a list of pairs all.
    """
    ordered = np.argsort(pictures.persons, kind="stable")
    rank = np.arange(len(ordered)) - np.searchsorted(pictures.persons[ordered], pictures.persons[ordered])
    few = (rank < PROBES) & (pictures.persons[ordered] < _STRANGERS)
    kept = ordered[few if pictures.apart is None else slice(None)]
    vectors, persons = pictures.vectors[kept], pictures.persons[kept]
    for start in range(0, len(kept), _BLOCK):
        rows = slice(start, start + _BLOCK)
        block = compare(vectors[rows], vectors[start:], pictures.metric)
        above = np.triu(np.ones(block.shape, np.bool_), 1)
        same = persons[rows, None] == persons[None, start:]
        yield block[above & same], block[above & pictures.different(persons[rows], persons[start:])]


def _missed(others: Indices, hits: Indices, size: int) -> Doubles:
    """The chance (n,) that a draw of `size` from `others` holds none of the `hits` among them."""
    chance = np.ones(len(hits))
    hit = np.flatnonzero(hits)
    many, k = others[hit, None], hits[hit, None]
    steps = np.arange(size)
    drawn = np.clip((many - k - steps) / np.maximum(many - steps, 1), 0, 1).prod(1)
    reckoned = np.clip(1 - k / many, 0, 1)[:, 0] ** size
    chance[hit] = np.where(many[:, 0] >= size, drawn, reckoned)
    return chance


def _per_person(values: Doubles, persons: Indices) -> float:
    """The mean over people of each one's mean; 0 of nobody."""
    if not len(values):
        return 0.0
    sums, counts = np.bincount(persons, values), np.bincount(persons)
    return float((sums[counts > 0] / counts[counts > 0]).mean())
