"""A learner's visit to his or her own pages from a bridge point, by code and PIN: tickets and what they become.

A visit opens that learner's own pages and nothing else: no account, no other learner, no list. It ends with the button
Xong, after LIFE_MS unless the learner asks for more, with the next visit on that PC, and with the device's key. All of
it is in memory: a restart of the server ends every visit, and whoever was reading types the PIN again. The own log is
told who entered, stayed and left (models.visit_records).
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, replace

from starlette.requests import HTTPConnection
from starlette.responses import Response

from central_server.accounts.sign_ins import is_secure, token_hash
from central_server.config import Config

TICKET_MS = 60_000
"""From the PIN to the opened page takes a second; a minute forgives a slow PC."""
LIFE_MS = 5 * 60_000
LONGEST_MS = 30 * 60_000
"""However often more time was asked for: others want the screen, too."""
COOKIE = "diemdanh_visit"


@dataclass(frozen=True, slots=True)
class Visit:
    """A learner who may read, or is about to. Times are server time, ms."""

    learner: str
    name: str
    device: str
    bridge_point: str
    console_port: int
    """Where the agent's pages are on that PC: the learner comes back to them."""
    began_at: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class Ticket:
    """What lets one browser in, once. `value` is told once and not kept."""

    value: str
    expires_at: int


class Visits:
    """Those that go on. Its keys are SHA-256 of the tickets' and cookies' values."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tickets: dict[str, Visit] = {}
        self._open: dict[str, Visit] = {}

    def invite(self, learner: str, name: str, device: str, bridge_point: str, console_port: int, now: int) -> Ticket:
        """A ticket for a learner whose PIN was right; the one before of that device is good no longer."""
        value = secrets.token_urlsafe(32)
        visit = Visit(learner, name, device, bridge_point, console_port, now, now + TICKET_MS)
        with self._lock:
            self._tickets = {key: one for key, one in self._tickets.items() if _goes_on(one, now, but=device)}
            self._tickets[token_hash(value)] = visit
        return Ticket(value, visit.ends_at)

    def enter(self, ticket: str, now: int) -> tuple[str, Visit, list[Visit]] | None:
        """Use a ticket up: the cookie's value, the visit, and that device's visits that this one ends; None: it lets
        nobody in."""
        key = secrets.token_urlsafe(32)
        with self._lock:
            invited = self._tickets.pop(token_hash(ticket), None)
            if invited is None or invited.ends_at <= now:
                return None
            visit = replace(invited, began_at=now, ends_at=now + LIFE_MS)
            ended = [one for one in self._open.values() if one.device == visit.device and one.ends_at > now]
            self._open = {key: one for key, one in self._open.items() if _goes_on(one, now, but=visit.device)}
            self._open[token_hash(key)] = visit
        return key, visit, ended

    def of(self, key: str, now: int) -> Visit | None:
        """The visit for which a cookie's value stands, while it goes on."""
        with self._lock:
            found = self._open.get(token_hash(key))
        return found if found is not None and found.ends_at > now else None

    def longer(self, key: str, now: int) -> Visit | None:
        """It goes on for LIFE_MS from now, up to LONGEST_MS in all."""
        with self._lock:
            found = self._open.get(token_hash(key))
            if found is None or found.ends_at <= now:
                return None
            longer = replace(found, ends_at=min(now + LIFE_MS, found.began_at + LONGEST_MS))
            self._open[token_hash(key)] = longer
        return longer

    def leave(self, key: str, now: int) -> Visit | None:
        """End it; the visit, where it still went on."""
        with self._lock:
            found = self._open.pop(token_hash(key), None)
        return found if found is not None and found.ends_at > now else None


def _goes_on(visit: Visit, now: int, but: str) -> bool:
    return visit.ends_at > now and visit.device != but


def _cookie_name(request: HTTPConnection, config: Config) -> str:
    return f"__Host-{COOKIE}" if is_secure(request, config) else COOKIE


def visit_cookie(request: HTTPConnection, config: Config) -> tuple[str, int | None]:
    """The browser's key, empty without one, and the port of the agent's pages: it outlives the visit."""
    key, _, port = request.cookies.get(_cookie_name(request, config), "").partition(".")
    known = port.isascii() and port.isdecimal() and len(port) < 6 and 0 < int(port) < 65536
    return key, int(port) if known else None


def set_visit_cookie(answer: Response, request: HTTPConnection, config: Config, key: str, port: int) -> None:
    """Give the browser its cookie, which goes when the browser is closed."""
    answer.set_cookie(
        _cookie_name(request, config), f"{key}.{port}", httponly=True, samesite="strict",
        secure=is_secure(request, config),
    )  # fmt: skip


def drop_visit_cookie(answer: Response, request: HTTPConnection, config: Config) -> None:
    """Take it away."""
    secure = is_secure(request, config)
    answer.delete_cookie(_cookie_name(request, config), httponly=True, samesite="strict", secure=secure)
