from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from models.receipts import ReceiptError, decode_receipt, receipt_message, verify_receipt
from tests.receipts import SERVER_KEY, receipt_of

VECTORS = Path(__file__).parents[1] / "vectors"
GOLDEN = receipt_of("dev-7f3a", "log-01", 5, "a" * 64, 1_795_000_000_000)


def test_the_bytes_of_a_receipt_and_of_its_message_are_those_that_were_set_down_for_version_1() -> None:
    assert msgspec.json.encode(GOLDEN) + b"\n" == (VECTORS / "receipt_v1.ndjson").read_bytes()
    assert receipt_message(GOLDEN) == (VECTORS / "receipt_message_v1.txt").read_bytes()
    verify_receipt(SERVER_KEY.public_key(), decode_receipt((VECTORS / "receipt_v1.ndjson").read_bytes()))


@pytest.mark.parametrize(
    "change",
    [
        {"device": "dev-8"},
        {"log": "log-02"},
        {"seq": 6},
        {"head": "b" * 64},
        {"server_time": 1_795_000_000_001},
        {"server_log_seq": 4},
        {"server_log_head": "6" * 64},
        {"signature": "0" * 128},
    ],
    ids=str,
)
def test_a_signature_covers_all_that_a_receipt_says(change: dict[str, Any]) -> None:
    with pytest.raises(ReceiptError):
        verify_receipt(SERVER_KEY.public_key(), msgspec.structs.replace(GOLDEN, **change))


def test_another_servers_receipt_is_not_believed() -> None:
    with pytest.raises(ReceiptError):
        verify_receipt(Ed25519PrivateKey.generate().public_key(), GOLDEN)


@given(st.binary(max_size=700))
def test_bytes_that_are_no_receipt_are_refused_with_a_sentence(line: bytes) -> None:
    with pytest.raises(ReceiptError):
        decode_receipt(line)
