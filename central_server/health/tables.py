"""When each device told last how it is, and which version it runs: what a restart of the server must not forget."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class AgentContact(SQLModel, table=True):
    """A device's last contact. Nobody's act and no proof of anything: written anew every few minutes."""

    __tablename__ = "agent_contact"

    device: str = Field(primary_key=True, foreign_key="device.id")
    heard_at: int = Field(sa_type=BigInteger)
    """Server time, ms. Up to KEEP_EVERY_MS older than the truth."""
    version: str
    """Of the agent's program."""
