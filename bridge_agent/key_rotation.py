"""The device's key is followed by a new one before it ends; the server's side is told in models.wire.

The new key is on the disk before the server hears of it, and the old one until the server has answered: whenever the
power goes, the same question can be asked again and brings the same answer. An expired key only stops the sending.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bridge_agent.data_folder import DataFolder, write_private
from bridge_agent.errors import IdentityError
from bridge_agent.identity import Identity, Membership
from bridge_agent.key_store import KeyStore
from models.wire import RotateAnswer, RotateRequest, rotate_message

ROTATE_BEFORE_MS = 30 * 86_400_000
"""A bridge point may be switched off between two classes: a month in which the key can be renewed."""


class RotatesKeys(Protocol):
    """A server that gives a device a new key (bridge_agent.server.Server)."""

    async def rotate(self, request: RotateRequest) -> RotateAnswer:
        """Raises AgentError."""


def is_due(membership: Membership, now: int) -> bool:
    """The key ends soon. now: server time, ms."""
    return now >= membership.key_expires_at - ROTATE_BEFORE_MS


async def rotate(folder: DataFolder, keys: KeyStore, identity: Identity, server: RotatesKeys) -> None:
    """Replace the key, in `identity` too. Raises AgentError; the old key stands then, and it may be tried again."""
    key = await asyncio.to_thread(_next_key, folder, keys, identity)  # a key store may ask for a password
    public = key.public_key().public_bytes_raw().hex()
    proof = key.sign(rotate_message(identity.membership.device, public)).hex()
    answer = await server.rotate(RotateRequest(public_key=public, proof=proof))
    if answer.public_key != public:
        raise IdentityError(
            "Máy chủ trả lời về một khóa khác với khóa mới của máy này. Hãy báo quản trị hệ thống.",
            "The server answered about another key than this PC's new one. Tell the administrator.",
        )
    membership = msgspec.structs.replace(identity.membership, key_expires_at=answer.key_expires_at)
    await asyncio.to_thread(keys.move, folder.next_key, folder.key)
    write_private(folder.identity, msgspec.json.encode(membership))
    identity.key, identity.membership = key, membership


def _next_key(folder: DataFolder, keys: KeyStore, identity: Identity) -> Ed25519PrivateKey:
    """The key that the server may have heard of already, or a new one."""
    if folder.next_key.exists():
        try:
            key = keys.read(folder.next_key)
        except (OSError, ValueError):  # not what we wrote, so the server has not heard of it
            return keys.new(folder.next_key)
        if key.private_bytes_raw() != identity.key.private_bytes_raw():
            return key
    return keys.new(folder.next_key)
