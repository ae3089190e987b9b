"""The console's application: put together here, over a Desk and nothing else of the agent."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bridge_agent.check_in.desk import Desk
from bridge_agent.console import acts, help_pages
from bridge_agent.console.guard import SAFE, Guard
from bridge_agent.console.live import LINGER_S, EventStream, Live
from bridge_agent.console.page_views import PageViews
from bridge_agent.console.rendering import STATIC, Pages, font_folder
from bridge_agent.console.setup_pages import SetupPages
from bridge_agent.console.words import Sentence, page_language
from bridge_agent.setup.wizard import Wizard
from models.errors import DiemdanhError
from models.health import Health

NOT_FOUND: Sentence = (
    "Không có trang này. Hãy mở lại trang của cán bộ kỹ thuật.",
    "There is no such page. Open the technician's page.",
)
NOT_SO: Sentence = ("Địa chỉ này không nhận yêu cầu như vậy.", "This address doesn't take such a request.")
NO_REPORT: Sentence = (
    "Chưa có kết quả hiệu chỉnh trên máy này. Hãy chạy calibrate camera, calibrate faces, calibrate clock, rồi "
    "calibrate report.",
    "This PC has no calibration report. Run calibrate camera, calibrate faces, calibrate clock, then calibrate report.",
)
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
"""The report is one file with its styles and pictures inside, and no scripts."""
BROKEN: Sentence = (
    "Chương trình gặp lỗi khi làm việc này. Việc ghi nhận trong phòng vẫn tiếp tục; hãy thử lại.",
    "The program failed in doing this. The room is still recorded; try again.",
)


def create_app(
    desk: Desk,
    report: Path,
    linger_s: float = LINGER_S,
    *,
    health: Callable[[], Health] | None = None,
    support: Callable[[], bytes] | None = None,
    wizard: Wizard | None = None,
) -> Starlette:
    """The pages of one desk. `linger_s`: for so long the camera is kept when its page is gone.

    health: how the agent is, for programs on this PC. support: makes the file for support (a zip). wizard: for the
    pages at /setup.

    report: where `calibrate report` writes its page, which is shown as it is; it may be absent.

    `app.state.live.end()` ends the open streams, which the server would wait for.
    """
    token, run = secrets.token_urlsafe(24), secrets.token_hex(8)
    pages = Pages(token, run)
    live = Live(desk, run, linger_s)
    views = PageViews(desk, pages)
    setup = SetupPages(wizard, pages, run) if wizard is not None else None

    async def technician(request: Request) -> Response:
        if wizard is not None and wizard.unfinished and request.query_params.get("setup") != "later":
            return RedirectResponse("/setup", 303)
        return views.technician_page(request)

    async def kiosk_page(request: Request) -> Response:
        return views.kiosk_page(request)

    async def enrol_page(request: Request) -> Response:
        return views.enrol_page(request, request.path_params["learner"], keep=True)

    async def nothing_kept(request: Request) -> Response:
        return views.enrol_page(request, request.path_params["learner"], keep=False)

    async def without_face(request: Request) -> Response:
        return views.without_face_page(request, request.path_params["learner"])

    async def events(request: Request) -> Response:
        lang = page_language(request)
        return EventStream(live.stream(views.technician(lang), at_most_every_s=0.4))

    async def kiosk_events(request: Request) -> Response:
        def leave() -> None:
            if desk.view().purpose == "check_in":
                desk.close()

        show = views.kiosk(page_language(request))
        return EventStream(_using_the_camera(live, "kiosk", live.stream(show), leave))

    async def enrol_events(request: Request) -> Response:
        learner = request.path_params["learner"]

        def leave() -> None:
            enrolling = desk.view().enrolling
            if enrolling is not None and enrolling.learner == learner:
                desk.stop_enrolling()

        show = views.enrol(page_language(request), learner, keep=request.query_params.get("keep") != "no")
        return EventStream(_using_the_camera(live, f"enrol {learner}", live.stream(show), leave))

    async def calibration(request: Request) -> Response:
        try:
            page = await asyncio.to_thread(report.read_bytes)
        except OSError:
            return _say(pages, request, NO_REPORT, 404)
        return HTMLResponse(page, headers={"Content-Security-Policy": REPORT_POLICY})

    async def preview(request: Request) -> Response:
        picture = desk.preview()
        if picture is None:
            return Response(status_code=204)
        return Response(picture, media_type="image/jpeg")

    async def room_picture(request: Request) -> Response:
        picture = desk.room()
        if picture is None:
            return Response(status_code=204)
        return Response(picture.jpeg, media_type="image/jpeg", headers={"X-Taken-At": str(picture.at)})

    async def health_now(request: Request) -> Response:
        if health is None:
            raise HTTPException(404)
        return Response(msgspec.json.encode(health()), media_type="application/json")

    async def metrics(request: Request) -> Response:
        if health is None:
            raise HTTPException(404)
        from bridge_agent.health.metrics import CONTENT_TYPE, exposition  # only who is asked pays for it

        return Response(exposition(health()), media_type=CONTENT_TYPE)

    async def support_file(request: Request) -> Response:
        if support is None:
            raise HTTPException(404)
        try:
            packed = await asyncio.to_thread(support)
        except DiemdanhError as error:
            return _say(pages, request, (error.vi, error.en), 500)
        headers = {"Content-Disposition": 'attachment; filename="bao-cao-diem-danh.zip"'}
        return Response(packed, media_type="application/zip", headers=headers)

    async def not_there(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return _say(pages, request, NOT_FOUND if status == 404 else NOT_SO, status)

    async def broken(request: Request, error: Exception) -> Response:
        return _say(pages, request, BROKEN, 500)

    app = Starlette(
        routes=[
            Route("/", technician),
            Route("/kiosk", kiosk_page),
            Route("/enrol/{learner}", enrol_page),
            Route("/enrol/{learner}/nothing-kept", nothing_kept),
            Route("/enrol/{learner}/without-face", without_face),
            Route("/calibration", calibration),
            Route("/events", events),
            Route("/kiosk/events", kiosk_events),
            Route("/enrol/{learner}/events", enrol_events),
            Route("/preview.jpg", preview),
            Route("/room.jpg", room_picture),
            Route("/health", health_now),
            Route("/metrics", metrics),
            Route("/report.zip", support_file),
            *help_pages.routes(pages),
            *acts.routes(desk),
            *(setup.routes() if setup is not None else ()),
            Mount("/static/fonts", StaticFiles(directory=font_folder())),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, token=token)],
        exception_handlers={HTTPException: not_there, Exception: broken},
    )
    app.state.live = live
    if setup is not None:
        live.also = setup.end
    return app


def _say(pages: Pages, request: Request, sentence: Sentence, status: int) -> Response:
    if request.method in SAFE:
        return pages.page(request, "error.html", status, sentence=sentence)
    return JSONResponse({"vi": sentence[0], "en": sentence[1]}, status)


async def _using_the_camera(
    live: Live, page: str, messages: AsyncGenerator[str], leave: Callable[[], None]
) -> AsyncGenerator[str]:
    """The messages of a page for which the camera is used; `leave` is called when the last such page is gone."""
    live.come(page)
    try:
        async for message in messages:
            yield message
    finally:
        await messages.aclose()
        live.go(page, leave)
