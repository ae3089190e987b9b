"""`calibrate pairs` and `calibrate gallery`: anyone's pictures in, how well an encoder does on them out."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import msgspec
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bridge_agent.output import check_writable, write_json
from bridge_agent.set_encoding import Encoded, encode_files
from bridge_agent.set_reading import PicturesError, read_pairs, read_people
from calibration.background import background
from calibration.door import PORTRAITS, PROBES, Pictures
from calibration.profile import weights_id
from calibration.sets import SetMeasured, enough, measure
from models.faces.engine import EncoderChoice, FaceEngine, FaceProfile, load_engine
from models.faces.weights import DLIB_ENCODER, INTEL
from models.language import both, language

_MOST: Final = PORTRAITS + PROBES
"""Pictures of a person that are looked at: more change nothing."""
LINE_S: Final = 10.0
"""Between two lines of progress where there is no terminal."""


def gallery(
    folder: Path, out: Path | None, choice: EncoderChoice, class_size: int, console: Console | None = None
) -> SetMeasured:
    """Measure the people in `folder`, write the result as JSON to `out` or say it.

    Raises PicturesError, OutputError, WeightsError.
    """
    if out:
        check_writable(out)
    people = read_people(folder)
    engine = load_engine(FaceProfile("auto", choice))
    chosen = {name: _some(paths) for name, paths in people.items()}
    encoded = _encode([path for paths in chosen.values() for path in paths], engine, console)
    persons: list[int] = []
    vectors = []
    number = 0
    for paths in chosen.values():
        usable = [encoded.vectors[path] for path in paths if path in encoded.vectors]
        vectors += usable
        persons += [number] * len(usable)
        number += bool(usable)
    counts = {"pictures": sum(map(len, people.values())), "people": len(people)}
    pictures = Pictures(np.array(vectors, np.float32), np.array(persons, np.intp), engine.encoder.metric)
    return _finish("gallery", pictures, encoded, counts, {}, folder, engine, class_size, out, console)


def pairs(
    listed: Path,
    folder: Path,
    out: Path | None,
    choice: EncoderChoice,
    class_size: int,
    console: Console | None = None,
) -> SetMeasured:
    """Measure the pairs that the file `listed` names, write the result as JSON to `out` or say it.

    Raises PicturesError, OutputError, WeightsError.
    """
    if out:
        check_writable(out)
    told = read_pairs(listed, folder)
    engine = load_engine(FaceProfile("auto", choice))
    encoded = _encode(list(told.person), engine, console)
    usable = [path for path in told.person if path in encoded.vectors]
    numbers = sorted({told.person[path] for path in usable})
    place = {number: i for i, number in enumerate(numbers)}
    apart = np.zeros((len(numbers), len(numbers)), np.bool_)
    for a, b in told.apart:
        if a in place and b in place:
            apart[place[a], place[b]] = True
    counts = {
        "pictures": len(told.person), "people": len(set(told.person.values())), "rows": told.rows,
        "genuine": told.genuine, "impostor": told.impostor,
    }  # fmt: skip
    rows = {
        "rows_without_picture": told.without_picture, "rows_unclear": told.unclear,
        "contradictions": told.contradictions,
    }  # fmt: skip
    pictures = Pictures(
        np.array([encoded.vectors[path] for path in usable], np.float32),
        np.array([place[told.person[path]] for path in usable], np.intp),
        engine.encoder.metric,
        apart,
    )
    return _finish("pairs", pictures, encoded, counts, rows, folder, engine, class_size, out, console)


def provenance(engine: FaceEngine) -> dict[str, str]:
    """What measured: versions by name, and one SHA-256 for the encoder's weights."""
    names = ("diemdanh", "openvino", "opencv-python-headless", "numpy")
    weights = INTEL if engine.encoder.name == INTEL.name else DLIB_ENCODER
    return {name: importlib.metadata.version(name) for name in names} | {
        "weights": weights_id(weights.sha256),
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _finish(
    kind: Literal["gallery", "pairs"],
    pictures: Pictures,
    encoded: Encoded,
    counts: dict[str, int],
    rows: dict[str, list[str]],
    folder: Path,
    engine: FaceEngine,
    class_size: int,
    out: Path | None,
    console: Console | None,
) -> SetMeasured:
    if not len(pictures.vectors) or not enough(pictures):
        raise PicturesError(
            f"Ảnh trong {folder} chỉ cho thấy {pictures.people} người có khuôn mặt dùng được "
            f"({len(encoded.without_face)} ảnh không thấy mặt, {len(encoded.unreadable)} tệp hỏng); cần từ 4 người.",
            f"The pictures in {folder} show usable faces of {pictures.people} people only "
            f"({len(encoded.without_face)} without a face, {len(encoded.unreadable)} unreadable); it takes 4 or more.",
        )
    odd = {
        "unreadable": encoded.unreadable, "without_face": encoded.without_face,
        "several_faces": encoded.several_faces, "small_faces": encoded.small_faces,
    }  # fmt: skip
    problems = {name: tuple(_short(path, folder) for path in paths) for name, paths in odd.items()}
    problems |= {name: tuple(found) for name, found in rows.items()}
    counts |= {"used": len(pictures.vectors)} | {name: len(found) for name, found in problems.items()}
    with _bar(both("Đang chia và đánh giá", "Splitting and judging"), console) as progress:
        measured = measure(
            pictures, kind=kind, encoder=engine.encoder.name, detector=engine.detector.name,
            known=background(engine.encoder.name), counts=counts, problems=problems,
            provenance=provenance(engine), class_size=class_size, progress=progress,
        )  # fmt: skip
    if out:
        write_json(out, msgspec.json.format(msgspec.json.encode(measured), indent=1))
    else:
        print("\n".join(_told(measured)))
    return measured


def _told(measured: SetMeasured) -> list[str]:
    """The sentences, and how many files were odd."""
    lines = list(measured.sentences[language()])
    names = {
        "unreadable": ("tệp không đọc được", "files that can't be read"),
        "without_face": ("ảnh không thấy khuôn mặt", "pictures without a face"),
        "several_faces": (
            "ảnh có nhiều khuôn mặt (dùng mặt gần giữa nhất)",
            "with several faces (the middle one used)",
        ),
        "small_faces": ("ảnh có khuôn mặt nhỏ hơn 48 điểm ảnh", "with a face under 48 px"),
        "rows_without_picture": ("dòng thiếu ảnh", "rows without their pictures"),
        "rows_unclear": ("dòng không rõ", "unclear rows"),
        "contradictions": ("dòng mâu thuẫn", "rows that contradict others"),
    }
    used, pictures = measured.counts["used"], measured.counts["pictures"]
    odd = "; ".join(
        f"{measured.counts[key]} {both(*words)}" for key, words in names.items() if measured.counts.get(key)
    )
    people = measured.persons
    line = both(f"Đã dùng {used} trong {pictures} ảnh của {people} người", f"Used {used} of {pictures} pictures")
    lines.append(f"{line}{'; ' + odd if odd else ''}.")
    return lines


def _some(paths: Sequence[Path]) -> list[Path]:
    """Up to _MOST of a person's pictures, evenly spread."""
    if len(paths) <= _MOST:
        return list(paths)
    return [paths[i] for i in np.linspace(0, len(paths) - 1, _MOST).round().astype(int)]


def _short(path: Path, folder: Path) -> str:
    for base in (folder, folder.resolve()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.name


def _encode(paths: Sequence[Path], engine: FaceEngine, console: Console | None) -> Encoded:
    with _bar(both("Đang đọc ảnh", "Reading pictures"), console) as progress:
        return encode_files(paths, engine, progress)


@contextmanager
def _bar(title: str, console: Console | None) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal; elsewhere (a log, a pipe) a line now and then, for a large set takes minutes."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield lines(title, console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, all_: progress.update(task, completed=done, total=all_)


def lines(title: str, console: Console, every_s: float = LINE_S) -> Callable[[int, int], None]:
    """Progress as lines, at most one in `every_s`."""
    told = time.monotonic()

    def progress(done: int, of: int) -> None:
        nonlocal told
        if time.monotonic() - told >= every_s:
            told = time.monotonic()
            console.print(f"{title}: {done}/{of}", highlight=False)

    return progress
