"""Table: learners. Names stand here and nowhere else; everything else speaks of random ids."""

from __future__ import annotations

from sqlmodel import Field, SQLModel


class Learner(SQLModel, table=True):
    """A person who can be enrolled. Two may share a name: unit and birth year tell them apart."""

    __tablename__ = "learner"

    id: str = Field(primary_key=True)
    """Random; the only thing that records carry."""
    code: str = Field(unique=True)
    """The office's own number."""
    name: str
    unit: str
    birth_year: int | None = None
