"""The agent's settings: a TOML file, every key with a default, checked with the line named (models.settings).

deploy/examples/agent.toml shows every key with a comment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
import platformdirs

from bridge_agent.capture.source import CameraPin, parse_source
from bridge_agent.data_folder import DataFolder
from bridge_agent.errors import FinalError
from bridge_agent.roster import portrait_names
from models.errors import DiemdanhError
from models.settings import SettingsError, find_line, read


def check_url(url: str) -> str:
    """The address without a trailing slash. Raises FinalError when it can't be a server's address."""
    try:
        parts = urlsplit(url.strip())
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        raise FinalError(
            f'Địa chỉ máy chủ "{url}" không đúng. Hãy ghi đầy đủ, ví dụ https://diemdanh.example.vn.',
            f'The server address "{url}" will not do. Write it in full, for example https://diemdanh.example.vn.',
        )
    return url.strip().rstrip("/")


class FacesConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which networks look for faces and compare them (models.faces.engine.FaceProfile)."""

    detector: Literal["auto", "yunet", "dlib", "face_recognition"] = "auto"
    encoder: Literal["auto", "intel", "dlib", "face_recognition"] = "auto"
    threads: Annotated[int, msgspec.Meta(ge=1, le=64)] = 2
    smallest_face: Annotated[float, msgspec.Meta(ge=5, le=1000)] | None = None
    """Narrowest face to look for, px."""


class StreamingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The room's stream for the classroom page (bridge_agent.streaming)."""

    enabled: bool = True
    """False: the room has a conference system already; attendance works all the same."""
    width: Annotated[int, msgspec.Meta(ge=160, le=3840)] = 1280
    height: Annotated[int, msgspec.Meta(ge=90, le=2160)] = 720
    """The most: a picture keeps its shape and is never enlarged."""
    fps: Annotated[int, msgspec.Meta(ge=3, le=30)] = 15
    kbit_s: Annotated[int, msgspec.Meta(ge=100, le=20_000)] = 1200
    sound: bool = False
    """Also publish a microphone of this PC: where no classroom page carries the room's sound. The class hears it once
    somebody has turned it on in the room's classroom page.
    """  # fmt: skip
    sound_device: str = ""
    """As bridge_agent.streaming.sound takes it; empty: this system's own."""

    def microphone(self) -> str | None:
        """What is published; None: no sound."""
        return self.sound_device if self.sound else None


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of one agent. Relative paths start from the settings file's folder."""

    data: str = ""
    """The data folder; empty: this user's own."""
    server: str = ""
    """Empty: the server that was joined."""
    source: str = "0"
    camera_name: str = ""
    """The hardware name of this room's camera: no other is opened. Empty: whichever has the number in `source`."""
    virtual_camera: bool = False
    """A virtual camera, whose pictures come from a program, will do."""
    portraits: str = "portraits"
    """A folder of this name may be absent; one of any other name was asked for."""
    without_profile: bool = False
    """Watch the room on a missing or outdated calibration profile too; every session's log says so."""
    spot_check_minutes: Annotated[float, msgspec.Meta(ge=0, le=120)] = 20
    """About how often a learner whom the camera does not know is asked to confirm, and one of the others; 0: never."""
    console_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8790
    """The pages for technician and learners, on this PC alone; 0: none."""
    key_store: Literal["system", "file"] = "system"
    """Where the private key is kept: the system's key store where there is one, or always a file."""
    watch_before_minutes: Annotated[float, msgspec.Meta(ge=0, le=120)] = 10
    sweep_seconds: Annotated[float, msgspec.Meta(ge=0.2, le=5)] = 1
    sync_seconds: Annotated[float, msgspec.Meta(ge=0.5, le=3600)] = 5
    status_seconds: Annotated[float, msgspec.Meta(ge=0.5, le=60)] = 2
    plan_seconds: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 15
    faces: FacesConfig = FacesConfig()
    streaming: StreamingConfig = StreamingConfig()


def default_path() -> Path:
    """Where `run` looks for a settings file when none is named."""
    return platformdirs.user_config_path("diemdanh", appauthor=False) / "agent.toml"


def default_data() -> Path:
    """The data folder when none is named."""
    return platformdirs.user_data_path("diemdanh", appauthor=False) / "agent"


@dataclass(frozen=True, slots=True)
class Written:
    """What the settings file says of that which may be chosen on the pages, too (bridge_agent.setup.choices)."""

    camera: tuple[str, str]
    """Source and camera name."""
    sound: tuple[bool, str]


class Settings:
    """A Config with its paths made whole. `path`: the file that it came from, or None for the defaults.

    Camera and sound may be chosen while the agent runs: who keeps them asks anew.
    """

    def __init__(self, config: Config, path: Path | None) -> None:
        self.config = config
        self.written = Written(
            (config.source, config.camera_name), (config.streaming.sound, config.streaming.sound_device)
        )
        self.path = path
        base = path.parent if path else Path.cwd()
        self.folder = DataFolder((base / Path(config.data).expanduser()) if config.data else default_data())
        self.portraits = base / Path(config.portraits).expanduser()
        self.source = _source(config.source, base)
        self.pin = CameraPin(config.camera_name.strip(), config.virtual_camera)

    def use_camera(self, source: str, camera_name: str) -> None:
        """From now on this one. source: as parse_source takes it."""
        self.config = msgspec.structs.replace(self.config, source=source, camera_name=camera_name)
        self.source, self.pin = source, CameraPin(camera_name, self.config.virtual_camera)

    def use_sound(self, sound: bool, device: str) -> None:
        """From now on the agent sends the room's sound by this microphone, or leaves it to the classroom page."""
        streaming = msgspec.structs.replace(self.config.streaming, sound=sound, sound_device=device)
        self.config = msgspec.structs.replace(self.config, streaming=streaming)

    @property
    def without_portraits(self) -> bool:
        """There is no folder of portraits, and none was asked for: the server's templates do."""
        return self.config.portraits == Config().portraits and not self.portraits.is_dir()

    def check(self) -> None:
        """Check what the file's form can't tell: addresses, the source, the portraits, the data folder.

        Raises DiemdanhError with the line, what is wrong and what to write.
        """
        if self.config.server:
            self._at("server", lambda: check_url(self.config.server))
        self._at("source", lambda: parse_source(self.source))
        if not self.without_portraits:
            self._at("portraits", lambda: portrait_names(self.portraits))
        self._at("data", self.folder.make)

    def _at(self, key: str, check: Callable[[], object]) -> None:
        try:
            check()
        except DiemdanhError as error:
            if self.path is None:
                raise
            line = find_line(self.path.read_text(encoding="utf-8"), [key])
            raise SettingsError(
                f"{self.path}, dòng {line} ({key}): {error.vi}", f"{self.path}, line {line} ({key}): {error.en}"
            ) from error


def load(path: Path | None) -> Settings:
    """The settings in the file at `path`; without one those at the default place, or the defaults.

    Raises SettingsError.
    """
    if path is None:
        path = default_path()
        if not path.exists():
            return Settings(Config(), None)
    return Settings(read(path, Config), path)


def _source(text: str, base: Path) -> str:
    """The source with a file's path made whole; cameras and addresses as they are."""
    text = text.strip()
    prefix = "simulated:" if text.startswith("simulated:") else ""
    name = text.removeprefix(prefix)
    if not name or (not prefix and (name.partition("@")[0].isdigit() or "://" in name)):
        return text
    return f"{prefix}{base / Path(name).expanduser()}"
