from __future__ import annotations

import asyncio
import threading

import pytest

from central_server.accounts import passwords
from central_server.accounts.passwords import Hasher, check_password, hashed, matches
from central_server.errors import BusyError, InputError


@pytest.mark.parametrize(
    "password",
    ["", "ngắn quá", "x" * 201, "1234567890", "MatKhau123456", "mật khẩu 123456", "aaaaaaaaaaab", "nguyen.lan.anh",
     "Nguyễn Lan Anh", "nguyễn lan anh 2026", "lananh@so.example"],
)  # fmt: skip
def test_poor_passwords_are_refused(password: str) -> None:
    with pytest.raises(InputError):
        check_password(password, "lananh@so.example" if "@" in password else "nguyen.lan.anh", "Nguyễn Lan Anh")


@pytest.mark.parametrize(
    "password", ["sáng mai trời đẹp", "correct horse battery", "7f3!kQ9z_p", "x" * 190 + "abcdefghij"]
)
def test_long_ones_need_no_signs_or_figures(password: str) -> None:
    check_password(password, "lan", "Nguyễn Lan Anh")


def test_a_hash_is_salted_argon2id_and_the_same_from_every_keyboard() -> None:
    composed, decomposed = "s\u00e1ng mai tr\u1eddi \u0111\u1eb9p", "sa\u0301ng mai tro\u031b\u0300i \u0111e\u0323p"
    one, two = hashed(composed), hashed(composed)
    assert one != two and one.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert matches(decomposed, one) and matches(composed, two)
    assert not matches(composed + "x", one)


async def test_several_are_hashed_at_once() -> None:
    """With more lanes than one, OpenSSL hung here or said that there was no memory."""
    hasher, kept = Hasher(), hashed("sáng mai trời đẹp")
    async with asyncio.timeout(60):
        said = await asyncio.gather(*(hasher.matches("sáng mai trời đẹp", kept) for _ in range(6)))
    assert said == [True] * 6
    hasher.close()


async def test_too_many_at_once_are_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    monkeypatch.setattr(passwords, "matches", lambda password, phc: go.wait(60))
    hasher = Hasher()
    asked = [asyncio.create_task(hasher.matches("x", "y")) for _ in range(passwords.WAITING_LIMIT)]
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await hasher.matches("x", "y")
    go.set()
    assert all(await asyncio.gather(*asked))
    assert not await hasher.matches("x", None)  # nobody's password is right, though the work was done
    monkeypatch.undo()
    nobodys = hasher._nobodys
    assert not matches("x", nobodys) and len(nobodys) == len(hashed("x"))  # the same form, so the same work
    hasher.close()
