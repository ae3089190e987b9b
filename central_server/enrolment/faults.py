"""What is wrong with a roster: the file as a whole, or one of its cells."""

from __future__ import annotations

from dataclasses import dataclass

from central_server.errors import ServerError
from models.language import Language


class RosterError(ServerError):
    """A file can't be read as a roster; nothing was saved."""

    status = 422


@dataclass(frozen=True, slots=True)
class Fault:
    """One faulty cell."""

    row: int
    """Row of the grid, from 0."""
    address: str
    """B7"""
    column: str
    """The heading above it."""
    found: str
    """What stands there, shortened."""
    vi: str
    en: str

    def sentence(self, lang: Language) -> str:
        """What is wrong and what to do."""
        return self.en if lang == "en" else self.vi


def too_many_rows(limit: int) -> RosterError:
    """The sheet is longer than any roster may be."""
    return RosterError(
        f"Danh sách dài quá {limit:,} dòng".replace(",", ".") + ". Hãy chia thành nhiều tệp rồi gửi lần lượt.",
        f"The roster has more than {limit:,} rows. Split it into several files and send them one after the other.",
    )


def too_wide(limit: int) -> RosterError:
    """The sheet has more columns than any roster may have."""
    return RosterError(
        f"Trang tính có quá {limit} cột. Hãy xóa các cột thừa bên phải rồi gửi lại.",
        f"The sheet has more than {limit} columns. Delete the unneeded ones on the right and send it again.",
    )
