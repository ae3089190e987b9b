"""`bridge-agent simulate`: the video of a simulated class, and the truth about it."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bridge_agent.simulated_class.cutout import Box, Picture
from bridge_agent.simulated_class.script import read_script
from bridge_agent.simulated_class.write import write_truth, write_video
from models.faces.engine import FaceProfile, load_engine
from models.language import both


def render(script: Path, out: Path, truth: Path | None) -> int:
    """Render `script` into the mp4 file `out`, and the truth into `truth` (JSON). Raises ScriptError, FaceError."""
    wanted = read_script(script)
    detector = load_engine(FaceProfile()).detector

    def locate(portrait: Picture) -> Box | None:
        faces = detector.detect(portrait)
        return max(faces, key=lambda face: face.width).box if faces else None

    if truth is not None:
        write_truth(wanted, truth)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(both("Dựng video", "Rendering"), total=1.0)
        write_video(wanted, out, locate, lambda part: bar.update(task, completed=part))
    return 0
