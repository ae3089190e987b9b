"""An office to look at: the demo's province in a server, an account of each role, and every page by its address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import Connection, Engine, text

from central_server.accounts.administering import Details, change_details
from central_server.accounts.giving import NewAccount, add_account, give
from central_server.accounts.links import SIGN_IN_LIFE_MS, make_link
from central_server.accounts.permission import ROLES, Grant, Role
from central_server.app import create_app
from central_server.config import Config
from central_server.database import Writer, open_database
from deploy.screenshots.speaking import people_speak

NO_PAGE = re.compile(
    r"^/(api/|health$|metrics$)|/events$|\.(csv|xlsx|ics|json|zip|{ending})$|/points/|/pictures?(/|$)|/evidence/|^/sign-in/|\.css$"
)
"""Addresses that are no pages of their own: for programs, streams, files, parts of a page, steps of signing in."""
OF_WHAT_IS_OVER = re.compile(r"/(corrections|correction|leave|signed-sheet|contests?|revisions)(/|$)")
"""Pages about a session that is over: they get one that is."""
HELP = {"part": "technician", "article": "faults"}
"""The longest article of the handbook."""
_LIVE = text(
    "SELECT session.id, session.course FROM session WHERE session.start <= :now AND session.end > :now"
    " ORDER BY (SELECT count(*) FROM session_bridge_point AS p WHERE p.session = session.id) DESC LIMIT 1"
)
_PLACE = text(
    "SELECT place.bridge_point, enrolment.learner, learner.code FROM session_bridge_point AS place"
    " JOIN enrolment ON enrolment.bridge_point = place.bridge_point AND enrolment.course = :course"
    " JOIN learner ON learner.id = enrolment.learner WHERE place.session = :session"
    # Where most sit, for some pages show a neighbour, too.
    " ORDER BY (SELECT count(*) FROM enrolment AS e"
    " WHERE e.course = :course AND e.bridge_point = place.bridge_point) DESC, place.bridge_point LIMIT 1"
)
_OVER = text(
    "SELECT session.id FROM session JOIN session_bridge_point AS place ON place.session = session.id"
    ' WHERE session.course = :course AND place.bridge_point = :bridge_point AND session."end" <= :now'
    " AND NOT session.cancelled AND NOT session.field_visit ORDER BY session.start DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Office:
    """What stands for each parameter of an address, and the key of a one-time link for each role."""

    places: dict[str, str]
    links: Mapping[Role, str]


def page_paths(app: FastAPI | None = None) -> list[str]:
    """The addresses of all pages, from the app's own list of routes, with their parameters in braces."""
    return sorted({path for path in _paths(list((app or create_app(Config())).routes)) if not NO_PAGE.search(path)})


def _paths(routes: list[object]) -> Iterator[str]:
    for route in routes:
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            yield route.path
        yield from _paths(getattr(getattr(route, "original_router", None), "routes", []))


def filled(path: str, places: dict[str, str]) -> str | None:
    """An address with something that exists in the place of each parameter; None where there is nothing for one."""
    names = re.findall(r"{(\w+)}", path)
    if any(name not in places for name in names):
        return None
    places = places | {"session": places["over"]} if OF_WHAT_IS_OVER.search(path) else places
    for name in names:
        path = path.replace(f"{{{name}}}", quote(places[name], safe=""))
    return path


def open_office(data: Path, now: int) -> Office:
    """Accounts of all roles in a server's data folder that holds the province. now: ms since 1970 UTC."""
    engine = open_database(data / "diemdanh.db")
    try:
        places, code = _places(engine, now)
        with Writer(engine) as writer:
            accounts = {
                role: writer.submit(partial(_account, role=role, places=places, code=code, now=now)).result()
                for role in ROLES
            }
            contest = people_speak(writer, places, {role: account for role, (account, _) in accounts.items()}, now)
    finally:
        engine.dispose()
    links = {role: key for role, (_, key) in accounts.items()}
    return Office(places | {"account": accounts["lecturer"][0], "contest": contest, "number": "1"} | HELP, links)


def _places(engine: Engine, now: int) -> tuple[dict[str, str], str]:
    with engine.connect() as db:
        session, course = db.execute(_LIVE, {"now": now}).one()
        point, learner, code = db.execute(_PLACE, {"session": session, "course": course}).one()
        over = db.execute(_OVER, {"course": course, "bridge_point": point, "now": now}).scalar_one()
    return {"session": session, "course": course, "bridge_point": point, "learner": learner, "over": over}, code


def _account(db: Connection, role: Role, places: Mapping[str, str], code: str, now: int) -> tuple[str, str]:
    names: dict[Role, str] = {
        "administrator": "Tạ Quang Huy", "class_manager": "Đinh Thị Thanh Thảo", "lecturer": "Đinh Trọng Khoa",
        "technician": "Võ Hữu Tùng", "learner": "Học viên thử",
    }  # fmt: skip
    account = add_account(db, NewAccount(f"thu-{role.replace('_', '-')}", names[role]), None, now)
    course = places["course"] if role == "lecturer" else None
    give(db, account, Grant(role, course, places["bridge_point"] if role == "technician" else None), None, now)
    if role == "learner":
        change_details(db, account, Details(names[role], "", code), account, now)
    return account, make_link(db, account, now, new_password=False, by=None, life_ms=SIGN_IN_LIFE_MS).key
