import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from models.records import (
    BATCH_LIMIT,
    GENESIS,
    LINE_LIMIT,
    AnyRecord,
    CheckIn,
    Checkpoint,
    Coverage,
    Headcount,
    Link,
    OnDuty,
    Presence,
    ProfileUsed,
    RecordError,
    Seal,
    SpotCheck,
    Unobserved,
    Vouched,
    chain,
    decode,
    decode_batch,
    encode,
    read_lines,
    sign_batch,
    verify_signature,
)
from models.wire import JoinRequest

VECTORS = Path(__file__).parents[1] / "vectors"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
COMMON: dict[str, Any] = {
    "device": "dev-7f3a",
    "log": "log-01",
    "session": "s-20261124-am",
    "wall": 1_795_000_000_000,
    "boot_id": "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    "boot": 5_000_000,
    "offset": -1250,
    "uncertainty": 40,
}


def golden() -> list[AnyRecord]:
    """One record of each kind: what tests/vectors holds the bytes of."""
    encoder = "face-reidentification-retail-0095"
    return [
        CheckIn(seq=1, learner="l-9c2", at=4_000_000, method="room_camera", score=0.71, encoder=encoder, **COMMON),
        Presence(
            seq=2, learner="l-9c2", start=4_000_000, end=4_600_000, sightings=598, best_score=0.83,
            encoder=encoder, **COMMON,
        ),
        Coverage(seq=3, start=3_900_000, end=4_700_000, ended_by="dark", detector="yunet", encoder=encoder, **COMMON),
        Link(seq=4, start=3_900_000, end=4_700_000, ended_by="line", **{**COMMON, "offset": None, "uncertainty": None}),
        Seal(seq=5, check_ins=1, presences=1, coverages=1, present_ms=600_000, covered_ms=800_000, **COMMON),
    ]  # fmt: skip


def verification() -> list[AnyRecord]:
    """The kinds of on-site verification, and check-ins with and without witness and flags: in a vector of their own."""
    encoder = "face-reidentification-retail-0095"
    who: dict[str, Any] = {"learner": "l-9c2"}
    account = "a-5d1"
    return [
        ProfileUsed(seq=1, at=3_800_000, profile="5e" * 32, state="good", encoder=encoder, threshold=0.52, **COMMON),
        ProfileUsed(seq=2, at=3_800_000, profile=None, state="missing", encoder=encoder, threshold=0.5, **COMMON),
        OnDuty(seq=3, at=3_800_000, witness=account, named_by=None, **COMMON),
        OnDuty(seq=4, at=3_900_000, witness="l-77b", named_by=account, **COMMON),
        CheckIn(seq=5, at=4_000_000, method="face", score=0.71, encoder=encoder, **who, **COMMON),
        CheckIn(seq=6, at=4_000_000, method="card", score=None, encoder="", witness=account, **who, **COMMON),
        CheckIn(
            seq=7, at=4_000_000, method="pin", score=0.44, encoder=encoder, witness="l-77b",
            flags=("moving_background", "bright_frame", "lookalike", "second_factor"), **who, **COMMON,
        ),
        CheckIn(seq=8, at=4_000_000, method="face", score=0.6, encoder=encoder, flags=(), **who, **COMMON),
        SpotCheck(seq=9, asked=4_300_000, at=4_310_000, answered=True, method="pin", **who, **COMMON),
        SpotCheck(seq=10, asked=4_500_000, at=4_620_000, answered=False, method=None, **who, **COMMON),
        Vouched(seq=11, start=4_000_000, end=4_310_000, method="pin", witness=account, **who, **COMMON),
        Vouched(seq=12, start=4_310_000, end=4_310_000, method="technician", witness="l-77b", **who, **COMMON),
        Unobserved(seq=13, start=4_310_000, end=4_700_000, why="no_face", **who, **COMMON),
        Unobserved(seq=14, start=4_100_000, end=4_200_000, why="far_seat", **who, **COMMON),
        Headcount(
            seq=15, start=4_000_000, end=4_060_000, people=28, known=25, unknown=3, vouched=2, roster=30, **COMMON
        ),
    ]  # fmt: skip


def test_the_bytes_of_the_records_of_verification_are_those_that_were_set_down() -> None:
    lines = [encode(record) for record in verification()]
    checkpoint = Checkpoint("dev-7f3a", "log-01", len(lines), chain(GENESIS, lines).hex())
    held = (VECTORS / "batch_v1_verification.ndjson").read_bytes()
    assert sign_batch(KEY, checkpoint, lines).encode() == held
    batch = decode_batch(held)
    verify_signature(KEY.public_key(), batch.signed)
    assert [decode(line) for line in batch.lines] == verification()


def test_the_vectors_hold_every_kind_of_record() -> None:
    assert {type(record) for record in golden() + verification()} == set(get_args(AnyRecord))


@pytest.mark.parametrize("record", verification()[4:])
def test_a_witness_or_flags_that_are_not_said_are_not_in_the_line(record: AnyRecord) -> None:
    line = json.loads(encode(record))
    if isinstance(record, CheckIn):
        assert ("witness" in line) == isinstance(record.witness, str)
        assert ("flags" in line) == isinstance(record.flags, tuple)


@pytest.mark.parametrize("name", ["witness", "named_by"])
def test_the_id_of_a_witness_has_the_letters_of_an_id(name: str) -> None:
    line = json.loads(encode(verification()[3]))
    with pytest.raises(RecordError, match="ký tự không dùng được"):
        decode(json.dumps(line | {name: "a b"}).encode())


