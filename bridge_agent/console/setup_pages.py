"""The wizard's pages at /setup: which template shows what of a step, and the forms that act on the wizard."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from bridge_agent.clock import wall_ms
from bridge_agent.console.form_fields import fields_of
from bridge_agent.console.live import BEAT_S, EventStream
from bridge_agent.console.rendering import Pages
from bridge_agent.console.words import Sentence, day, day_time, page_language, second_time
from bridge_agent.setup.listening import microphones
from bridge_agent.setup.progress import STEPS, Result, Step
from bridge_agent.setup.wizard import Wizard, chosen_number, offered
from models.errors import DiemdanhError
from models.language import Language

TITLES: Final[Mapping[Step, Sentence]] = {
    "join": ("Gia nhập máy chủ", "Join the server"),
    "camera": ("Camera", "Camera"),
    "sound": ("Micro", "Microphone"),
    "speaker": ("Loa", "Speaker"),
    "network": ("Đường truyền", "Network"),
    "calibration": ("Hiệu chỉnh", "Calibration"),
    "consent": ("Nội dung đồng ý", "Consent text"),
}
PARTS: Final[Mapping[Step, tuple[str, ...]]] = {
    "join": ("code",),
    "camera": ("cameras", "seen"),
    "sound": ("level",),
    "speaker": (),
    "network": ("measuring",),
    "calibration": ("calibrating",),
    "consent": ("consent",),
}
"""The live parts of each step beside those that all have: steps, result, next."""
SOONEST_S: Final = 0.1
MICROPHONE: Final = "camera=(), microphone=(self), geolocation=()"
"""The pages that test what the classroom page will use may ask for the microphone; no page asks for the camera."""
MICROPHONE_STEPS: Final = ("sound", "speaker")
LONGEST: Final = 500
"""Letters of an address or a line with a token."""

Fields = Mapping[str, str]
Act = Callable[[Fields], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step in the list of all."""

    name: Step
    title: Sentence
    passed: bool
    now: bool
    open: bool
    """Its page may be opened."""
    result: Result | None


