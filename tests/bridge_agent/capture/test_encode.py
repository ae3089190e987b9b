"""The room's stream: real x264, decoded again, and through real processes."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Listener
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.capture.capture import Capture
from bridge_agent.capture.child import Pace
from bridge_agent.capture.encode import STILL_LIMIT, H264Encoder, StreamThread, fitted, still
from bridge_agent.capture.frame import Frame, Opened, Picture
from bridge_agent.capture.outlet import (
    Given,
    MeetingPlace,
    NotEncoded,
    Packet,
    Rate,
    Still,
    StreamSettings,
    WantKeyFrame,
    WantStill,
    Wish,
)
from bridge_agent.capture.reader import Raw
from bridge_agent.capture.source import Device, Source, VideoFile
from bridge_agent.clock import boot_ms
from tests.bridge_agent.composed import Composition, write

SMALL = StreamSettings(width=320, height=180, fps=10, kbit_s=300, key_every_s=2)


def decoded(packets: list[Packet]) -> list[Picture]:
    context = av.CodecContext.create("h264", "r")
    assert isinstance(context, VideoCodecContext)
    frames = [frame for packet in packets for frame in context.decode(av.Packet(packet.data))]
    frames += context.decode(None)
    return [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in frames]


def pictures(count: int, size: tuple[int, int] = (640, 360)) -> list[Picture]:
    return list(Composition(seconds=count / 10, movement="sway", size=size).frames())


def test_every_frame_is_a_packet_at_once_and_can_be_decoded() -> None:
    encoder = H264Encoder(SMALL, (640, 360))
    shown = pictures(25)
    packets: list[Packet] = []
    for n, picture in enumerate(shown):
        out = encoder.encode(VideoFrame.from_ndarray(picture, format="bgr24"), 100 * n)
        assert [packet.at for packet in out] == [100 * n]
        packets += out
    assert [n for n, packet in enumerate(packets) if packet.key] == [0, 20]
    again = decoded(packets)
    assert len(again) == 25
    assert again[0].shape == (180, 320, 3)
    small = VideoFrame.from_ndarray(shown[-1], format="bgr24").reformat(320, 180, "bgr24").to_ndarray()
    assert np.abs(again[-1].astype(int) - small).mean() < 8


def test_a_key_frame_comes_when_it_is_asked_for_and_starts_a_decoder() -> None:
    encoder = H264Encoder(SMALL, (640, 360))
    frames = [VideoFrame.from_ndarray(picture, format="bgr24") for picture in pictures(10)]
    packets = [encoder.encode(frame, 100 * n, key=n == 6)[0] for n, frame in enumerate(frames)]
    assert [n for n, packet in enumerate(packets) if packet.key] == [0, 6]
    assert len(decoded(packets[6:])) == 4


@given(st.integers(64, 8000), st.integers(64, 8000))
def test_a_stream_keeps_the_pictures_shape_is_even_and_no_larger(width: int, height: int) -> None:
    w, h = fitted((width, height), (1280, 720))
    assert w % 2 == h % 2 == 0
    assert 2 <= w <= min(1280, width) and 2 <= h <= min(720, height)
    assert abs(w / width - h / height) <= 2 / width + 2 / height


class Listening:
    """A line that takes packets, and each only when it is let."""

    def __init__(self) -> None:
        self.got: list[Given] = []
        self.may = threading.Semaphore(0)
        self.calls = 0
        self.wishes: list[Wish] = []

    def send(self, what: Given, /) -> None:
        self.calls += 1
        self.may.acquire()
        self.got.append(what)

    def poll(self, timeout: float = 0.0, /) -> bool:
        return bool(self.wishes)

    def recv(self) -> Wish:
        return self.wishes.pop(0)

    def wait(self, calls: int) -> None:
        until(lambda: self.calls >= calls)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def offered(thread: StreamThread, at: int) -> None:
    picture = np.full((36, 64, 3), at % 256, np.uint8)
    thread.offer(Raw(at, picture[..., 0], lambda: picture))


def times(given: list[Given]) -> list[int]:
    return [one.at for one in given if not isinstance(one, NotEncoded)]


def test_of_thirty_frames_a_second_every_second_one_is_encoded() -> None:
    listener = Listening()
    thread = StreamThread(StreamSettings(width=64, height=36), lambda: listener)
    for n in range(30):
        offered(thread, round(n * 1000 / 30))
        listener.may.release()
        listener.wait(n // 2 + 1)
    assert times(listener.got) == [round(n * 1000 / 30) for n in range(0, 30, 2)]


def test_a_slow_receiver_costs_frames_and_never_their_order() -> None:
    listener = Listening()
    thread = StreamThread(SMALL, lambda: listener)
    offered(thread, 0)
    listener.wait(1)  # it is stuck with the first packet while nine more frames come
    for n in range(1, 10):
        offered(thread, 100 * n)
    listener.may.release(2)
    until(lambda: len(listener.got) >= 2)
    assert times(listener.got) == [0, 900]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write(tmp_path / "class.mp4", Composition(seconds=20, movement="sway", size=(480, 270)).frames(), 10)


def test_what_is_asked_for_comes_a_key_frame_a_still_and_another_rate() -> None:
    listener = Listening()
    listener.may.release(1000)
    thread = StreamThread(SMALL, lambda: listener)

    def next_of(at: int) -> list[Given]:
        listener.got.clear()
        made = 2 if WantStill() in listener.wishes else 1
        offered(thread, at)
        until(lambda: len(listener.got) >= made)
        return list(listener.got)

    assert [packet.key for packet in next_of(0) if isinstance(packet, Packet)] == [True]
    assert [packet.key for packet in next_of(100) if isinstance(packet, Packet)] == [False]
    listener.wishes.append(WantKeyFrame())
    assert [packet.key for packet in next_of(200) if isinstance(packet, Packet)] == [True]
    listener.wishes.append(WantStill())
    kinds = next_of(300)
    assert [type(one) for one in kinds] == [Still, Packet]
    listener.wishes.append(Rate(kbit_s=100, fps=2))
    assert [packet.key for packet in next_of(400) if isinstance(packet, Packet)] == [True], "a new encoder"
    listener.got.clear()
    for at in range(500, 2500, 100):
        offered(thread, at)
        time.sleep(0.01)
    assert len(listener.got) <= 5, "two frames a second"


def no_codec_bears() -> VideoFrame:
    """A frame in a format that swscale does not take: PyAV raises that as an OSError."""
    return VideoFrame(64, 36, "gray32le")


def test_a_picture_that_cannot_be_encoded_is_told_and_a_new_encoder_takes_the_next() -> None:
    now, asked, listener = 0.0, 0, Listening()
    listener.may.release(1000)

    def clock() -> float:
        nonlocal asked
        asked += 1
        return now

    thread = StreamThread(SMALL, lambda: listener, clock)
    good = np.zeros((36, 64, 3), np.uint8)

    def offer(at: int, decoded: VideoFrame | None, calls: int) -> None:
        thread.offer(Raw(at, good[..., 0], lambda: good, decoded))
        listener.wait(calls)

    offer(0, None, 1)
    offer(100, no_codec_bears(), 2)
    before = asked
    thread.offer(Raw(200, good[..., 0], lambda: good, no_codec_bears()))  # at once nothing is tried again
    until(lambda: asked > before)
    now = 1.5
    offer(300, None, 3)
    until(lambda: len(listener.got) == 3)
    first, told, last = listener.got
    assert isinstance(told, NotEncoded) and told.en == "Operation not supported"
    assert isinstance(first, Packet) and isinstance(last, Packet) and last.key


class Unencodable:
    """A camera whose first frames of a second no encoder takes, while recognition can look at all of them."""

    opened = Opened(64, 36, None)

    def __init__(self, source: Source) -> None:
        pass

    def frames(self) -> Iterator[Raw]:
        good = np.zeros((36, 64, 3), np.uint8)
        for number in itertools.count():
            time.sleep(0.03)
            yield Raw(boot_ms(), good[..., 0], lambda: good, no_codec_bears() if number < 6 else None)

    def close(self) -> None:
        pass


def test_recognition_loses_no_frame_by_pictures_that_cannot_be_encoded(place: MeetingPlace) -> None:
    listener = Listener(place.address, authkey=place.key)
    with Capture(
        Device(0), Pace(100, newest=True, real_time=False), reader=Unencodable, stream=place.out(SMALL)
    ) as one:
        one.open()
        ours = listener.accept()
        given: list[Given] = []
        looked: list[int] = []
        pid = one.pid
        while not given or not isinstance(given[-1], Packet):
            frame = one.newest(2000)
            assert isinstance(frame, Frame)
            looked.append(frame.at)
            while ours.poll(0):
                given.append(ours.recv())
        assert isinstance(given[0], NotEncoded)
        assert looked == sorted(set(looked)) and one.pid == pid and one.trouble is None
        ours.close()
    listener.close()


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160)], ids=["1080p", "4K"])
def test_of_a_large_picture_recognition_gets_all_and_the_stream_720p(
    size: tuple[int, int], tmp_path: Path, place: MeetingPlace
) -> None:
    jpeg = cv2.imencode(".jpg", cv2.resize(pictures(1)[0], size))[1].tobytes()
    film = tmp_path / "large.mjpeg"
    film.write_bytes(jpeg * 25)
    listener = Listener(place.address, authkey=place.key)
    with Capture(VideoFile(film), Pace(300, newest=True, real_time=True), stream=place.out(StreamSettings())) as one:
        one.open()
        ours = listener.accept()
        frame = one.newest(5000)
        assert ours.poll(20)
        packet = ours.recv()
        assert isinstance(frame, Frame) and isinstance(packet, Packet)
        assert frame.picture.shape == (size[1], size[0], 3)
        (small,) = decoded([packet])
        assert small.shape == (720, 1280, 3)
        again = cv2.resize(frame.picture, (1280, 720), interpolation=cv2.INTER_AREA)
        assert np.abs(small.astype(int) - again).mean() < 8, "the same picture"
        ours.close()
    listener.close()


def test_nobody_who_listens_is_called_again_and_nothing_encoded_meanwhile() -> None:
    now, calls = 0.0, 0

    def call() -> Listening:
        nonlocal calls
        calls += 1
        raise ConnectionRefusedError

    thread = StreamThread(SMALL, call, lambda: now)
    for n in range(20):
        offered(thread, 100 * n)
        until(lambda: thread._newest is None)  # it has looked at that one
    assert calls == 1
    now = 1.5
    offered(thread, 5000)
    until(lambda: calls == 2)


def test_a_still_is_small_whatever_the_picture() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (720, 1280, 3), np.uint8)
    for picture in (noise, np.zeros((2160, 3840, 3), np.uint8), noise[:90, :160]):
        jpeg = still(VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24"))
        shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert shown is not None and shown.shape[1] == min(480, picture.shape[1])
        assert len(jpeg) <= STILL_LIMIT


@pytest.fixture
def place() -> Iterator[MeetingPlace]:
    one = MeetingPlace()
    yield one
    one.close()


def test_capture_encodes_what_recognition_looks_at_and_goes_on_when_nobody_listens(
    video: Path, place: MeetingPlace
) -> None:
    seldom = StreamSettings(width=320, height=180, fps=10, kbit_s=300, key_every_s=100)
    listener = Listener(place.address, authkey=place.key)
    pace = Pace(500, newest=True, real_time=True)
    with Capture(VideoFile(video), pace, stream=place.out(seldom)) as capture:
        capture.open()
        ours = listener.accept()
        packets: list[Packet] = []
        while len(packets) < 12:
            assert ours.poll(20)
            packets.append(ours.recv())
        assert packets[0].key and not any(packet.key for packet in packets[1:12])
        ours.send(WantKeyFrame())
        while not packets[-1].key:
            assert ours.poll(5)
            packets.append(ours.recv())
        frame = capture.newest(2000)
        assert isinstance(frame, Frame)
        assert abs(frame.at - packets[-1].at) < 15_000  # one clock
        assert [picture.shape for picture in decoded(packets)] == [(180, 320, 3)] * len(packets)
        ours.close()
        later = [capture.newest(2000) for _ in range(3)]
        assert all(isinstance(got, Frame) for got in later)
        again = listener.accept()  # it calls anew, and begins with a key frame
        assert again.poll(20)
        assert again.recv().key
        again.close()
    listener.close()


def test_a_camera_is_decoded_as_often_as_the_stream_needs_and_no_more_without_one(place: MeetingPlace) -> None:
    pace = Pace(1000, newest=True, real_time=False)
    assert Capture(Device(0), pace).source == Device(0)
    with_stream = Capture(Device(0), pace, stream=place.out(StreamSettings())).source
    assert isinstance(with_stream, Device)
    assert with_stream.look_every_ms == 66
