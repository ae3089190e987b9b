"""A course's roster: sent, looked at, saved."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from central_server.accounts.guard import ActorDep, guard
from central_server.courses.queries import course_of
from central_server.enrolment.comparing import Verdicts
from central_server.enrolment.faults import RosterError
from central_server.enrolment.files import too_big
from central_server.enrolment.grid import FILE_LIMIT, Grid
from central_server.enrolment.kept import KeptRoster, Outcome
from central_server.enrolment.preview import CHOOSABLE, NAMES, Preview, make_preview
from central_server.enrolment.reading import read_apart
from central_server.enrolment.saving import Decided, save
from central_server.enrolment.table import find_table
from central_server.errors import ConflictError
from central_server.participation.course import course_participation, verdicts_of
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.forms import FormDep
from central_server.web.headers import page_language
from models.language import counted

router = APIRouter(prefix="/courses/{course}/roster", dependencies=[guard("manage_course")])
SHOWN = 200
"""Rows of a list on the preview; the counts are of all."""


@router.get("")
def roster_page(request: Request, course: str, of: ServicesDep, db: ReadingDep) -> HTMLResponse:
    """Where a roster is sent from."""
    return of.pages.page(request, "roster.html", course=course_of(db, course), sentence="")


@router.post("")
async def send_roster(request: Request, course: str, of: ServicesDep, form: FormDep) -> Response:
    """Read the file in a process apart, keep what it says, and show it."""
    try:
        file = form.files.get("file")
        if file is None:
            raise RosterError(
                "Chưa chọn tệp. Hãy chọn tệp danh sách rồi gửi.", "No file was chosen. Choose the roster."
            )
        grids = await read_sent(of, file)
        kept = KeptRoster(course, (file.filename or "")[-120:], grids)
        token = await run_in_threadpool(of.rosters.keep, kept)
    except RosterError as error:
        with Session(of.engine) as db:
            found = course_of(db, course)
        sentence = error.sentence(page_language(request))
        return of.pages.page(request, "roster.html", 422, course=found, sentence=sentence)
    return RedirectResponse(f"/courses/{course}/roster/{token}", 303)


async def read_sent(of: Services, file: UploadFile) -> tuple[Grid, ...]:
    """What a roster that somebody sent says, read in a process apart. Raises RosterError."""
    if (file.size or 0) > FILE_LIMIT:
        raise too_big()
    data = await file.read(FILE_LIMIT + 1)
    async with of.rosters.reading:
        grids = await run_in_threadpool(read_apart, data)
    find_table(grids)
    return grids


@router.get("/{token}")
def preview_page(request: Request, course: str, token: str, of: ServicesDep, db: ReadingDep) -> Response:
    """What the file says and what saving would do; nothing is saved yet."""
    found = of.rosters.read(token, course)
    if isinstance(found, Outcome):
        return _done(db, course, found)
    return _page(request, of, db, token, found, dict(request.query_params))


@router.post("/{token}")
async def save_roster(
    request: Request, course: str, token: str, of: ServicesDep, actor: ActorDep, form: FormDep
) -> Response:
    """Enrol everybody whom the preview shows, in one transaction."""
    choices = {name: form.value(name) for name in form.names()}
    async with of.rosters.saving:
        found = await run_in_threadpool(of.rosters.read, token, course)
        if isinstance(found, Outcome):
            with Session(of.engine) as db:
                return _done(db, course, found)
        with Session(of.engine) as db:
            preview = await run_in_threadpool(make_preview, db, found, choices, of.now(), _verdicts(of, db), of.sealing)
            asked = _asked(preview, choices)
            if asked:
                return _page(request, of, db, token, found, choices, asked)
        decided = _decided(preview, choices)
        try:
            outcome = await asyncio.wrap_future(of.writer.submit(save(decided, of.sealing, of.now(), actor.account)))
        except ConflictError as error:
            with Session(of.engine) as db:
                return _page(request, of, db, token, found, choices, {"": (error.vi, error.en)})
        await run_in_threadpool(of.rosters.done, token, outcome)
    with Session(of.engine) as db:
        return _done(db, course, outcome)


@router.post("/{token}/drop")
def drop_roster(course: str, token: str, of: ServicesDep) -> Response:
    """Throw a roster away."""
    of.rosters.drop(token)
    return RedirectResponse(f"/courses/{course}/roster", 303)


def _done(db: Session, course: str, outcome: Outcome) -> RedirectResponse:
    """To the course's learners, which tell the counts; to the course itself while it is not published yet."""
    counts = {"new": outcome.new, "known": outcome.known, "enrolled": outcome.enrolled, "left_out": outcome.left_out}
    page = f"/courses/{course}/learners" if course_of(db, course).published else f"/courses/{course}"
    return RedirectResponse(f"{page}?{urlencode({'saved': 1} | counts)}", 303)