class SetupPages:
    """All of /setup over one wizard. `run`: as Pages has it."""

    def __init__(self, wizard: Wizard, pages: Pages, run: str) -> None:
        self._wizard, self._pages, self._run = wizard, pages, run
        self._ending = asyncio.Event()
        self._acts: dict[str, Act] = {
            "join": self._join,
            "look": self._look,
            "camera": lambda fields: wizard.choose_camera(),
            "sound-way": self._sound_way,
            "sound-elsewhere": _at_once(lambda fields: wizard.sound_elsewhere()),
            "hear": _at_once(lambda fields: wizard.measures.hear()),
            "heard": _at_once(lambda fields: wizard.measures.heard(fields.get("name", ""), *_numbers(fields))),
            "speaker": _at_once(self._speaker),
            "network": _at_once(lambda fields: wizard.measure_network()),
            "calibration": lambda fields: wizard.calibrate(),
            "accept": _at_once(lambda fields: wizard.accept(_step(fields.get("step", "")))),
            "consent": _at_once(lambda fields: wizard.consent_read(fields.get("version", ""))),
            "autostart": lambda fields: wizard.start_by_itself(),
        }

    def end(self) -> None:
        """End the open streams, which the server's end would wait for."""
        self._ending.set()

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("/setup", self._start),
            Route("/setup/run", self._which_run),
            Route("/setup/events", self._events),
            Route("/setup/picture.jpg", self._picture),
            Route("/setup/done", self._done),
            *(Route(f"/setup/do/{name}", self._endpoint(act), methods=["POST"]) for name, act in self._acts.items()),
            Route("/setup/{step}", self._page),
        ]

    # Pages

    async def _start(self, request: Request) -> Response:
        wizard = self._wizard
        step = wizard.state.progress.first_open(wizard.has_joined)
        return RedirectResponse(f"/setup/{step or 'done'}", 303)

    async def _which_run(self, request: Request) -> Response:
        """By this a page sees that the agent has come up after joining."""
        return PlainTextResponse(self._run)

    async def _page(self, request: Request) -> Response:
        step, wizard = _step(request.path_params["step"]), self._wizard
        if not wizard.state.progress.may_open(step, wizard.has_joined):
            return RedirectResponse("/setup", 303)
        page = self._pages.page(request, f"setup_{step}.html", **await self._context(step))
        if step in MICROPHONE_STEPS:
            page.headers["Permissions-Policy"] = MICROPHONE
        return page

    async def _done(self, request: Request) -> Response:
        if not self._wizard.has_joined:
            return RedirectResponse("/setup", 303)
        context = await self._context("consent")
        return self._pages.page(request, "setup_done.html", started_by=self._wizard.started_by(), **context)

    async def _picture(self, request: Request) -> Response:
        picture = self._wizard.picture()
        return Response(status_code=204) if picture is None else Response(picture, media_type="image/jpeg")

    async def _events(self, request: Request) -> Response:
        step = _step(request.query_params.get("step", ""))
        return EventStream(self._stream(step, page_language(request)))

    async def _stream(self, step: Step, lang: Language) -> AsyncGenerator[str]:
        """The live parts of a step's page."""
        wizard = self._wizard
        if step == "camera" and wizard.looker.asked is None and wizard.has_joined:
            await self._try_look(wizard.settings.source)
        if step == "consent" and wizard.consent is None:
            await wizard.fetch_consent()
        sent: dict[str, str] = {}
        while not self._ending.is_set():
            await wizard.give_way()
            version, context = wizard.state.changes.version, await self._context(step)
            parts = {
                name: self._pages.html(f"setup_part_{name}.html", lang, **context)
                for name in ("steps", "result", "next", *PARTS[step])
            }
            new = {name: html for name, html in parts.items() if sent.get(name) != html}
            sent |= new
            message = {"run": self._run, "clock": second_time(wall_ms()), "parts": new, "state": {}}
            yield f"data: {msgspec.json.encode(message).decode()}\n\n"
            await self._or_end(asyncio.sleep(SOONEST_S))
            await self._or_end(wizard.state.changes.wait(version, BEAT_S))

    async def _or_end(self, wait: Any) -> None:
        waits = {asyncio.ensure_future(wait), asyncio.ensure_future(self._ending.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()

    async def _context(self, step: Step) -> dict[str, Any]:
        wizard, progress, joined = self._wizard, self._wizard.state.progress, self._wizard.has_joined
        after = progress.after(step)
        cameras = await asyncio.to_thread(offered) if step in ("join", "camera") else []
        sounds = await asyncio.to_thread(microphones) if step == "sound" and joined else []
        return {
            "step": step,
            "number": STEPS.index(step) + 1,
            "count": len(STEPS),
            "title": TITLES[step],
            "after": after,
            "titles": TITLES,
            "wizard": wizard,
            "joined": joined,
            "member": wizard.membership() if joined else None,
            "result": progress.results.get(step),
            "passed": progress.passed(step, joined),
            "failed": wizard.state.failed.get(step),
            "steps": [
                ShownStep(
                    name, TITLES[name], progress.passed(name, joined), name == step,
                    progress.may_open(name, joined), progress.results.get(name),
                )
                for name in STEPS
            ],
            "cameras": cameras,
            "chosen": chosen_number(wizard.settings),
            "in_use": wizard.camera_in_use(),
            "microphones": sounds,
            "at": lambda result: f"{day_time(result.at)}, {day(result.at)}",
        }  # fmt: skip

    # Acts

    def _endpoint(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            fields = await fields_of(request)
            if isinstance(fields, Response):
                return fields
            try:
                await act({name: value[:LONGEST] for name, value in fields.items()})
            except DiemdanhError as error:
                return JSONResponse({"vi": error.vi, "en": error.en}, 409)
            return JSONResponse({})

        return endpoint

    async def _join(self, fields: Fields) -> None:
        await self._wizard.join(fields.get("text", ""), fields.get("server", ""))

    async def _look(self, fields: Fields) -> None:
        if fields.get("again"):  # an address with a password does not go to the page to come back from there
            await self._wizard.look_again()
        else:
            await self._wizard.look(fields.get("source", ""), codes=fields.get("codes") == "yes")

    async def _try_look(self, source: str) -> None:
        """Look at the source that the settings name, if it can be one: the page then says what there is to choose."""
        try:
            await self._wizard.look(source)
        except DiemdanhError as error:
            self._wizard.state.failed["camera"] = error.vi, error.en

    async def _sound_way(self, fields: Fields) -> None:
        await self._wizard.choose_sound(fields.get("sound") == "agent", fields.get("device", ""))

    def _speaker(self, fields: Fields) -> None:
        said = fields.get("microphone", "")
        self._wizard.speaker(fields.get("heard") == "yes", _number(said) if said else None)


def _at_once(act: Callable[[Fields], None]) -> Act:
    async def acting(fields: Fields) -> None:
        act(fields)

    return acting


def _step(name: str) -> Step:
    for step in STEPS:
        if step == name:
            return step
    raise HTTPException(404)


def _numbers(fields: Fields) -> tuple[float, float]:
    return _number(fields.get("loudest", "")), _number(fields.get("quietest", ""))


def _number(text: str) -> float:
    """Raises HTTPException 400: only our own script sends these."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise HTTPException(400)
    return max(-200.0, min(200.0, value))
