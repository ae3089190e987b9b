"""Who teaches, and with which account: the binding decides who may teach a lecturer's sessions in the classroom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, select

from central_server.accounts.permission import Actor, visible_courses
from central_server.accounts.tables import Account, AccountGrant
from central_server.courses.changes import Changes
from central_server.courses.standing import lecturer_name
from central_server.courses.tables import Course, CourseSession, Lecturer
from central_server.errors import ForbiddenError, InputError, NotFoundError
from models.own_records import LecturerBound


@dataclass(frozen=True, slots=True)
class LecturerRow:
    """A lecturer as the list shows it."""

    id: str
    name: str
    unit: str
    sessions: int
    login: str
    """Of the account; empty: none."""
    bindable: bool
    """False: teaches in courses, too, that whoever looks does not manage."""
    may_not: tuple[str, ...] = ()
    """Codes of the courses in which the account may not teach: there the binding counts as none."""


def teaching_grants(db: Session) -> dict[str, frozenset[str | None]]:
    """Where accounts may teach: courses (ids), None among them: all. Disabled accounts may nowhere."""
    query = select(AccountGrant.account, AccountGrant.course).join(Account, col(AccountGrant.account) == Account.id)
    query = query.where(AccountGrant.role == "lecturer", col(AccountGrant.bridge_point).is_(None))
    found: dict[str, set[str | None]] = {}
    for account, course in db.exec(query.where(col(Account.disabled).is_(False))):
        found.setdefault(account, set()).add(course)
    return {account: frozenset(courses) for account, courses in found.items()}


def teaches_as(db: Session, lecturer: Lecturer | None, course: str) -> str | None:
    """The account that alone teaches a lecturer's sessions of a course; None: any lecturer's account of the course.

    An account that lost the right, or never had it there, binds nobody: else no one could teach.
    """
    if lecturer is None or lecturer.account is None:
        return None
    granted = teaching_grants(db).get(lecturer.account, frozenset())
    return lecturer.account if granted & {None, course} else None


def lecturer_rows(db: Session, actor: Actor) -> list[LecturerRow]:
    """The lecturers of the courses that somebody manages, by name; who manages all sees all."""
    managed = visible_courses(actor, "manage_course")
    logins = {account.id: account.login for account in db.exec(select(Account))}
    taught: dict[str, list[str]] = {}
    for lecturer, course in db.exec(select(CourseSession.lecturer, CourseSession.course)):
        taught.setdefault(lecturer or "", []).append(course)
    granted, codes = teaching_grants(db), dict(db.exec(select(Course.id, Course.code)).all())
    rows = []
    for one in db.exec(select(Lecturer).order_by(col(Lecturer.name), col(Lecturer.unit))):
        courses = taught.get(one.id, [])
        if managed is None or not managed.isdisjoint(courses):
            login, all_of_them = logins.get(one.account or "", ""), managed is None or managed.issuperset(courses)
            may_not = _may_not(granted.get(one.account, frozenset()), courses, codes) if one.account else ()
            rows.append(LecturerRow(one.id, lecturer_name(one), one.unit, len(courses), login, all_of_them, may_not))
    return rows


def _may_not(granted: frozenset[str | None], courses: Iterable[str], codes: Mapping[str, str]) -> tuple[str, ...]:
    return () if None in granted else tuple(sorted(codes[one] for one in set(courses) - granted))


def lecturers_accounts(db: Session, actor: Actor) -> list[Account]:
    """The accounts that may teach somewhere where the actor manages, by login."""
    managed = visible_courses(actor, "manage_course")
    query = select(Account, AccountGrant.course).join(AccountGrant, col(AccountGrant.account) == Account.id)
    query = query.where(AccountGrant.role == "lecturer", col(Account.disabled).is_(False))
    found = {one.id: one for one, course in db.exec(query) if managed is None or course is None or course in managed}
    return sorted(found.values(), key=lambda one: one.login)


def bind_lecturer(changes: Changes, actor: Actor, lecturer: str, login: str) -> None:
    """Say with which account a lecturer signs in; none where `login` is empty.

    Raises NotFoundError for a lecturer whom the actor does not see, ForbiddenError for one who also teaches where the
    actor manages nothing, InputError when there is no such lecturer's account, or it may not teach in one of the
    lecturer's courses.
    """
    row = next((one for one in lecturer_rows(changes.db, actor) if one.id == lecturer), None)
    if row is None:
        raise NotFoundError("Không có giảng viên này.", "There is no such lecturer.")
    if not row.bindable:
        raise ForbiddenError(
            "Giảng viên này còn dạy ở lớp mà đồng chí không quản lý. Hãy nhờ cán bộ quản lý mọi lớp ghi tài khoản.",
            "This lecturer also teaches in courses that you don't manage. Ask a class manager of all courses.",
        )
    account = next((one.id for one in lecturers_accounts(changes.db, actor) if one.login == login), None)
    if login and account is None:
        raise InputError(
            f'Không có tài khoản giảng viên nào tên đăng nhập "{login}". Hãy chọn trong danh sách; nếu chưa có, nhờ '
            "quản trị hệ thống tạo tài khoản và giao vai trò giảng viên.",
            f'There is no lecturer\'s account with the login "{login}". Choose from the list; if there is none, ask '
            "the administrator to make it and to give it the lecturer's role.",
        )
    if account is not None:
        courses = changes.db.exec(select(CourseSession.course).where(CourseSession.lecturer == lecturer)).all()
        codes = dict(changes.db.exec(select(Course.id, Course.code)).all())
        if lacking := ", ".join(_may_not(teaching_grants(changes.db).get(account, frozenset()), courses, codes)):
            raise InputError(
                f'Tài khoản "{login}" chưa được giao vai trò giảng viên ở lớp {lacking} mà giảng viên này dạy. '
                "Nhờ quản trị hệ thống giao vai trò ở lớp đó, hoặc chọn tài khoản khác.",
                f'The account "{login}" has no lecturer\'s role in {lacking}, where this lecturer teaches. Ask the '
                "administrator to give it the role there, or choose another account.",
            )
    if changes.put(changes.db.get_one(Lecturer, lecturer), account=account):
        changes.tell(LecturerBound(at=changes.now, by=changes.by, lecturer=lecturer, account=account))
