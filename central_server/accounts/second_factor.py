"""The second factor: codes of an app (TOTP, RFC 6238), and ten recovery codes for when the telephone is gone."""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from collections.abc import Sequence

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import Connection, text

from central_server.accounts.account_key import AccountKey
from central_server.accounts.credentials import digest_of, digest_of_all
from central_server.errors import InputError
from central_server.own_log.writing import append
from models.join_code import TOKEN_LETTERS
from models.own_records import CredentialChanged

STEP_S, DIGITS, SECRET_BYTES = 30, 6, 20
DRIFT_STEPS = 1
"""How many steps a telephone's clock may be off (RFC 6238 recommends one)."""
RECOVERY_CODES, RECOVERY_LENGTH = 10, 10
ISSUER = "Diem danh"

_SET = text("UPDATE account SET totp = :totp, totp_step = :step WHERE id = :account")
_READ = text("SELECT totp, totp_step FROM account WHERE id = :account AND NOT disabled")
_STEP = text("UPDATE account SET totp_step = :step WHERE id = :account")
_DROP_CODES = text("DELETE FROM recovery_code WHERE account = :account")
_ADD_CODE = text("INSERT INTO recovery_code (hash, account) VALUES (:hash, :account)")
_USE_CODE = text(
    "UPDATE recovery_code SET used_at = :now WHERE hash = :hash AND account = :account AND used_at IS NULL"
)


def new_secret() -> bytes:
    """160 random bits, as RFC 4226 recommends."""
    return os.urandom(SECRET_BYTES)


def _totp(secret: bytes) -> TOTP:
    # SHA-1 is what the apps know; HMAC does not need its resistance to collisions.
    return TOTP(secret, DIGITS, SHA1(), STEP_S)  # noqa: S303


def code_at(secret: bytes, ms: int) -> str:
    """The code that an app shows at a moment (ms since 1970 UTC)."""
    return _totp(secret).generate(ms // 1000).decode()


def matching_step(secret: bytes, code: str, now: int, after: int) -> int | None:
    """The step (30 s since 1970) whose code this is, near now (ms) and later than step `after`; None: it is wrong."""
    typed = "".join(code.split())
    step_now, found = now // 1000 // STEP_S, None
    for step in range(step_now - DRIFT_STEPS, step_now + DRIFT_STEPS + 1):
        right = hmac.compare_digest(code_at(secret, step * STEP_S * 1000).encode(), typed.encode())
        if right and step > after:
            found = step
    return found


def spoken(secret: bytes) -> str:
    """The secret to be typed into an app that can't see the picture: base 32 in groups of four."""
    letters = base64.b32encode(secret).decode()
    return " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def picture(secret: bytes, login: str) -> str:
    """The QR code that an app reads, as SVG."""
    address = _totp(secret).get_provisioning_uri(login, ISSUER)
    return segno.make(address, error="m").svg_inline(scale=5, border=2, dark="#000", light="#fff")


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes of 50 bits, ABCDE-12345."""
    half = RECOVERY_LENGTH // 2
    codes = ("".join(secrets.choice(TOKEN_LETTERS) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES))
    return tuple(f"{code[:half]}-{code[half:]}" for code in codes)


def recovery_hash(key: AccountKey, account: str, code: str) -> str:
    """What is kept of a recovery code. Typed dashes, spaces, small letters and look-alikes do no harm."""
    plain = code.upper().replace("O", "0").replace("I", "1").replace("L", "1")
    return key.mac("recovery code", f"{account} {''.join(one for one in plain if one in TOKEN_LETTERS)}")


def turn_on(connection: Connection, key: AccountKey, account: str, secret: bytes, code: str, now: int) -> None:
    """Turn the second factor on with a first code, inside a job. Raises InputError when the code is wrong."""
    step = matching_step(secret, code, now, 0)
    if step is None:
        raise InputError(
            "Mã không đúng. Hãy kiểm tra giờ trên điện thoại rồi nhập mã đang hiện.",
            "The code is wrong. Check the clock of the telephone and type the code that it shows now.",
        )
    sealed = key.seal("second factor", account, secret)
    connection.execute(_SET, {"account": account, "totp": sealed, "step": step})
    digest = digest_of(sealed)
    append(connection, CredentialChanged(at=now, by=account, account=account, what="second_factor", digest=digest))


def turn_off(connection: Connection, account: str, by: str | None, now: int) -> None:
    """Turn the second factor off with its recovery codes, inside a job."""
    connection.execute(_SET, {"account": account, "totp": None, "step": 0})
    connection.execute(_DROP_CODES, {"account": account})
    append(
        connection,
        CredentialChanged(at=now, by=by, account=account, what="second_factor", digest=None),
        CredentialChanged(at=now, by=by, account=account, what="recovery_codes", digest=None),
    )


def keep_recovery_codes(connection: Connection, key: AccountKey, account: str, codes: Sequence[str], now: int) -> None:
    """Put new recovery codes in the place of the old ones, inside a job."""
    hashes = [recovery_hash(key, account, code) for code in codes]
    connection.execute(_DROP_CODES, {"account": account})
    connection.execute(_ADD_CODE, [{"hash": one, "account": account} for one in hashes])
    digest = digest_of_all(hashes)
    append(connection, CredentialChanged(at=now, by=account, account=account, what="recovery_codes", digest=digest))


def use_code(connection: Connection, key: AccountKey, account: str, code: str, now: int) -> bool:
    """Whether this is the app's code now; it is good once. Inside a job."""
    row = connection.execute(_READ, {"account": account}).one_or_none()
    secret = key.open("second factor", account, bytes(row.totp)) if row and row.totp else None
    step = matching_step(secret, code, now, row.totp_step) if row and secret else None
    if step is None:
        return False
    connection.execute(_STEP, {"account": account, "step": step})
    return True


def use_recovery_code(connection: Connection, key: AccountKey, account: str, code: str, now: int) -> bool:
    """Whether this is a recovery code of the account that was not used; it is used now. Inside a job."""
    found = {"hash": recovery_hash(key, account, code), "account": account, "now": now}
    return connection.execute(_USE_CODE, found).rowcount == 1
