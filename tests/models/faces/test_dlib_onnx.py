from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.faces.dlib_onnx import convert, dlib_encoder, layers
from models.faces.errors import WeightsDamagedError, WeightsUnusableError
from models.faces.runtime import FivePoints, Network
from models.faces.weights import need


def test_every_layer_of_dlibs_file_is_read() -> None:
    found = list(layers(need("dlib-resnet-v1")[0].read_bytes()))
    kinds = [layer.kind for layer in found]
    assert {kind: kinds.count(kind) for kind in ("con", "aff", "add", "max", "fc_")} == {
        "con": 29,
        "aff": 29,
        "add": 14,
        "max": 1,
        "fc_": 1,
    }
    assert kinds[-2:] == ["avg", "fc_"] and found[-1].values.size == 256 * 128


def test_two_processes_convert_at_once(tmp_path: Path) -> None:
    """Both end well, both with the same whole file, and no half-made one stays."""
    program = "from models.faces.dlib_onnx import dlib_encoder; print(dlib_encoder())"
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    both = [
        subprocess.Popen([sys.executable, "-c", program], env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    answers = {process.communicate(timeout=100)[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0]
    (path,) = answers
    assert [file.name for file in Path(path).parent.iterdir()] == [Path(path).name]
    assert Network(Path(path), size=(150, 150))


def test_the_conversion_is_the_same_each_time(tmp_path: Path) -> None:
    convert(need("dlib-resnet-v1")[0], tmp_path / "a.onnx")
    convert(need("dlib-resnet-v1")[0], tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_the_cache_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = dlib_encoder().stat().st_mtime_ns
    assert dlib_encoder().stat().st_mtime_ns == first


def test_another_file_is_not_converted(tmp_path: Path) -> None:
    (tmp_path / "other.dat").write_bytes(b"\x01\x05con_0 and no more")
    with pytest.raises(WeightsDamagedError):
        convert(tmp_path / "other.dat", tmp_path / "other.onnx")
    assert not (tmp_path / "other.onnx").exists()


def test_a_damaged_network_is_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "hỏng.onnx"
    broken.write_bytes(b"no network")
    with pytest.raises(WeightsUnusableError) as caught:
        Network(broken, size=(150, 150))
    assert str(broken) in caught.value.vi and "\n" not in caught.value.vi
    with pytest.raises(WeightsUnusableError):
        FivePoints(broken)
