from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.fuzz_records import feed, fuzz, seeds


def test_the_golden_bytes_are_taken() -> None:
    checkpoints = 2  # a batch's first line is nothing by itself
    assert sum(feed(data) for data in seeds()) >= len(seeds()) - checkpoints


def test_spoilt_records_batches_and_receipts_crash_no_decoder() -> None:
    fed, taken = fuzz(1, seed=20261124)
    assert fed > 1_000
    assert taken > 0  # some are only a little spoilt: both ways are walked


def test_a_decoder_that_crashes_is_caught_with_the_input() -> None:
    def fragile(data: bytes) -> int:
        return len(data.decode())

    with pytest.raises(AssertionError, match="seed 3, input"):
        fuzz(5, seed=3, into=fragile)


@given(st.binary(max_size=2_000) | st.text(max_size=600).map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=300, deadline=None)
def test_any_bytes_crash_no_decoder(data: bytes) -> None:
    feed(data)
