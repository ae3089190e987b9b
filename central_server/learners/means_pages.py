"""Cards and PINs of a course's learners: who has which, new PINs as slips to be printed once, numbers of cards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlmodel import Session

from central_server.accounts.guard import ActorDep, guard
from central_server.courses.changes import changing
from central_server.courses.queries import course_of
from central_server.enrolment.listing import ListedGuest, ListedLearner, guests_of, listed, shown
from central_server.errors import ConflictError, NotFoundError
from central_server.learners.gallery import means_of
from central_server.learners.lookalikes import judge
from central_server.learners.means import keep_pins, new_pin, put_cards, take_card
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.forms import Form, FormDep
from central_server.web.headers import page_language
from models.cards import card_number

router = APIRouter(prefix="/courses/{course}", dependencies=[guard("manage_course")])
AT_ONCE = 200
"""PINs that are made in one go: some seconds of hashing, and forty sheets of slips at most."""
MOST = 500
"""Learners on the page; a search or a bridge point shows the others."""
SHOWN_DIGITS = 4


@dataclass(frozen=True, slots=True)
class MeansRow:
    """A learner, and what he or she can be known by."""

    id: str
    code: str
    name: str
    unit: str
    birth_year: int | None
    bridge_point: str
    """Its name."""
    guest: bool
    face: bool
    pin_made_at: int | None
    card: str
    """The last figures of the number; empty without a card."""


@dataclass(frozen=True, slots=True)
class Slip:
    """What is printed and cut out for a learner. The PIN stands nowhere else."""

    name: str
    unit: str
    birth_year: int | None
    code: str
    bridge_point: str
    pin: str


@router.get("/cards")
def cards_page(request: Request, course: str, of: ServicesDep, db: ReadingDep) -> HTMLResponse:
    """The learners, and what each can be known by."""
    return _page(request, course, of, db, Form({}))


@router.post("/cards")
async def save_cards(request: Request, course: str, of: ServicesDep, actor: ActorDep, form: FormDep) -> Response:
    """Save the numbers that were typed, all or none; an empty field leaves a learner's card as it is."""
    with Session(of.engine) as db:
        rows = {row.id: row for row in _rows(db, of, course)}
    numbers: dict[str, str] = {}
    last = ""
    for name in form.names():
        learner, typed = name.removeprefix("card."), form.value(name)
        if not name.startswith("card.") or learner not in rows or not typed.strip():
            continue
        number, last = card_number(typed), learner
        if number is None:
            form.fail(
                name, f"{rows[learner].name}: số thẻ cần 4–40 chữ, số; hãy quẹt lại thẻ hoặc gõ lại.",
                f"{rows[learner].name}: a card's number has 4 to 40 letters and digits; read or type it again.",
            )  # fmt: skip
        else:
            numbers[learner] = number
    if not form.errors and numbers:
        job = changing(lambda changes: put_cards(changes, of.sealing, numbers), of.now(), actor.account)
        try:
            await asyncio.wrap_future(of.writer.submit(job))
        except ConflictError as error:
            form.fail("", error.vi, error.en)
    if form.errors:
        with Session(of.engine) as db:
            return _page(request, course, of, db, form)
    return _back(request, course, done="cards", after=last)


@router.post("/cards/take")
async def take(request: Request, course: str, of: ServicesDep, actor: ActorDep, form: FormDep) -> Response:
    """Take a learner's card away: lost, or given back."""
    with Session(of.engine) as db:
        (row,) = _wanted(db, of, course, form.value("take"))
    job = changing(lambda changes: take_card(changes, row.id), of.now(), actor.account)
    await asyncio.wrap_future(of.writer.submit(job))
    return _back(request, course, done="taken")


@router.post("/pins")
async def make_pins(request: Request, course: str, of: ServicesDep, actor: ActorDep, form: FormDep) -> Response:
    """Make PINs, a new one for one learner or one for everybody shown who has none; the slips are shown this once."""
    one = form.value("new")
    with Session(of.engine) as db:
        found = course_of(db, course)
        rows = _wanted(db, of, course, one) if one else _without_pin(_shown(request, _rows(db, of, course)))
    if not rows:
        return _back(request, course, done="no_pins")
    pins = {row.id: new_pin() for row in rows[:AT_ONCE]}
    hashes = dict(zip(pins, await of.hasher.hash_pins(list(pins.values())), strict=True))
    kept = await asyncio.wrap_future(
        of.writer.submit(keep_pins(hashes, of.sealing, of.now(), actor.account, only_new=not one))
    )
    slips = [
        Slip(row.name, row.unit, row.birth_year, row.code, row.bridge_point, pins[row.id])
        for row in rows[:AT_ONCE]
        if row.id in kept
    ]
    context = {"course": found, "slips": slips, "left": max(0, len(rows) - AT_ONCE), "back": _query(request)}
    return of.pages.page(request, "pin_slips.html", **context)


