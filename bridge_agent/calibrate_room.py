"""`calibrate camera`, `faces`, `clock` and `report`: what this bridge point's profile is made of."""

from __future__ import annotations

import asyncio
import importlib.metadata
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from bridge_agent import clock as clocks
from bridge_agent.calibrated import expected
from bridge_agent.camera_modes import try_modes
from bridge_agent.capture.capture import Capture
from bridge_agent.capture.child import Pace
from bridge_agent.capture.frame import Frame, Picture, SourceOver
from bridge_agent.capture.hardware import hardware_name
from bridge_agent.capture.source import Device, Source, parse_source
from bridge_agent.check_in.gallery_store import GalleryStore
from bridge_agent.check_in.sealed_file import SealedFiles
from bridge_agent.config import Settings
from bridge_agent.data_folder import DataFolder, write_private
from bridge_agent.errors import FinalError, ServerAwayError, SourceError
from bridge_agent.identity import membership
from bridge_agent.key_store import KeyStore, system_store
from bridge_agent.server import Server
from bridge_agent.server_clock import ServerClock, this_pc
from calibration import clock as clock_measuring
from calibration.background import background
from calibration.camera import CameraMeter, ModeTried, best_mode
from calibration.faces import part as faces_part
from calibration.profile import (
    CameraPart,
    ClockPart,
    FacesPart,
    Profile,
    ProfileUnreadableError,
    Sentence,
    encode,
    read,
)
from calibration.report import render
from models.faces.detect import Face
from models.faces.engine import FaceEngine, FaceProfile, load_engine
from models.faces.errors import PortraitsError
from models.faces.portraits import portrait_vector, read_picture, read_portraits
from models.language import both
from models.reasons import reason
from models.wire import Today

LOOKS_EVERY_MS: Final = 250
SECONDS: Final = 10.0
QUESTIONS: Final = 16
Floats = NDArray[np.float32]
Say = Callable[[str], None]


def camera(settings: Settings, source: str | None, seconds: float, *, keep_picture: bool, say: Say = print) -> str:
    """Look through the camera (or a video) for so many seconds and write what was measured into the profile.

    Returns the source that should be used: with a mode where another one is better for the room.
    Raises SourceError, CaptureLostError, WeightsError, DataFolderError, ProfileUnreadableError.
    """
    wanted = parse_source(source or settings.source)
    settings.folder.make()
    tried = try_modes(wanted) if isinstance(wanted, Device) and wanted.mode is None else []
    for mode in tried:
        say(f"{mode.width}x{mode.height}: {mode.fps:.1f}/s")
    part, picture = _look(settings, wanted, seconds, tried)
    advised = source or settings.source
    best = best_mode(tried, _narrowest(part), part.width)
    if best is not None and best.width != part.width:
        # the same room again in the mode that is better for it
        chosen = replace(wanted, mode=(best.width, best.height)) if isinstance(wanted, Device) else wanted
        part, picture = _look(settings, chosen, seconds, tried)
        advised = _with_mode(chosen)
        part = msgspec.structs.replace(part, advice=(*part.advice, write_mode(advised)))
    _save(settings.folder, camera=part)
    if keep_picture:
        good, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])
        if good:
            write_private(settings.folder.room_picture, jpeg.tobytes())
    else:
        settings.folder.room_picture.unlink(missing_ok=True)
    _tell(part.advice, say)
    return advised


def faces(settings: Settings, *, enrolled: bool, say: Say = print) -> None:
    """Measure the class and write its threshold into the profile.

    `enrolled`: the learners whose templates this agent holds. Without it, or where it holds none, those whose portraits
    lie in the settings' folder.

    Raises FaceError, DataFolderError, SealedFileError, IdentityError, ProfileUnreadableError.
    """
    settings.folder.make()
    chosen = settings.config.faces
    engine = load_engine(FaceProfile(chosen.detector, chosen.encoder, chosen.threads, chosen.smallest_face))
    known = background(engine.encoder.name)
    if known is None:
        raise FinalError(
            f"Chưa có số liệu nền của bộ mã hoá {engine.encoder.name}, nên không đặt được ngưỡng.",
            f"There are no background measurements of encoder {engine.encoder.name}, so no threshold can be set.",
        )
    vectors = _held(settings, engine.encoder.name) if enrolled else {}
    if not vectors:
        vectors = _portraits(settings, engine, say)
    part = faces_part(
        vectors, engine.encoder, known, made_at=clocks.wall_ms(), weights=expected(settings).weights,
        detector=engine.detector.name,
    )  # fmt: skip
    _save(settings.folder, faces=part)
    _tell(part.sentences, say)
    names = _names(settings.folder)
    for pair in part.lookalikes:
        say(f"  {names.get(pair.a, pair.a)} – {names.get(pair.b, pair.b)}: {pair.score:.2f}")


