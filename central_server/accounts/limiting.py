"""Failures at sign-in cost time: after some free tries each next one has to wait longer. Counted in the database.

A try is counted before the password is looked at and taken back when it was right, so that many at once gain nothing.
Counted against the login and the address; but a browser that has signed this account in before (it holds a cookie to
show it) is counted by itself, so that nobody locks others out by failing in their name (OWASP: device cookies).
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from central_server.database import Job
from central_server.errors import BusyError, ServerError
from central_server.own_log.writing import append
from central_server.web.figures import day, second_time
from models.own_records import SignInsFailed

LONGEST_PAUSE_MS = 15 * 60_000
FIRST_PAUSE_MS = 30_000
FORGET_MS = 24 * 3_600_000
"""Failures are forgotten after a day without another; those of a place, where many people err, with each day."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Against what failures are counted, and how many are free."""

    key: str
    free: int
    daily: bool = False
    """Counted anew each day: where many try some are wrong every day, and a right try takes back only itself."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted. Times are server time, ms."""

    failures: int = 0
    last_at: int = 0
    until: int = 0
    """No further try before this."""


def pause_ms(failures: int, free: int) -> int:
    """How long the next try has to wait after so many failures: nothing, then 30 s, doubled each time, to 15 min."""
    return 0 if failures < free else min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS << min(failures - free, 10))


def one_more(before: Counted, counter: Counter, now: int) -> Counted:
    """What is counted after one more failure."""
    forgotten = now - before.last_at >= FORGET_MS or (counter.daily and day(now) != day(before.last_at))
    failures = (0 if forgotten else before.failures) + 1
    return Counted(failures, now, now + pause_ms(failures, counter.free))


def of_login(login: str) -> Counter:
    """Tries with a login, which need not exist: what exists is not told by how it is counted."""
    return Counter(f"login:{hashlib.sha256(login.encode()).hexdigest()[:32]}", 5)


def of_address(address: str) -> Counter:
    """Tries from an address. An office may have one for all its people; of IPv6 a household's /64 is one."""
    try:
        ip = ipaddress.ip_address(address)
        if isinstance(ip, ipaddress.IPv6Address):
            address = str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    except ValueError:
        pass
    return Counter(f"address:{address[:64]}", 20, daily=True)


def of_browser(mark: str) -> Counter:
    """Tries of a browser that is known to the account."""
    return Counter(f"browser:{hashlib.sha256(mark.encode()).hexdigest()[:32]}", 10)


def of_account(account: str) -> Counter:
    """Tries at the second step, or with the present password on the account's own page."""
    return Counter(f"account:{account}", 5)


def of_device(device: str) -> Counter:
    """Tries with learners' PINs from a bridge point's PC: it counts as an address does."""
    return Counter(f"address:device {device}", 20, daily=True)


def of_learner(learner: str) -> Counter:
    """Tries with a learner's PIN at the server; a code that is no learner's is counted in the same way."""
    return Counter(f"learner:{hashlib.sha256(learner.encode()).hexdigest()[:32]}", 5)


_READ = text("SELECT failures, last_at, until FROM sign_in_limit WHERE key = :key")
_PUT = text(
    "INSERT INTO sign_in_limit (key, failures, last_at, until) VALUES (:key, :failures, :last_at, :until)"
    " ON CONFLICT (key) DO UPDATE SET failures = :failures, last_at = :last_at, until = :until"
)
_DROP = text("DELETE FROM sign_in_limit WHERE key = :key")
_FORGET = text("DELETE FROM sign_in_limit WHERE last_at < :before")


def _read(connection: Connection, counter: Counter) -> Counted:
    row = connection.execute(_READ, {"key": counter.key}).one_or_none()
    return Counted(row.failures, row.last_at, row.until) if row else Counted()


def _put(connection: Connection, counter: Counter, counted: Counted) -> None:
    row = {"key": counter.key, "failures": counted.failures, "last_at": counted.last_at, "until": counted.until}
    connection.execute(_PUT, row)


def begin_try(
    counters: Sequence[Counter], now: int, wait: Callable[[int], ServerError] | None = None
) -> Job[None]:  # fmt: skip
    """The job that counts a try as failed before it is made. Raises BusyError, which says until when to wait.

    wait: makes another error that says so.
    """

    def job(connection: Connection) -> None:
        before = [_read(connection, one) for one in counters]
        until = max(counted.until for counted in before)
        if until > now:
            raise (wait or too_often)(until)
        for counter, counted in zip(counters, before, strict=True):
            _put(connection, counter, one_more(counted, counter, now))

    return job


def too_often(until: int) -> BusyError:
    """What somebody is told who has to wait."""
    return BusyError(
        f"Đã sai nhiều lần nên tạm dừng đến {second_time(until)}. Sau đó hãy thử lại; nếu quên mật khẩu, hãy xin quản "
        "trị hệ thống đường dẫn đăng nhập.",
        f"Too many tries were wrong, so this pauses until {second_time(until)}. Then try again; if you forgot the "
        "password, ask the administrator for a sign-in link.",
    )


def succeed(connection: Connection, counters: Sequence[Counter]) -> None:
    """Take a try back that was right, inside a job. Only failures from the address as such are kept."""
    for counter in counters:
        counted = _read(connection, counter)
        if counter.key.startswith("address:") and counted.failures > 1:
            _put(connection, counter, Counted(counted.failures - 1, counted.last_at, 0))
        else:
            connection.execute(_DROP, {"key": counter.key})


def fail(counters: Sequence[Counter], account: str | None, now: int) -> Job[None]:
    """The job after a try that was wrong: where a pause has begun, the own log is told. Old failures are forgotten.

    account: or the learner whose PIN it was.
    """

    def job(connection: Connection) -> None:
        for counter in counters:
            counted = _read(connection, counter)
            if counted.until > now:
                whose = None if counter.key.startswith("address:") else account
                if whose is not None or counter.key.startswith("address:"):
                    append(
                        connection, SignInsFailed(at=now, account=whose, failures=counted.failures, until=counted.until)
                    )
        connection.execute(_FORGET, {"before": now - FORGET_MS})

    return job
