"""The app factory: the only place where the server is wired together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.middleware.gzip import GZipMiddleware

import central_server.accounts.admin_pages
import central_server.accounts.audit_page
import central_server.accounts.own_account
import central_server.accounts.sign_on_pages
import central_server.accounts.signing_in
import central_server.bridge_points.pages
import central_server.bridge_points.routes
import central_server.classroom.entering
import central_server.classroom.look_in
import central_server.classroom.rights
import central_server.classroom.routes
import central_server.corrections.contest_pages
import central_server.corrections.learner_forms
import central_server.corrections.own_pages
import central_server.corrections.pages
import central_server.corrections.rule_pages
import central_server.corrections.seal_pages
import central_server.corrections.sheet_pages
import central_server.courses.calendar_routes
import central_server.courses.course_pages
import central_server.courses.holiday_pages
import central_server.courses.lecturer_pages
import central_server.courses.new_course
import central_server.courses.pages
import central_server.courses.programme_pages
import central_server.courses.routes
import central_server.courses.session_pages
import central_server.enrolment.list_pages
import central_server.enrolment.pages
import central_server.health.agent_routes
import central_server.health.metrics
import central_server.health.pages
import central_server.help.routes
import central_server.learners.agent_routes
import central_server.learners.kept_pages
import central_server.learners.means_pages
import central_server.learners.pages
import central_server.learners.portrait_pages
import central_server.learners.visiting
import central_server.ledger.routes
import central_server.media.agent_routes
import central_server.media.picture_routes
import central_server.media.routes
import central_server.participation.agent_routes
import central_server.participation.course_routes
import central_server.participation.routes
import central_server.participation.rule_pages
import central_server.reports.attendance_pages
import central_server.reports.completion_pages
import central_server.reports.letterhead_pages
import central_server.reports.plan_pages
import central_server.reports.target_pages
import central_server.reports.trends_pages
from central_server.accounts.account_key import account_key
from central_server.accounts.guard import guard
from central_server.accounts.passwords import Hasher
from central_server.accounts.sign_on import provider
from central_server.bridge_points.signature import DeviceKeys
from central_server.classroom.classrooms import Classrooms
from central_server.classroom.closing import Closer
from central_server.clock import wall_clock
from central_server.config import Config
from central_server.data_lock import held_by_server
from central_server.database import Writer, open_database
from central_server.doctor.copies import CopyWatch
from central_server.enrolment.kept import KeptRosters
from central_server.health.board import HealthBoard
from central_server.health.requests import CountRequests, RequestCounts
from central_server.learners.alike import Templates
from central_server.learners.portraits import remove_left_zips
from central_server.learners.retention import Eraser
from central_server.learners.sealing import sealing_key
from central_server.learners.visits import Visits
from central_server.ledger.intake import Intake
from central_server.media.media import Media
from central_server.media.pictures import Pictures
from central_server.media.tokens import MediaTokens, media_key
from central_server.media.turn import turn_secret
from central_server.own_log.server_key import make_known, server_key
from central_server.participation.book import Books
from central_server.participation.feed import Feeds
from central_server.participation.live import LiveBoard
from central_server.participation.settling import Settler, Settling
from central_server.participation.watch import Watches
from central_server.services import Clock, Services, ServicesDep
from central_server.web.cross_site import SameSiteOnly
from central_server.web.description import describe
from central_server.web.headers import Headers
from central_server.web.rendering import STATIC, Compiler, Pages
from central_server.web.rendering_errors import add_error_handlers
from central_server.works import Works


def create_app(
    config: Config, now: Clock = wall_clock, writes: Callable[[Engine], Writer] = Writer, *, serving: bool = False
) -> FastAPI:
    """The server as an ASGI app. The database is opened when it starts, not here.

    now: the server's clock, ms since 1970 UTC. writes: makes the one writer (of a simulation, it has no thread).
    serving: for days, to people: one thread compiles pages' templates, another settles what is over, another erases
    face templates whose term has ended, another closes classrooms that were left open.
    """

    pages, requests = Pages(), RequestCounts()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with held_by_server(config.data_folder):
            remove_left_zips(config.data_folder)
            async with _running(app) as running:
                yield running

    @asynccontextmanager
    async def _running(app: FastAPI) -> AsyncIterator[None]:
        engine = open_database(config.database)
        works = Works(now)
        live, feeds, hasher = LiveBoard(), Feeds(works), Hasher()
        try:
            signing, sealing = server_key(config.data_folder), sealing_key(config.data_folder)
            with writes(engine) as writer, ExitStack() as stack:
                writer.works = works
                settling = Settling(engine, writer)
                tokens, turn = MediaTokens(media_key(config.data_folder)), turn_secret(config.media)
                media = Media(tokens, config.media, turn, now, works)
                classrooms = Classrooms(engine, writer, media, now)
                await asyncio.wrap_future(writer.submit(make_known(signing, now())))
                app.state.services = Services(
                    config=config,
                    now=now,
                    engine=engine,
                    writer=writer,
                    intake=Intake(writer, now),
                    keys=DeviceKeys(engine),
                    live=live,
                    books=Books(engine, live),
                    watches=Watches(engine, live),
                    settling=settling,
                    feeds=feeds,
                    pages=pages,
                    hasher=hasher,
                    account_key=account_key(config.data_folder),
                    sign_on=provider(config.oidc),
                    server_key=signing,
                    sealing=sealing,
                    templates=Templates(sealing),
                    rosters=KeptRosters(config.data_folder, sealing),
                    media=media,
                    classrooms=classrooms,
                    pictures=Pictures(),
                    visits=Visits(),
                    agents=HealthBoard(),
                    requests=requests,
                    works=works,
                )
                if serving:
                    stack.enter_context(Compiler(pages, works))
                    stack.enter_context(Settler(settling, now, works=works))
                    stack.enter_context(Eraser(writer, config.template_retention_days, now, works=works))
                    stack.enter_context(Closer(engine, writer, now, works=works))
                    if config.backups:
                        stack.enter_context(CopyWatch(Path(config.backups), works))
                watching = asyncio.create_task(central_server.classroom.rights.keep_to_rights(app.state.services))
                yield
                watching.cancel()
                await asyncio.wait([watching])
                await classrooms.end()
                await media.end()
                await feeds.end()
        finally:
            hasher.close()
            engine.dispose()

    # Its description of itself is no page: the browser page for it would load scripts from elsewhere.
    app = FastAPI(title="Điểm danh", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(central_server.bridge_points.routes.router)
    app.include_router(central_server.courses.routes.router)
    app.include_router(central_server.ledger.routes.router)
    app.include_router(central_server.participation.agent_routes.router)
    app.include_router(central_server.courses.pages.router)
    app.include_router(central_server.courses.programme_pages.router)
    app.include_router(central_server.courses.holiday_pages.router)
    app.include_router(central_server.courses.lecturer_pages.router)
    app.include_router(central_server.courses.calendar_routes.router)
    app.include_router(central_server.courses.new_course.router)  # before /courses/{course}
    app.include_router(central_server.courses.course_pages.router)
    app.include_router(central_server.courses.session_pages.router)
    app.include_router(central_server.enrolment.pages.router)
    app.include_router(central_server.enrolment.list_pages.router)
    app.include_router(central_server.learners.agent_routes.router)
    app.include_router(central_server.learners.pages.router)
    app.include_router(central_server.learners.means_pages.router)
    app.include_router(central_server.learners.portrait_pages.router)
    app.include_router(central_server.learners.visiting.router)
    app.include_router(central_server.learners.visiting.staying)
    app.include_router(central_server.learners.visiting.agents)
    app.include_router(central_server.media.agent_routes.router)
    app.include_router(central_server.media.routes.router)
    app.include_router(central_server.media.picture_routes.router)
    app.include_router(central_server.participation.routes.router)
    app.include_router(central_server.participation.course_routes.router)
    app.include_router(central_server.classroom.routes.router)
    app.include_router(central_server.classroom.routes.acts)
    app.include_router(central_server.classroom.look_in.router)
    app.include_router(central_server.classroom.entering.router)
    app.include_router(central_server.classroom.entering.agents)
    app.include_router(central_server.participation.rule_pages.router)
    app.include_router(central_server.learners.kept_pages.router)
    app.include_router(central_server.reports.attendance_pages.router)
    app.include_router(central_server.reports.completion_pages.router)
    app.include_router(central_server.reports.plan_pages.router)
    app.include_router(central_server.reports.plan_pages.proving)
    app.include_router(central_server.reports.target_pages.router)
    app.include_router(central_server.reports.trends_pages.router)
    app.include_router(central_server.reports.letterhead_pages.router)
    app.include_router(central_server.corrections.contest_pages.router)
    app.include_router(central_server.corrections.learner_forms.router)
    app.include_router(central_server.corrections.own_pages.router)
    app.include_router(central_server.corrections.pages.router)
    app.include_router(central_server.corrections.pages.correcting)
    app.include_router(central_server.corrections.rule_pages.router)
    app.include_router(central_server.corrections.seal_pages.router)
    app.include_router(central_server.corrections.seal_pages.revising)
    app.include_router(central_server.corrections.sheet_pages.router)
    app.include_router(central_server.accounts.signing_in.router)
    app.include_router(central_server.accounts.signing_in.leaving)
    app.include_router(central_server.accounts.sign_on_pages.router)
    app.include_router(central_server.accounts.own_account.router)
    app.include_router(central_server.accounts.own_account.setting_up)
    app.include_router(central_server.accounts.admin_pages.router)
    app.include_router(central_server.accounts.audit_page.router)
    app.include_router(central_server.bridge_points.pages.router)
    app.include_router(central_server.health.pages.router)
    app.include_router(central_server.health.metrics.router)
    app.include_router(central_server.health.agent_routes.router)
    app.include_router(central_server.help.routes.router)
    app.add_api_route("/health", health, methods=["GET"], dependencies=[guard("everybody")])
    app.add_api_route("/api/openapi.json", description, methods=["GET"], dependencies=[guard("signed_in")])
    fonts = Path(str(files("fontpkg_be_vietnam_pro"))) / "files"
    app.mount("/static/fonts", StaticFiles(directory=fonts))
    app.mount("/static", StaticFiles(directory=STATIC))
    add_error_handlers(app, pages)
    app.add_middleware(SameSiteOnly, public_address=config.public_address, pages=pages)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(Headers)
    app.add_middleware(CountRequests, counts=requests)
    return app


async def description(request: Request) -> Response:
    """The API's description of itself, for programs."""
    return Response(json.dumps(describe(request.app)), media_type="application/json")


async def before_end(app: FastAPI) -> None:
    """End the open event streams, which would hold the server's end back."""
    await app.state.services.feeds.end()
    await app.state.services.classrooms.end()


def health(of: ServicesDep) -> Response:
    """Whether the server runs, what of its work beside requests fails, and how its relay works (central_server/media):
    the one page for everybody.

    Status 503 where the database can't be read. media: passing; reencoding, which costs much processor time (the log
    says why); null while no stream is wanted. failing: the names of the works that fail, the longest first; what that
    costs is told to the administrator and on the server itself (`doctor`).
    """
    try:
        with of.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1 FROM device LIMIT 1")
        ok = True
    except SQLAlchemyError:
        ok = False
    failing = [{"work": one.work, "since": one.since} for one in of.works.failing()]
    told = json.dumps({"ok": ok, "media": of.media.way, "failing": failing}, ensure_ascii=False)
    return Response(told, 200 if ok else 503, media_type="application/json")
