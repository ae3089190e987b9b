"""The pages by which people sign in and out: login and password, one-time links, and the code of a second factor."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, text
from starlette.concurrency import run_in_threadpool

from central_server.accounts.entering import counters, enter, entered, half_sign_in, ours
from central_server.accounts.giving import login_of, set_password
from central_server.accounts.guard import ActorDep, guard
from central_server.accounts.limiting import begin_try, fail, of_account, of_login, succeed
from central_server.accounts.links import Link, read_link, use_link
from central_server.accounts.passwords import check_new_password
from central_server.accounts.second_factor import use_code, use_recovery_code
from central_server.accounts.sign_ins import (
    NewSignIn,
    SecondFactorUsed,
    browser_of,
    drop_cookie,
    end_sign_in,
    finish_sign_in,
)
from central_server.errors import BusyError, InputError, ServerError, SignInError
from central_server.services import Services, ServicesDep
from central_server.web.headers import page_language

router = APIRouter(dependencies=[guard("everybody")])
leaving = APIRouter(dependencies=[guard("signed_in")])

_ACCOUNT = text("SELECT id, password FROM account WHERE login = :login AND NOT disabled")

Typed = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class _Entered:
    account: str
    made: NewSignIn


@router.get("/sign-in")
async def sign_in_page(request: Request, of: ServicesDep, next: str = "/") -> Response:
    """The form."""
    return sign_in_form(request, of, next)


def sign_in_form(
    request: Request, of: Services, next: str, login: str = "", error: ServerError | None = None
) -> Response:  # fmt: skip
    """The form, with what was wrong."""
    sentence = error.sentence(page_language(request)) if error else None
    context = {"next": ours(next), "login": login, "sentence": sentence, "sso": of.config.oidc}
    return of.pages.page(request, "sign_in.html", error.status if error else 200, **context)


@router.post("/sign-in")
async def sign_in(
    request: Request, of: ServicesDep, login: Typed = "", password: Typed = "", next: Typed = "/"
) -> Response:
    """Sign in with login and password. A wrong login and a wrong password get the same answer after the same work."""
    try:
        one = await _by_password(request, of, login_of(login), password)
    except (SignInError, BusyError) as error:
        return sign_in_form(request, of, next, login, error)
    return entered(request, of, one.account, one.made, next)


async def _by_password(request: Request, of: Services, login: str, password: str) -> _Entered:
    def read() -> tuple[str, str | None]:
        with of.engine.connect() as connection:
            row = connection.execute(_ACCOUNT, {"login": login}).one_or_none()
        return (row.id, row.password) if row else ("", None)

    account, phc = await run_in_threadpool(read)
    counted = counters(request, of, account, of_login(login))
    await asyncio.wrap_future(of.writer.submit(begin_try(counted, of.now())))
    if not await of.hasher.matches(password, phc):
        await asyncio.wrap_future(of.writer.submit(fail(counted, account or None, of.now())))
        raise SignInError(
            "Tên đăng nhập hoặc mật khẩu không đúng. Hãy kiểm tra phím Caps Lock và bộ gõ tiếng Việt.",
            "The login or the password is wrong. Check Caps Lock and the keyboard's language.",
        )

    def job(connection: Connection) -> NewSignIn:
        succeed(connection, counted)
        return enter(connection, account, "password", browser_of(request), of.now(), of.config.accounts)

    return _Entered(account, await asyncio.wrap_future(of.writer.submit(job)))


@router.get("/sign-in/link")
async def link_page(request: Request, of: ServicesDep, key: str = "", next: str = "/") -> Response:
    """What a one-time link opens. It is used up by the button, not by whoever looks at the address (chats do)."""
    return _link_form(request, of, await _link(of, key), key, next)


async def _link(of: Services, key: str) -> Link:
    def read() -> Link:
        with of.engine.connect() as connection:
            return read_link(connection, key, of.now())

    return await run_in_threadpool(read)


def _link_form(
    request: Request, of: Services, link: Link, key: str, next: str, error: InputError | None = None
) -> Response:
    sentence = error.sentence(page_language(request)) if error else None
    context = {"key": key, "next": ours(next), "link": link, "sentence": sentence}
    return of.pages.page(request, "sign_in_link.html", error.status if error else 200, **context)


@router.post("/sign-in/link")
async def by_link(
    request: Request, of: ServicesDep, key: Typed = "", next: Typed = "/", password: Typed = "", again: Typed = ""
) -> Response:
    """Sign in by a one-time link, with a new password where it asks for one."""
    link, phc = await _link(of, key), None
    if link.new_password:
        try:
            check_new_password(password, again, link.login, link.name)
        except InputError as error:
            return _link_form(request, of, link, key, next, error)
        phc = await of.hasher.hash(password)

    def job(connection: Connection) -> NewSignIn:
        now = of.now()
        use_link(connection, key, now)
        if phc is not None:
            set_password(connection, link.account, phc, link.account, now)
        return enter(connection, link.account, "link", browser_of(request), now, of.config.accounts)

    made = await asyncio.wrap_future(of.writer.submit(job))
    return entered(request, of, link.account, made, next)


@router.get("/sign-in/code")
async def code_page(request: Request, of: ServicesDep, next: str = "/") -> Response:
    """The second step: the code."""
    half = await run_in_threadpool(half_sign_in, request, of)
    if half is None or half.waits_for != "code":
        return RedirectResponse("/sign-in", 303)
    return _code_form(request, of, next)


def _code_form(request: Request, of: Services, next: str, error: ServerError | None = None) -> Response:
    sentence = error.sentence(page_language(request)) if error else None
    context = {"next": ours(next), "sentence": sentence}
    return of.pages.page(request, "sign_in_code.html", error.status if error else 200, **context)


@router.post("/sign-in/code")
async def by_code(request: Request, of: ServicesDep, code: Typed = "", next: Typed = "/") -> Response:
    """The second step: the app's code, or one of the recovery codes."""
    half = await run_in_threadpool(half_sign_in, request, of)
    if half is None or half.waits_for != "code":
        return RedirectResponse("/sign-in", 303)
    account, now = half.actor.account, of.now()
    counted = counters(request, of, account, of_account(account))
    try:
        await asyncio.wrap_future(of.writer.submit(begin_try(counted, now)))
    except BusyError as error:
        return _code_form(request, of, next, error)

    def job(connection: Connection) -> NewSignIn | None:
        used: SecondFactorUsed = "code"
        if not use_code(connection, of.account_key, account, code, now):
            if not use_recovery_code(connection, of.account_key, account, code, now):
                return None
            used = "recovery_code"
        succeed(connection, counted)
        return finish_sign_in(connection, half, browser_of(request), now, of.config.accounts, None, used)

    made = await asyncio.wrap_future(of.writer.submit(job))
    if made is None:
        await asyncio.wrap_future(of.writer.submit(fail(counted, account, now)))
        wrong = SignInError(
            "Mã không đúng hoặc đã dùng. Hãy đợi mã mới hiện trên điện thoại, hoặc nhập một mã dự phòng.",
            "The code is wrong or was used. Wait for the telephone's next one, or type a recovery code.",
        )
        return _code_form(request, of, next, wrong)
    return entered(request, of, account, made, next)


@leaving.post("/sign-out")
async def sign_out(request: Request, of: ServicesDep, actor: ActorDep) -> Response:
    """Sign this browser out."""
    ending = end_sign_in(actor.account, actor.browser_session, actor.account, of.now())
    await asyncio.wrap_future(of.writer.submit(ending))
    answer = RedirectResponse("/sign-in", 303)
    drop_cookie(answer, request, of.config)
    return answer
