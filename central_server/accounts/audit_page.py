"""/admin/audit: the server's own log, to be read by the administrator."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from central_server.accounts.audit import GROUPS, PAGE, Wanted, read_audit
from central_server.accounts.guard import guard
from central_server.accounts.queries import list_accounts, places
from central_server.services import ServicesDep

router = APIRouter(prefix="/admin/audit", dependencies=[guard("administer")])


@router.get("")
def audit_page(
    request: Request, of: ServicesDep, kind: str = "", person: str = "", course: str = "", before: int = 0
) -> Response:
    """The newest acts first, of one kind, person or course."""
    with of.engine.connect() as connection:
        rows = read_audit(connection, Wanted(kind, person, course, before))
        people = [(one.id, f"{one.name} ({one.login})") for one in list_accounts(connection, "", "", "name")]
        courses, _ = places(connection)
    context = {
        "rows": rows, "kind": kind, "person": person, "course": course, "groups": GROUPS, "courses": courses,
        "people": people, "older": rows[-1].seq if len(rows) == PAGE else None,
    }  # fmt: skip
    return of.pages.page(request, "audit.html", **context)
