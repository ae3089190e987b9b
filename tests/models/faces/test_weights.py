from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from models.faces import weights as w
from models.faces.errors import DownloadFailedError, WeightsDamagedError, WeightsMissingError, WeightsNotWrittenError

BODY = bytes(range(256)) * 4000


class Files(BaseHTTPRequestHandler):
    """/good gives BODY, /cut promises it and hangs up half way, all else is 404."""

    def do_GET(self) -> None:
        if self.path not in ("/good", "/cut"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY if self.path == "/good" else BODY[: len(BODY) // 2])

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/"
        http.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty user cache, and no folder of weights."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("DIEMDANH_WEIGHTS", raising=False)
    return tmp_path / "diemdanh" / "weights"


def entry(server: str, name: str, body: bytes = BODY) -> w.Weights:
    return w.Weights("test", "CC0-1.0", ((name, hashlib.sha256(body).hexdigest()),), server, "")


def test_fetch_brings_the_whole_file_and_tells_how_far_it_is(server: str, cache: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    (path,) = w.fetch([entry(server, "good")], lambda *step: steps.append(step))
    assert path == cache / "good" and path.read_bytes() == BODY
    assert steps[-1] == ("good", len(BODY), len(BODY)) and len(steps) > 1
    assert w.fetch([entry("http://127.0.0.1:9/", "good")]) == [path]  # it is there: nobody is asked
    assert list(cache.iterdir()) == [path]


def test_fetch_replaces_a_damaged_file(server: str, tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(b"half")
    w.fetch([entry(server, "good")], into=tmp_path)
    assert (tmp_path / "good").read_bytes() == BODY


def test_another_file_than_the_manifests_is_refused(server: str, cache: Path) -> None:
    wanted = entry(server, "good", b"another")
    with pytest.raises(WeightsDamagedError) as caught:
        w.fetch([wanted])
    assert wanted.sha256[0][1] in caught.value.vi and hashlib.sha256(BODY).hexdigest() in caught.value.vi
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("name", ["cut", "absent"])
def test_a_cut_or_refused_download_leaves_nothing(server: str, cache: Path, name: str) -> None:
    with pytest.raises(DownloadFailedError) as caught:
        w.fetch([entry(server, name)])
    assert server in caught.value.en
    assert list(cache.iterdir()) == []


def test_a_folder_that_takes_no_file(server: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WeightsNotWrittenError) as caught:
        w.fetch([entry(server, "good")], into=tmp_path / "file" / "weights")
    assert str(tmp_path) in caught.value.vi


def test_no_connection(cache: Path) -> None:
    with pytest.raises(DownloadFailedError):
        w.fetch([entry("http://127.0.0.1:9/", "good")])


def test_the_manifest_is_whole() -> None:
    assert len({entry.name for entry in w.MANIFEST}) == len(w.MANIFEST) == 4
    for weights in w.MANIFEST:
        assert weights.licence and weights.input and weights.files
        assert all(len(bytes.fromhex(sha256)) == 32 for _, sha256 in weights.sha256)
        assert weights.package or (weights.source.startswith("https://") and weights.source.endswith("/"))


def test_the_folder_that_the_technician_names_comes_first(shared: Path, cache: Path, weights: Path) -> None:
    assert w.find("yunet") == (weights / "yunet_n_dynamic.onnx",)
    found = w.need("face-reidentification-retail-0095")
    assert [path.suffix for path in found] == [".xml", ".bin"]
    assert w.missing() == ()


def test_the_cache_comes_second(shared: Path, cache: Path) -> None:
    assert {weights.name for weights in w.missing()} == {"yunet", "face-reidentification-retail-0095"}
    with pytest.raises(WeightsMissingError) as caught:
        w.need("yunet")
    assert "yunet" in caught.value.vi
    cache.mkdir(parents=True)
    (cache / "yunet_n_dynamic.onnx").write_bytes((shared / "weights" / "yunet_n_dynamic.onnx").read_bytes())
    assert w.find("yunet") == (cache / "yunet_n_dynamic.onnx",)


def test_dlibs_files_come_with_their_package(cache: Path) -> None:
    for name in ("dlib-5-points", "dlib-resnet-v1"):
        (path,) = w.need(name)
        assert path.suffix == ".dat" and path.is_file()


def test_a_package_that_is_not_installed_is_no_error(cache: Path) -> None:
    missing = w.folders(replace(w.DLIB_POINTS, package="no_such_package_here/models"))
    assert missing == [cache, Path(sys.prefix) / "share" / "diemdanh" / "weights"]


def test_a_wrong_file_is_refused_with_both_hashes(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIEMDANH_WEIGHTS", str(tmp_path))
    (tmp_path / "yunet_n_dynamic.onnx").write_bytes(b"x")
    with pytest.raises(WeightsDamagedError) as caught:
        w.find("yunet")
    for sentence in (caught.value.vi, caught.value.en):
        assert w.YUNET.sha256[0][1] in sentence and hashlib.sha256(b"x").hexdigest() in sentence
        assert str(tmp_path / "yunet_n_dynamic.onnx") in sentence


def test_an_unknown_name_is_a_mistake_in_the_program() -> None:
    with pytest.raises(KeyError):
        w.find("yunetx")
