"""/account: one's own password, second factor and sign-ins."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from sqlalchemy import Connection, text
from starlette.concurrency import run_in_threadpool

from central_server.accounts.entering import entered, ours
from central_server.accounts.giving import set_password, set_pin
from central_server.accounts.guard import ActorDep, SignInDep, guard
from central_server.accounts.limiting import begin_try, fail, of_account, succeed
from central_server.accounts.passwords import check_new_password, check_pin
from central_server.accounts.permission import Actor
from central_server.accounts.second_factor import (
    keep_recovery_codes,
    new_recovery_codes,
    new_secret,
    picture,
    spoken,
    turn_off,
    turn_on,
    use_code,
)
from central_server.accounts.sign_ins import browser_of, drop_cookie, end_all, end_sign_in, finish_sign_in
from central_server.accounts.words import HOW_WORDS, ROLE_WORDS, browser_words
from central_server.database import Job, T
from central_server.errors import BusyError, InputError, NotFoundError, ServerError
from central_server.services import Services, ServicesDep
from central_server.web.headers import page_language

router = APIRouter(prefix="/account", dependencies=[guard("signed_in")])
setting_up = APIRouter(prefix="/account", dependencies=[guard("half_signed_in")])

Typed = Annotated[str, Form()]

_FACTS = text(
    "SELECT login, name, password, totp IS NOT NULL AS second_factor, pin IS NOT NULL AS pin,"
    " (SELECT count(*) FROM recovery_code r WHERE r.account = a.id AND r.used_at IS NULL) AS recovery_codes"
    " FROM account a WHERE id = :account"
)
_SIGN_INS = text(
    "SELECT id, made_at, seen_at, expires_at, ended_at, how, address, browser FROM browser_session"
    " WHERE account = :account AND waits_for IS NULL ORDER BY made_at DESC LIMIT 100"
)


@dataclass(frozen=True, slots=True)
class SignInRow:
    """A sign-in in the list. Times: server time, ms."""

    id: str
    made_at: int
    seen_at: int
    holds: bool
    how: tuple[str, str]
    address: str
    browser: str
    this: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What an account's own page shows."""

    login: str
    name: str
    password: str | None
    second_factor: bool
    recovery_codes: int
    """Not used yet."""
    demanded: bool
    """One of the account's roles may do nothing without a second factor."""
    technician: bool
    """May be on duty at a bridge point."""
    pin: bool
    """A PIN for that is set."""
    sign_ins: tuple[SignInRow, ...]


def facts_of(connection: Connection, of: Services, actor: Actor) -> Facts:
    """What there is to show of an account."""
    row, now = connection.execute(_FACTS, {"account": actor.account}).one(), of.now()
    idle = now - of.config.accounts.idle_minutes * 60_000
    sign_ins = tuple(
        SignInRow(
            one.id, one.made_at, one.seen_at,
            one.ended_at is None and one.expires_at > now and one.seen_at > idle,
            HOW_WORDS[one.how], one.address, browser_words(one.browser), one.id == actor.browser_session,
        )
        for one in connection.execute(_SIGN_INS, {"account": actor.account})
    )  # fmt: skip
    demanded = any(grant.role in of.config.accounts.second_factor for grant in actor.grants)
    technician = any(grant.role == "technician" for grant in actor.grants)
    return Facts(
        row.login, row.name, row.password, bool(row.second_factor), row.recovery_codes, demanded, technician,
        bool(row.pin), sign_ins,
    )  # fmt: skip


async def _facts(of: Services, actor: Actor) -> Facts:
    def read() -> Facts:
        with of.engine.connect() as connection:
            return facts_of(connection, of, actor)

    return await run_in_threadpool(read)


async def _do(of: Services, job: Job[T]) -> T:
    return await asyncio.wrap_future(of.writer.submit(job))


async def _page(
    request: Request, of: Services, actor: Actor, *, done: str = "", error: ServerError | None = None, at: str = ""
) -> Response:
    """The page; `at` names the form in which `error` is shown."""
    sentence = error.sentence(page_language(request)) if error else None
    roles = [ROLE_WORDS[role] for role in dict.fromkeys(grant.role for grant in actor.grants)]
    context = {"facts": await _facts(of, actor), "roles": roles, "done": done, "sentence": sentence, "at": at}
    return of.pages.page(request, "account.html", error.status if error else 200, **context)


