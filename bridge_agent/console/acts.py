"""What can be done on the pages: each a small form that JavaScript posts, answered by JSON.

A PIN goes from the form to the desk and nowhere else. What can't be done is one sentence and a 4xx; the page keeps what
was typed but for the PIN.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bridge_agent.check_in.desk import Desk, DeskError, Outcome
from bridge_agent.console import kiosk
from bridge_agent.console.form_fields import fields_of
from bridge_agent.console.words import Words, page_language
from bridge_agent.health.remedies import ACTS as PRESSED
from bridge_agent.health.remedies import Act as Pressed

Fields = Mapping[str, str]
Act = Callable[[Desk, Fields, Words], Awaitable[dict[str, Any]]]
MOST_LETTERS = 64


class InputError(DeskError):
    """Something was not filled in, or can't be what it should be."""


def _text(fields: Fields, name: str, vi: str, en: str) -> str:
    text = fields.get(name, "").strip()
    if not text:
        raise InputError(vi, en)
    if len(text) > MOST_LETTERS or not text.isprintable():
        raise InputError("Nội dung nhập không hợp lệ; hãy nhập lại.", "What was typed is not valid; type it again.")
    return text


def _pin(fields: Fields) -> str:
    return _text(fields, "pin", "Hãy nhập mã PIN.", "Enter the PIN.")


def _learner(fields: Fields) -> str:
    return _text(fields, "learner", "Hãy chọn một học viên.", "Choose a learner.")


async def take_duty(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
    """Be on duty from now on."""
    who = _text(fields, "who", "Hãy chọn tên của đồng chí.", "Choose your name.")
    await desk.take_duty(who, _pin(fields))
    return {}


async def end_duty(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
    """Nobody is on duty."""
    desk.end_duty()
    return {}


async def name_deputy(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
    """A learner may be on duty, too, in this session."""
    await desk.name_deputy(_learner(fields), _pin(fields))
    return {}


async def vouch(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
    """The witness sees a learner who is asked."""
    await desk.vouch(_learner(fields), _pin(fields))
    return {}


async def who_is_it(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
    """A code or a card's number: which step comes next."""
    text = _text(fields, "text", "Hãy nhập mã học viên hoặc số thẻ.", "Enter the learner's code or the card's number.")
    session = desk.view().session
    typed = kiosk.read(text, session.rows if session else ())
    if typed.kind == "several":
        raise InputError(
            "Số này trùng với nhiều học viên. Hãy nhập đầy đủ mã, cả phần chữ.",
            "Several learners have this number. Enter the whole code, with its letters.",
        )
    if typed.kind == "code":
        return {"step": "pin", "who": text}
    desk.show_card(text)
    return {"step": "card"}


async def check_in(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
    """By PIN, after a code or after a face in doubt."""
    if doubt := fields.get("doubt", ""):
        number = int(doubt) if doubt.isdecimal() and len(doubt) < 10 else -1
        learner = kiosk.doubted(desk.view(), number)
        if learner is None:
            raise InputError(
                "Lần nhận diện đó đã qua lâu. Hãy nhập mã học viên của đồng chí.",
                "That look was too long ago. Enter your learner's code.",
            )
    else:
        text = _text(fields, "who", "Hãy nhập mã học viên.", "Enter the learner's code.")
        session = desk.view().session
        learner = kiosk.read(text, session.rows if session else ()).learner or text
    return _came_to(desk, await desk.check_in_by_pin(learner, _pin(fields)), words)


async def prove_card(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
    """The witness is there: whose card it is comes with the page's parts."""
    await desk.prove_card(_pin(fields))
    return {}


async def confirm_card(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
    """The witness says: it is this person's card."""
    return _came_to(desk, desk.confirm_card(_learner(fields)), words)


async def put_card_away(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
    """It is not."""
    desk.put_card_away()
    return {}


async def answer_spot_check(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
    """A learner who is asked confirms."""
    await desk.answer_spot_check(_learner(fields), _pin(fields))
    return {}


async def agree(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
    """A learner agreed to the text that was on the screen, and the witness typed the PIN: portraits are taken."""
    learner, version = _learner(fields), fields.get("version", "")
    if not version or fields.get("read") != version:
        raise InputError(
            "Hãy đọc (hoặc nghe đọc) nội dung rồi đánh dấu vào ô “Tôi đã đọc”.",
            "Read the text (or have it read to you), then tick “I have read it”.",
        )
    view = desk.view()
    if version not in {one.version for one in (view.consent, view.keeping.get(learner)) if one is not None}:
        raise InputError(
            "Nội dung đồng ý vừa được thay bằng bản mới. Hãy tải lại trang và đọc bản mới.",
            "The consent text was just replaced by a new one. Load the page again and read the new one.",
        )
    pin = _text(fields, "pin", "Người chứng kiến hãy nhập mã PIN của mình.", "The witness enters his or her PIN.")
    await desk.enrol(learner, version, pin)
    return {}


async def stop_enrolling(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
    """Nothing is kept."""
    desk.stop_enrolling()
    return {}


async def open_classroom(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
    """Where this PC's browser enters the classroom as this room; good once."""
    return {"address": await desk.open_classroom()}


async def open_own_page(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
    """Where this PC's browser enters a learner's own pages; good once."""
    who = _text(fields, "who", "Hãy nhập mã học viên.", "Enter the learner's code.")
    return {"address": await desk.open_own_page(who, _pin(fields))}


def _pressed(wanted: Pressed) -> Act:
    async def press(desk: Desk, fields: Fields, words: Words) -> dict[str, Any]:
        """Of the page of the day; no PIN is asked for (deploy/decisions/0034)."""
        return {"said": words.t(*await desk.do(wanted))}

    return press


ACTS: dict[str, Act] = {
    "/kiosk/own": open_own_page,
    "/classroom": open_classroom,
    "/duty": take_duty,
    "/duty/end": end_duty,
    "/deputy": name_deputy,
    "/vouch": vouch,
    "/kiosk/who": who_is_it,
    "/kiosk/pin": check_in,
    "/kiosk/spot-check": answer_spot_check,
    "/card/prove": prove_card,
    "/card/confirm": confirm_card,
    "/card/away": put_card_away,
    "/enrol/agree": agree,
    "/enrol/stop": stop_enrolling,
} | {f"/do/{wanted}": _pressed(wanted) for wanted in PRESSED}


def routes(desk: Desk) -> list[Route]:
    """A route for each act."""
    return [Route(path, _endpoint(desk, act), methods=["POST"]) for path, act in ACTS.items()]


def _endpoint(desk: Desk, act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        fields = await fields_of(request)
        if isinstance(fields, Response):
            return fields
        try:
            return JSONResponse(await act(desk, fields, Words(page_language(request))))
        except InputError as error:
            return JSONResponse({"vi": error.vi, "en": error.en}, 422)
        except DeskError as error:
            return JSONResponse({"vi": error.vi, "en": error.en}, 409)

    return endpoint


def _came_to(desk: Desk, outcome: Outcome, words: Words) -> dict[str, Any]:
    return {"outcome": kiosk.outcome(outcome, desk.view().now, words)}
