"""Who this agent is: its Ed25519 key, its device id and its bridge point, made once when it joins.

The key lies where key_store says. It never leaves this PC; the server holds its public half.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bridge_agent.data_folder import DataFolder, write_private
from bridge_agent.errors import IdentityError
from bridge_agent.key_store import KeyStore
from models.reasons import Reason, reason
from models.receipts import Receipt, ReceiptError, verify_receipt
from models.records import Id
from models.wire import JoinAnswer, JoinRequest, PublicKey


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """What the server said when this agent joined, and which server it was."""

    server: str
    device: Id
    bridge_point: Id
    bridge_point_name: str
    server_key: PublicKey
    """What the server's receipts are signed with."""
    key_expires_at: int
    """Server time, ms: the agent takes a new key before."""

    def believes(self, receipt: Receipt) -> bool:
        """The receipt is signed with the key of the server that was joined."""
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.server_key))
        try:
            verify_receipt(key, receipt)
        except ReceiptError:
            return False
        return True


@dataclass(slots=True)
class Identity:
    """A joined agent: its membership and the key that proves it. The key changes while it runs (key_rotation)."""

    membership: Membership
    key: Ed25519PrivateKey

    def believes(self, receipt: Receipt) -> bool:
        """The receipt is signed with the key of the server that was joined."""
        return self.membership.believes(receipt)


class JoinsServer(Protocol):
    """A server that can be joined (bridge_agent.server.Server)."""

    url: str

    async def join(self, request: JoinRequest) -> JoinAnswer:
        """Raises IdentityError when the token is refused, ServerAwayError when nobody answers."""


def membership(folder: DataFolder) -> Membership:
    """What the server said when this agent joined. Raises IdentityError as `load` does."""
    with _readable(folder):
        return msgspec.json.decode(folder.identity.read_bytes(), type=Membership)


def load(folder: DataFolder, keys: KeyStore) -> Identity:
    """The identity in the data folder. Raises IdentityError when this agent has not joined or a file is damaged."""
    member = membership(folder)
    with _readable(folder):
        return Identity(member, keys.read(folder.key))


@contextmanager
def _readable(folder: DataFolder) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise IdentityError(
            "Máy này chưa gia nhập máy chủ nào. Hãy gia nhập trên trang cài đặt mà bridge-agent run mở, hoặc bằng "
            "lệnh: bridge-agent join --server ĐỊA_CHỈ --token MÃ.",
            "This PC has not joined a server. Join on the set-up page of bridge-agent run, or by: "
            "bridge-agent join --server URL --token TOKEN.",
        ) from error
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        lost = Reason("khóa bị hỏng hoặc không còn", "its key is damaged or lost")
        why = lost if isinstance(error, ValueError) else reason(error)
        raise IdentityError(
            f"Không đọc được danh tính của máy này trong {folder.path} ({why.vi}). Hãy gia nhập lại bằng mã mới.",
            f"This PC's identity in {folder.path} cannot be read ({why.en}). Join again with a new token.",
        ) from error


async def join(folder: DataFolder, keys: KeyStore, server: JoinsServer, token: str) -> Identity:
    """Become the device of a bridge point with a one-time token. The caller holds the folder.

    The key is kept before the server hears of it: when the answer is lost, joining again brings the same key.
    Raises IdentityError when this agent has joined already or the token is refused, ServerAwayError, DataFolderError.
    """
    if folder.identity.exists():
        known = membership(folder)
        raise IdentityError(
            f"Máy này đã là điểm cầu {known.bridge_point_name} trên {known.server}. Để đổi điểm cầu, hãy dùng thư mục "
            "dữ liệu khác.",
            f"This PC is bridge point {known.bridge_point_name} on {known.server} already. To change it, use another "
            "data folder.",
        )
    known_key = keys.read(folder.key) if folder.key.exists() else None
    try:
        key = known_key or keys.new(folder.key)
        answer = await _ask(server, token, key)
    except IdentityError:
        if known_key is None:
            raise
        # The kept key belongs to an earlier joining that is not this token's: a server takes each key once.
        key = keys.new(folder.key)
        answer = await _ask(server, token, key)
    member = Membership(
        server=server.url,
        device=answer.device,
        bridge_point=answer.bridge_point,
        bridge_point_name=answer.bridge_point_name,
        server_key=answer.server_key,
        key_expires_at=answer.key_expires_at,
    )
    write_private(folder.identity, msgspec.json.encode(member))
    return Identity(member, key)


async def _ask(server: JoinsServer, token: str, key: Ed25519PrivateKey) -> JoinAnswer:
    return await server.join(JoinRequest(token=token, public_key=key.public_key().public_bytes_raw().hex()))
