from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.faces.dlib_geometry import CHIP, PADDING, dlib_box
from models.faces.dlib_onnx import dlib_encoder
from models.faces.encode import DlibEncoder, IntelEncoder
from models.faces.engine import FaceEngine, FaceProfile
from models.faces.match import Gallery, assign, scores
from models.faces.portraits import enrol, portrait_vector, read_picture
from models.faces.reference import ReferenceEncoder
from models.faces.runtime import FivePoints, Network
from models.faces.weights import DLIB_POINTS, need

Floats = NDArray[np.float32]
Load = Callable[[FaceProfile], FaceEngine]
INTEL, DLIB = FaceProfile("yunet", "intel"), FaceProfile("yunet", "dlib")
WITHOUT_WEIGHTS = FaceProfile("dlib", "dlib")


@pytest.fixture(scope="session")
def london(shared: Path, load: Load) -> Callable[[FaceProfile], Gallery]:
    """The gallery of the 60 people, neutral, by profile."""
    galleries: dict[FaceProfile, Gallery] = {}

    def gallery(profile: FaceProfile) -> Gallery:
        if profile not in galleries:
            paths = sorted((shared / "pictures" / "london").glob("*_neutral.jpg"))
            galleries[profile], problems = enrol({path.name[:3]: [path] for path in paths}, load(profile))
            assert not problems and len(galleries[profile].learners) == 60
        return galleries[profile]

    return gallery


def test_the_converted_network_gives_dlibs_numbers(dlib_only: FaceEngine, shared: Path) -> None:
    """The same chip through face_recognition's dlib and through our runtime: under 4e-6 apart."""
    import dlib

    path = need("dlib-resnet-v1")[0]
    theirs = dlib.face_recognition_model_v1(str(path))
    ours = Network(dlib_encoder(), size=(CHIP, CHIP), precision="f32")
    points = FivePoints(need(DLIB_POINTS.name)[0])
    for name in ("001_neutral", "017_smiling", "044_neutral"):
        picture = read_picture(shared / "pictures" / "london" / f"{name}.jpg")
        (face,) = dlib_only.detect(picture)
        rgb = np.ascontiguousarray(picture[..., ::-1])
        chips = points.chips(rgb, [dlib_box(face.box)], CHIP, PADDING)
        wanted = np.array(theirs.compute_face_descriptor(chips[0]))
        assert np.abs(ours.run_batch(chips)[0] - wanted).max() < 4e-6


def test_our_dlib_gives_the_vectors_of_face_recognition(dlib_only: FaceEngine, shared: Path) -> None:
    exact = DlibEncoder(dlib_encoder(), need(DLIB_POINTS.name)[0], precision="f32")
    picture = read_picture(shared / "pictures" / "groups" / "bald_guys.jpg")
    faces = dlib_only.detect(picture)
    assert len(faces) >= 10
    assert np.allclose(exact.encode(picture, faces), ReferenceEncoder().encode(picture, faces), atol=1e-5)


@pytest.mark.parametrize("profile", [INTEL, DLIB])
def test_a_batch_gives_each_face_its_own_vector(load: Load, shared: Path, profile: FaceProfile) -> None:
    engine = load(profile)
    picture = read_picture(shared / "pictures" / "groups" / "bald_guys.jpg")
    faces = engine.detect(picture)
    batch = engine.encode(picture, faces)
    assert batch.shape == (len(faces), 256 if profile is INTEL else 128) and batch.dtype == np.float32
    for face, vector in list(zip(faces, batch, strict=True))[::4]:
        assert np.abs(engine.encode(picture, [face])[0] - vector).max() < 2e-3
    if profile is INTEL:
        assert np.allclose(np.linalg.norm(batch, axis=1), 1, atol=1e-5)


def test_the_cpus_own_precision_moves_no_score_by_more_than_two_hundredths(
    intel: FaceEngine, weights: Path, shared: Path
) -> None:
    """Templates come from one PC, faces from another: one may have bfloat16, the other not."""
    exact = IntelEncoder(weights / "face-reidentification-retail-0095.xml", precision="f32")
    pictures = [read_picture(path) for path in sorted((shared / "pictures" / "london").glob("0[0-2]*.jpg"))]
    faces = [intel.detect(picture)[:1] for picture in pictures]
    a = np.concatenate([intel.encode(p, f) for p, f in zip(pictures, faces, strict=True)])
    b = np.concatenate([exact.encode(p, f) for p, f in zip(pictures, faces, strict=True)])
    assert np.abs(a @ b.T - b @ b.T).max() < 0.02


