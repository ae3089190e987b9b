"""The guard that stands before every route: who asks, and whether that actor may do this here.

Every route says its rule once, on itself or its router: `dependencies=[guard("manage_course")]`. A test walks the
app's own list of routes and fails on one without a rule. The place is found from the path's parameters `course`,
`session`, `bridge_point` and `learner`. Who has the permission nowhere is refused (403); who has it elsewhere is told
what somebody is told who asks for a thing that isn't there (404).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

from fastapi import Depends, params
from sqlalchemy import Connection, text
from starlette.requests import HTTPConnection

from central_server.accounts.permission import OFFICE, Actor, Permission, visible_courses
from central_server.accounts.sign_ins import SignIn, cookie_of, read_sign_in, used
from central_server.errors import ForbiddenError, NotFoundError, NotSignedInError
from central_server.services import Services, ServicesDep

Open = Literal["everybody", "device", "media_token"]
"""Routes without an account: pages that all may see, the agents' (their signature is checked by SignedDep), and those
of streams (media.routes checks their token)."""
Signed = Literal["signed_in", "half_signed_in"]
"""Any account; "half": also one that has still to set its second factor up, and may do nothing else."""
Rule = Permission | Signed | Open

_SESSION = text("SELECT course FROM session WHERE id = :session")
_PLACES = text("SELECT bridge_point FROM session_bridge_point WHERE session = :session")
_BELONGS = text(
    "SELECT course, bridge_point FROM enrolment WHERE learner = :learner"
    " UNION SELECT course, bridge_point FROM transfer WHERE learner = :learner"
    " UNION SELECT session.course, guest.bridge_point FROM guest JOIN session ON session.id = guest.session"
    " WHERE guest.learner = :learner"
)


class OpenGuard:
    """Lets everybody in, and says that this is meant."""

    def __init__(self, rule: Open) -> None:
        self.rule = rule

    async def __call__(self) -> None:
        """Nothing to check here."""


class Guard:
    """Lets a signed-in actor in who has the permission there."""

    def __init__(self, rule: Permission | Signed) -> None:
        self.rule = rule

    def __call__(self, request: HTTPConnection, of: ServicesDep) -> None:
        """Raises NotSignedInError, ForbiddenError or NotFoundError."""
        with of.engine.connect() as connection:
            sign_in = _signed_in(connection, request, of, half=self.rule == "half_signed_in")
            actor = sign_in.actor
            request.state.sign_in = sign_in
            if sign_in.waits_for is None:
                request.state.actor = actor
            if self.rule == "signed_in" or self.rule == "half_signed_in":
                return
            if not actor.granted(self.rule):
                raise ForbiddenError(
                    "Tài khoản này không có quyền làm việc này. Nếu cần, hãy đề nghị quản trị hệ thống cấp quyền.",
                    "This account may not do that. If it should, ask the administrator for the permission.",
                )
            if not allowed(connection, actor, self.rule, request.path_params):
                raise hidden()


def hidden() -> NotFoundError:
    """What somebody is told of a thing that isn't there, or isn't his to see: nobody learns which."""
    return NotFoundError(
        "Không có mục này, hoặc đồng chí không được giao mục này. Hãy kiểm tra lại địa chỉ.",
        "There is no such thing here, or it is not among what you were given. Check the address.",
    )


def guard(rule: Rule) -> params.Depends:
    """The rule of a route or router, to be put into its `dependencies`."""
    depends: params.Depends = Depends(
        OpenGuard(rule) if rule == "everybody" or rule == "device" or rule == "media_token" else Guard(rule)
    )
    return depends


Points = frozenset[str] | None
"""Ids of the bridge points whose part of a session somebody may see; None: all of it."""


class Seen(NamedTuple):
    """What of a session somebody may see: `points` at all, and where what was odd at check-ins, too (`flags`)."""

    points: Points
    flags: Points


def still_allowed(request: HTTPConnection, of: Services, permission: Permission, before: Seen) -> bool:
    """Whether whoever opened a stream may still see it, and as much of it. Counts as use of the sign-in."""
    try:
        Guard(permission)(request, of)
    except (NotSignedInError, ForbiddenError, NotFoundError):
        return False
    return seen(request, of) == before


def seen(request: HTTPConnection, of: ServicesDep) -> Seen:
    """What of the path's session the actor may see."""
    who = actor(request)
    if visible_courses(who, "see_session") is None and visible_courses(who, "see_flags") is None:
        return Seen(None, None)
    with of.engine.connect() as connection:
        course = connection.execute(_SESSION, {"session": request.path_params["session"]}).scalar_one_or_none()
    if course is None:
        return Seen(frozenset(), frozenset())
    return Seen(who.points("see_session", course), who.points("see_flags", course))


