"""The programmes that courses teach, with their teaching periods."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, func, select

from central_server.accounts.guard import ActorDep, guard
from central_server.courses.doing import do
from central_server.courses.new_course import CODE
from central_server.courses.planning import put_programme
from central_server.courses.tables import Course, Programme
from central_server.services import ReadingDep, ServicesDep
from central_server.web.forms import Form, FormDep

router = APIRouter(prefix="/programmes", dependencies=[guard("create_course")])


def _page(request: Request, of: ServicesDep, db: Session, form: Form, status: int = 200) -> Response:
    courses = dict(db.exec(select(Course.programme, func.count()).group_by(col(Course.programme))).all())
    rows = [(one, courses.get(one.id, 0)) for one in db.exec(select(Programme).order_by(col(Programme.title)))]
    return of.pages.page(request, "programmes.html", status, form=form, rows=rows)


@router.get("")
def programmes_page(request: Request, of: ServicesDep, db: ReadingDep, code: str = "") -> Response:
    """All programmes; `code` fills the form with one of them, to be mended."""
    one = db.exec(select(Programme).where(Programme.code == code)).first() if code else None
    form = Form.filled(code=one.code, title=one.title, periods=str(one.periods)) if one else Form.filled()
    return _page(request, of, db, form)


@router.post("")
def save(request: Request, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep) -> Response:
    """Add a programme, or mend the one with this code."""
    code, title = form.words("code", 30, needed=True), form.words("title", needed=True)
    periods = form.whole("periods", 0, 5000) or 0
    if code and not CODE.fullmatch(code):
        form.fail("code", "Mã chương trình chỉ gồm chữ không dấu, số, - và _.",
                  "A code has plain letters, figures, - and _ only.")  # fmt: skip
    if form.errors:
        return _page(request, of, db, form, 422)
    do(of, actor, lambda changes: put_programme(changes, code, title, periods))
    return RedirectResponse("/programmes", 303)