@router.post("/lookalikes")
async def two_people(request: Request, course: str, of: ServicesDep, actor: ActorDep, form: FormDep) -> Response:
    """Keep that two learners who look alike are two people."""
    pair = (form.value("learner"), form.value("other"))
    await asyncio.wrap_future(
        of.writer.submit(judge(course, pair, form.value("encoder"), of.now(), actor.account))
    )  # fmt: skip
    return RedirectResponse(f"/courses/{course}/learners?done=judged#alike", 303)


def _rows(db: Session, of: Services, course: str) -> list[MeansRow]:
    """Everybody who may come to a session of the course, by bridge point and given name; guests last."""
    learners = shown(listed(db, course, of.now()), "", "point")
    enrolled = {one.id for one in learners}
    guests = {one.learner: one for one in guests_of(db, course) if one.learner not in enrolled}
    means = means_of(db, [*enrolled, *guests])

    def row(learner: str, face: bool, who: ListedLearner | ListedGuest) -> MeansRow:
        its = means.get(learner)
        card = of.sealing.open("card", learner, its.card).decode() if its and its.card else ""
        return MeansRow(
            learner, who.code, who.name, who.unit, who.birth_year, who.bridge_point, learner in guests, face,
            its.pin_made_at if its and its.pin else None, card[-SHOWN_DIGITS:],
        )  # fmt: skip

    return [
        *(row(one.id, one.template, one) for one in learners),
        *(row(learner, False, one) for learner, one in guests.items()),
    ]


def _shown(request: Request, rows: Sequence[MeansRow]) -> list[MeansRow]:
    point = request.query_params.get("point", "")
    return [row for row in rows if not point or row.bridge_point == point]


def _without_pin(rows: Sequence[MeansRow]) -> list[MeansRow]:
    return [row for row in rows if row.pin_made_at is None]


def _wanted(db: Session, of: Services, course: str, learner: str) -> list[MeansRow]:
    """The one learner of the course. Raises NotFoundError."""
    found = [row for row in _rows(db, of, course) if row.id == learner]
    if not found:
        raise NotFoundError(
            "Học viên này không có trong lớp. Hãy mở lại trang thẻ và mã PIN.",
            "This learner is not in the course. Open the page of cards and PINs again.",
        )
    return found


def _query(request: Request) -> str:
    point = request.query_params.get("point", "")
    return f"?{urlencode({'point': point})}" if point else ""


def _back(request: Request, course: str, **said: str) -> RedirectResponse:
    point = request.query_params.get("point", "")
    asked = ({"point": point} if point else {}) | {name: value for name, value in said.items() if value}
    return RedirectResponse(f"/courses/{course}/cards?{urlencode(asked)}", 303)


def _page(request: Request, course: str, of: Services, db: Session, form: Form) -> HTMLResponse:
    lang, asked = page_language(request), request.query_params
    everybody = _rows(db, of, course)
    rows = _shown(request, everybody)
    waiting = [row.id for row in rows if not row.card]
    after = asked.get("after", "")
    order = [row.id for row in rows]
    behind = order[order.index(after) + 1 :] if after in order else order
    return of.pages.page(
        request, "cards.html", 422 if form.errors else 200, course=course_of(db, course), rows=rows[:MOST],
        found=len(rows), everybody=len(everybody), points=sorted({row.bridge_point for row in everybody}),
        point=asked.get("point", ""), query=_query(request), pins=sum(row.pin_made_at is not None for row in everybody),
        cards=sum(bool(row.card) for row in everybody), missing=len(_without_pin(rows)), at_once=AT_ONCE,
        next_field=next((one for one in behind if one in waiting), "") if after else "", done=asked.get("done", ""),
        form=form, errors=[form.error(name, lang) for name in form.errors],
    )  # fmt: skip
