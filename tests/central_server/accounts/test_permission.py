from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from central_server.accounts.permission import ANYWHERE, MAY, ROLES, Actor, Grant, Permission, visible_courses

PLACES = [None, "c-1", "c-2"]
POINTS = [None, "p-1", "p-2"]
PERMISSIONS = sorted({one for some in MAY.values() for one in some})
grants = st.builds(Grant, st.sampled_from(ROLES), st.sampled_from(PLACES), st.sampled_from(POINTS))
actors = st.builds(lambda some: Actor("a-1", "Lan", tuple(some)), st.lists(grants, max_size=4))


def lan(*some: Grant, learner: str | None = None) -> Actor:
    return Actor("a-1", "Lan", some, learner)


def test_a_grant_holds_where_it_was_given_and_not_beyond() -> None:
    here = lan(Grant("class_manager", "c-1"))
    assert here.may("manage_course", course="c-1") and not here.may("manage_course", course="c-2")
    assert not here.may("manage_course")  # all courses
    assert here.may("see_session", course="c-1", bridge_point="p-2")
    technician = lan(Grant("technician", None, "p-1"))
    assert technician.may("see_session", course="c-9", bridge_point="p-1")
    assert not technician.may("see_session", course="c-9")  # all of it
    assert technician.points("see_session", "c-9") == frozenset({"p-1"})
    assert technician.may_part("see_session", "c-9", ["p-2", "p-1"])
    assert not technician.may_part("see_session", "c-9", ["p-2"])
    assert not technician.may("manage_course", course="c-9", bridge_point="p-1")


def test_administrators_see_no_learner_and_nobody_else_administers() -> None:
    assert MAY["administrator"] == {"administer", "see_bridge_point", "export_proof"}  # records hold ids, never names
    assert [role for role in ROLES if "administer" in MAY[role]] == ["administrator"]
    assert [role for role in ROLES if "manage_course" in MAY[role]] == ["class_manager"]


def test_ones_own_minutes_need_a_learner() -> None:
    assert not lan(Grant("learner")).may("see_own")
    assert lan(Grant("learner"), learner="l-1").is_learner("l-1")
    assert not lan(Grant("learner"), learner="l-1").is_learner("l-2")
    assert not lan(learner="l-1").is_learner("l-1")


@given(actors, st.sampled_from(PERMISSIONS), st.sampled_from(PLACES[1:]), st.sampled_from(POINTS[1:]))
def test_who_may_in_all_of_it_may_in_each_part(actor: Actor, permission: Permission, course: str, point: str) -> None:
    if actor.may(permission):
        assert actor.may(permission, course=course)
    if actor.may(permission, course=course):
        assert actor.may(permission, course=course, bridge_point=point)
    if permission not in ANYWHERE:
        where = actor.points(permission, course)
        assert actor.may(permission, course=course, bridge_point=point) == (where is None or point in where)
        whole = visible_courses(actor, permission)
        assert actor.may(permission, course=course) == (whole is None or course in whole)


@given(actors, grants, st.sampled_from(PERMISSIONS), st.sampled_from(PLACES), st.sampled_from(POINTS))
def test_another_grant_takes_nothing_away(
    actor: Actor, more: Grant, permission: Permission, course: str | None, point: str | None
) -> None:
    if actor.may(permission, course=course, bridge_point=point):
        richer = Actor(actor.account, actor.name, (*actor.grants, more))
        assert richer.may(permission, course=course, bridge_point=point)
