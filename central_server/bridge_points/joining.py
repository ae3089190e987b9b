"""Joining: a one-time token, made for a bridge point, turns an agent's new key pair into that bridge point's device."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlmodel import Session, col, select, update

from central_server.bridge_points.tables import BridgePoint, Device, DeviceKey, JoinToken
from central_server.database import Job
from central_server.errors import NotFoundError, TokenError
from central_server.own_log.writing import append
from models.join_code import TOKEN_LENGTH, TOKEN_LETTERS, plain_token, read
from models.own_records import DeviceJoined, TokenMade
from models.wire import JoinAnswer, JoinRequest

TOKEN_LIFE_MS = 24 * 3_600_000
KEY_LIFE_MS = 400 * 24 * 3_600_000
"""An agent rotates its key in time; a year and some weeks, so that no yearly class begins with an expired one."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made: shown once, never kept."""

    token: str
    bridge_point_name: str
    expires_at: int
    """Server time, ms."""


def make_token(bridge_point_code: str, now: int, life_ms: int = TOKEN_LIFE_MS, by: str | None = None) -> Job[NewToken]:
    """The job that makes a one-time token. Raises NotFoundError when no bridge point has that code."""

    def job(connection: Connection) -> NewToken:
        with Session(connection, join_transaction_mode="create_savepoint") as db:
            point = point_by_code(db, bridge_point_code)
            token = read("".join(secrets.choice(TOKEN_LETTERS) for _ in range(TOKEN_LENGTH))).token
            made = JoinToken(hash=token_hash(token), bridge_point=point.id, made_at=now, expires_at=now + life_ms)
            name = point.name
            db.add(made)
            append(
                db.connection(),
                TokenMade(at=now, by=by, bridge_point=point.id, token=made.hash, expires_at=made.expires_at),
            )
            db.commit()
        return NewToken(token, name, now + life_ms)

    return job


def point_by_code(db: Session, code: str) -> BridgePoint:
    """The bridge point with that code. Raises NotFoundError, which names the codes that there are."""
    point = db.exec(select(BridgePoint).where(BridgePoint.code == code)).one_or_none()
    if point is None:
        codes = ", ".join(db.exec(select(BridgePoint.code).order_by(col(BridgePoint.code)))) or "–"
        raise NotFoundError(
            f'Không có điểm cầu mã "{code}". Các mã đang có: {codes}.',
            f'There is no bridge point with the code "{code}". Known codes: {codes}.',
        )
    return point


def token_hash(token: str) -> str:
    """What is kept of a token, however it was typed."""
    return hashlib.sha256(plain_token(token).encode()).hexdigest()


def join(request: JoinRequest, now: int, server_key: str) -> Job[JoinAnswer]:
    """The job that lets an agent join. server_key: the public key of the receipts, in hex. Raises TokenError.

    Jobs run one after the other, so a token raced by two agents is used by one. The same token with the same key gives
    the same answer again: an agent whose answer was lost on the way asks once more.
    """

    def job(connection: Connection) -> JoinAnswer:
        with Session(connection, join_transaction_mode="create_savepoint") as db:
            token = db.get(JoinToken, token_hash(request.token))
            if token is None:
                raise TokenError(
                    "Mã gia nhập không đúng. Hãy kiểm tra từng ký tự hoặc xin mã mới.",
                    "The join token is not known. Check each letter, or ask for a new one.",
                )
            point = db.get_one(BridgePoint, token.bridge_point)
            if token.device is not None:
                device = db.get_one(Device, token.device)
                if device.public_key != request.public_key:
                    raise TokenError(
                        "Mã gia nhập này đã được dùng. Mỗi mã dùng một lần; hãy xin mã mới.",
                        "This join token has been used. Each is good for one agent; ask for a new one.",
                    )
                return _answer(point, db.get_one(DeviceKey, (device.id, 1)), server_key)
            if token.expires_at <= now:
                raise TokenError(
                    "Mã gia nhập đã hết hạn. Hãy xin mã mới.", "The join token has expired. Ask for a new one."
                )
            if db.exec(select(DeviceKey).where(DeviceKey.public_key == request.public_key)).first() is not None:
                raise TokenError(
                    "Khóa của máy này đã được đăng ký. Hãy tạo khóa mới rồi gia nhập lại.",
                    "This key has joined before. Make a new key, then join again.",
                )
            device = Device(
                id=f"d-{secrets.token_hex(8)}",
                bridge_point=point.id,
                public_key=request.public_key,
                joined_at=now,
            )
            key = DeviceKey(
                device=device.id, number=1, public_key=request.public_key, made_at=now, expires_at=now + KEY_LIFE_MS
            )
            db.add(device)
            db.flush()
            db.add(key)
            db.flush()
            append(
                db.connection(),
                DeviceJoined(
                    at=now, device=device.id, bridge_point=point.id, token=token.hash,
                    public_key=key.public_key, expires_at=key.expires_at,
                ),
            )  # fmt: skip
            db.exec(update(JoinToken).where(col(JoinToken.hash) == token.hash).values(used_at=now, device=device.id))
            answer = _answer(point, key, server_key)
            db.commit()
        return answer

    return job


def _answer(point: BridgePoint, key: DeviceKey, server_key: str) -> JoinAnswer:
    return JoinAnswer(
        device=key.device,
        bridge_point=point.id,
        bridge_point_name=point.name,
        server_key=server_key,
        key_expires_at=key.expires_at,
    )
