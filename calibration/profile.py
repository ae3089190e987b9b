"""The calibration profile of one bridge point: one versioned file with what was measured, of what, and by what.

Its id is the SHA-256 of the file's bytes, which are never written again the same way with another content. Light: the
agent's parent process reads it without pictures or networks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from calibration.rates import Rate
from models.clock_trust import ClockTrust
from models.errors import DiemdanhError
from models.reasons import reason
from models.record_kinds import Score, Zone

VERSION: Final = 1
KEEPS_DAYS: Final = 180
"""After so many days a measurement is outdated unless the settings say otherwise."""
_DAY_MS: Final = 86_400_000

State = Literal["good", "missing", "outdated"]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class ProfileUnreadableError(DiemdanhError):
    """The profile's file can't be read, or is none."""


class Sentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is so, or what to do, in both languages."""

    vi: str
    en: str


class ZoneMeasured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was measured in one zone of the picture."""

    zone: Zone
    face_px: float | None
    """Median width of the faces seen there, or reckoned from the faces in other zones of the row; None: unknown."""
    faces: int
    """How many faces were seen there."""
    sharpness: float
    light: float
    """Mean brightness, 0 to 255."""
    identifies: bool
    """A face there can be identified: wide enough, sharp and lit."""


class CameraPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The camera as it stood. Measures as calibration.camera defines them."""

    made_at: int
    """ms since 1970 UTC"""
    device: str
    """Its hardware name."""
    width: int
    height: int
    fps: float
    frames: int
    sharpness: float
    light: float
    dark_share: Share
    bright_share: Share
    flicker: float
    noise: float
    zones: tuple[ZoneMeasured, ...]
    advice: tuple[Sentence, ...]

    @property
    def identifying(self) -> tuple[Zone, ...]:
        """The zones in which a face can be identified, for coverage records."""
        return tuple(measured.zone for measured in self.zones if measured.identifies)

    @property
    def blind_seats(self) -> bool:
        """People sat in a zone in which no face can be identified when this was measured."""
        return any(measured.faces and not measured.identifies for measured in self.zones)


class Lookalikes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two learners of the class whose templates resemble each other; each is asked for a second factor at the door."""

    a: str
    b: str
    score: float


class Histogram(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many scores fell between `edges[i]` and `edges[i + 1]`."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class AccuracyCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Accuracy at the strict threshold, in ISO/IEC 19795's terms, with what it rests on.

    A rate is None where the pictures at hand give no trial for it.
    """

    fmr: Rate | None
    fnmr: Rate | None
    fpir: Rate | None
    fnir: Rate | None
    source: Sentence
    """On whose pictures."""
    genuine: Histogram
    impostor: Histogram


class FacesPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a face has to reach in this class."""

    made_at: int
    encoder: str
    weights: str
    """SHA-256 over the encoder's files as the manifest lists them (`weights_id`)."""
    detector: str
    learners: int
    class_size: int
    threshold: Score
    """From which score a face counts as a learner's in seated presence."""
    strict_threshold: Score
    """The same where strangers may come: at the door."""
    margin: Score
    background_threshold: Score
    """What the encoder's shipped measurements alone would ask for at the door."""
    fpir_aim: Share
    lookalikes: tuple[Lookalikes, ...]
    raised: Mapping[str, Score]
    """Learners for whom the door asks for more than the strict threshold: those with a lookalike."""
    card: AccuracyCard
    sentences: tuple[Sentence, ...]


class ClockPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The server's clock against this PC's. ms."""

    made_at: int
    server: str
    samples: int
    offset: int | None
    uncertainty: int | None
    jitter: float
    trust: ClockTrust
    sentences: tuple[Sentence, ...]


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that was calibrated at this bridge point; a part is None until its command ran."""

    v: Literal[1] = VERSION
    made_at: int
    """When the newest part was made, ms since 1970 UTC."""
    made_by: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Provenance: program and library versions, by name."""
    camera: CameraPart | None = None
    faces: FacesPart | None = None
    clock: ClockPart | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What the agent is going to use; `camera` as `CameraPart.device`, `weights` by `weights_id`."""

    camera: str
    encoder: str
    weights: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A profile as found: `profile` and `id` are None where there is none that can be read.

    `reasons` say in words why the state is not good; empty when it is.
    """

    profile: Profile | None
    id: str | None
    state: State
    reasons: tuple[Sentence, ...]
    fits: bool = False
    """Its faces' threshold was measured for the expected encoder and weights, however long ago."""
    only_faces: bool = False
    """All that is missing is the faces' part, which needs enrolled learners: the camera is measured and good."""

    def why(self) -> Sentence:
        """All reasons in one line."""
        return Sentence(" ".join(r.vi for r in self.reasons), " ".join(r.en for r in self.reasons))


def encode(profile: Profile) -> bytes:
    """The bytes of the profile's file: JSON, indented for people."""
    return msgspec.json.format(msgspec.json.encode(profile, order="deterministic"), indent=1) + b"\n"


def profile_id(data: bytes) -> str:
    """The id of the profile whose file has these bytes: their SHA-256."""
    return hashlib.sha256(data).hexdigest()


