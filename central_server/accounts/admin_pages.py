"""/admin/accounts: who may sign in, and who may do what where."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from central_server.accounts.administering import (
    Details,
    change_details,
    link_identity,
    reset_second_factor,
    set_disabled,
    unlink_identities,
)
from central_server.accounts.giving import NewAccount, add_account, give, take
from central_server.accounts.guard import ActorDep, guard
from central_server.accounts.links import NEW_ACCOUNT_LIFE_MS, NewLink, make_link
from central_server.accounts.permission import ROLES, Grant, Role
from central_server.accounts.queries import SHOWN, Place, Sort, account_facts, list_accounts, places
from central_server.accounts.sign_ins import end_all, own_address
from central_server.accounts.words import ROLE_WORDS
from central_server.database import Job, T
from central_server.errors import InputError, NotFoundError, ServerError
from central_server.services import Services, ServicesDep
from central_server.web.headers import page_language

router = APIRouter(prefix="/admin/accounts", dependencies=[guard("administer")])

Typed = Annotated[str, Form()]


async def _do(of: Services, job: Job[T]) -> T:
    return await asyncio.wrap_future(of.writer.submit(job))


async def _read(of: Services, reading: Callable[[Connection], T]) -> T:
    def read() -> T:
        with of.engine.connect() as connection:
            return reading(connection)

    return await run_in_threadpool(read)


@router.get("")
async def accounts_page(
    request: Request, of: ServicesDep, search: str = "", role: str = "", sort: Sort = "name"
) -> Response:
    """The list."""
    rows = await _read(of, lambda connection: list_accounts(connection, search, role, sort))
    context = {
        "rows": rows[:SHOWN], "count": len(rows), "search": search, "role": role, "sort": sort, "roles": ROLE_WORDS,
        "now": of.now(),
    }  # fmt: skip
    return of.pages.page(request, "accounts.html", **context)


@dataclass(frozen=True, slots=True)
class _Form:
    """What was typed of a role and its place."""

    role: str
    course: str
    bridge_point: str

    def grant(self, courses: list[Place], points: list[Place]) -> Grant | None:
        """The grant; none where no role was chosen. Raises InputError where there is no such place."""
        role: Role | None = next((one for one in ROLES if one == self.role), None)
        if role is None:
            return None
        return Grant(
            role,
            _chosen(self.course, courses, ("lớp", "course")),
            _chosen(self.bridge_point, points, ("điểm cầu", "bridge point")),
        )


def _chosen(code: str, among: list[Place], what: tuple[str, str]) -> str | None:
    if not code.strip():
        return None
    found = next((place.id for place in among if place.code == code.strip()), None)
    if found is None:
        raise InputError(
            f'Không có {what[0]} mã "{code}". Hãy chọn trong danh sách, hoặc để trống cho tất cả.',
            f'There is no {what[1]} with the code "{code}". Choose from the list, or leave it empty for all.',
        )
    return found


@router.get("/new")
async def new_account_page(request: Request, of: ServicesDep) -> Response:
    """The form for a new account."""
    return await _new_form(request, of, "", "", _Form("", "", ""), None)


async def _new_form(
    request: Request, of: Services, login: str, name: str, form: _Form, error: ServerError | None
) -> Response:
    courses, points = await _read(of, places)
    sentence = error.sentence(page_language(request)) if error else None
    context = {
        "login": login, "name": name, "form": form, "courses": courses, "points": points, "roles": ROLE_WORDS,
        "sentence": sentence,
    }  # fmt: skip
    return of.pages.page(request, "account_new.html", error.status if error else 200, **context)


@router.post("")
async def make_account(
    request: Request, of: ServicesDep, actor: ActorDep, login: Typed = "", name: Typed = "", role: Typed = "",
    course: Typed = "", bridge_point: Typed = "",
) -> Response:  # fmt: skip
    """Make an account and show its one-time link, once."""
    form, now = _Form(role, course, bridge_point), of.now()

    def job(connection: Connection) -> tuple[str, NewLink]:
        grant = form.grant(*places(connection))
        new = NewAccount(login, name, (grant,) if grant else ())
        account = add_account(connection, new, actor.account, now)
        return account, make_link(
            connection, account, now, new_password=True, by=actor.account, life_ms=NEW_ACCOUNT_LIFE_MS
        )

    try:
        account, link = await _do(of, job)
    except InputError as error:
        return await _new_form(request, of, login, name, form, error)
    return await _page(request, of, account, link=link)


async def _page(
    request: Request, of: Services, account: str, *, link: NewLink | None = None, done: str = "",
    undo: _Form | None = None, error: ServerError | None = None, at: str = "",
) -> Response:  # fmt: skip
    facts = await _read(of, lambda connection: account_facts(connection, account))
    courses, points = await _read(of, places)
    context = {
        "facts": facts, "courses": courses, "points": points, "roles": ROLE_WORDS, "done": done, "undo": undo, "at": at,
        "sso": of.config.oidc,
        "sentence": error.sentence(page_language(request)) if error else None, "link": link,
        "link_address": f"{own_address(request, of.config)}{link.path}" if link else "",
    }  # fmt: skip
    return of.pages.page(request, "account_one.html", error.status if error else 200, **context)


@router.get("/{account}")
async def account_page(
    request: Request, of: ServicesDep, account: str, done: str = "", role: str = "", course: str = "",
    bridge_point: str = "",
) -> Response:  # fmt: skip
    """One account; after a role was taken away, with the way to give it back."""
    undo = _Form(role, course, bridge_point) if done == "taken" else None
    return await _page(request, of, account, done=done, undo=undo)


async def _change(request: Request, of: Services, account: str, job: Job[object], done: str, at: str) -> Response:
    """Run a job on an account and go back to its page; what can't be is said at the form `at`."""
    try:
        await _do(of, job)
    except InputError as error:
        return await _page(request, of, account, error=error, at=at)
    return RedirectResponse(f"/admin/accounts/{account}?done={done}", 303)


