"""The device's key is followed by a new one before it ends; the server's side is told in models.wire.

The new key is on the disk before the server hears of it, and the old one until the server has answered: whenever the
power goes, the same question can be asked again and brings the same answer. An expired key only stops the sending.

The key before the present one stays: a server that was restored from a copy of the time before the change knows that
one only, and is asked again with it. To any other server it is good for nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bridge_agent.data_folder import DataFolder, write_private
from bridge_agent.errors import FinalError, IdentityError
from bridge_agent.identity import Identity, Membership
from bridge_agent.key_store import KeyStore
from models.wire import RotateAnswer, RotateRequest, rotate_message

ROTATE_BEFORE_MS = 30 * 86_400_000
"""A bridge point may be switched off between two classes: a month in which the key can be renewed."""


class RotatesKeys(Protocol):
    """A server that gives a device a new key (bridge_agent.server.Server)."""

    async def rotate(self, request: RotateRequest, signer: Ed25519PrivateKey | None = None) -> RotateAnswer:
        """`signer`: the key that is followed, if not the present one. Raises AgentError."""


def is_due(membership: Membership, now: int) -> bool:
    """The key ends soon. now: server time, ms."""
    return now >= membership.key_expires_at - ROTATE_BEFORE_MS


async def rotate(folder: DataFolder, keys: KeyStore, identity: Identity, server: RotatesKeys) -> None:
    """Replace the key, in `identity` too. Raises AgentError; the old key stands then, and it may be tried again."""
    key = await asyncio.to_thread(_next_key, folder, keys, identity)  # a key store may ask for a password
    membership = await _follow(server, identity, key, identity.key)
    await asyncio.to_thread(keys.move, folder.next_key, folder.key, folder.previous_key)
    write_private(folder.identity, msgspec.json.encode(membership))
    identity.key, identity.membership = key, membership


async def mend(folder: DataFolder, keys: KeyStore, identity: Identity, server: RotatesKeys) -> bool:
    """The server does not take the present key for this device's: ask again for what may be missing; whether it helped.

    Either the answer to a rotation was lost, and only the next key is good now; or the server was restored from a copy
    that knows only the previous one. Raises ServerAwayError; it may be tried again then.
    """
    if await asyncio.to_thread(_other_key, folder.next_key, keys, identity) is not None:
        with contextlib.suppress(FinalError):
            await rotate(folder, keys, identity, server)
            return True
    key = await asyncio.to_thread(_other_key, folder.previous_key, keys, identity)
    if key is not None:
        try:
            membership = await _follow(server, identity, identity.key, key)
        except FinalError:
            return False
        write_private(folder.identity, msgspec.json.encode(membership))
        identity.membership = membership
        return True
    return False


async def _follow(
    server: RotatesKeys, identity: Identity, key: Ed25519PrivateKey, old: Ed25519PrivateKey
) -> Membership:
    """Ask that `key` may follow `old`; what is known then. Raises AgentError."""
    public = key.public_key().public_bytes_raw().hex()
    proof = key.sign(rotate_message(identity.membership.device, public)).hex()
    answer = await server.rotate(RotateRequest(public_key=public, proof=proof), old)
    if answer.public_key != public:
        raise IdentityError(
            "Máy chủ trả lời về một khóa khác với khóa mới của máy này. Hãy báo quản trị hệ thống.",
            "The server answered about another key than this PC's new one. Tell the administrator.",
        )
    return msgspec.structs.replace(identity.membership, key_expires_at=answer.key_expires_at)


def _next_key(folder: DataFolder, keys: KeyStore, identity: Identity) -> Ed25519PrivateKey:
    """The key that the server may have heard of already, or a new one."""
    return _other_key(folder.next_key, keys, identity) or keys.new(folder.next_key)


def _other_key(path: Path, keys: KeyStore, identity: Identity) -> Ed25519PrivateKey | None:
    """The key in a file, unless it is the present one; None as well when the file is not what we wrote."""
    try:
        key = keys.read(path)
    except (OSError, ValueError):
        return None
    return None if key.private_bytes_raw() == identity.key.private_bytes_raw() else key
