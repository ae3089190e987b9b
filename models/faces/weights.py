"""The networks' files: what they are, where they lie on this PC, and how a person fetches them.

Nothing here downloads unless `fetch` is called.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import ssl
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO, Final
from urllib.error import HTTPError, URLError

import platformdirs

from models.faces.errors import DownloadFailedError, WeightsDamagedError, WeightsMissingError, WeightsNotWrittenError
from models.reasons import Reason, reason

Progress = Callable[[str, int, int], None]  # file name, bytes so far, bytes in all (0: unknown)

_BLOCK: Final = 1 << 18
_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Weights:
    """One network and its files.

    `source` is the folder on the web that holds the files (ends with a slash), "" where they come with an installed
    package; `package` is that package's folder of models, relative to its import name.
    """

    name: str
    licence: str
    sha256: tuple[tuple[str, str], ...]
    source: str
    input: str
    package: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """The file names, the one to open first."""
        return tuple(name for name, _ in self.sha256)


YUNET: Final = Weights(
    name="yunet",
    licence="Apache-2.0",
    sha256=(("yunet_n_dynamic.onnx", "104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12"),),
    source="https://raw.githubusercontent.com/ShiqiYu/libfacedetection.train/dca340aa082c71081a68d17db8e58b33a58a914b/onnx/",
    input="BGR 0..255, any multiple of 32 px; heads at strides 8, 16, 32",
)
INTEL: Final = Weights(
    name="face-reidentification-retail-0095",
    licence="Apache-2.0",
    sha256=(
        ("face-reidentification-retail-0095.xml", "ce53d2c9c08c0bd1c1660fb8a5b6d0e3e4ec19eb92f1036d2d83a85e83082dce"),
        ("face-reidentification-retail-0095.bin", "241229ca3d206321868d46ce74a3c0b06c49cea58db7dc70b2e842ff287545d1"),
    ),
    source="https://storage.openvinotoolkit.org/repositories/open_model_zoo/2023.0/models_bin/1/face-reidentification-retail-0095/FP16/",
    input="BGR 0..255, 128x128 px, five points aligned; 256 numbers, cosine",
)
DLIB_POINTS: Final = Weights(
    name="dlib-5-points",
    licence="CC0-1.0",
    sha256=(
        ("shape_predictor_5_face_landmarks.dat", "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"),
    ),
    source="",
    input="a grey or RGB picture and a box of dlib's detector; 5 points",
    package="face_recognition_models/models",
)
DLIB_ENCODER: Final = Weights(
    name="dlib-resnet-v1",
    licence="CC0-1.0",
    sha256=(
        (
            "dlib_face_recognition_resnet_model_v1.dat",
            "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        ),
    ),
    source="",
    input="RGB 0..255, 150x150 px, five points aligned; 128 numbers, L2 distance",
    package="face_recognition_models/models",
)
MANIFEST: Final = (YUNET, INTEL, DLIB_POINTS, DLIB_ENCODER)


def cache_folder() -> Path:
    """The user's own folder for weights; not created here."""
    return platformdirs.user_cache_path("diemdanh") / "weights"


def folders(weights: Weights) -> list[Path]:
    """Where the files of `weights` may lie, in order: DIEMDANH_WEIGHTS, the user's cache, what this installation was
    brought with (deploy/bundle), the installed package."""
    places = [cache_folder(), Path(sys.prefix) / "share" / "diemdanh" / "weights"]
    if os.environ.get("DIEMDANH_WEIGHTS"):
        places.insert(0, Path(os.environ["DIEMDANH_WEIGHTS"]))
    if weights.package:
        top, _, inside = weights.package.partition("/")
        spec = importlib.util.find_spec(top)  # finds the folder without running the package
        places += [Path(root) / inside for root in (spec.submodule_search_locations or [])] if spec else []
    return places


def find(name: str) -> tuple[Path, ...] | None:
    """The files of the weights `name` on this PC in the manifest's order, or None where one is missing.

    Raises:
        WeightsDamagedError: a file is there with another hash than the manifest's.
        KeyError: the manifest has no such name.
    """
    weights = named(name)
    for folder in folders(weights):
        paths = tuple(folder / file for file in weights.files)
        if all(path.is_file() for path in paths):
            for path, (_, wanted) in zip(paths, weights.sha256, strict=True):
                check(path, wanted)
            return paths
    return None


def need(name: str) -> tuple[Path, ...]:
    """As `find`, for a caller that cannot go on without.

    Raises:
        WeightsMissingError: the files are not on this PC.
        WeightsDamagedError: as in `find`.
    """
    paths = find(name)
    if paths is None:
        raise WeightsMissingError(name)
    return paths


def named(name: str) -> Weights:
    """The manifest's entry; KeyError where it has none."""
    return {weights.name: weights for weights in MANIFEST}[name]


def missing() -> tuple[Weights, ...]:
    """What `fetch` could bring to this PC."""
    return tuple(weights for weights in MANIFEST if weights.source and find(weights.name) is None)


def check(path: Path, wanted: str) -> None:
    """Raise WeightsDamagedError unless the file's SHA-256 is `wanted`."""
    found = _sha256(path)
    if found != wanted:
        raise WeightsDamagedError(str(path), wanted, found)


def fetch(wanted: Iterable[Weights], progress: Progress | None = None, into: Path | None = None) -> list[Path]:
    """Download the files of `wanted` into the folder `into` (the user's cache): whole and right, or not at all.

    A file that is there already with the right hash is left as it is; another is replaced.

    Raises:
        DownloadFailedError: no connection, a refusal, or fewer bytes than announced.
        WeightsDamagedError: the address gave another file than the manifest names.
        WeightsNotWrittenError: the folder takes no file.
    """
    folder = into or cache_folder()
    done = []
    for weights in wanted:
        for name, sha256 in weights.sha256:
            target = folder / name
            if not (target.is_file() and _sha256(target) == sha256):
                _download(weights.source + name, target, sha256, progress)
            done.append(target)
    return done


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(source: str, target: Path, sha256: str, progress: Progress | None) -> None:
    digest = hashlib.sha256()
    done = size = 0
    with written(target) as file:
        try:
            # the addresses are the manifest's, never a user's
            with urllib.request.urlopen(source, timeout=_SECONDS) as answer:  # noqa: S310
                size = int(answer.headers.get("Content-Length") or 0)
                while block := answer.read(_BLOCK):
                    file.write(block)
                    digest.update(block)
                    done += len(block)
                    if progress:
                        progress(target.name, done, size)
        except HTTPError as error:
            with error:
                raise DownloadFailedError(source, Reason(str(error.code), f"{error.code} {error.reason}")) from error
        except (URLError, HTTPException, TimeoutError, ConnectionError, ssl.SSLError) as error:
            raise DownloadFailedError(source, _download_reason(error)) from error
        if done < size:
            raise DownloadFailedError(source, Reason(f"{done} / {size} byte", f"{done} of {size} bytes"))
        if digest.hexdigest() != sha256:
            raise WeightsDamagedError(source, sha256, digest.hexdigest())


def _download_reason(error: Exception) -> Reason:
    """urllib wraps what the system says."""
    inner = error.reason if isinstance(error, URLError) else error
    return reason(inner) if isinstance(inner, OSError) else Reason("lỗi đường truyền", str(error))


@contextmanager
def written(target: Path) -> Iterator[BinaryIO]:
    """A file to write that becomes `target` when the block ends well, whole and on the disk, and vanishes otherwise.

    Raises:
        WeightsNotWrittenError: no permission or no space.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=target.name, suffix=".part", dir=target.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise WeightsNotWrittenError(str(target), reason(error)) from error
