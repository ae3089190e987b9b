"""What all ways of signing in share: the second step, the cookies, and the browsers that an account has used before."""

from __future__ import annotations

import secrets

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, text

from central_server.accounts.limiting import Counter, of_address, of_browser
from central_server.accounts.sign_ins import (
    Browser,
    How,
    NewSignIn,
    SignIn,
    WaitsFor,
    browser_of,
    cookie_of,
    is_secure,
    make_sign_in,
    read_sign_in,
    set_cookie,
)
from central_server.config import Accounts
from central_server.services import Services
from central_server.web.rendering_errors import SECOND_STEPS, step_address

KNOWN_COOKIE = "diemdanh_known"
KNOWN_S = 400 * 86_400

_FACTORS = text(
    "SELECT a.totp IS NOT NULL AS has_totp, g.role FROM account a LEFT JOIN account_grant g ON g.account = a.id"
    " WHERE a.id = :account"
)


def ours(path: str) -> str:
    """A path of this server to go on to; "//elsewhere" and "/\\elsewhere" would lead browsers to another one."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"


def second_step(connection: Connection, account: str, limits: Accounts) -> WaitsFor | None:
    """What an account still has to do after its password, link or sign-on."""
    rows = connection.execute(_FACTORS, {"account": account}).all()
    if any(row.has_totp for row in rows):
        return "code"
    return "second_factor" if any(row.role in limits.second_factor for row in rows) else None


def enter(
    connection: Connection, account: str, how: How, browser: Browser, now: int, limits: Accounts, *,
    second_step_done: bool = False,
) -> NewSignIn:  # fmt: skip
    """Sign a browser in as far as its second step, inside a job. second_step_done: the office asked for it itself."""
    step = None if second_step_done else second_step(connection, account, limits)
    return make_sign_in(connection, account, how, browser, now, limits, step)


def half_sign_in(request: Request, of: Services) -> SignIn | None:
    """The browser's sign-in, whatever it waits for. Reads the database: call it in a thread."""
    with of.engine.connect() as connection:
        return read_sign_in(connection, cookie_of(request, of.config), of.now(), of.config.accounts)


def known_as(request: Request, of: Services, account: str) -> str:
    """The mark of a browser that has signed this account in before; empty otherwise."""
    mark = request.cookies.get(KNOWN_COOKIE, "")
    nonce, _, mac = mark.partition(".")
    right = of.account_key.mac("known browser", f"{account} {nonce}")
    return mark if account and secrets.compare_digest(mac.encode("utf-8", "replace"), right.encode()) else ""


def counters(request: Request, of: Services, account: str, against: Counter) -> tuple[Counter, ...]:
    """Against what a try is counted: the browser alone where the account knows it, else `against` and the address."""
    if mark := known_as(request, of, account):
        return (of_browser(mark),)
    return (against, of_address(browser_of(request).address))


def entered(request: Request, of: Services, account: str, made: NewSignIn, to: str) -> Response:
    """The answer that gives the browser its cookies and sends it on: to its second step, or to a path of ours."""
    step = SECOND_STEPS.get(made.waits_for or "")
    answer = RedirectResponse(ours(to) if step is None else step_address(step, to), 303)
    set_cookie(answer, request, of.config, made)
    if step is None and not known_as(request, of, account):
        nonce = secrets.token_urlsafe(12)
        mark = f"{nonce}.{of.account_key.mac('known browser', f'{account} {nonce}')}"
        answer.set_cookie(
            KNOWN_COOKIE, mark, max_age=KNOWN_S, path="/", httponly=True, samesite="strict",
            secure=is_secure(request, of.config),
        )  # fmt: skip
    return answer
