"""A course's participation rule on the web: the rule in force, another one tried on past sessions, saving, history."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from central_server.accounts.guard import ActorDep, guard
from central_server.courses.doing import do
from central_server.courses.queries import course_of
from central_server.courses.tables import Course
from central_server.errors import ConflictError
from central_server.participation.course import WhatIf, what_if
from central_server.participation.rule_form import REASON_MOST, filled, read_rule
from central_server.participation.rule_wording import NOT_OBSERVED, differences, rule_lines
from central_server.participation.rules import RuleTold, rule_of, rule_versions, same, save_rule
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.forms import Form, FormDep
from central_server.web.headers import page_language
from models.language import Language
from models.participation import Rule

router = APIRouter(dependencies=[guard("manage_course")])


@router.get("/courses/{course}/rules")
def rules_page(request: Request, course: str, of: ServicesDep, db: ReadingDep) -> Response:
    """The rule in force in a form, and its history."""
    found, rule = course_of(db, course), rule_of(db, course)
    return _page(request, of, db, found, filled(rule, page_language(request)))


@router.post("/courses/{course}/rules")
def try_or_save(
    request: Request, course: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep
) -> Response:
    """Show what the rule in the form would make of past sessions (`act=look`), or make it the next version."""
    found, rule, in_force = course_of(db, course), read_rule(form), rule_of(db, course)
    if rule is None:
        return _page(request, of, db, found, form, 422)
    if form.value("act") == "look":
        return _page(request, of, db, found, form, tried=rule)
    reason = form.words("reason", REASON_MOST, needed=True)
    if rule.version == in_force.version and same(rule, in_force):
        form.errors.clear()
        form.fail("share_needed", "Chưa có gì khác với điều kiện đang dùng.", "Nothing differs from the rule in force.")
    if not form.errors:
        try:
            do(of, actor, lambda changes: save_rule(changes, course, rule, reason))
        except ConflictError:
            db.rollback()  # this request's view of the database is from before the other version
            return _page(request, of, db, found, form, 409, tried=rule)
        return RedirectResponse(f"/courses/{course}/rules#history", 303)
    return _page(request, of, db, found, form, 422, tried=rule)


def _page(
    request: Request,
    of: Services,
    db: Session,
    course: Course,
    form: Form,
    status: int = 200,
    tried: Rule | None = None,
) -> Response:
    lang = page_language(request)
    versions = rule_versions(db, course.id)
    in_force = versions[0] if versions else RuleTold(Rule(), "", 0, "")
    result: WhatIf | None = None
    if tried is not None:
        result = what_if(db, of.books, course, tried, of.now())
    context = {
        "course": course,
        "form": form,
        "in_force": in_force,
        "conflict": form.value("version") != str(in_force.rule.version),
        "since": _since(versions, form, lang),
        "tried": differences(in_force.rule, tried, lang) if tried else [],
        "what_if": result,
        "history": _history(versions, lang),
        "not_observed": [(key, words[lang == "en"]) for key, words in NOT_OBSERVED.items()],
    }
    return of.pages.page(request, "course_rules.html", status, **context)


def _since(versions: list[RuleTold], form: Form, lang: Language) -> list[tuple[str, str, str]]:
    """What others have changed since the version that a form was made from."""
    made_from = next((one.rule for one in versions if str(one.rule.version) == form.value("version")), None)
    return differences(made_from, versions[0].rule, lang) if made_from else []


def _history(versions: list[RuleTold], lang: Language) -> list[tuple[RuleTold, list[tuple[str, str, str]]]]:
    """Each version with what it changed of the one before; the first with all that it says."""
    out = []
    for at, one in enumerate(versions):
        if at + 1 < len(versions):
            changed = differences(versions[at + 1].rule, one.rule, lang)
        else:
            changed = [(about, "", says) for about, says in rule_lines(one.rule, lang)]
        out.append((one, changed))
    return out
