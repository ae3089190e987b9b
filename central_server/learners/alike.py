"""Who is as like a new template as one person's templates are: against all templates of its encoder, in memory.

Opening 50,000 sealed templates takes longer than comparing with them (deploy/decisions/0017), so they are kept opened
in one matrix for each encoder, read from what is committed. Inside a writer's job what has changed since is read anew.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, text

from central_server.learners.queries import CHUNK
from central_server.learners.sealing import SealError, SealingKey

Floats = NDArray[np.float32]
MOST = 20
"""Lookalikes that are told of one template, the most alike first."""

_log = logging.getLogger(__name__)
_VERSIONS = text(
    "SELECT coalesce(group_concat(learner || ' ' || version, char(10)), '') FROM face_template WHERE encoder = :encoder"
)
"""One text instead of a row for each: whether anything has changed is then one comparison (0017)."""
_SEALED = text(
    "SELECT learner, sealed FROM face_template WHERE encoder = :encoder AND learner IN :learners"
).bindparams(bindparam("learners", expanding=True))


@dataclass(frozen=True, slots=True)
class Alike:
    """A learner whose template reaches the encoder's score of the door."""

    learner: str
    score: float


@dataclass(frozen=True, slots=True)
class _Opened:
    """Templates of one encoder: row i of `matrix` (n, d) is learner i's, of that version."""

    listed: str = ""
    """The versions as the database lists them."""
    versions: Mapping[str, str] = field(default_factory=dict)
    learners: tuple[str, ...] = ()
    matrix: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))


def vector_of(encoder: str, content: bytes) -> Floats | None:
    """The vector (d,) in little-endian float32s; None when it is no vector of this encoder, or that is unknown."""
    from models.faces.compared import COMPARED

    known = COMPARED.get(encoder)
    if known is None or len(content) != 4 * known.numbers:
        return None
    vector = np.frombuffer(content, "<f4").astype(np.float32)
    length = float(np.linalg.norm(vector.astype(np.float64)))
    whole = bool(np.isfinite(vector).all()) and (known.metric == "distance" or abs(length - 1) < 0.01)
    return vector if whole else None


class View:
    """All templates of one encoder as one transaction sees them, and those that it adds."""

    def __init__(self, encoder: str, opened: _Opened, same: Container[str], more: dict[str, Floats]) -> None:
        self._encoder = encoder
        self._opened = opened
        self._same = same
        self._more = more

    def like(self, learner: str, vector: Floats) -> list[Alike]:
        """Other learners who are as like this vector (d,) as one person is, the most alike first, at most MOST."""
        from models.faces.compared import COMPARED

        door = COMPARED[self._encoder].door
        found = {
            who: score
            for who, score in self._scores(self._opened.learners, self._opened.matrix, vector, door)
            if who in self._same and who not in self._more
        }
        if self._more:
            found |= self._scores(tuple(self._more), np.stack(list(self._more.values())), vector, door)
        found.pop(learner, None)
        return [Alike(who, score) for who, score in sorted(found.items(), key=lambda one: -one[1])[:MOST]]

    def keep(self, learner: str, vector: Floats) -> None:
        """A template that this transaction adds, or puts in the place of the learner's one before."""
        self._more[learner] = vector

    def _scores(
        self, learners: tuple[str, ...], matrix: Floats, vector: Floats, door: float
    ) -> list[tuple[str, float]]:  # fmt: skip
        from models.faces.compared import COMPARED
        from models.faces.match import Gallery, scores

        gallery = Gallery(self._encoder, learners, matrix, COMPARED[self._encoder].metric)
        alike = scores(gallery, vector[None])[0]
        return [(learners[at], float(alike[at])) for at in np.flatnonzero(alike >= door)]


class Templates:
    """The opened templates of every encoder that was asked for."""

    def __init__(self, key: SealingKey) -> None:
        self._key = key
        self._lock = threading.Lock()
        self._opened: dict[str, _Opened] = {}

    def refresh(self, committed: Connection, encoder: str) -> None:
        """Open what is new. Only from what is committed: what a job writes may yet be taken back."""
        with self._lock:
            before = self._opened.get(encoder, _Opened())
            listed = _listed(committed, encoder)
            if listed == before.listed:
                return
            now = _versions(listed)
            new = self._open(committed, encoder, [who for who in now if before.versions.get(who) != now[who]])
            keep = [at for at, who in enumerate(before.learners) if who in now and before.versions[who] == now[who]]
            learners = (*(before.learners[at] for at in keep), *new)
            parts = [before.matrix[keep]] if keep else []
            matrix = np.concatenate([*parts, np.stack(list(new.values()))]) if new else before.matrix[keep]
            self._opened[encoder] = _Opened(listed, now, learners, matrix)

    def view(self, connection: Connection, encoder: str) -> View:
        """All templates of an encoder, as this connection sees them."""
        opened = self._opened.get(encoder, _Opened())
        listed = _listed(connection, encoder)
        if listed == opened.listed:
            return View(encoder, opened, opened.versions, {})
        now = _versions(listed)
        same = {who for who in now if opened.versions.get(who) == now[who]}
        return View(encoder, opened, same, self._open(connection, encoder, [who for who in now if who not in same]))

    def _open(self, connection: Connection, encoder: str, learners: list[str]) -> dict[str, Floats]:
        """The vectors of these learners. One that does not open is left out: the proof says what was changed."""
        from models.faces.compared import COMPARED

        found, contents = [], []
        size = 4 * COMPARED[encoder].numbers
        for row in _rows(connection, encoder, learners):
            try:
                content = self._key.open("template", f"{row.learner}\n{encoder}", row.sealed)
            except SealError:
                _log.warning("template_does_not_open learner=%s", row.learner)
                continue
            if len(content) == size:
                found.append(row.learner)
                contents.append(content)
        matrix = np.frombuffer(b"".join(contents), "<f4").astype(np.float32).reshape(len(contents), size // 4)
        return dict(zip(found, matrix, strict=True))


@dataclass(frozen=True, slots=True)
class _Row:
    learner: str
    sealed: bytes


def _rows(connection: Connection, encoder: str, learners: list[str]) -> Iterable[_Row]:
    for at in range(0, len(learners), CHUNK):
        for row in connection.execute(_SEALED, {"encoder": encoder, "learners": learners[at : at + CHUNK]}):
            yield _Row(row.learner, bytes(row.sealed))


def _listed(connection: Connection, encoder: str) -> str:
    return str(connection.execute(_VERSIONS, {"encoder": encoder}).scalar_one())


def _versions(listed: str) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in listed.splitlines())