@router.post("/{account}/details")
async def details(
    request: Request, of: ServicesDep, actor: ActorDep, account: str, name: Typed = "", email: Typed = "",
    learner: Typed = "",
) -> Response:  # fmt: skip
    """Change name, e-mail, whose account it is."""
    typed, now = Details(name, email, learner), of.now()
    return await _change(
        request, of, account, lambda db: change_details(db, account, typed, actor.account, now), "details", "details"
    )


@router.post("/{account}/grants")
async def give_role(
    request: Request, of: ServicesDep, actor: ActorDep, account: str, role: Typed = "", course: Typed = "",
    bridge_point: Typed = "",
) -> Response:  # fmt: skip
    """Give a role somewhere."""
    form, now = _Form(role, course, bridge_point), of.now()

    def job(connection: Connection) -> None:
        account_facts(connection, account)
        grant = form.grant(*places(connection))
        if grant is None:
            raise InputError("Hãy chọn một vai trò.", "Choose a role.")
        if not give(connection, account, grant, actor.account, now):
            raise InputError("Tài khoản đã có quyền này.", "The account has this permission already.")

    return await _change(request, of, account, job, "given", "grants")


@router.post("/{account}/grants/{grant}/take")
async def take_role(request: Request, of: ServicesDep, actor: ActorDep, account: str, grant: str) -> Response:
    """Take a role away; the page offers to undo it."""
    now = of.now()

    def job(connection: Connection) -> _Form:
        rows = [row for row in account_facts(connection, account).grants if row.id == grant]
        if not rows:
            raise NotFoundError("Quyền này đã được thu hồi rồi.", "This permission was taken away already.")
        if account == actor.account and rows[0].grant.role == "administrator":
            raise InputError(
                "Đồng chí không thể tự thu hồi quyền quản trị của mình; hãy nhờ quản trị hệ thống khác.",
                "You can't take your own administrator's role away; ask another administrator.",
            )
        one = rows[0]
        take(connection, account, one.grant, actor.account, now)
        return _Form(one.grant.role, one.course_code, one.point_code)

    try:
        taken = await _do(of, job)
    except InputError as error:
        return await _page(request, of, account, error=error, at="grants")
    return RedirectResponse(f"/admin/accounts/{account}?{urlencode({'done': 'taken'} | asdict(taken))}", 303)


@router.post("/{account}/disable")
async def disable(request: Request, of: ServicesDep, actor: ActorDep, account: str) -> Response:
    """Disable the account: its sign-ins end at once."""
    now = of.now()
    return await _change(
        request, of, account, lambda db: set_disabled(db, account, actor.account, now, disabled=True), "disabled",
        "state",
    )  # fmt: skip


@router.post("/{account}/enable")
async def enable(request: Request, of: ServicesDep, actor: ActorDep, account: str) -> Response:
    """Enable it again."""
    now = of.now()
    return await _change(
        request, of, account, lambda db: set_disabled(db, account, actor.account, now, disabled=False), "enabled",
        "state",
    )  # fmt: skip


@router.post("/{account}/link")
async def new_link(request: Request, of: ServicesDep, actor: ActorDep, account: str) -> Response:
    """A one-time link with which its owner chooses a new password; shown once."""
    now = of.now()

    def job(connection: Connection) -> NewLink:
        account_facts(connection, account)
        return make_link(connection, account, now, new_password=True, by=actor.account, life_ms=NEW_ACCOUNT_LIFE_MS)

    return await _page(request, of, account, link=await _do(of, job))


@router.post("/{account}/second-factor/reset")
async def reset(request: Request, of: ServicesDep, actor: ActorDep, account: str) -> Response:
    """Take the second factor away from somebody who lost the telephone and the codes."""
    now = of.now()
    return await _change(
        request, of, account, lambda db: reset_second_factor(db, account, actor.account, now), "reset", "state"
    )


@router.post("/{account}/sign-ins/end")
async def end_sign_ins(request: Request, of: ServicesDep, actor: ActorDep, account: str) -> Response:
    """Sign the account out everywhere."""
    now = of.now()
    return await _change(request, of, account, lambda db: end_all(db, account, actor.account, now), "ended", "state")


@router.post("/{account}/sign-on")
async def link_sign_on(
    request: Request, of: ServicesDep, actor: ActorDep, account: str, subject: Typed = ""
) -> Response:
    """Link the account to who its owner is at the office's sign-on."""
    now, sso = of.now(), of.config.oidc
    if sso is None:
        raise NotFoundError("Máy chủ chưa nối với tài khoản cơ quan.", "The server knows no office's sign-on.")
    issuer = sso.issuer
    return await _change(
        request, of, account, lambda db: link_identity(db, account, issuer, subject.strip(), actor.account, now),
        "linked", "sign-on",
    )  # fmt: skip


@router.post("/{account}/sign-on/unlink")
async def unlink_sign_on(request: Request, of: ServicesDep, actor: ActorDep, account: str) -> Response:
    """Unlink the account from the office's sign-on."""
    now = of.now()
    return await _change(
        request, of, account, lambda db: unlink_identities(db, account, actor.account, now), "unlinked", "sign-on"
    )
