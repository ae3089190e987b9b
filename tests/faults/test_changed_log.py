from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest

from models.records import AnyRecord
from tests.central_server.running import running, write_course
from tests.faults.changed_log import Scene, Told

ROUNDS = 14


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("changed")
    with running(folder / "data") as server:
        server.load(write_course(folder / "course.toml"))
        yield Scene(server, folder)


def test_every_change_below_the_last_receipt_is_told_with_its_record(scene: Scene) -> None:
    outcomes = [scene.try_one(seed) for seed in range(ROUNDS)]
    assert [one for one in outcomes if not one[1].names(one[0])] == []
    assert {told.by for _, told in outcomes} >= {"agent", "server"}


def test_the_log_that_is_changed_holds_every_kind_but_the_seal(scene: Scene) -> None:
    with closing(sqlite3.connect(scene.original)) as db:
        kinds = {kind for (kind,) in db.execute("select distinct kind from records")}
    assert kinds == {str(kind.__struct_config__.tag) for kind in get_args(AnyRecord)} - {"seal"}


def test_a_log_that_nobody_touched_is_told_of_by_nobody(scene: Scene, tmp_path: Path) -> None:
    shutil.copy(scene.original, tmp_path / "log.db")
    assert scene.told(tmp_path, goes_on=False) == Told("nobody")