@pytest.mark.parametrize(
    ("profile", "width", "least"),
    [
        (INTEL, 32, 58),
        (INTEL, 48, 60),
        (INTEL, 80, 60),
        (INTEL, 150, 60),
        (DLIB, 48, 57),
        (DLIB, 80, 60),
        (WITHOUT_WEIGHTS, 60, 57),
        (WITHOUT_WEIGHTS, 100, 60),
    ],
)
def test_people_who_smile_are_known_from_neutral_portraits(
    load: Load,
    london: Callable[[FaceProfile], Gallery],
    shared: Path,
    resized: Callable[[Path, float], NDArray[np.uint8]],
    profile: FaceProfile,
    width: int,
    least: int,
) -> None:
    engine, gallery, known = load(profile), london(profile), 0
    for path in sorted((shared / "pictures" / "london").glob("*_smiling.jpg")):
        (sharp,) = load(INTEL).detect(read_picture(path))
        picture = resized(path, width / sharp.width)
        vectors = engine.encode(picture, engine.detect(picture))
        for index in assign(scores(gallery, vectors), engine.encoder.threshold, engine.encoder.margin):
            assert index < 0 or gallery.learners[index] == path.name[:3], "a wrong credit"
            known += index >= 0
    assert known >= least


@pytest.mark.parametrize("profile", [INTEL, DLIB])
def test_strangers_at_the_door_are_nobody(
    load: Load, london: Callable[[FaceProfile], Gallery], shared: Path, profile: FaceProfile
) -> None:
    """Half of London is the class, the other half comes to the door."""
    encoder, gallery = load(profile).encoder, london(profile)
    inside = Gallery(gallery.encoder_name, gallery.learners[::2], gallery.matrix[::2], gallery.metric)
    table = scores(inside, gallery.matrix[1::2])
    assert (assign(table, encoder.strict_threshold, encoder.margin) == -1).all()


@pytest.mark.parametrize(("profile", "right"), [(INTEL, 0.995), (DLIB, 0.985), (WITHOUT_WEIGHTS, 0.985)])
def test_pairs_of_portraits_are_judged_right(load: Load, shared: Path, profile: FaceProfile, right: float) -> None:
    folder, engine = shared / "pictures" / "pairs", load(profile)
    with (folder / "master.csv").open(encoding="utf-8") as file:
        rows = [(row["file_x"], row["file_y"], row["Decision"] == "Yes") for row in csv.DictReader(file)]
    vectors: dict[str, Floats] = {}
    for name in sorted({name for row in rows for name in row[:2]}):
        picture = read_picture(folder / name)
        face = max(engine.detect(picture), key=lambda face: face.width)
        vectors[name] = engine.encode(picture, [face])[0]
    metric, judged = engine.encoder.metric, []
    for a, b, same in rows:
        alone = Gallery("", ("a",), vectors[a][None], metric)
        judged.append((bool(scores(alone, vectors[b][None])[0, 0] >= engine.encoder.threshold), same))
    assert len(judged) == 300
    assert np.mean([found == same for found, same in judged]) >= right
    assert not any(found for found, same in judged if not same)


def test_dlib_is_never_used_at_its_usual_distance(london: Callable[[FaceProfile], Gallery]) -> None:
    """At 0.6 people of one city are taken for each other; our distance takes none of them."""
    gallery = london(DLIB)
    table = scores(gallery, gallery.matrix)
    others = table[~np.eye(60, dtype=bool)]
    assert DlibEncoder.threshold == DlibEncoder.strict_threshold == pytest.approx(1 - 0.45)
    assert (others >= 1 - 0.6).sum() > 50
    assert (others >= DlibEncoder.threshold).sum() == 0


def test_a_portrait_of_any_size_gives_the_same_person(
    load: Load, shared: Path, resized: Callable[[Path, float], NDArray[np.uint8]]
) -> None:
    path = shared / "pictures" / "london" / "005_neutral.jpg"
    engine = load(INTEL)
    vectors = [portrait_vector(resized(path, factor), "x", engine) for factor in (0.5, 1, 3, 8)]
    assert min(float(a @ b) for a in vectors for b in vectors) > 0.9