SeenDep = Annotated[Seen, Depends(seen)]


def points_seen(seen: SeenDep) -> Points:
    """The bridge points of the path's session whose part the actor may see."""
    return seen.points


PointsDep = Annotated[Points, Depends(points_seen)]


def points_signed(request: HTTPConnection, of: ServicesDep) -> Points:
    """The bridge points of the path's session for which the actor may sign: fewer than he sees, in two roles."""
    with of.engine.connect() as connection:
        course = connection.execute(_SESSION, {"session": request.path_params["session"]}).scalar_one_or_none()
    return frozenset() if course is None else actor(request).points("sign", course)


SignPointsDep = Annotated[Points, Depends(points_signed)]


def actor(request: HTTPConnection) -> Actor:
    """Who asks, on a route with a guard that asks for a sign-in."""
    found = request.state.actor
    if not isinstance(found, Actor):
        raise TypeError("this route's guard asks for no sign-in")
    return found


async def _actor(request: HTTPConnection) -> Actor:
    return actor(request)


async def _sign_in(request: HTTPConnection) -> SignIn:
    found = request.state.sign_in
    if not isinstance(found, SignIn):
        raise TypeError("this route's guard asks for no sign-in")
    return found


ActorDep = Annotated[Actor, Depends(_actor)]
SignInDep = Annotated[SignIn, Depends(_sign_in)]


def _signed_in(connection: Connection, request: HTTPConnection, of: Services, *, half: bool) -> SignIn:
    sign_in = read_sign_in(connection, cookie_of(request, of.config), of.now(), of.config.accounts)
    if sign_in is None or sign_in.waits_for not in (None, "second_factor" if half else None):
        raise NotSignedInError(sign_in.waits_for if sign_in else None)
    used(sign_in, of.writer, of.now())
    return sign_in


def allowed(connection: Connection, actor: Actor, permission: Permission, place: Mapping[str, str]) -> bool:
    """Whether the actor may do that in the place which a path's parameters name.

    A session that doesn't exist, or is not of the course beside it, is nobody's. A technician may see a session in
    which his bridge point takes part, and learners who sit there (pages show him that part: `Actor.points`).
    """
    if permission in OFFICE and not actor.may(permission):
        return False
    course, session, point, learner = (place.get(name) for name in ("course", "session", "bridge_point", "learner"))
    if session is not None:
        of_session = connection.execute(_SESSION, {"session": session}).scalar_one_or_none()
        if of_session is None or course not in (None, of_session):
            return False
        course = str(of_session)
    if learner is not None:
        return _learner_allowed(connection, actor, permission, learner, course)
    if session is not None and course is not None and point is None and permission in ("see_session", "sign"):
        return actor.may_part(permission, course, connection.execute(_PLACES, {"session": session}).scalars())
    return (course is None and point is None) or actor.may(permission, course=course, bridge_point=point)


def _learner_allowed(
    connection: Connection, actor: Actor, permission: Permission, learner: str, course: str | None
) -> bool:
    """Whether the learner is the actor, or is enrolled, transferred or a guest where the actor has the permission."""
    if permission in ("see_own", "see_learner") and actor.is_learner(learner):
        return True
    if permission == "see_own":
        return False
    places = [
        (row.course, row.bridge_point if permission == "see_learner" else None)
        for row in connection.execute(_BELONGS, {"learner": learner})
        if course in (None, row.course)
    ]
    return any(actor.may(permission, course=where, bridge_point=point) for where, point in places)