def weights_id(files: tuple[tuple[str, str], ...]) -> str:
    """One SHA-256 for a network of several files, from their names and SHA-256 (models.faces.weights.Weights)."""
    return hashlib.sha256("".join(f"{sha}  {name}\n" for name, sha in files).encode()).hexdigest()


def read(path: Path) -> tuple[Profile, str] | None:
    """The profile in the file and its id, None when there is no file.

    Raises ProfileUnreadableError.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ProfileUnreadableError(
            f"Không đọc được hồ sơ hiệu chỉnh {path} ({reason(error).vi}).",
            f"The calibration profile {path} cannot be read ({reason(error).en}).",
        ) from error
    try:
        return msgspec.json.decode(data, type=Profile), profile_id(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProfileUnreadableError(
            f"Hồ sơ hiệu chỉnh {path} hỏng hoặc do phiên bản khác ghi. Hãy chạy lại calibrate camera và faces.",
            f"The calibration profile {path} is damaged or of another version. Run calibrate camera and faces again.",
        ) from error


def load(path: Path, now: int, expected: Expected, keeps_days: float = KEEPS_DAYS) -> Loaded:
    """The profile at `path` and whether it may be used at `now` (ms since 1970 UTC) for what is `expected`.

    Never raises: a file that can't be read counts as missing, and the reason says so.
    """
    try:
        found = read(path)
    except ProfileUnreadableError as error:
        return Loaded(None, None, "missing", (Sentence(error.vi, error.en),))
    if found is None:
        no = Sentence(
            "Điểm cầu này chưa hiệu chỉnh. Hãy chạy calibrate camera và calibrate faces.",
            "This bridge point was never calibrated. Run calibrate camera and calibrate faces.",
        )
        return Loaded(None, None, "missing", (no,))
    profile, id_ = found
    faces = profile.faces
    fits = faces is not None and (faces.encoder, faces.weights) == (expected.encoder, expected.weights)
    if profile.camera is None or profile.faces is None:
        good = profile.camera is not None and not _outdated(profile.camera, None, now, expected, keeps_days)
        return Loaded(profile, id_, "missing", tuple(_unmeasured(profile)), fits, good)
    reasons = _outdated(profile.camera, profile.faces, now, expected, keeps_days)
    return Loaded(profile, id_, "outdated" if reasons else "good", tuple(reasons), fits)


def _unmeasured(profile: Profile) -> list[Sentence]:
    reasons = []
    if profile.camera is None:
        reasons.append(
            Sentence("Camera chưa được đo: hãy chạy calibrate camera.", "The camera is not measured: calibrate camera.")
        )
    if profile.faces is None:
        reasons.append(
            Sentence(
                "Ngưỡng khuôn mặt chưa được đo: hãy chạy calibrate faces.",
                "The faces' threshold is not measured: calibrate faces.",
            )
        )
    return reasons


def _outdated(
    camera: CameraPart, faces: FacesPart | None, now: int, expected: Expected, keeps_days: float
) -> list[Sentence]:
    reasons = []
    parts = [("Camera được đo", "The camera was measured", "camera", camera.made_at)]
    if faces is not None:
        parts.append(("Ngưỡng khuôn mặt được đo", "The faces' threshold was measured", "faces", faces.made_at))
    for vi, en, command, made_at in parts:
        days = (now - made_at) // _DAY_MS
        if now - made_at > keeps_days * _DAY_MS:
            reasons.append(
                Sentence(
                    f"{vi} từ {days} ngày trước, quá {keeps_days:g} ngày: hãy chạy lại calibrate {command}.",
                    f"{en} {days} days ago, over {keeps_days:g}: run calibrate {command} again.",
                )
            )
        elif days < -1:
            reasons.append(
                Sentence(
                    f"{vi} vào một ngày trong tương lai: hãy kiểm tra đồng hồ, rồi chạy lại calibrate {command}.",
                    f"{en} on a day to come: check the clock, then run calibrate {command} again.",
                )
            )
    if camera.device != expected.camera:
        reasons.append(
            Sentence(
                f"Camera đã đo là {camera.device}, nay là {expected.camera}: hãy chạy lại calibrate camera.",
                f"The camera measured is {camera.device}, now it is {expected.camera}: run calibrate camera again.",
            )
        )
    if faces is None:
        return reasons
    if faces.encoder != expected.encoder:
        reasons.append(
            Sentence(
                f"Ngưỡng đo cho bộ mã hoá {faces.encoder}, nay dùng {expected.encoder}: hãy chạy lại calibrate faces.",
                f"The threshold is for encoder {faces.encoder}, now {expected.encoder} is used: "
                "run calibrate faces again.",
            )
        )
    elif faces.weights != expected.weights:
        reasons.append(
            Sentence(
                f"Tệp trọng số của {faces.encoder} đã đổi từ khi đo: hãy chạy lại calibrate faces.",
                f"The weights of {faces.encoder} changed since it was measured: run calibrate faces again.",
            )
        )
    return reasons
