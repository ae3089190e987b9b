"""Signing in by the office's single sign-on: away to it, and back."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, text
from starlette.concurrency import run_in_threadpool

from central_server.accounts.administering import link_identity
from central_server.accounts.entering import enter, entered, ours
from central_server.accounts.guard import guard
from central_server.accounts.sign_ins import NewSignIn, browser_of, is_secure, own_address
from central_server.accounts.sign_on import Attempt, Person, Provider, opened
from central_server.accounts.signing_in import sign_in_form
from central_server.errors import NotFoundError, SignInError, SignOnError
from central_server.services import Services, ServicesDep

router = APIRouter(prefix="/sign-in/sso", dependencies=[guard("everybody")])

COOKIE = "diemdanh_sign_on"
COOKIE_S = 600

_BY_IDENTITY = text(
    "SELECT i.account FROM sign_on_identity i JOIN account a ON a.id = i.account"
    " WHERE i.issuer = :issuer AND i.subject = :subject AND NOT a.disabled"
)
_BY_EMAIL = text("SELECT id FROM account WHERE email = :email AND NOT disabled")


@dataclass(frozen=True, slots=True)
class _Entered:
    account: str
    made: NewSignIn


def _provider(of: Services) -> Provider:
    if of.sign_on is None:
        raise NotFoundError("Máy chủ chưa nối với tài khoản cơ quan.", "The server knows no office's sign-on.")
    return of.sign_on


def _redirect(request: Request, of: Services) -> str:
    return f"{own_address(request, of.config)}/sign-in/sso/answer"


@router.get("")
async def away(request: Request, of: ServicesDep, next: str = "/") -> Response:
    """Send the browser to the office's sign-on."""
    provider = _provider(of)
    try:
        to, attempt = await run_in_threadpool(provider.begin, _redirect(request, of), ours(next), of.now())
    except SignOnError as error:
        return sign_in_form(request, of, next, error=error)
    answer = RedirectResponse(to, 303)
    # Lax: it must come back with the browser from another site. It opens nothing.
    answer.set_cookie(
        COOKIE, attempt.sealed(of.account_key), max_age=COOKIE_S, path="/sign-in/sso", httponly=True, samesite="lax",
        secure=is_secure(request, of.config),
    )  # fmt: skip
    return answer


@router.get("/answer")
async def back(
    request: Request, of: ServicesDep, code: str = "", state: str = "", iss: str = "", error: str = ""
) -> Response:
    """The browser is back. Its sign-in's cookie is Strict and does not come with this request, nor with a redirect."""
    provider, attempt = _provider(of), opened(of.account_key, request.cookies.get(COOKIE, ""), of.now())
    try:
        one = await _vouched(request, of, provider, attempt, code, state, iss, error)
    except (SignInError, SignOnError) as wrong:
        answer = sign_in_form(request, of, attempt.next if attempt else "/", error=wrong)
    else:
        # A redirect would still count as coming from the other site; this page sends the browser on from here.
        answer = entered(request, of, one.account, one.made, attempt.next if attempt else "/")
        page = of.pages.page(request, "signed_on.html", to=answer.headers["location"])
        page.raw_headers += [pair for pair in answer.raw_headers if pair[0] == b"set-cookie"]
        answer = page
    answer.delete_cookie(COOKIE, path="/sign-in/sso")
    return answer


async def _vouched(
    request: Request, of: Services, provider: Provider, attempt: Attempt | None, code: str, state: str, iss: str,
    error: str,
) -> _Entered:  # fmt: skip
    """Sign in whom the provider vouches for. Raises SignInError or SignOnError."""
    name = provider.settings.name
    good = attempt is not None and secrets.compare_digest(state.encode(), attempt.state.encode())
    if attempt is None or not good or iss not in ("", provider.settings.issuer):
        raise SignInError(
            f"Lần đăng nhập bằng {name} này đã cũ hoặc không bắt đầu ở trình duyệt này. Hãy bấm lại nút đăng nhập.",
            f"This sign-in by {name} is too old, or did not begin in this browser. Press its button again.",
        )
    if error or not code:
        raise SignInError(f"{name} không cho đăng nhập.", f"{name} did not sign you in.")
    person = await run_in_threadpool(provider.finish, attempt, code, _redirect(request, of))
    trusted = provider.settings.second_factor_there

    def job(connection: Connection) -> _Entered:
        account, now = _account(connection, provider, person, of.now()), of.now()
        made = enter(connection, account, "sso", browser_of(request), now, of.config.accounts, second_step_done=trusted)
        return _Entered(account, made)

    return await asyncio.wrap_future(of.writer.submit(job))


def _account(connection: Connection, provider: Provider, person: Person, now: int) -> str:
    """The account of whom the provider vouches for, inside a job. None is ever made here. Raises SignInError."""
    who = {"issuer": person.iss, "subject": person.sub}
    account = connection.execute(_BY_IDENTITY, who).scalar_one_or_none()
    if account is None and provider.settings.link_by_email and person.verified_email is not None:
        account = connection.execute(_BY_EMAIL, {"email": person.verified_email}).scalar_one_or_none()
        if account is not None:
            link_identity(connection, account, person.iss, person.sub, account, now)
    if account is None:
        raise SignInError(
            f"{provider.settings.name} này chưa nối với tài khoản nào ở đây. Hãy gửi mã người dùng này cho quản trị hệ "
            f"thống: {person.sub}",
            f"{provider.settings.name} is not linked to an account here. Send this id to the administrator: "
            f"{person.sub}",
        )
    return str(account)
