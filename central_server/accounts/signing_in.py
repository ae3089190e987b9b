"""The pages by which people sign in and out: login and password, and one-time links."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, text
from starlette.concurrency import run_in_threadpool

from central_server.accounts.giving import login_of, set_password
from central_server.accounts.guard import ActorDep, guard
from central_server.accounts.links import Link, read_link, use_link
from central_server.accounts.passwords import check_password
from central_server.accounts.sign_ins import (
    NewSignIn,
    browser_of,
    drop_cookie,
    end_sign_in,
    make_sign_in,
    set_cookie,
)
from central_server.errors import InputError, SignInError
from central_server.services import Services, ServicesDep
from central_server.web.headers import page_language

router = APIRouter(dependencies=[guard("everybody")])
leaving = APIRouter(dependencies=[guard("signed_in")])

_ACCOUNT = text("SELECT id, password FROM account WHERE login = :login AND NOT disabled")

Typed = Annotated[str, Form()]


def ours(path: str) -> str:
    """A path of this server to go on to; "//elsewhere" and "/\\elsewhere" would lead browsers to another one."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


@router.get("/sign-in")
async def sign_in_page(request: Request, of: ServicesDep, next: str = "/") -> Response:
    """The form."""
    return of.pages.page(request, "sign_in.html", next=ours(next), login="", sentence=None)


@router.post("/sign-in")
async def sign_in(
    request: Request, of: ServicesDep, login: Typed = "", password: Typed = "", next: Typed = "/"
) -> Response:
    """Sign in with login and password. A wrong login and a wrong password get the same answer after the same work."""
    try:
        made = await _by_password(request, of, login, password)
    except SignInError as error:
        sentence = error.sentence(page_language(request))
        context = {"next": ours(next), "login": login, "sentence": sentence}
        return of.pages.page(request, "sign_in.html", error.status, **context)
    return _enter(request, of, made, ours(next))


async def _by_password(request: Request, of: Services, login: str, password: str) -> NewSignIn:
    def read() -> tuple[str, str | None]:
        with of.engine.connect() as connection:
            row = connection.execute(_ACCOUNT, {"login": login_of(login)}).one_or_none()
        return (row.id, row.password) if row else ("", None)

    account, phc = await run_in_threadpool(read)
    if not await of.hasher.matches(password, phc):
        raise SignInError(
            "Tên đăng nhập hoặc mật khẩu không đúng. Hãy kiểm tra phím Caps Lock và bộ gõ tiếng Việt.",
            "The login or the password is wrong. Check Caps Lock and the keyboard's language.",
        )

    def job(connection: Connection) -> NewSignIn:
        return make_sign_in(connection, account, "password", browser_of(request), of.now(), of.config.accounts)

    return await asyncio.wrap_future(of.writer.submit(job))


@router.get("/sign-in/link")
async def link_page(request: Request, of: ServicesDep, key: str = "", next: str = "/") -> Response:
    """What a one-time link opens. It is used up by the button, not by whoever looks at the address (chats do)."""

    def read() -> Link:
        with of.engine.connect() as connection:
            return read_link(connection, key, of.now())

    link = await run_in_threadpool(read)
    return of.pages.page(request, "sign_in_link.html", key=key, next=ours(next), link=link, sentence=None)


@router.post("/sign-in/link")
async def by_link(
    request: Request, of: ServicesDep, key: Typed = "", next: Typed = "/", password: Typed = "", again: Typed = ""
) -> Response:
    """Sign in by a one-time link, with a new password where it asks for one."""

    def read() -> Link:
        with of.engine.connect() as connection:
            return read_link(connection, key, of.now())

    link, phc = await run_in_threadpool(read), None
    if link.new_password:
        try:
            check_password(password, link.login, link.name)
            if password != again:
                raise InputError("Hai lần nhập mật khẩu không giống nhau.", "The two passwords are not the same.")
        except InputError as error:
            sentence = error.sentence(page_language(request))
            context = {"key": key, "next": ours(next), "link": link, "sentence": sentence}
            return of.pages.page(request, "sign_in_link.html", error.status, **context)
        phc = await of.hasher.hash(password)

    def job(connection: Connection) -> NewSignIn:
        used, now = use_link(connection, key, of.now()), of.now()
        if phc is not None:
            set_password(connection, used.account, phc, used.account, now)
        return make_sign_in(connection, used.account, "link", browser_of(request), now, of.config.accounts)

    return _enter(request, of, await asyncio.wrap_future(of.writer.submit(job)), ours(next))


def _enter(request: Request, of: Services, made: NewSignIn, to: str) -> Response:
    answer = RedirectResponse(to, 303)
    set_cookie(answer, request, of.config, made)
    return answer


@leaving.post("/sign-out")
async def sign_out(request: Request, of: ServicesDep, actor: ActorDep) -> Response:
    """Sign this browser out."""
    await asyncio.wrap_future(
        of.writer.submit(end_sign_in(actor.account, actor.browser_session, actor.account, of.now()))
    )
    answer = RedirectResponse("/sign-in", 303)
    drop_cookie(answer, request, of.config)
    return answer
