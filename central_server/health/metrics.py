"""/metrics: the server as Prometheus reads it. No label names a person, a session or a bridge point.

Who may read: a program on this PC, or whoever brings the token of the settings' `metrics_token_file`. Behind a reverse
proxy everybody comes from this PC, so where `public_address` says that one stands before, only the token opens it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from secrets import compare_digest
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import text

from central_server.accounts.guard import guard
from central_server.errors import ForbiddenError
from central_server.health.reading import points_health
from central_server.health.silence import LEVELS
from central_server.services import Services, ServicesDep
from central_server.web.description import gives_file
from central_server.works import COSTS

router = APIRouter(dependencies=[guard("everybody")])

PASSED_ON: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""Headers by which a proxy shows that the request is somebody else's."""
_RECORDS = text("SELECT coalesce(sum(last), 0) FROM (SELECT max(seq) AS last FROM signed_head GROUP BY device, log)")


@router.get("/metrics", responses=gives_file("text/plain"))
def metrics(request: Request, of: ServicesDep) -> Response:
    """The metrics, for a monitoring program."""
    if not may_read(request, of.config.public_address, token_in(of.config.metrics_token_file)):
        raise ForbiddenError(
            "Số liệu giám sát chỉ đọc được từ chính máy chủ, hoặc bằng mã trong metrics_token_file.",
            "Metrics can be read from the server's own PC only, or with the token in metrics_token_file.",
        )
    registry = CollectorRegistry()
    ProcessCollector(namespace="diemdanh_server", registry=registry)
    registry.register(_Server(of))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def may_read(request: Request, public_address: str | None, token: str) -> bool:
    """Whether the request may read metrics. token: empty where the settings have none."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if token and scheme.lower() == "bearer" and compare_digest(given.strip().encode(), token.encode()):
        return True
    if public_address is not None or any(name in request.headers for name in PASSED_ON):
        return False
    return request.client is not None and _is_loopback(request.client.host)


def token_in(path: str | None) -> str:
    """The token in the file; empty where there is none, or nothing in it."""
    if path is None:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class _Server(Collector):
    """The server's own metrics."""

    def __init__(self, of: Services) -> None:
        self._of = of

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        of, now = self._of, self._of.now()
        with of.engine.connect() as connection:
            points = points_health(connection, of.live, of.agents, now)
            records = connection.execute(_RECORDS).scalar_one()
        states = GaugeMetricFamily(
            "diemdanh_server_bridge_points",
            "By state; silent: not heard though its class is held or begins within ten minutes",
            labels=["state"],
        )
        for level in LEVELS:
            states.add_metric([level], sum(one.level == level for one in points))
        yield states
        yield _gauge("records_waiting", "Records that agents told to be waiting", sum(
            one.told.waiting for one in points if one.told
        ))  # fmt: skip
        yield _gauge("records", "Records held, of all logs", records)
        yield _gauge("writes_waiting", "Changes that wait for the database's writer", of.writer.waiting)
        failing = {one.work: one for one in of.works.failing()}
        things = GaugeMetricFamily(
            "diemdanh_server_work_failing", "Things that a work beside requests fails at", labels=["work"]
        )
        since = GaugeMetricFamily(
            "diemdanh_server_work_failing_since_seconds", "When that began, s since 1970", labels=["work"]
        )
        for work in COSTS:
            things.add_metric([work], failing[work].things if work in failing else 0)
        for work, one in failing.items():
            since.add_metric([work], one.since / 1000)
        yield things
        yield since
        yield _gauge("streams", "Publishers and viewers at the relay", of.media.streams)
        yield _gauge("disk_free_bytes", "Where the database lies", shutil.disk_usage(of.config.data_folder).free)
        yield _gauge("database_bytes", "The database's file", of.config.database.stat().st_size)
        yield from of.requests.collect()


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"diemdanh_server_{name}", what, value)
