"""An ASGI layer that counts requests and their time, by route: never by address, which names a session or a learner."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
OTHER: Final = "other"
"""Addresses that are no route's: strangers try thousands, and each label is kept for ever."""


class RequestCounts:
    """What was counted since the start. Used from the server's event loop only."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str, str], int] = {}
        """By method, route and kind of status (2xx …)."""
        self._times: dict[str, tuple[list[int], float]] = {}
        """By route: how many took up to each bound (the last: longer), and their sum, s."""

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """One answer."""
        key = (method, route, f"{status // 100}xx")
        self._answers[key] = self._answers.get(key, 0) + 1
        counts, total = self._times.setdefault(route, ([0] * (len(BOUNDS_S) + 1), 0.0))
        counts[bisect_left(BOUNDS_S, seconds)] += 1
        self._times[route] = counts, total + seconds

    def collect(self) -> Iterator[Metric]:
        """As Prometheus has them."""
        answers = CounterMetricFamily(
            "diemdanh_server_requests", "Requests answered", labels=["method", "route", "status"]
        )
        for key, count in dict(self._answers).items():
            answers.add_metric(key, count)
        yield answers
        times = HistogramMetricFamily(
            "diemdanh_server_request_seconds", "Time until the answer was sent whole", labels=["route"]
        )
        for route, (counts, total) in dict(self._times).items():
            buckets, so_far = [], 0
            for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), counts, strict=True):
                so_far += count
                buckets.append((bound, float(so_far)))
            times.add_metric([route], buckets, total)
        yield times


class CountRequests:
    """The layer. Event streams, which last for hours, and static files are left out."""

    def __init__(self, app: ASGIApp, counts: RequestCounts) -> None:
        self._app = app
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count its answer."""
        if scope["type"] != "http" or scope["path"].startswith("/static/") or scope["path"].endswith("/events"):
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", OTHER)
            method = scope["method"] if route != OTHER else "ANY"
            self._counts.add(method, route, status, time.perf_counter() - began)