def test_the_bytes_of_a_batch_are_those_that_were_set_down_for_version_1() -> None:
    lines = [encode(record) for record in golden()]
    checkpoint = Checkpoint("dev-7f3a", "log-01", 5, chain(GENESIS, lines).hex())
    assert sign_batch(KEY, checkpoint, lines).encode() == (VECTORS / "batch_v1.ndjson").read_bytes()


def test_the_chain_of_the_golden_batch_is_sha256_over_the_raw_bytes() -> None:
    first, *lines = (VECTORS / "batch_v1.ndjson").read_bytes().split(b"\n")
    head = bytes(32)
    for line in lines:
        head = hashlib.sha256(head + line).digest()
    assert json.loads(first)["checkpoint"]["head"] == head.hex()
    batch = decode_batch((VECTORS / "batch_v1.ndjson").read_bytes())
    verify_signature(KEY.public_key(), batch.signed)
    assert read_lines(batch.signed.checkpoint, batch.lines) == golden()
    assert batch.first_seq == 1


def test_server_time_follows_the_boot_clock_and_the_offset_and_not_a_wall_clock_that_jumped() -> None:
    record = golden()[1]
    assert record.server_time(5_000_000) == 1_795_000_000_000 - 1250
    assert record.server_time(4_600_000) - record.server_time(4_000_000) == 600_000


@given(st.sampled_from(golden() + verification()))
def test_decode_is_the_inverse_of_encode(record: AnyRecord) -> None:
    assert decode(encode(record)) == record


@given(st.binary(max_size=1200) | st.text(max_size=400).map(str.encode))
def test_bytes_that_are_no_record_are_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(RecordError):
        decode(data)


@pytest.mark.parametrize("name", ["device", "log", "session", "boot_id", "learner"])
def test_an_id_that_ends_in_a_newline_is_refused(name: str) -> None:
    line = encode(golden()[1])
    value = getattr(golden()[1], name).encode()
    changed = line.replace(b'"' + value + b'"', b'"' + value + b'\\n"', 1)
    assert changed != line
    with pytest.raises(RecordError):
        decode(changed)


@pytest.mark.parametrize("name", ["head", "signature", "log"])
def test_a_checkpoint_whose_texts_end_in_a_newline_is_refused(name: str) -> None:
    first, _, rest = (VECTORS / "batch_v1.ndjson").read_bytes().partition(b"\n")
    signed = json.loads(first)
    place = signed if name == "signature" else signed["checkpoint"]
    place[name] += "\n"
    with pytest.raises(RecordError):
        decode_batch(json.dumps(signed).encode() + b"\n" + rest)


def test_a_public_key_that_ends_in_a_newline_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"token":"T","public_key":"' + b"a" * 64 + b'\\n"}', type=JoinRequest)


@given(st.data())
def test_a_record_with_one_byte_changed_is_refused_or_another_record_but_never_the_same_chain(
    data: st.DataObject,
) -> None:
    line = encode(golden()[1])
    at = data.draw(st.integers(0, len(line) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != line[at]))
    changed = line[:at] + bytes([byte]) + line[at + 1 :]
    assert chain(GENESIS, [changed]) != chain(GENESIS, [line])
    with suppress(RecordError):
        assert decode(changed) != decode(line)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"kind": "rumour"},
        {"seq": 0},
        {"seq": "1"},
        {"extra": 1},
        {"end": 3_000_000},
        {"best_score": 7},
        {"device": "a b"},
        {"learner": ""},
        {"encoder": "x" * LINE_LIMIT},
    ],
    ids=str,
)
def test_impossible_values_are_refused(change: dict[str, Any]) -> None:
    raw = {**json.loads(encode(golden()[1])), **change}
    with pytest.raises(RecordError):
        decode(msgspec.json.encode(raw))


def test_what_could_not_be_read_back_is_not_written() -> None:
    bad = msgspec.structs.replace(golden()[1], encoder="x" * LINE_LIMIT)
    with pytest.raises(RecordError, match="1024"):
        encode(bad)


def test_a_signature_covers_device_log_seq_and_head() -> None:
    lines = [encode(record) for record in golden()]
    signed = sign_batch(KEY, Checkpoint("dev-7f3a", "log-01", 5, chain(GENESIS, lines).hex()), lines).signed
    other = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(RecordError):
        verify_signature(other, signed)
    for field, value in {"device": "dev-8", "log": "log-02", "seq": 6, "head": "0" * 64}.items():
        forged = msgspec.structs.replace(
            signed, checkpoint=msgspec.structs.replace(signed.checkpoint, **{field: value})
        )
        with pytest.raises(RecordError):
            verify_signature(KEY.public_key(), forged)


@pytest.mark.parametrize("hole", [1, 2, 4])
def test_lines_of_a_batch_must_be_consecutive(hole: int) -> None:
    lines = [encode(record) for record in golden()]
    del lines[hole]
    with pytest.raises(RecordError):
        read_lines(Checkpoint("dev-7f3a", "log-01", 5, "0" * 64), lines)


@given(st.binary(max_size=600))
def test_bytes_that_are_no_batch_are_refused_with_a_sentence(body: bytes) -> None:
    with pytest.raises(RecordError):
        decode_batch(body)


def test_a_batch_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(RecordError, match=str(BATCH_LIMIT)):
        decode_batch(b"{}\n" * (BATCH_LIMIT + 2))
