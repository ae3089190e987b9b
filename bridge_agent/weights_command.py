"""`bridge-agent weights`: which networks this PC has, and fetching those that it lacks."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table

from models.faces import weights
from models.faces.errors import WeightsDamagedError
from models.language import both

Found = tuple[Path, ...] | WeightsDamagedError | None
"""The files of a network, what is wrong with them, or nothing."""


def show() -> int:
    """Print every network of the manifest: licence, where it is, and whether recognition uses it."""
    found = {known.name: _find(known.name) for known in weights.MANIFEST}
    in_use = _in_use(found)
    table = Table(box=None, pad_edge=False)
    for vi, en in (("mạng", "network"), ("giấy phép", "licence"), ("trạng thái", "state"), ("ở đâu", "where")):
        table.add_column(both(vi, en), overflow="fold")
    for known in weights.MANIFEST:
        match found[known.name]:
            case None:
                state, where = both("chưa có", "missing"), "bridge-agent weights fetch" if known.source else "–"
            case WeightsDamagedError() as damage:
                state, where = both("hỏng", "damaged"), damage.where
            case paths:
                state = both("đang dùng", "in use") if known.name in in_use else both("dự phòng", "spare")
                where = str(paths[0].parent)
        table.add_row(known.name, known.licence, state, where)
    Console().print(table)
    return 0


def fetch() -> int:
    """Download what is missing, with progress. Raises WeightsError."""
    missing = weights.missing()
    if not missing:
        print(both("Máy này đã có đủ các mạng nhận diện.", "This PC has all networks."))
        return 0
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(name: str, done: int, size: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=size or None)
            bars.update(tasks[name], completed=done)

        paths = weights.fetch(missing, progress)
    for path in paths:
        print(path)
    return 0


def _find(name: str) -> Found:
    try:
        return weights.find(name)
    except WeightsDamagedError as error:
        return error


def _in_use(found: dict[str, Found]) -> set[str]:
    """The names of what the profile `auto` takes on this PC (models.faces.engine)."""
    yunet, intel = (isinstance(found[known.name], tuple) for known in (weights.YUNET, weights.INTEL))
    used = {weights.YUNET.name} if yunet else set()
    used |= {weights.INTEL.name} if intel else {weights.DLIB_ENCODER.name}
    return used if yunet and intel else used | {weights.DLIB_POINTS.name}
