"""The letterhead of sheets, who signs them, and the words of grades: settings that an administrator keeps."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from central_server.accounts.guard import ActorDep, guard
from central_server.accounts.tables import Account
from central_server.courses.doing import do
from central_server.reports.acts import NewHead, keep_letterhead
from central_server.reports.reading import KINDS, letterhead_at
from central_server.reports.sheet import Signer
from central_server.reports.tables import Letterhead
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.forms import Form, FormDep

router = APIRouter(prefix="/admin/letterhead", dependencies=[guard("administer")])
MOST_SIGNERS = 4
MOST_GRADES = 12


def _page(request: Request, of: Services, db: Session, form: Form, status: int = 200) -> Response:
    query = (
        select(Letterhead, Account.name)
        .join(Account, col(Account.id) == Letterhead.by, isouter=True)
        .order_by(col(Letterhead.version).desc())
    )
    context = {"form": form, "kinds": KINDS, "versions": list(db.exec(query).all())}
    return of.pages.page(request, "letterhead.html", status, **context)


@router.get("")
def letterhead_page(request: Request, of: ServicesDep, db: ReadingDep) -> Response:
    """The letterhead in force, to be changed; and every version."""
    head = letterhead_at(db, of.now())
    signers = {
        f"signers-{kind}": "\n".join(
            f"{one.title}; {one.name}" if one.name else one.title for one in head.signers[kind]
        )
        for kind in KINDS
    }
    form = Form.filled(
        superior=head.superior, office=head.office, place=head.place, grades="\n".join(head.grades), **signers
    )
    return _page(request, of, db, form)


@router.post("")
def save(request: Request, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep) -> Response:
    """Make the next version; sheets of earlier days keep theirs."""
    signers = {kind: _signers(form, f"signers-{kind}") for kind in KINDS}
    grades = [" ".join(line.split()) for line in form.text("grades", 2000).splitlines() if line.strip()]
    if not 1 <= len(grades) <= MOST_GRADES or any(len(one) > 40 for one in grades):
        form.fail("grades", f"Hãy ghi từ 1 đến {MOST_GRADES} mức xếp loại, mỗi dòng một mức.",
                  f"Write 1 to {MOST_GRADES} grades, one a line.")  # fmt: skip
    new = NewHead(form.words("superior", 160), form.words("office", 160, needed=True), form.words("place", 60), signers,
                  grades)  # fmt: skip
    if form.errors:
        return _page(request, of, db, form, 422)
    do(of, actor, lambda changes: keep_letterhead(changes, new))
    return RedirectResponse("/admin/letterhead", 303)


def _signers(form: Form, name: str) -> list[Signer]:
    found = []
    for line in form.text(name, 1000).splitlines():
        title, _, who = (part.strip() for part in line.partition(";"))
        if title:
            found.append(Signer(" ".join(title.split()), " ".join(who.split())))
    if len(found) > MOST_SIGNERS or any(len(one.title) > 80 or len(one.name) > 80 for one in found):
        form.fail(name, f"Hãy ghi tối đa {MOST_SIGNERS} người ký, mỗi dòng: chức danh; họ tên.",
                  f"Write up to {MOST_SIGNERS} signers, a line each: title; name.")  # fmt: skip
    return found
