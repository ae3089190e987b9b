"""Tables: bridge points, their devices, and the one-time tokens with which devices join."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class BridgePoint(SQLModel, table=True):
    """A room where part of a class sits."""

    __tablename__ = "bridge_point"

    id: str = Field(primary_key=True)
    code: str = Field(unique=True)
    name: str


class Device(SQLModel, table=True):
    """An agent's key pair, bound to one bridge point. Never deleted: its log names it."""

    __tablename__ = "device"

    id: str = Field(primary_key=True)
    bridge_point: str = Field(foreign_key="bridge_point.id", index=True)
    public_key: str = Field(unique=True)
    """The key with which it joined, in hex. Which keys were good when: DeviceKey."""
    joined_at: int = Field(sa_type=BigInteger)


class DeviceKey(SQLModel, table=True):
    """A key of a device; the one with the highest number is its present one. Never deleted: it proves old batches."""

    __tablename__ = "device_key"

    device: str = Field(primary_key=True, foreign_key="device.id")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """1, 2, 3 …"""
    public_key: str = Field(unique=True)
    """Ed25519, 32 bytes in hex."""
    made_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
    ended_at: int | None = Field(default=None, sa_type=BigInteger)
    """When it was followed by another, or revoked."""
    revoked: bool = False


class JoinToken(SQLModel, table=True):
    """A one-time token. Only its hash is kept, so nobody can join with what a copy of the database holds."""

    __tablename__ = "join_token"

    hash: str = Field(primary_key=True)
    bridge_point: str = Field(foreign_key="bridge_point.id")
    made_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
    used_at: int | None = Field(default=None, sa_type=BigInteger)
    device: str | None = Field(default=None, foreign_key="device.id")
    """The device that used it."""
