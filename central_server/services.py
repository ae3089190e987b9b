"""What the app factory wires together and every route may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.requests import HTTPConnection

from central_server.accounts.account_key import AccountKey
from central_server.accounts.passwords import Hasher
from central_server.accounts.sign_on import Provider
from central_server.bridge_points.signature import DeviceKeys
from central_server.classroom.classrooms import Classrooms
from central_server.config import Config
from central_server.database import Writer
from central_server.enrolment.kept import KeptRosters
from central_server.health.board import HealthBoard
from central_server.health.requests import RequestCounts
from central_server.learners.alike import Templates
from central_server.learners.sealing import SealingKey
from central_server.learners.visits import Visits
from central_server.ledger.intake import Intake
from central_server.media.media import Media
from central_server.media.pictures import Pictures
from central_server.own_log.server_key import ServerKey
from central_server.participation.book import Books
from central_server.participation.feed import Feeds
from central_server.participation.live import LiveBoard
from central_server.participation.settling import Settling
from central_server.participation.watch import Watches
from central_server.web.rendering import Pages
from central_server.works import Works

Clock = Callable[[], int]
"""Server wall time, ms since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class Services:
    """One of each, made when the server starts."""

    config: Config
    now: Clock
    engine: Engine
    writer: Writer
    intake: Intake
    keys: DeviceKeys
    live: LiveBoard
    books: Books
    watches: Watches
    settling: Settling
    feeds: Feeds
    pages: Pages
    hasher: Hasher
    account_key: AccountKey
    sign_on: Provider | None
    server_key: ServerKey
    sealing: SealingKey
    templates: Templates
    rosters: KeptRosters
    media: Media
    classrooms: Classrooms
    pictures: Pictures
    visits: Visits
    agents: HealthBoard
    requests: RequestCounts
    works: Works


def services_of(connection: HTTPConnection) -> Services:
    """The app's services."""
    found = connection.app.state.services
    if not isinstance(found, Services):
        raise TypeError("the app was not started through its lifespan")
    return found


async def services(connection: HTTPConnection) -> Services:
    """Dependency of routes: FastAPI would give one that is not async a thread for each request."""
    return services_of(connection)


def reading(connection: HTTPConnection) -> Iterator[Session]:
    """A database session for one request, to read with; changes go to the writer."""
    with Session(services_of(connection).engine) as db:
        yield db


ServicesDep = Annotated[Services, Depends(services)]
ReadingDep = Annotated[Session, Depends(reading)]