def clock(settings: Settings, server: str | None, *, say: Say = print) -> None:
    """Ask the server for its time and write offset and uncertainty into the profile.

    Raises IdentityError when no server was joined and none is named, DataFolderError, ProfileUnreadableError.
    """
    url = server or settings.config.server or membership(settings.folder).server
    settings.folder.make()
    part = clock_measuring.measure(asyncio.run(_ask(url)), clocks.wall_ms(), url)
    _save(settings.folder, clock=part)
    _tell(part.sentences, say)


def report(settings: Settings, *, with_picture: bool, say: Say = print) -> None:
    """Write the page of the profile into the data folder.

    Raises FinalError without a profile, DataFolderError, ProfileUnreadableError.
    """
    found = read(settings.folder.profile)
    if found is None:
        raise FinalError(
            "Điểm cầu này chưa hiệu chỉnh. Hãy chạy calibrate camera và calibrate faces trước.",
            "This bridge point was never calibrated. Run calibrate camera and calibrate faces first.",
        )
    profile, id_ = found
    picture = _room_picture(settings.folder) if with_picture else None
    page = render(profile, id_, _names(settings.folder), picture)
    write_private(settings.folder.calibration_report, page.encode())
    say(str(settings.folder.calibration_report))


def _names(folder: DataFolder) -> dict[str, str]:
    """Name and code of each learner of the day's plan, by id; without a plan nobody's."""
    try:
        today = msgspec.json.decode(folder.plan.read_bytes(), type=Today)
    except (OSError, msgspec.MsgspecError):
        return {}
    return {one.id: f"{one.name}, {one.code}" for session in today.sessions for one in session.learners}


def _held(settings: Settings, encoder: str) -> dict[str, Floats]:
    """The templates (1, d) that this agent holds by this encoder, by learner id."""
    keys = KeyStore(system_store() if settings.config.key_store == "system" else None)
    folder = settings.folder
    store = GalleryStore(SealedFiles(keys, folder.gallery_key), folder.gallery, folder.outbox)
    store.load(now=0)  # forgetting what is over is the agent's business
    return {
        held.learner: np.frombuffer(held.vector, "<f4").astype(np.float32)[None]
        for held in store.templates()
        if held.encoder == encoder
    }


def _portraits(settings: Settings, engine: FaceEngine, say: Say) -> dict[str, Floats]:
    """The vectors (k, d) of the portraits in the settings' folder, by name; says which can't be used."""
    vectors = {}
    for learner, paths in read_portraits(settings.portraits).items():
        usable = []
        for path in paths:
            try:
                usable.append(portrait_vector(read_picture(path), str(path), engine))
            except PortraitsError as error:
                say(str(error))
        if usable:
            vectors[learner] = np.stack(usable)
    if not vectors:
        raise FinalError(
            f"Không ảnh nào trong {settings.portraits} dùng được. Hãy thay ảnh rồi chạy lại.",
            f"No picture in {settings.portraits} can be used. Replace them and run this again.",
        )
    return vectors


class _Recorded(ServerClock):
    """A clock that also keeps each question as it was."""

    def __init__(self) -> None:
        super().__init__(this_pc())
        self.asked: list[clock_measuring.Asked] = []

    def measured(self, sent: int, received: int, server_time: int) -> None:
        super().measured(sent, received, server_time)
        self.asked.append(clock_measuring.Asked(sent, received, self.clocks.wall(), server_time))


async def _ask(url: str) -> list[clock_measuring.Asked]:
    recorded = _Recorded()
    async with Server(url, recorded) as server:
        for _ in range(QUESTIONS):
            try:
                await server.measure_clock()
            except ServerAwayError:
                if not recorded.asked:
                    raise  # it does not answer at all: the sentence says what to do
            await asyncio.sleep(0.1)
    return recorded.asked


