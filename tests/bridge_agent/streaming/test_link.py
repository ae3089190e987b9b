"""From signs that the stream is up to link records."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.entries import OpenSession, after_crash, still_open
from bridge_agent.log import Log
from bridge_agent.server_clock import ClockSample
from bridge_agent.session import NOTHING_YET, Recording
from bridge_agent.streaming.link import SUSPENDED_MS, LinkInterval, LinkRecorder, OpenLink, known_until
from models.presence import CUT_MS, OpenState
from models.records import Link, Seal, decode, encode

CLOCK = ClockSample(boot_id="b", boot=1_000_000, wall=1_795_482_000_000, offset=1_795_481_000_000, uncertainty=5)

signs = st.lists(st.tuples(st.integers(0, 30_000), st.booleans()), max_size=200)


@given(signs)
def test_intervals_lie_in_order_hold_every_sign_and_no_longer_than_a_cut(told: list[tuple[int, bool]]) -> None:
    recorder, at, closed, ups = LinkRecorder(), 0, list[LinkInterval](), list[int]()
    for pause, up in told:
        at += pause
        if up:
            ups.append(at)
            closed += recorder.up(at)
        else:
            closed += recorder.down("line_lost")
    closed += recorder.down("stopped")
    assert all(before.end <= after.start for before, after in pairwise(closed))
    assert all(one.end - one.start <= CUT_MS + SUSPENDED_MS for one in closed)
    assert all(any(one.start <= moment <= one.end for one in closed) for moment in ups)
    assert {moment for one in closed for moment in (one.start, one.end)} <= set(ups)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(5, 8))
def test_a_link_ends_when_the_relay_last_heard_it_or_the_last_picture_came_however_late_that_is_noticed(
    reports_end: int, pictures_end: int, noticed_s: int
) -> None:
    recorder, end = LinkRecorder(), min(reports_end, pictures_end)
    for second in range(end + noticed_s):
        at = known_until(0, min(second, reports_end) * 1000, min(second, pictures_end) * 1000)
        assert recorder.up(at) == []
    assert recorder.down("line_lost") == [LinkInterval(0, end * 1000, "line_lost")]


def test_a_pc_that_slept_was_not_streaming_meanwhile() -> None:
    recorder = LinkRecorder()
    recorder.up(1_000)
    recorder.up(2_000)
    assert recorder.up(2_001 + SUSPENDED_MS) == [LinkInterval(1_000, 2_000, "suspended")]
    assert recorder.since == 2_001 + SUSPENDED_MS


def test_a_cut_does_not_end_the_stream() -> None:
    recorder = LinkRecorder()
    closed = [one for at in range(0, CUT_MS * 2 + 2_000, 1_000) for one in recorder.up(at)]
    assert closed == [LinkInterval(0, CUT_MS, "cut"), LinkInterval(CUT_MS, 2 * CUT_MS, "cut")]
    assert recorder.since == 0


def test_after_a_crash_the_stream_is_known_up_to_the_last_moment_saved() -> None:
    saved = OpenSession("s", OpenState(), CLOCK, NOTHING_YET, link=OpenLink(500, 9_000))
    assert not saved.empty
    (record,) = after_crash(saved)
    assert isinstance(record, Link)
    assert (record.start, record.end, record.ended_by) == (500, 9_000, "crashed")
    assert decode(encode(record)) == record
    assert still_open(saved).empty


def test_a_recording_writes_its_links_before_the_seal_and_none_after(tmp_path: object) -> None:
    from pathlib import Path

    log = Log.open(Path(str(tmp_path)) / "log.db", "d", 0)
    recording = Recording("s", (), lambda: CLOCK)
    assert recording.stream_up(10_000)
    assert not recording.stream_up(11_000)
    assert recording.streaming_from == CLOCK.server_time(10_000)
    recording.flush(log)
    saved = log.left_open("s")
    assert saved is not None and saved.link == OpenLink(10_000, 11_000)
    recording.over(12_000)
    assert not recording.stream_up(13_000)
    assert not recording.stream_down("crashed")
    recording.close(log)
    records = log.of_session("s")
    assert [type(one) for one in records] == [Link, Seal]
    assert isinstance(records[0], Link) and records[0].ended_by == "stopped"
    log.close()
