"""The guard before a learner's own pages: the learner's account, or a visit from a bridge point (learners.visits)."""

from __future__ import annotations

from fastapi import Depends, params
from starlette.requests import HTTPConnection

from central_server.accounts.guard import Guard, allowed, hidden
from central_server.accounts.permission import Actor, Grant
from central_server.errors import KeyRevokedError, NotSignedInError, UnknownDeviceError
from central_server.learners.visits import Visit, visit_cookie
from central_server.services import Services, ServicesDep


def visit_of(request: HTTPConnection, of: Services) -> Visit | None:
    """The visit of the browser that asks, while it goes on and the PC is still the bridge point's."""
    key, _ = visit_cookie(request, of.config)
    visit = of.visits.of(key, of.now()) if key else None
    if visit is None:
        return None
    try:
        of.keys.of(visit.device, of.now())
    except (KeyRevokedError, UnknownDeviceError):
        return None
    return visit


def visitor(visit: Visit) -> Actor:
    """Who acts in a visit: the learner, by the learner's own id, with no rights but to his or her own pages."""
    return Actor(visit.learner, visit.name, (Grant("learner"),), visit.learner)


class OwnGuard(Guard):
    """Lets the learner in whose page it is."""

    def __init__(self) -> None:
        super().__init__("see_own")

    def __call__(self, request: HTTPConnection, of: ServicesDep) -> None:
        """Raises NotSignedInError, ForbiddenError or NotFoundError."""
        visit = visit_of(request, of)
        if visit is not None:
            with of.engine.connect() as connection:
                mine = allowed(connection, visitor(visit), "see_own", request.path_params)
            if mine:
                request.state.visit, request.state.actor = visit, visitor(visit)
                request.state.visit_left_ms = visit.ends_at - of.now()
                return
        try:
            super().__call__(request, of)
        except NotSignedInError as error:
            if visit is not None:
                raise hidden() from error
            if error.waits_for is None and visit_cookie(request, of.config)[0]:
                raise NotSignedInError("visit") from error
            raise


def own_guard() -> params.Depends:
    """For the `dependencies` of a learner's own page."""
    depends: params.Depends = Depends(OwnGuard())
    return depends
