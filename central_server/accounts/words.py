"""Roles and browsers in words that people here use."""

from __future__ import annotations

import re

from central_server.accounts.permission import Role

ROLE_WORDS: dict[Role, tuple[str, str]] = {
    "administrator": ("quản trị hệ thống", "administrator"),
    "class_manager": ("cán bộ quản lý lớp", "class manager"),
    "lecturer": ("giảng viên", "lecturer"),
    "technician": ("cán bộ kỹ thuật", "technician"),
    "learner": ("học viên", "learner"),
}
HOW_WORDS = {
    "password": ("bằng mật khẩu", "by password"),
    "link": ("bằng đường dẫn dùng một lần", "by a one-time link"),
    "sso": ("bằng tài khoản cơ quan", "by the office's sign-on"),
}
_BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("coc_coc_browser", "Cốc Cốc"), ("Zalo", "Zalo"), ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


def browser_words(user_agent: str) -> str:
    """A browser's own description as people would name it: "Firefox, Windows"; its first word where it is another."""
    found = [
        next((name for mark, name in marks if mark in user_agent), "") for marks in (_BROWSERS, _SYSTEMS)
    ]  # fmt: skip
    named = ", ".join(name for name in found if name)
    return named or (re.split(r"[ /]", user_agent, maxsplit=1)[0] or "–")
