"""What a class manager reads of each room's stream: how it is now, when it was lost and back, and why."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central_server.participation.streamed import CLOCKS_MS, WHY, Linked, Loss, Streams, losses_said, streams_of
from models.records import Link
from models.wire import LiveStream
from tests.central_server.classroom.lesson import SESSION, Lesson, lesson
from tests.central_server.running import MINUTE, START, Agent

END = START + 210 * MINUTE


def streams(*links: tuple[int, int, str]) -> Streams:
    """Of links that are said in minutes of the session."""
    return streams_of([Linked(START + a * MINUTE, START + b * MINUTE, why) for a, b, why in links], START, END)


def losses(*links: tuple[int, int, str]) -> list[tuple[int, int | None, str]]:
    told = streams(*links).losses
    return [
        ((one.start - START) // MINUTE, None if one.end is None else (one.end - START) // MINUTE, one.why)
        for one in told
    ]


def test_a_loss_is_between_two_records_and_an_orderly_end_is_none() -> None:
    assert losses((0, 10, "cut"), (10, 12, "line_lost"), (14, 20, "stopped"), (30, 40, "no_picture")) == [
        (12, 14, "line_lost"), (40, None, "no_picture")
    ]  # fmt: skip
    assert losses((0, 10, "cut"), (13, 20, "cut")) == [(10, 13, "cut")]
    assert losses((0, 10, "line_lost"), (5, 30, "cut")) == [], "another PC of the room streamed meanwhile"
    assert losses((-50, -40, "line_lost"), (-30, 10, "stopped")) == [], "before the session nobody minds"
    assert losses((0, 10, "line_lost"), (0, 10, "cut")) == [], "by one of two PCs it goes on"
    assert losses() == []
    assert streams((0, 10, "stopped")).until == START + 10 * MINUTE


def test_a_cut_is_no_loss_though_each_record_has_its_own_clock() -> None:
    second = START + 10 * MINUTE
    for off, lost in ((CLOCKS_MS, 0), (CLOCKS_MS + 1, 1), (-CLOCKS_MS, 0)):
        links = [Linked(START, second, "cut"), Linked(second + off, END, "stopped")]
        assert len(streams_of(links, START, END).losses) == lost


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 30), st.sampled_from([*WHY, "stopped"])), max_size=12))
def test_losses_never_overlap_and_do_not_depend_on_the_order_of_records(links: list[tuple[int, int, str]]) -> None:
    found = streams(*((start, start + length, why) for start, length, why in links))
    again = streams(*((start, start + length, why) for start, length, why in reversed(links)))
    assert found == again
    ends = [one.end for one in found.losses]
    assert None not in ends[:-1]
    for one, following in zip(found.losses, found.losses[1:], strict=False):
        assert one.end is not None and one.start < one.end <= following.start
    up = [(START + start * MINUTE, START + (start + length) * MINUTE) for start, length, _ in links]
    for one in found.losses:
        assert not any(max(a, one.start) < min(b, one.end or END * 2) for a, b in up)


def test_many_losses_are_counted_and_the_last_ones_told() -> None:
    lost = tuple(Loss(START + n * MINUTE, START + n * MINUTE + 20_000, "line_lost") for n in range(1, 8))
    vi, en = losses_said(lost, "vi"), losses_said(lost, "en")
    assert vi.startswith("Truyền hình đứt 7 lần, gần nhất: 08:03:00–08:03:20 (mất đường truyền);")
    assert en.startswith("The stream was lost 7 times, the last ones: 08:03:00–08:03:20 (the line was lost);")
    later = losses_said((Loss(START, None, "of a later agent"),), "en")
    assert later == "The stream was lost once: since 08:00. Attendance went on."
    assert losses_said((), "vi") == ""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lesson]:
    with lesson(tmp_path_factory.mktemp("streams")) as one:
        yield one


def reads(here: Lesson, *wanted: str) -> None:
    """Wait until the manager's page says all of it: its parts are rendered once a second."""
    end = time.monotonic() + 60
    while True:
        page = " ".join(here.server.get(f"/sessions/{SESSION}").text.split())
        if all(one in page for one in wanted):
            return
        assert time.monotonic() < end, (wanted, page[page.find("point-head") :][:3000])
        time.sleep(0.2)


def test_the_page_says_good_weak_lost_and_back_with_the_records_times(here: Lesson) -> None:
    agent: Agent = here.agent("BC")

    def told(minute: int, stream: LiveStream | None) -> None:
        here.server.clock.ms = START + minute * MINUTE
        assert agent.status(SESSION, {}, stream=stream).status_code == 200

    told(1, None)
    reads(here, "Tin gần nhất")
    assert "<dt>Truyền hình</dt>" not in here.server.get(f"/sessions/{SESSION}").text, (
        "it streams nothing by its settings"
    )
    told(2, LiveStream(up_since=None))
    reads(here, "<dt>Truyền hình</dt><dd>chưa có hình</dd>")
    told(12, LiveStream(up_since=START + 3 * MINUTE + 20_000, kbit_s=900, fps=15))
    reads(here, '<div class="minor"><dt>Truyền hình</dt><dd>tốt, lên hình từ 08:03</dd>')
    told(13, LiveStream(up_since=START + 3 * MINUTE + 20_000, kbit_s=200, fps=8, lowered=True))
    reads(here, "<div><dt>Truyền hình</dt><dd>yếu, lên hình từ 08:03</dd>")
    agent.add(Link, session=SESSION, start=START + 3 * MINUTE + 20_000, end=START + 14 * MINUTE, ended_by="line_lost")
    agent.send_all()
    told(15, LiveStream(up_since=None))
    reads(
        here,
        "<dd>đứt từ 08:14</dd>",
        "Truyền hình đứt 1 lần: từ 08:14 (mất đường truyền). Việc điểm danh vẫn tiếp tục.",
    )
    told(17, LiveStream(up_since=START + 16 * MINUTE))
    reads(here, "<dd>tốt, lên hình từ 08:16</dd>", "Truyền hình đứt 1 lần: 08:14–08:16 (mất đường truyền).")
    agent.add(Link, session=SESSION, start=START + 16 * MINUTE, end=START + 26 * MINUTE, ended_by="cut")
    agent.send_all()
    told(27, LiveStream(up_since=START + 16 * MINUTE))
    reads(here, "<dd>tốt, lên hình từ 08:16</dd>", "08:14–08:16 (mất đường truyền)")
