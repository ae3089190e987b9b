from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from models.faces.engine import FaceProfile, load_engine
from models.faces.errors import WeightsMissingError


@pytest.fixture
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("DIEMDANH_WEIGHTS", raising=False)


def test_the_better_networks_are_taken_where_they_are(weights: Path) -> None:
    engine = load_engine(FaceProfile())
    assert (engine.detector.name, engine.encoder.name) == ("yunet", "face-reidentification-retail-0095")
    assert engine.encoder.threshold == 0.45 and engine.encoder.strict_threshold == 0.50


def test_dlib_takes_over_where_nothing_was_fetched(no_weights: None, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = load_engine(FaceProfile())
    assert (engine.detector.name, engine.encoder.name) == ("dlib", "dlib-resnet-v1")
    assert "dlib" in engine.describe() and "0.55" in engine.describe()
    monkeypatch.setenv("DIEMDANH_LANGUAGE", "en")
    assert engine.describe().startswith("Faces are found by dlib")


def test_a_network_named_but_absent_is_an_error(no_weights: None) -> None:
    for profile in (FaceProfile(detector="yunet"), FaceProfile(encoder="intel")):
        with pytest.raises(WeightsMissingError):
            load_engine(profile)


def test_the_reference_is_used_only_when_asked(weights: Path) -> None:
    engine = load_engine(FaceProfile("face_recognition", "face_recognition"))
    assert engine.detector.name == engine.encoder.name == "face_recognition"
    assert engine.encoder.threshold == pytest.approx(0.55)


def test_importing_the_package_loads_none_of_the_heavy_libraries() -> None:
    """And an engine without the reference never loads face_recognition, whose 68-point predictor is not free."""
    program = (
        "import sys, models.faces, models.faces.weights, models.faces.errors\n"
        "heavy = {'cv2', 'openvino', 'dlib', 'onnx', 'onnxruntime', 'face_recognition'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from models.faces.engine import FaceProfile, load_engine\n"
        "assert not {'openvino', 'dlib', 'onnx'} & set(sys.modules)\n"
        "load_engine(FaceProfile('dlib', 'dlib'))\n"
        "assert 'face_recognition' not in sys.modules and 'face_recognition_models' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == done.stdout == ""
