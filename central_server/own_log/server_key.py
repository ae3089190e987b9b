"""The key with which this server signs its receipts: one file in the data folder, made once, never in the database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, text

from central_server.database import Job
from central_server.errors import DataFolderError
from central_server.key_file import key_file
from central_server.own_log.writing import append
from models.own_records import ServerKeyKnown, decode_own
from models.reasons import reason
from models.receipts import Receipt, key_id, sign_receipt

KEY_FILE = "server-key"

_KNOWN = text("SELECT line FROM own_record WHERE kind = 'server_key' ORDER BY seq DESC LIMIT 1")


@dataclass(frozen=True, slots=True)
class ServerKey:
    """The server's Ed25519 key."""

    private: Ed25519PrivateKey
    id: str
    """Its name in receipts."""

    @classmethod
    def of(cls, private: Ed25519PrivateKey) -> ServerKey:
        """The key with its name."""
        return cls(private, key_id(private.public_key()))

    @property
    def public(self) -> str:
        """Its public half, in hex."""
        return self.private.public_key().public_bytes_raw().hex()

    def sign(self, receipt: Receipt) -> Receipt:
        """The receipt, signed."""
        return sign_receipt(self.private, self.id, receipt)


def server_key(folder: Path) -> ServerKey:
    """The key in the data folder, generated the first time, readable by its owner only.

    Raises DataFolderError when it can't be read or written.
    """
    path = folder / KEY_FILE
    try:
        line = key_file(path, lambda: Ed25519PrivateKey.generate().private_bytes_raw().hex())
        return ServerKey.of(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(line)))
    except (OSError, ValueError) as error:
        why = reason(error)
        raise DataFolderError(
            f"Không đọc được khóa của máy chủ {path} ({why.vi}). Hãy chép lại tệp này từ bản lưu; nếu không còn bản "
            "nào, xóa tệp thì máy chủ tạo khóa mới và các điểm cầu phải gia nhập lại.",
            f"The server's key {path} can't be read ({why.en}). Put the file back from its copy; if there is none, "
            "delete it: the server makes a new key and the bridge points must join again.",
        ) from error


def make_known(key: ServerKey, now: int) -> Job[None]:
    """The job that tells the own log which key signs from now on, unless that is what it said last."""

    def job(connection: Connection) -> None:
        row = connection.execute(_KNOWN).one_or_none()
        last = decode_own(bytes(row.line)) if row else None
        if not isinstance(last, ServerKeyKnown) or last.public_key != key.public:
            append(connection, ServerKeyKnown(at=now, server=key.id, public_key=key.public))

    return job
