"""Who sent a request: the device's signature over method, path, time and body (models.wire.request_message)."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from central_server.bridge_points.tables import Device, DeviceKey
from central_server.errors import ClockError, KeyRevokedError, SignatureError, UnknownDeviceError
from models.signatures import is_signed
from models.wire import REQUEST_TIME_LIMIT_MS, request_message

KEYS_LIFE_MS = 30_000
"""How long a key is remembered without asking the database: a revoked one is out within this time."""

_HEADER = re.compile(r"Diemdanh ([A-Za-z0-9_.-]{1,64}) (\d{1,16}) ([0-9a-f]{128})")


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device that has joined."""

    id: str
    bridge_point: str
    key: Ed25519PublicKey
    number: int
    """Which of the device's keys this is."""
    expires_at: int
    """Server time, ms."""


class DeviceKeys:
    """The devices' public keys, read from the database and remembered for a while."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._known: dict[str, tuple[KnownDevice, int]] = {}

    def of(self, device: str, now: int) -> KnownDevice:
        """The device with that id and its present key. Raises UnknownDeviceError or KeyRevokedError."""
        if known := self.remembered(device, now):
            return known
        known = self._read(device, back=0)
        with self._lock:
            self._known[device] = (known, now + KEYS_LIFE_MS)
        return known

    def remembered(self, device: str, now: int) -> KnownDevice | None:
        """The device, when its present key is known without asking the database."""
        with self._lock:
            known, until = self._known.get(device, (None, 0))
        return known if now < until else None

    def previous(self, device: str, now: int) -> KnownDevice:
        """The device with the key before its present one, for a rotation whose answer was lost.

        Raises UnknownDeviceError.
        """
        return self._read(device, back=1)

    def forget(self, device: str) -> None:
        """Read the device's key anew when it is next asked for."""
        with self._lock:
            self._known.pop(device, None)

    def _read(self, device: str, back: int) -> KnownDevice:
        newest = col(DeviceKey.number).desc()
        query = (
            select(Device.bridge_point, DeviceKey)
            .join(DeviceKey, col(DeviceKey.device) == Device.id)
            .where(Device.id == device)
        )
        with Session(self._engine) as db:
            row = db.exec(query.order_by(newest).offset(back).limit(1)).first()
        if row is None:
            raise UnknownDeviceError(
                "Máy chủ không biết thiết bị này. Hãy gia nhập bằng mã mới.",
                "The server doesn't know this device. Join with a new token.",
            )
        bridge_point, key = row
        if key.revoked:
            raise KeyRevokedError()
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public_key))
        return KnownDevice(device, bridge_point, public, key.number, key.expires_at)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of who sent it."""

    device: str
    time_ms: int
    """When, by the server's clock as the device reckons it."""
    signature: bytes


def claim_in(authorization: str) -> Claim:
    """The claim in the header's value. Raises SignatureError."""
    match = _HEADER.fullmatch(authorization)
    if match is None:
        raise SignatureError("Yêu cầu không có chữ ký của thiết bị.", "The request carries no device's signature.")
    return Claim(match[1], int(match[2]), bytes.fromhex(match[3]))


def check_claim(claim: Claim, device: KnownDevice, method: str, path: str, body: bytes, now: int) -> None:
    """Raises SignatureError unless the device signed the request, or ClockError when the signature is good but older or
    newer than REQUEST_TIME_LIMIT_MS by the server's clock (`now`, ms).
    """  # fmt: skip
    if not is_signed(device.key, claim.signature, request_message(method, path, claim.time_ms, body)):
        raise SignatureError("Chữ ký của yêu cầu không đúng.", "The request's signature is wrong.")
    if abs(now - claim.time_ms) > REQUEST_TIME_LIMIT_MS:
        off = abs(now - claim.time_ms) // 1000
        raise ClockError(
            f"Đồng hồ của máy lệch {off} giây so với máy chủ. Hãy đo lại giờ máy chủ.",
            f"The agent's clock is {off} s away from the server's. Measure the server's time anew.",
        )
