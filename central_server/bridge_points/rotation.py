"""A device's key is followed by another, at its own request; or revoked, by the administrator."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection
from sqlmodel import Session, col, select

from central_server.bridge_points.joining import KEY_LIFE_MS, point_by_code
from central_server.bridge_points.signature import KnownDevice
from central_server.bridge_points.tables import Device, DeviceKey
from central_server.database import Job
from central_server.errors import KeyExpiredError, KeyRevokedError, SignatureError
from central_server.own_log.writing import append
from models.own_records import KeyRevoked, KeyRotated
from models.signatures import is_signed
from models.wire import ROTATE_GRACE_MS, RotateAnswer, RotateRequest, rotate_message


def rotate(device: KnownDevice, request: RotateRequest, now: int) -> Job[RotateAnswer]:
    """The job that gives a device a new key. device: with the key that signed the request, the present one or (for an
    answer that was lost) the one before it.

    Raises SignatureError when the new key is not proved, is another's, or the old one has been followed by a third;
    KeyExpiredError when the old one is past its grace; KeyRevokedError.
    """  # fmt: skip

    def job(connection: Connection) -> RotateAnswer:
        _check_proof(device.id, request)
        with Session(connection, join_transaction_mode="create_savepoint") as db:
            keys = db.exec(select(DeviceKey).where(DeviceKey.device == device.id).order_by(col(DeviceKey.number))).all()
            last = keys[-1]
            if last.revoked:
                raise KeyRevokedError()
            if last.public_key != request.public_key:
                if last.number != device.number:
                    raise SignatureError("Khóa này đã được thay.", "This key has been followed by another.")
                if now >= last.expires_at + ROTATE_GRACE_MS:
                    raise KeyExpiredError()
                last = _follow(db, last, request.public_key, now)
                db.commit()
            elif last.number != device.number + 1:
                raise SignatureError(
                    "Khóa mới phải khác khóa đang dùng.", "The new key must be another than the present one."
                )
            return RotateAnswer(device=device.id, public_key=last.public_key, key_expires_at=last.expires_at)

    return job


def _check_proof(device: str, request: RotateRequest) -> None:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(request.public_key))
    if not is_signed(key, bytes.fromhex(request.proof), rotate_message(device, request.public_key)):
        raise SignatureError("Khóa mới không được chứng minh.", "The new key's own signature is wrong.")


def _follow(db: Session, old: DeviceKey, public_key: str, now: int) -> DeviceKey:
    if db.exec(select(DeviceKey).where(DeviceKey.public_key == public_key)).first() is not None:
        raise SignatureError("Khóa mới đã được dùng.", "The new key has been used before.")
    new = DeviceKey(
        device=old.device,
        number=old.number + 1,
        public_key=public_key,
        made_at=now,
        expires_at=now + KEY_LIFE_MS,
    )
    old.ended_at = now
    db.add(old)
    db.add(new)
    db.flush()
    told = KeyRotated(
        at=now, device=new.device, number=new.number, public_key=public_key, expires_at=new.expires_at
    )  # fmt: skip
    append(db.connection(), told)
    return new


def revoke(bridge_point_code: str, now: int, by: str | None = None) -> Job[tuple[str, ...]]:
    """The job that revokes the keys of a bridge point's devices; which devices. Raises NotFoundError.

    Batches are refused from the commit on, other requests within signature.KEYS_LIFE_MS.
    """

    def job(connection: Connection) -> tuple[str, ...]:
        with Session(connection, join_transaction_mode="create_savepoint") as db:
            point = point_by_code(db, bridge_point_code)
            good = (
                select(DeviceKey)
                .join(Device, col(Device.id) == DeviceKey.device)
                .where(Device.bridge_point == point.id, col(DeviceKey.ended_at).is_(None))
                .order_by(col(DeviceKey.device))
            )
            keys = db.exec(good).all()
            for key in keys:
                key.ended_at, key.revoked = now, True
                db.add(key)
            devices = tuple(key.device for key in keys)
            told = [KeyRevoked(at=now, by=by, device=key.device, number=key.number) for key in keys]
            db.flush()
            append(db.connection(), *told)
            db.commit()
        return devices

    return job