@router.get("")
async def account_page(request: Request, of: ServicesDep, actor: ActorDep, done: str = "") -> Response:
    """The page."""
    return await _page(request, of, actor, done=done)


@router.post("/password")
async def new_password(
    request: Request, of: ServicesDep, actor: ActorDep, present: Typed = "", password: Typed = "", again: Typed = ""
) -> Response:
    """Change the password; other browsers are signed out."""
    facts, counted, now = await _facts(of, actor), (of_account(actor.account),), of.now()
    try:
        check_new_password(password, again, facts.login, facts.name)
        if facts.password is not None:
            await _do(of, begin_try(counted, now))
            if not await of.hasher.matches(present, facts.password):
                await _do(of, fail(counted, actor.account, now))
                raise InputError("Mật khẩu hiện tại không đúng.", "The present password is wrong.")
        phc = await of.hasher.hash(password)
    except (InputError, BusyError) as error:
        return await _page(request, of, actor, error=error, at="password")

    def job(connection: Connection) -> None:
        succeed(connection, counted)
        set_password(connection, actor.account, phc, actor.account, now)
        end_all(connection, actor.account, actor.account, now, but=actor.browser_session)

    await _do(of, job)
    return RedirectResponse("/account?done=password", 303)


@router.post("/pin")
async def new_pin(
    request: Request, of: ServicesDep, actor: ActorDep, present: Typed = "", pin: Typed = "", again: Typed = ""
) -> Response:
    """Set the PIN by which a technician says at the bridge point who is on duty."""
    facts, counted, now = await _facts(of, actor), (of_account(actor.account),), of.now()
    try:
        if not facts.technician:
            raise InputError(
                "Chỉ cán bộ kỹ thuật của một điểm cầu cần mã PIN này.",
                "Only technicians of a bridge point need this PIN.",
            )
        check_pin(pin, again)
        if facts.password is not None:
            await _do(of, begin_try(counted, now))
            if not await of.hasher.matches(present, facts.password):
                await _do(of, fail(counted, actor.account, now))
                raise InputError("Mật khẩu hiện tại không đúng.", "The present password is wrong.")
        (phc,) = await of.hasher.hash_pins([pin])
    except (InputError, BusyError) as error:
        return await _page(request, of, actor, error=error, at="pin")

    def job(connection: Connection) -> None:
        succeed(connection, counted)
        set_pin(connection, actor.account, of.sealing.seal("witness_pin", actor.account, phc.encode()), now)

    await _do(of, job)
    return RedirectResponse("/account?done=pin", 303)


@setting_up.get("/second-factor")
async def second_factor_page(request: Request, of: ServicesDep, sign_in: SignInDep, next: str = "") -> Response:
    """A new secret as a picture for the app. It is kept only once a first code has come back."""
    facts = await _facts(of, sign_in.actor)
    next = next or ("/account" if sign_in.waits_for is None else "/")
    if facts.second_factor:
        return RedirectResponse("/account", 303)
    return _setting_up(request, of, sign_in.actor.account, facts, new_secret(), next)


def _setting_up(
    request: Request, of: Services, account: str, facts: Facts, secret: bytes, next: str,
    error: ServerError | None = None,
) -> Response:  # fmt: skip
    sentence = error.sentence(page_language(request)) if error else None
    context = {
        "facts": facts, "sealed": of.account_key.seal("new second factor", account, secret).hex(),
        "picture": Markup(picture(secret, facts.login)),  # noqa: S704 - our own SVG
        "spoken": spoken(secret), "next": ours(next), "sentence": sentence,
    }  # fmt: skip
    return of.pages.page(request, "second_factor.html", error.status if error else 200, **context)


