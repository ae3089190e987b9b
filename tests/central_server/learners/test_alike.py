"""Comparing a template with all others: the same as looking at each one, whatever was opened before."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from central_server.database import open_database
from central_server.learners.alike import MOST, Templates, vector_of
from central_server.learners.sealing import SealingKey
from models.faces.compared import COMPARED
from models.faces.encode import DlibEncoder, IntelEncoder
from models.faces.reference import ReferenceEncoder
from tests.central_server.learners.desk import ENCODER, Floats, content, face

DLIB = "dlib-resnet-v1"
KEY = SealingKey(b"k" * 32)
_PUT = text(
    "INSERT INTO face_template (learner, encoder, portraits, made_at, sealed, version)"
    " VALUES (:learner, :encoder, 3, 0, :sealed, :version)"
    " ON CONFLICT (learner, encoder) DO UPDATE SET sealed = :sealed, version = :version"
)


@pytest.mark.parametrize("encoder", [IntelEncoder, DlibEncoder, ReferenceEncoder])
def test_the_table_says_what_the_encoders_say(
    encoder: type[IntelEncoder] | type[DlibEncoder] | type[ReferenceEncoder],
) -> None:
    known = COMPARED[encoder.name]
    assert (known.metric, known.door) == (encoder.metric, encoder.strict_threshold)


def put(connection: Connection, learner: str, vector: Floats, version: int, encoder: str = ENCODER) -> None:
    connection.execute(text("INSERT OR IGNORE INTO learner (id, code, name, unit, position, name_key, salt)"
                            " VALUES (:l, :l, '', '', '', '', x'')"), {"l": learner})  # fmt: skip
    sealed = KEY.seal("template", f"{learner}\n{encoder}", content(vector))
    connection.execute(_PUT, {"learner": learner, "encoder": encoder, "sealed": sealed, "version": version})


Step = tuple[Literal["put", "drop", "refresh"], int, int]
steps = st.lists(
    st.tuples(st.sampled_from(("put", "put", "drop", "refresh")), st.integers(0, 7), st.integers(0, 4)), max_size=25
)


@settings(max_examples=60, deadline=None)
@given(steps=steps, asked=st.integers(0, 4))
def test_it_finds_whom_looking_at_each_one_finds(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step], asked: int
) -> None:
    engine = open_database(tmp_path_factory.mktemp("alike") / "d.db")
    kinds = [face(n // 2, like=face(n // 2) if n % 2 else None, distance=0.3) for n in range(5)]
    there: dict[str, Floats] = {}
    templates = Templates(KEY)
    with engine.connect() as connection, connection.begin():
        for version, (what, who, kind) in enumerate(steps, 1):
            learner = f"l-{who}"
            if what == "put":
                there[learner] = kinds[kind]
                put(connection, learner, kinds[kind], version)
            elif what == "drop":
                there.pop(learner, None)
                connection.execute(text("DELETE FROM face_template WHERE learner = :l"), {"l": learner})
            else:
                templates.refresh(connection, ENCODER)
        found = templates.view(connection, ENCODER).like("l-0", kinds[asked])
    engine.dispose()
    scores = {who: float(vector @ kinds[asked]) for who, vector in there.items() if who != "l-0"}
    wanted = {who: score for who, score in scores.items() if score >= 0.5}
    assert {one.learner for one in found} == set(wanted)
    assert [one.score for one in found] == pytest.approx(sorted(wanted.values(), reverse=True), abs=1e-5)


def test_dlibs_vectors_are_compared_by_their_distance_and_only_with_each_other(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "d.db")
    base = np.full(128, 0.1, np.float32)
    near, far = base.copy(), base.copy()
    near[0] += 0.44
    far[0] += 0.46
    with engine.connect() as connection, connection.begin():
        put(connection, "l-near", near, 1, DLIB)
        put(connection, "l-far", far, 1, DLIB)
        put(connection, "l-other", face(1), 1)
        (found,) = Templates(KEY).view(connection, DLIB).like("l-new", base)
    engine.dispose()
    assert found.learner == "l-near" and found.score == pytest.approx(0.56, abs=1e-4)


def test_a_template_kept_in_the_same_transaction_counts_and_no_more_than_the_most_alike_are_told(
    tmp_path: Path,
) -> None:
    engine = open_database(tmp_path / "d.db")
    with engine.connect() as connection, connection.begin():
        for number in range(MOST + 5):
            put(connection, f"l-{number:02d}", face(number + 10, like=face(1), distance=0.1 + number / 100), 1)
        templates = Templates(KEY)
        templates.refresh(connection, ENCODER)
        view = templates.view(connection, ENCODER)
        view.keep("l-00", face(99))
        view.keep("l-twin", face(1))
        found = view.like("l-me", face(1))
    engine.dispose()
    assert len(found) == MOST and found[0].learner == "l-twin"
    assert "l-00" not in {one.learner for one in found} and "l-24" not in {one.learner for one in found}


def test_what_is_no_vector_of_the_encoder_is_told() -> None:
    assert vector_of(ENCODER, content(face(1))) is not None
    for wrong in (b"", content(face(1))[:-4], content(face(1) * 3), content(face(1) * np.nan)):
        assert vector_of(ENCODER, wrong) is None
    assert vector_of("unknown", content(face(1))) is None