def _asked(preview: Preview, choices: dict[str, str]) -> dict[str, tuple[str, str]]:
    """What must still be answered before saving, by the field."""
    asked: dict[str, tuple[str, str]] = {}
    if preview.missing:
        asked["columns"] = ("Hãy chọn cột cho các mục còn thiếu.", "Choose a column for what is missing.")
    if preview.needs_points:
        asked["points"] = ("Hãy chọn điểm cầu còn thiếu.", "Choose the bridge points that are missing.")
    if preview.faulty_rows and choices.get("leave_out") != str(preview.faulty_rows):
        asked["leave_out"] = (
            f"Còn {preview.faulty_rows} dòng có ô sai. Hãy sửa tệp rồi gửi lại, hoặc đánh dấu để bỏ các dòng đó.",
            f"{counted(preview.faulty_rows, 'row has', 'rows have')} faulty cells. "
            "Mend the file and send it again, or tick the box.",
        )
    for number, one in enumerate(preview.comparison.namesakes):
        if choices.get(f"same.{number}") not in ("yes", "no"):
            asked[f"same.{number}"] = (
                f"{one.row.name} (dòng {one.row.line}): hãy trả lời có phải cùng một người không.",
                f"{one.row.name} (line {one.row.line}): say whether it is the same person.",
            )
    if not preview.savable:
        asked["nobody"] = ("Không có dòng nào ghi danh được.", "There is no row that can be enrolled.")
    return asked


def _verdicts(of: Services, db: Session) -> Verdicts:
    return lambda course: verdicts_of(course_participation(db, of.books, of.settling, course, of.now()))


def _decided(preview: Preview, choices: dict[str, str]) -> Decided:
    comparison = preview.comparison
    rows = [*comparison.new, *(row for row, _ in (*comparison.known, *comparison.enrolled))]
    same = {
        one.row.code: one.person.id
        for number, one in enumerate(comparison.namesakes)
        if choices.get(f"same.{number}") == "yes"
    }
    return Decided(
        preview.kept.course, sorted(rows, key=lambda row: row.row), preview.chosen_points, same, preview.faulty_rows,
        choices.get("ethnicity") == "yes",
    )  # fmt: skip


def _page(
    request: Request, of: Services, db: Session, token: str, found: KeptRoster, choices: dict[str, str],
    asked: dict[str, tuple[str, str]] | None = None,
) -> HTMLResponse:  # fmt: skip
    lang = page_language(request)
    preview = make_preview(db, found, choices, of.now(), _verdicts(of, db), of.sealing)
    sentences = {name: pair[lang == "en"] for name, pair in (asked or {}).items()}
    points = {point.id: point for point in preview.points}
    return of.pages.page(
        request, "roster_preview.html", 422 if asked else 200, course=course_of(db, found.course),
        token=token, preview=preview, choices=choices, asked=sentences, points=points, shown=SHOWN,
        fields=[(field, NAMES[field][lang == "en"]) for field in CHOOSABLE],
        names={field: pair[lang == "en"] for field, pair in NAMES.items()},
    )  # fmt: skip