@setting_up.post("/second-factor")
async def second_factor_on(
    request: Request, of: ServicesDep, sign_in: SignInDep, sealed: Typed = "", code: Typed = "", next: Typed = "/"
) -> Response:
    """Turn the second factor on and show the recovery codes, once."""
    actor, now = sign_in.actor, of.now()
    facts = await _facts(of, actor)
    secret = _opened(of, actor.account, sealed)
    if facts.second_factor or secret is None:
        return RedirectResponse("/account", 303)
    codes = new_recovery_codes()

    def job(connection: Connection) -> Response:
        turn_on(connection, of.account_key, actor.account, secret, code, now)
        keep_recovery_codes(connection, of.account_key, actor.account, codes, now)
        answer = _codes_page(request, of, codes, next)
        if sign_in.waits_for is not None:
            made = finish_sign_in(connection, sign_in, browser_of(request), now, of.config.accounts, None, "code")
            entering = entered(request, of, actor.account, made, next)
            answer.raw_headers += [pair for pair in entering.raw_headers if pair[0] == b"set-cookie"]
        return answer

    try:
        return await _do(of, job)
    except InputError as error:
        return _setting_up(request, of, actor.account, facts, secret, next, error)


def _opened(of: Services, account: str, sealed: str) -> bytes | None:
    try:
        return of.account_key.open("new second factor", account, bytes.fromhex(sealed))
    except ValueError:
        return None


def _codes_page(request: Request, of: Services, codes: tuple[str, ...], next: str) -> Response:
    return of.pages.page(request, "recovery_codes.html", codes=codes, next=ours(next))


async def _with_code(of: Services, actor: Actor, code: str, job: Job[None]) -> None:
    """Run a job once the app's present code was typed. Raises InputError or BusyError."""
    counted, now = (of_account(actor.account),), of.now()

    def checked(connection: Connection) -> bool:
        if not use_code(connection, of.account_key, actor.account, code, now):
            return False
        succeed(connection, counted)
        job(connection)
        return True

    await _do(of, begin_try(counted, now))
    if not await _do(of, checked):
        await _do(of, fail(counted, actor.account, now))
        raise InputError(
            "Mã không đúng hoặc đã dùng. Hãy đợi mã mới hiện trên điện thoại.",
            "The code is wrong or was used. Wait for the telephone's next one.",
        )


@router.post("/second-factor/off")
async def second_factor_off(request: Request, of: ServicesDep, actor: ActorDep, code: Typed = "") -> Response:
    """Turn the second factor off, unless a role needs it."""
    try:
        if (await _facts(of, actor)).demanded:
            raise InputError(
                "Vai trò của đồng chí bắt buộc có bước xác thực thứ hai nên không tắt được.",
                "One of your roles needs the second factor, so it stays on.",
            )
        await _with_code(of, actor, code, lambda db: turn_off(db, actor.account, actor.account, of.now()))
    except (InputError, BusyError) as error:
        return await _page(request, of, actor, error=error, at="off")
    return RedirectResponse("/account?done=off", 303)


@router.post("/recovery-codes")
async def more_recovery_codes(request: Request, of: ServicesDep, actor: ActorDep, code: Typed = "") -> Response:
    """New recovery codes; the old ones are good for nothing any more."""
    codes = new_recovery_codes()
    try:
        await _with_code(
            of, actor, code, lambda db: keep_recovery_codes(db, of.account_key, actor.account, codes, of.now())
        )
    except (InputError, BusyError) as error:
        return await _page(request, of, actor, error=error, at="codes")
    return _codes_page(request, of, codes, "/account")


@router.post("/sign-ins/{sign_in}/end")
async def end_one(of: ServicesDep, actor: ActorDep, sign_in: str) -> Response:
    """Sign another browser out."""
    if not await _do(of, end_sign_in(actor.account, sign_in, actor.account, of.now())):
        raise NotFoundError("Lần đăng nhập này đã kết thúc rồi.", "This sign-in has ended already.")
    return RedirectResponse("/account?done=ended", 303)


@router.post("/sign-ins/end")
async def end_everywhere(request: Request, of: ServicesDep, actor: ActorDep) -> Response:
    """Sign out everywhere, here too."""
    await _do(of, lambda connection: end_all(connection, actor.account, actor.account, of.now()))
    answer = RedirectResponse("/sign-in", 303)
    drop_cookie(answer, request, of.config)
    return answer
