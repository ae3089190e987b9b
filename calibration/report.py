"""One page that shows a calibration profile: room picture with its zones, score histograms, accuracy card, advice.

Self-contained HTML: styles and drawings inside, no script, nothing fetched. Vietnamese first, English second.
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jinja2

from calibration.profile import AccuracyCard, CameraPart, Histogram, Profile, Sentence
from calibration.rates import Rate
from calibration.wording import number, percent, thousands

_ZONE_OF_TIME: Final = datetime.timezone(datetime.timedelta(hours=7))
_WIDE, _HIGH = 640.0, 200.0
_RATES: Final = (
    ("fmr", "FMR", "cặp ảnh hai người bị coi là một", "pairs of two people taken for one"),
    ("fnmr", "FNMR", "cặp ảnh một người không được nhận ra", "pairs of one person not recognised"),
    ("fpir", "FPIR", "người lạ bị nhận là học viên", "strangers taken for a learner"),
    ("fnir", "FNIR", "học viên không được nhận ra", "learners not named"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the accuracy card, in both languages."""

    short: str
    meaning: Sentence
    value: Sentence
    bounds: Sentence
    basis: Sentence


def render(profile: Profile, id_: str, names: Mapping[str, str], picture: bytes | None = None) -> str:
    """The page for `profile` with the id `id_`.

    Args:
        profile: what was measured; parts that are missing are said to be.
        id_: SHA-256 of the profile's file.
        names: how learners' ids are shown (a code or name); others are shown as they are.
        picture: the room as a JPEG, or None: the zones are then drawn without it.
    """
    here = Path(__file__).parent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(here), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"when": _when, "vi": _vi}
    camera, faces = profile.camera, profile.faces
    return environment.get_template("report.html").render(
        profile=profile,
        id=id_,
        camera=camera,
        faces=faces,
        clock=profile.clock,
        picture=None if picture is None else base64.b64encode(picture).decode(),
        zones=[] if camera is None else _zones(camera),
        line=1 if camera is None else round(camera.width / 400, 2),
        rows=[] if faces is None else _rows(faces.card),
        bars=[] if faces is None else _bars(faces.card),
        lines=[] if faces is None else _lines(faces.card.impostor, faces.threshold, faces.strict_threshold),
        lookalikes=[] if faces is None else [
            (names.get(pair.a, pair.a), names.get(pair.b, pair.b), pair.score) for pair in faces.lookalikes
        ],
        wide=_WIDE,
        high=_HIGH,
    )  # fmt: skip


def _vi(value: float, digits: int = 2) -> str:
    return number(value, "vi", digits)


def _when(ms: int) -> str:
    return datetime.datetime.fromtimestamp(ms / 1000, _ZONE_OF_TIME).strftime("%H:%M, %d/%m/%Y")


def _zones(camera: CameraPart) -> list[dict[str, object]]:
    """Each zone's rectangle in the picture's pixels, and what to write into it."""
    zones: list[dict[str, object]] = []
    for measured in camera.zones:
        zone = measured.zone
        zones.append(
            {
                "x": zone.x * camera.width,
                "y": zone.y * camera.height,
                "width": zone.width * camera.width,
                "height": zone.height * camera.height,
                "good": measured.identifies,
                "text": "–" if measured.face_px is None else f"{measured.face_px:.0f} px",
            }
        )
    return zones


def _rows(card: AccuracyCard) -> list[_Row]:
    rows = []
    for key, short, vi, en in _RATES:
        found: Rate | None = getattr(card, key)
        meaning = Sentence(vi, en)
        if found is None or not found.trials:
            none = Sentence("không đo được ở đây", "not measured here")
            rows.append(_Row(short, meaning, none, Sentence("–", "–"), Sentence("–", "–")))
            continue
        rows.append(
            _Row(
                short,
                meaning,
                Sentence(percent(found.value, "vi"), percent(found.value, "en")),
                Sentence(
                    f"{percent(found.low, 'vi')} – {percent(found.high, 'vi')}",
                    f"{percent(found.low, 'en')} – {percent(found.high, 'en')}",
                ),
                Sentence(
                    f"{thousands(found.trials, 'vi')} lần so, {thousands(found.persons, 'vi')} người",
                    f"{thousands(found.trials, 'en')} comparisons, {thousands(found.persons, 'en')} people",
                ),
            )
        )
    return rows


def _bars(card: AccuracyCard) -> list[dict[str, object]]:
    """The bars of both histograms, each as high as its share of all its scores."""
    bars: list[dict[str, object]] = []
    for kind, histogram in (("impostor", card.impostor), ("genuine", card.genuine)):
        total = sum(histogram.counts)
        most = max(histogram.counts, default=0)
        if not total or not most:
            continue
        step = _WIDE / len(histogram.counts)
        for i, count in enumerate(histogram.counts):
            if count:
                # the square root: a few scores in the tail are what matters, and they must be seen
                height = max(2.0, (_HIGH - 20) * (count / most) ** 0.5)
                bars.append(
                    {"kind": kind, "x": round(i * step, 2), "y": round(_HIGH - height, 2), "width": round(step, 2),
                     "height": round(height, 2)}
                )  # fmt: skip
    return bars


def _lines(histogram: Histogram, threshold: float, strict: float) -> list[tuple[float, str]]:
    low, high = histogram.edges[0], histogram.edges[-1]

    def at(score: float) -> float:
        return round((score - low) / (high - low) * _WIDE, 1)

    return [(at(threshold), "seat"), (at(strict), "door")]
