"""The table of participation that the demo prints; for the simulated class with the truth and the error."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from bridge_agent.simulated_class.script import Script
from bridge_agent.simulated_class.truth import common, truth
from central_server.participation.figures import LearnerFigures, SessionFigures
from models.language import both

Spans = list[tuple[float, float]]


def print_participation(figures: SessionFigures, script: Script | None) -> None:
    """Print everybody's participation."""
    table = Table(title=both("Thời lượng tham gia", "Participation"))
    table.add_column(both("Học viên", "Learner"))
    for vi, en in (
        ("Có mặt", "Seen"),
        ("Vắng mặt", "Not seen"),
        ("Không xác định", "Not observed"),
        ("Tỷ lệ", "Share"),
    ):
        table.add_column(both(vi, en), justify="right")
    if script:
        for vi, en in (("Sự thật", "Truth"), ("Sai số", "Error")):
            table.add_column(both(vi, en), justify="right")
    for learner in figures.learners:
        cells = [learner.name, *map(_seconds, (learner.seen_ms, learner.not_seen_ms, learner.not_observed_ms))]
        cells.append("–" if learner.share is None else f"{100 * learner.share:.1f} %")
        if script:
            true = true_seen_ms(script, figures, learner)
            cells += [_seconds(true), f"{(learner.seen_ms - true) / 1000:+.1f} s"]
        table.add_row(*cells)
    Console().print(table)
    if script:
        strangers = ", ".join(truth(script).strangers)
        print(
            both(
                f"Trong phòng còn có người lạ ({strangers}); không ai được tính thay cho người đó.",
                f"A stranger was in the room too ({strangers}) and was credited to nobody.",
            )
        )


def true_seen_ms(script: Script, figures: SessionFigures, learner: LearnerFigures) -> int:
    """How long the learner really sat in the watched part of the session, ms.

    The script's clock starts with the first frame, which is the first moment that the server knows to be observed.
    """
    observed = sorted([*learner.seen, *learner.not_seen])
    if not observed:
        return 0
    begin = observed[0][0]
    watched = [((start - begin) / 1000, (end - begin) / 1000) for start, end in observed]
    there = truth(script).presence[learner.name]
    return round(1000 * sum(end - start for start, end in common(there, watched)))


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.1f} s"