def _look(settings: Settings, source: Source, seconds: float, tried: list[ModeTried]) -> tuple[CameraPart, Picture]:
    """Measure for so many seconds of the source's clock; the part and the last picture."""
    chosen = settings.config.faces
    engine = load_engine(FaceProfile(chosen.detector, chosen.encoder, chosen.threads, chosen.smallest_face))
    meter = CameraMeter()
    first: Frame | None = None
    last: Frame | None = None
    with Capture(source, Pace(LOOKS_EVERY_MS, newest=source.live, real_time=False)) as capture:
        capture.open()
        until = time.monotonic() + seconds + 10
        while last is None or first is None or last.at - first.at < seconds * 1000:
            got = capture.newest(1_000)
            if isinstance(got, SourceOver):
                break
            if isinstance(got, Frame):
                meter.add(got.picture, [face.box for face in engine.detect(got.picture)])
                first, last = first or got, got
            elif source.live and time.monotonic() > until:
                raise capture.trouble or _silent(source)
    if first is None or last is None:
        raise _silent(source)
    span = max(1, last.at - first.at)
    fps = (last.number - first.number) * 1000 / span
    mode = next((m for m in tried if (m.width, m.height) == last.picture.shape[1::-1]), None)
    part = meter.part(clocks.wall_ms(), hardware_name(source), mode.fps if mode else fps)
    return part, without_faces(last.picture, engine.detect(last.picture))


def without_faces(picture: Picture, faces: Sequence[Face]) -> Picture:
    """A copy of the picture (h, w, 3) whose faces can't be told: the report shows the room, not who sat in it."""
    shown = picture.copy()
    for face in faces:
        x, y, width, height = face.box
        top, left = max(0, round(y - 0.2 * height)), max(0, round(x - 0.2 * width))
        part = shown[top : round(y + 1.2 * height), left : round(x + 1.2 * width)]
        if part.size:
            coarse = cv2.resize(part, (4, 4), interpolation=cv2.INTER_AREA)
            part[:] = cv2.resize(coarse, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_NEAREST)
    return shown


def _silent(source: Source) -> SourceError:
    return SourceError(
        f"{source} không cho hình nào. Hãy kiểm tra camera hoặc tệp video.",
        f"{source} gave no picture. Check the camera or the video file.",
    )


def _narrowest(part: CameraPart) -> float | None:
    return min((zone.face_px for zone in part.zones if zone.face_px is not None and zone.faces), default=None)


def _with_mode(source: Source) -> str:
    return f"{source.number}@{source.mode[0]}x{source.mode[1]}" if isinstance(source, Device) and source.mode else ""


def write_mode(source: str) -> Sentence:
    """The advice to use this source, for whoever keeps the settings file by hand."""
    return Sentence(
        f'Chế độ hình này tốt hơn cho phòng: hãy ghi source = "{source}" trong tệp cấu hình.',
        f'This mode is better for the room: write source = "{source}" into the settings file.',
    )


def _room_picture(folder: DataFolder) -> bytes | None:
    try:
        return folder.room_picture.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FinalError(
            f"Không đọc được {folder.room_picture} ({reason(error).vi}).",
            f"{folder.room_picture} cannot be read ({reason(error).en}).",
        ) from error


def _save(
    folder: DataFolder,
    *,
    camera: CameraPart | None = None,
    faces: FacesPart | None = None,
    clock: ClockPart | None = None,
) -> None:
    """Put a new part into the profile. A profile that can't be read is replaced: its reader would refuse it anyway."""
    try:
        found = read(folder.profile)
    except ProfileUnreadableError:
        found = None
    old = found[0] if found else Profile(made_at=0)
    made_by = {name: importlib.metadata.version(name) for name in ("diemdanh", "opencv-python-headless", "openvino")}
    new = Profile(
        made_at=clocks.wall_ms(), made_by=made_by, camera=camera or old.camera, faces=faces or old.faces,
        clock=clock or old.clock,
    )  # fmt: skip
    write_private(folder.profile, encode(new))


def _tell(sentences: tuple[Sentence, ...], say: Say) -> None:
    for sentence in sentences:
        say(both(sentence.vi, sentence.en))
