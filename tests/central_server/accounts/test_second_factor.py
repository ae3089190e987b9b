from __future__ import annotations

import base64
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_server.accounts.account_key import KEY_FILE, AccountKey, account_key
from central_server.accounts.second_factor import (
    code_at,
    matching_step,
    new_recovery_codes,
    new_secret,
    picture,
    recovery_hash,
    spoken,
)
from central_server.errors import DataFolderError

RFC_SECRET = b"12345678901234567890"
KEY = AccountKey(b"k" * 32)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037"),
     (20000000000, "353130")],
)  # fmt: skip
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    """Appendix B; its 8 figures cut to the 6 that apps show."""
    assert code_at(RFC_SECRET, seconds * 1000) == code


@given(st.integers(300_000, 2**40), st.integers(-3, 3))
def test_a_code_is_good_for_a_clock_that_is_one_step_off(now: int, off: int) -> None:
    step = now // 30_000 + off
    found = matching_step(RFC_SECRET, code_at(RFC_SECRET, step * 30_000), now, -1)
    if abs(off) <= 1:
        assert found is not None  # the step itself, or (one in a million) a neighbour with the same code
    assert found is None or abs(found - now // 30_000) <= 1


def test_a_code_is_not_good_twice_and_rubbish_never() -> None:
    now = 1_795_482_000_000
    step = matching_step(RFC_SECRET, code_at(RFC_SECRET, now), now, 0)
    assert step == now // 30_000
    assert matching_step(RFC_SECRET, code_at(RFC_SECRET, now), now, step) is None
    for rubbish in ("", "12345", "1234567", "abcdef", "１２３４５６", "\x00" * 6):
        assert matching_step(RFC_SECRET, rubbish, now, 0) is None


def test_the_picture_and_the_spoken_key_hold_the_same_secret() -> None:
    secret = new_secret()
    assert len(secret) == 20 and new_secret() != secret
    assert base64.b32decode(spoken(secret).replace(" ", "")) == secret
    svg = picture(secret, "lan@so.example")
    assert svg.startswith("<svg") and not re.search(r"style=|script|http(?!://www.w3.org)", svg)


def test_recovery_codes_are_typed_as_people_type() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10 and all(re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", code) for code in codes)
    code = "ABCD0-1EFGH"
    same = {recovery_hash(KEY, "a-1", typed) for typed in (code, "abcdo-lefgh", " abcdO iefgh", "ABCD01EFGH")}
    assert len(same) == 1
    assert recovery_hash(KEY, "a-2", code) not in same  # another's
    assert recovery_hash(AccountKey(b"o" * 32), "a-1", code) not in same


@given(st.binary(max_size=64), st.binary(max_size=80))
def test_what_is_sealed_opens_for_its_use_and_owner_only(secret: bytes, rubbish: bytes) -> None:
    sealed = KEY.seal("second factor", "a-1", secret)
    assert KEY.open("second factor", "a-1", sealed) == secret
    assert KEY.open("second factor", "a-2", sealed) is None
    assert KEY.open("new second factor", "a-1", sealed) is None
    assert KEY.open("second factor", "a-1", sealed[:-1]) is None
    assert KEY.open("second factor", "a-1", rubbish) is None


def test_the_key_is_generated_kept_and_private(tmp_path: Path) -> None:
    key = account_key(tmp_path)
    assert account_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    for wrong in ("short", "00" * 31, "zz" * 32, ""):
        (tmp_path / KEY_FILE).write_text(wrong)
        with pytest.raises(DataFolderError, match=KEY_FILE):
            account_key(tmp_path)
