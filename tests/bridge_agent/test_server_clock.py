from __future__ import annotations

from dataclasses import dataclass

from bridge_agent.server_clock import Clocks, ServerClock


@dataclass
class Time:
    wall: int = 1_000_000
    boot: int = 5_000

    def pass_(self, ms: int) -> None:
        self.wall += ms
        self.boot += ms


def clock_of(time: Time) -> ServerClock:
    return ServerClock(Clocks(lambda: time.wall, lambda: time.boot, "b"))


def test_an_unmeasured_clock_says_so() -> None:
    sample = clock_of(Time()).sample()
    assert (sample.offset, sample.uncertainty) == (None, None)
    assert sample.server_time(sample.boot) == 1_000_000


def test_the_offset_is_taken_at_the_midpoint_of_the_round_trip() -> None:
    time = Time()
    clock = clock_of(time)
    clock.measured(5_000, 5_100, 1_002_050)
    time.pass_(100)
    sample = clock.sample()
    assert (sample.offset, sample.uncertainty) == (2_000, 50)
    assert sample.server_time(sample.boot - 100) == 1_002_000


def test_a_wall_clock_that_jumps_moves_no_server_time() -> None:
    time = Time()
    clock = clock_of(time)
    clock.measured(5_000, 5_000, 1_000_500)
    time.wall -= 3_600_000
    time.pass_(1_000)
    sample = clock.sample()
    assert sample.server_time(sample.boot) == 1_001_500
    assert sample.offset == 3_600_500


def test_the_best_measurement_is_kept_until_it_is_old() -> None:
    time = Time()
    clock = clock_of(time)
    clock.measured(5_000, 5_002, 1_000_001)
    clock.measured(5_000, 6_000, 1_000_900)
    assert clock.sample().uncertainty == 1
    time.pass_(3_600_000)
    assert clock.sample().uncertainty == 361
    clock.measured(time.boot - 20, time.boot, time.wall + 70)
    sample = clock.sample()
    assert (sample.offset, sample.uncertainty) == (80, 10)
