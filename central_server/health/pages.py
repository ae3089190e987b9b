"""/admin/health: all bridge points, those that need somebody first."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from central_server.accounts.guard import guard
from central_server.health.reading import points_health
from central_server.health.silence import LEVELS, Level, sentence
from central_server.services import ServicesDep

router = APIRouter(prefix="/admin/health", dependencies=[guard("administer")])

WORDS: Final[dict[Level, tuple[str, str]]] = {
    "silent": ("Im lặng, lớp đang chờ", "Silent, a class waits"),
    "bad": ("Lỗi", "Fault"),
    "attention": ("Cần chú ý", "Needs attention"),
    "away": ("Không liên lạc", "Not heard"),
    "none": ("Chưa có máy", "No PC yet"),
    "good": ("Tốt", "Good"),
}
PARTS: Final = {
    "camera": ("Camera", "Camera"),
    "faces": ("Nhận diện", "Faces"),
    "stream": ("Truyền hình", "Stream"),
    "server": ("Máy chủ", "Server"),
    "log": ("Nhật ký", "Log"),
    "pc": ("Máy tính", "PC"),
}


@router.get("")
def health_page(request: Request, of: ServicesDep) -> Response:
    """The page."""
    now = of.now()
    with of.engine.connect() as connection:
        points = points_health(connection, of.live, of.agents, now)
    silent = [
        sentence(one.name, one.heard_at, one.class_near.start, now)
        for one in points
        if one.level == "silent" and one.class_near
    ]
    counts = [(WORDS[level], sum(one.level == level for one in points)) for level in LEVELS]
    context = {
        "failing": of.works.failing(), "points": points, "now": now, "words": WORDS, "parts": PARTS, "silent": silent,
        "counts": [(word, count) for word, count in counts if count],
    }  # fmt: skip
    return of.pages.page(request, "health.html", **context)
