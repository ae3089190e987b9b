"""Courses made through the pages, as a class manager makes them."""

from __future__ import annotations

from typing import Any

import httpx
from sqlmodel import Session, select

from central_server.courses.tables import Course
from tests.central_server.running import Running

SERIES: dict[str, Any] = {
    "title": "Bồi dưỡng kiến thức quản lý nhà nước ngạch chuyên viên chính khóa 3", "first": "25/11/2026", "count": "6",
    "weekday": ["0", "1", "2", "3", "4"], "start": "8h", "end": "11h30", "breaks": "9h30-9h45", "skip_holidays": "yes",
    "lecturer": "PGS.TS. Nguyễn Thị Hồng Ánh, Trường Chính trị tỉnh",
}  # fmt: skip


def course_id(server: Running, code: str = "K1") -> str:
    """The id of the course with that code."""
    with Session(server.services.engine) as db:
        return db.exec(select(Course.id).where(Course.code == code)).one()


def make_course(manager: httpx.Client, **changes: Any) -> str:
    """A course with a series of sessions; the address of its page."""
    made = manager.post("/courses/new", data={**SERIES, **changes})
    assert made.status_code == 200, made.text
    return made.url.path
