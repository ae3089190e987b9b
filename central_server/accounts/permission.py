"""Roles, what each may do, and where: the one table that decides. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["administrator", "class_manager", "lecturer", "technician", "learner"]
Permission = Literal[
    "administer",  # accounts, permissions, bridge points, the audit log
    "see_courses",  # lists, of what the actor may see
    "create_course",
    "see_course",
    "manage_course",  # edit, enrol, rules, publish
    "see_session",
    "sign",  # seal a session's sheet, enter a signed one
    "correct",  # learners' presence and leave; answer contests
    "see_flags",  # what was odd at somebody's check-in
    "see_learner",  # a learner's minutes in courses that the actor may see
    "see_bridge_point",
    "see_reports",  # figures of the whole office, with its learners
    "set_targets",  # units, targets
    "export_proof",  # a pack with all logs
    "see_own",  # the actor's own minutes
    "teach",  # speak at the main bridge point, show a screen, lead the class
    "speak_for_room",  # raise a room's hand, speak when it has the floor, ask in writing
]

ROLES: tuple[Role, ...] = get_args(Role)

MAY: dict[Role, frozenset[Permission]] = {
    # Runs the system and sees no learner: whoever does both jobs is given both roles.
    "administrator": frozenset({"administer", "see_bridge_point", "export_proof"}),
    "class_manager": frozenset(
        {"see_courses", "create_course", "see_course", "manage_course", "see_session", "see_flags", "sign", "correct",
         "see_learner", "see_bridge_point", "see_reports", "set_targets", "export_proof"}
    ),
    "lecturer": frozenset({"see_courses", "see_course", "see_session", "see_learner", "teach"}),
    "technician": frozenset(
        {"see_courses", "see_session", "see_flags", "sign", "see_bridge_point", "speak_for_room"}
    ),
    "learner": frozenset({"see_own"}),
}  # fmt: skip
"""What a role may do where it was granted."""

ANYWHERE: frozenset[Permission] = frozenset({"administer", "see_courses", "create_course", "see_own"})
"""Permissions that are not about one course or bridge point: any grant of the role will do."""

OFFICE: frozenset[Permission] = frozenset({"see_reports", "set_targets", "export_proof"})
"""Permissions that are about the whole office: only a grant without limit will do."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, in one course or all (None), at one bridge point or all (None)."""

    role: Role
    course: str | None = None
    bridge_point: str | None = None

    def covers(self, course: str | None, bridge_point: str | None) -> bool:
        """Whether it holds there. A place left out (None) means all of it, which only a grant without limit covers."""
        return self.course in (None, course) and self.bridge_point in (None, bridge_point)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a signed-in account with what it was granted."""

    account: str
    name: str
    grants: tuple[Grant, ...]
    learner: str | None = None
    """The learner whom this account belongs to."""
    browser_session: str = ""
    """Id of the sign-in by which it asks."""

    def granted(self, permission: Permission) -> tuple[Grant, ...]:
        """The grants that carry the permission, wherever that is."""
        return tuple(grant for grant in self.grants if permission in MAY[grant.role])

    def may(self, permission: Permission, *, course: str | None = None, bridge_point: str | None = None) -> bool:
        """Whether the actor may do that, in this course, at this bridge point (None: in all of it)."""
        grants = self.granted(permission)
        if permission == "see_own":
            return bool(grants) and self.learner is not None
        return bool(grants) if permission in ANYWHERE else any(one.covers(course, bridge_point) for one in grants)

    def may_part(self, permission: Permission, course: str, bridge_points: Iterable[str]) -> bool:
        """Whether the actor may do that in the course, at least at one of these bridge points."""
        return self.may(permission, course=course) or any(
            self.may(permission, course=course, bridge_point=one) for one in bridge_points
        )

    def points(self, permission: Permission, course: str) -> frozenset[str] | None:
        """The bridge points at which the actor may do that in a course; None: all of them."""
        places = [one.bridge_point for one in self.granted(permission) if one.course in (None, course)]
        return None if None in places else frozenset(place for place in places if place is not None)

    def is_learner(self, learner: str) -> bool:
        """Whether this is the learner's own account."""
        return self.learner == learner and self.may("see_own")


def visible_courses(actor: Actor, permission: Permission = "see_course") -> frozenset[str] | None:
    """The courses (ids) in which the actor has the permission as a whole; None: all.

    Technicians see sessions at their bridge point and no course as a whole: courses.queries.seen_by finds those.
    """
    grants = [one for one in actor.granted(permission) if one.bridge_point is None]
    if any(one.course is None for one in grants):
        return None
    return frozenset(one.course for one in grants if one.course is not None)
