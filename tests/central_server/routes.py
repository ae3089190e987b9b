"""The app's own list of routes, each with the rule of its guard."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import APIRoute

from central_server.accounts.guard import Guard, OpenGuard, Rule


@dataclass(frozen=True)
class Found:
    method: str
    path: str
    rules: tuple[Rule, ...]


def routes_of(app: FastAPI) -> list[Found]:
    """All of them. A route that the app answers and that is not listed here would have to be another kind of route."""
    found: list[Found] = []

    def walk(some: list[object]) -> None:
        for route in some:
            if isinstance(route, APIRoute):
                calls = [one.call for one in route.dependant.dependencies]
                rules = tuple(call.rule for call in calls if isinstance(call, Guard | OpenGuard))
                found.extend(Found(method, route.path, rules) for method in sorted(route.methods or ()))
            walk(getattr(getattr(route, "original_router", None), "routes", []))

    walk(list(app.routes))
    return found


def others_of(app: FastAPI) -> list[str]:
    """The kinds of what is not a route or a router with routes: static files."""
    return sorted(
        type(route).__name__
        for route in app.routes
        if not isinstance(route, APIRoute) and not hasattr(route, "original_router")
    )
