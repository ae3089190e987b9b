"""A short form of the loop media_line: loss and delay together, a cut that the peers sit out, a killed relay."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.central_server.media.bad_line import Line
from tests.central_server.media.peers import Peers, Ticking
from tests.central_server.running import Running, running, write_course
from tests.faults.media_line import BACK_S, Loyal, cut, kill, rate


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("line")
    with running(folder / "data", Ticking()) as one:
        one.load(write_course(folder / "course.toml"))
        yield one


@pytest.mark.alone
async def test_pictures_go_on_at_ten_percent_of_loss_and_are_back_after_a_cut_and_a_killed_relay(
    server: Running,
) -> None:
    line = Line(loss=0.02)
    peers, media = Peers(server, line=line), server.services.media
    loyal = Loyal(peers, media)
    await loyal.picture_after(time.monotonic(), 20)
    line.loss, line.delay_s = 0.10, 0.2
    assert await rate(loyal, 4) > 0.5
    assert line.lost > 10
    line.loss, line.delay_s = 0.0, 0.0
    assert await cut(loyal, line, 2) < BACK_S
    asked = loyal.asked
    assert await kill(loyal, media) < BACK_S
    assert loyal.asked > asked
    await loyal.close()
    await peers.close()
