from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from bridge_agent.capture.source import VideoFile
from bridge_agent.capture.video import FileClock, VideoReader
from bridge_agent.errors import SourceError
from tests.bridge_agent.composed import Composition, write


def test_every_frame_with_its_time_and_its_picture(tmp_path: Path) -> None:
    frames = list(Composition(seconds=2).frames())
    path = write(tmp_path / "a.mp4", frames, 10, crf="10")
    reader = VideoReader(VideoFile(path))
    assert (reader.opened.width, reader.opened.height) == (480, 270)
    assert reader.opened.length_ms == pytest.approx(2000, abs=100)
    raws = list(reader.frames())
    assert [raw.at for raw in raws] == list(range(0, 2000, 100))
    assert np.abs(raws[7].picture().astype(int) - frames[7]).mean() < 6


@pytest.mark.parametrize("size", [(641, 361), (640, 362), (98, 130)])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    frames = [np.full((size[1], size[0], 3), 90 + n, np.uint8) for n in range(5)]
    path = tmp_path / "odd.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=5)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = size[0], size[1], "yuvj444p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")))
        container.mux(stream.encode(None))
    raws = list(VideoReader(VideoFile(path)).frames())
    assert len(raws) == 5
    assert raws[4].picture().shape == (size[1], size[0], 3)
    assert abs(int(raws[4].luma.mean()) - 94) <= 2


def test_a_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    path = tmp_path / "vfr.mp4"
    times = [0, 40, 90, 800, 810, 2500]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for at in times:
            frame = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 100, np.uint8), format="bgr24")
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert [raw.at for raw in VideoReader(VideoFile(path)).frames()] == times


def test_times_never_go_back_and_missing_ones_are_made_up() -> None:
    clock = FileClock(Fraction(10))
    stamps = [5.0, 5.1, None, 5.3, 0.0, 0.1, 0.3]
    assert [clock.time(stamp) for stamp in stamps] == [0, 100, 200, 300, 400, 500, 700]


def test_a_cut_off_file_gives_what_it_has(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.mkv", Composition(seconds=6, noise=4).frames(), 10)
    data = whole.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[: len(data) * 2 // 3])
    count = sum(1 for _ in VideoReader(VideoFile(cut)).frames())
    assert 10 < count < 60


def test_damage_in_the_middle_is_stepped_over(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.mp4", Composition(seconds=6, noise=4).frames(), 10, g="10")
    data = bytearray(whole.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = bytes(4000)
    whole.write_bytes(data)
    times = [raw.at for raw in VideoReader(VideoFile(whole)).frames()]
    assert times[-1] >= 5500


def test_a_turned_phone_video_comes_upright(tmp_path: Path) -> None:
    picture = np.full((240, 320, 3), 40, np.uint8)
    picture[:120] = 220  # bright above
    path = write(tmp_path / "upright.mp4", [picture] * 5, 5)
    data = path.read_bytes()
    one = (0x10000).to_bytes(4, "big")
    minus = (0xFFFF0000).to_bytes(4, "big")
    zero = bytes(4)
    as_is = one + zero + zero + zero + one + zero + zero + zero + (0x40000000).to_bytes(4, "big")
    quarter = zero + one + zero + minus + zero + zero + zero + zero + (0x40000000).to_bytes(4, "big")
    # The matrix of the track, not that of the movie before it.
    at = data.rindex(as_is)
    turned = tmp_path / "turned.mp4"
    turned.write_bytes(data[:at] + quarter + data[at + len(quarter) :])
    shown = next(VideoReader(VideoFile(turned)).frames()).picture()
    assert shown.shape == (320, 240, 3)
    # A quarter to the right brings what was above to the right.
    assert shown[:, -60:].mean() > 190
    assert shown[:, :60].mean() < 80


@pytest.mark.parametrize("content", [b"", b"this is no video" * 1000])
def test_what_is_no_video_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "no.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"no\.mp4"):
        VideoReader(VideoFile(path))


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(SourceError, match="không có hình"):
        VideoReader(VideoFile(path))
