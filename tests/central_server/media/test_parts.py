"""The pure parts: key frames, numbers, wishes, thinning, voice, tokens' arithmetic."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_server.config import MediaSettings
from central_server.errors import DataFolderError, MediaTokenError
from central_server.media.key_frames import AGAIN_S, REST_S, KeyFrames
from central_server.media.packets import HISTORY, History, Numbering, Packet, after, begins_key_frame
from central_server.media.rooms import Voice
from central_server.media.thinning import REPORTS, Passed, Thinning
from central_server.media.thinning import REST_S as THIN_S
from central_server.media.tokens import MediaTokens, media_key
from central_server.media.turn import ice_servers, turn_secret
from central_server.media.voice import PAUSE_MS, VoiceActivity


def packet(sequence: int, timestamp: int = 0, *, key: bool = False) -> Packet:
    return Packet(sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 0, b"", key)


@pytest.mark.parametrize(
    ("codec", "payload", "key"),
    [
        ("VP8", "1000", True),
        ("VP8", "1001", False),  # an interframe
        ("VP8", "0000", False),  # not the frame's beginning
        ("VP8", "90808123 10", True),  # with a picture id of 15 bits
        ("VP8", "90800110", True),  # of 7 bits
        ("VP8", "90e0800105 2010", True),  # and TL0PICIDX, TID
        ("VP8", "9080", False),  # cut
        ("VP8", "", False),
        ("H264", "6742c01f", True),  # a parameter set alone
        ("H264", "78 0004 6742c01f 0002 68ce", True),  # with others in one packet
        ("H264", "78 0002 68ce 0004 6742c01f", True),
        ("H264", "78 0002 68ce 0002 4100", False),
        ("H264", "7c85 00", False),  # the picture itself: the set came before
        ("H264", "7c87 00", True),  # a parameter set in fragments
        ("H264", "6588", False),
        ("H264", "78", False),
        ("H264", "", False),
    ],
)  # fmt: skip
def test_a_key_frame_is_known_by_its_first_packet(codec: str, payload: str, key: bool) -> None:
    assert begins_key_frame(codec, bytes.fromhex(payload)) is key


@given(st.sampled_from(["VP8", "H264"]), st.binary(max_size=30))
def test_no_payload_breaks_the_search_for_key_frames(codec: str, payload: bytes) -> None:
    assert begins_key_frame(codec, payload) in (True, False)


@given(st.integers(0, 0xFFFF), st.integers(-0x7FFF, 0x7FFF))
def test_numbers_wrap(a: int, by: int) -> None:
    assert after((a + by) & 0xFFFF, a) == by


@given(
    first=st.integers(0, 0xFFFF),
    parts=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3_000)), min_size=1, max_size=8),
)
def test_a_viewer_sees_one_row_of_numbers_whatever_was_left_out(first: int, parts: list[tuple[int, int]]) -> None:
    numbering, given_numbers, at = Numbering(), [], first
    for passed, left_out in parts:
        assert numbering.waits
        numbering.start(packet(at, at * 90, key=True), 900)
        for step in range(passed):
            number = numbering.given(packet(at + step, (at + step) * 90))
            assert number is not None
            assert numbering.original(number[0]) == (at + step) & 0xFFFF
            given_numbers.append(number)
        at += passed + left_out
        numbering.wait()
    numbers = [number for number, _ in given_numbers]
    assert [(number - numbers[0]) & 0xFFFF for number in numbers] == list(range(len(numbers)))
    times = [time for _, time in given_numbers]
    assert all((later - earlier) & 0xFFFFFFFF < 1 << 31 for earlier, later in pairwise(times))


def test_a_long_stream_is_passed_beyond_the_numbers_end() -> None:
    numbering = Numbering()
    numbering.start(packet(5), 0)
    for at in range(5, 200_000):
        assert numbering.given(packet(at)) == (at & 0xFFFF, 0)


def test_what_came_before_the_start_is_neither_passed_nor_found_again() -> None:
    numbering = Numbering()
    assert numbering.given(packet(10)) is None
    numbering.start(packet(10), 0)
    assert numbering.given(packet(9)) is None
    assert numbering.original(9) is None
    assert numbering.given(packet(12)) == (12, 0)
    assert numbering.given(packet(11)) == (11, 0), "late, not lost"


def test_history_keeps_the_last_packets_only() -> None:
    history = History()
    for at in range(HISTORY + 10):
        history.add(packet(at))
    assert history.get(9) is None
    assert history.get(10) == packet(10)


def test_many_wishes_are_one_request_repeated_until_the_key_frame_comes() -> None:
    keys, asked = KeyFrames(), []
    for step in range(100):
        now = step / 100
        keys.want(now, rest=0)
        if keys.ask(now):
            asked.append(now)
    assert asked == [0.0, pytest.approx(AGAIN_S), pytest.approx(2 * AGAIN_S), pytest.approx(3 * AGAIN_S)]
    keys.came(1.0)
    assert not keys.ask(10)


def test_a_viewer_with_losses_waits_after_a_key_frame_and_a_new_one_does_not() -> None:
    keys = KeyFrames()
    keys.came(10.0)
    keys.want(10.1)
    assert not keys.ask(10.2)
    assert keys.ask(10.0 + REST_S)
    keys.came(12.0)
    keys.want(12.1)
    keys.want(12.1, rest=0)
    assert keys.ask(12.1 + AGAIN_S)


def test_a_line_that_loses_too_much_is_thinned_and_tried_again_ever_later() -> None:
    line, now, starts = Thinning(), 0.0, []
    while now < 200:
        if not line.thin(now):
            line.lost(0.5, now)
            if line.thin(now):
                starts.append(now)
        now += 1
    rests = [later - earlier for earlier, later in pairwise(starts)]
    assert rests[:3] == [pytest.approx(THIN_S * 2**n + REPORTS - 1, abs=1) for n in range(3)]


def test_ten_percent_of_loss_is_no_slow_line() -> None:
    line = Thinning()
    for second in range(1_000):
        line.lost(0.10 if second % 7 else 0.30, float(second))
        assert not line.thin(float(second))


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF_FFFF), st.integers(0, 0xFFFF_FFFF))
def test_what_the_publishers_line_lost_is_not_counted_against_a_viewers(first: int, kept: int, arrived: int) -> None:
    passed = Passed()
    passed.passed(first)
    assert passed.own_share(0.5) == 0.5, "of its first report nothing is known yet"
    came = [bool(kept >> bit & 1) for bit in range(32)] + [True]
    got = [there and bool(arrived >> bit & 1) for bit, there in enumerate(came)]
    for step, there in enumerate(came, 1):
        if there:
            passed.passed((first + step) & 0xFFFF)
    share = passed.own_share(1 - sum(got) / len(came))
    assert share == pytest.approx(1 - sum(got) / sum(came))


def test_a_publishers_bad_line_does_not_thin_a_viewers() -> None:
    line, passed = Thinning(), Passed()
    for second in range(20):
        for number in range(second * 40, second * 40 + 40):
            if number % 5 >= 2:
                passed.passed(number)
        line.lost(passed.own_share(0.4), float(second))
    assert not line.thin(20.0)


def test_voice_begins_with_words_and_ends_after_a_pause() -> None:
    voice = VoiceActivity()
    spans: list[tuple[int, int]] = []

    def speaking_after(levels: list[int], at: int) -> bool:
        for step, level in enumerate(levels):
            voice.level(level, at + step * 20)
            if part := voice.spoken(at + step * 20):
                spans.append(part)
        return voice.speaking

    assert not speaking_after([70] * 50, 0)
    assert not speaking_after([20, *[70] * 50], 1_000), "a door is no voice"
    assert speaking_after([25] * 50, 2_100)
    assert not speaking_after([70] * 50, 3_100)
    assert spans[0][0] == 2_100
    assert sum(end - start for start, end in spans) == 980
    assert not speaking_after([70] * (PAUSE_MS // 20), 4_100)


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), max_size=30),
    st.integers(0, 2_000),
    st.integers(0, 2_000),
)
def test_voice_within_counts_each_millisecond_once(steps: list[tuple[int, int]], one: int, other: int) -> None:
    voice, at, spoken = Voice(), 0, set[int]()
    for pause, length in steps:
        voice.add(at + pause, at + pause + length)
        spoken |= set(range(at + pause, at + pause + length))
        at += pause + length
    start, end = sorted((one, other))
    assert voice.within(start, end) == len([ms for ms in spoken if start <= ms < end])


def test_tokens_of_another_key_are_not_ours() -> None:
    token = MediaTokens(b"1" * 32).issue("account:a", "s", "r", "publish", ("camera",), 0)
    assert MediaTokens(b"1" * 32).check(token, 1).holder == "account:a"
    with pytest.raises(MediaTokenError):
        MediaTokens(b"2" * 32).check(token, 1)


def test_the_key_is_made_once_and_a_cut_one_is_told(tmp_path: Path) -> None:
    assert media_key(tmp_path) == media_key(tmp_path)
    (tmp_path / "media-key").write_text("00ff")
    with pytest.raises(DataFolderError, match="media-key"):
        media_key(tmp_path)


def test_turn_credentials_are_what_coturn_reckons(tmp_path: Path) -> None:
    """The vector: printf '43200:diemdanh' | openssl dgst -binary -sha1 -hmac north | base64."""
    secret = tmp_path / "secret"
    secret.write_text("north\n")
    settings = MediaSettings(turn=("turns:t.example.vn:443?transport=tcp",), turn_secret_file=str(secret))
    [server] = ice_servers(settings, turn_secret(settings), 0)
    assert (server.username, server.credential) == ("43200:diemdanh", "oecTqJ7iB6Cu+4n4qSPRhq3EzqM=")
    secret.write_text("")
    with pytest.raises(DataFolderError, match="static-auth-secret"):
        turn_secret(settings)
