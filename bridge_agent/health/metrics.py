"""The agent's health as Prometheus reads it. No label names a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from models.health import Health, State

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
_LIGHT: Final[dict[State, int]] = {"off": 0, "good": 1, "attention": 2, "bad": 3}


def exposition(health: Health) -> bytes:
    """The metrics in Prometheus' text format (CONTENT_TYPE)."""
    registry = CollectorRegistry()
    registry.register(_Collected(health))
    return generate_latest(registry)


class _Collected(Collector):
    """One report as metrics."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        health, machine = self._health, self._health.machine
        yield InfoMetricFamily(
            "diemdanh_agent", "The program", {"version": health.version, "system": health.system}
        )  # fmt: skip
        yield _gauge("up_seconds", "Since the agent was started", health.up_ms / 1000)
        yield _gauge("in_session", "1 while a session is recorded", float(health.session is not None))
        yield _gauge("records_waiting", "Records that the server does not hold", health.waiting)
        yield _gauge("oldest_waiting_seconds", "Age of the oldest of them", health.oldest_ms / 1000)
        light = GaugeMetricFamily(
            "diemdanh_agent_light", "0 not needed now, 1 good, 2 needs attention, 3 bad", labels=["part"]
        )
        for one in health.lights:
            light.add_metric([one.part], _LIGHT[one.severity])
        yield light
        restarts = CounterMetricFamily(
            "diemdanh_agent_restarts", "How often a part was lost and started again", labels=["process"]
        )
        for lost in health.restarts:
            restarts.add_metric([lost.process], lost.count)
        yield restarts
        yield _gauge("disk_free_bytes", "Where the log lies", machine.disk_free)
        yield _gauge("cpu_cores", "Cores busy with the agent's processes", machine.cpu)
        yield _gauge("pc_cpu_ratio", "Share of all cores that is busy", machine.pc_cpu)
        yield _gauge("memory_bytes", "Of the agent's processes", machine.memory)
        yield _gauge("memory_free_bytes", "Of the PC", machine.memory_free)
        yield _gauge("memory_total_bytes", "Of the PC", machine.memory_total)
        if machine.temperature is not None:
            yield _gauge("temperature_celsius", "Of the hottest core", machine.temperature)
        if machine.plugged is not None:
            yield _gauge("plugged", "1 while the PC is plugged in", float(machine.plugged))
        if machine.battery is not None:
            yield _gauge("battery_ratio", "How full the battery is", machine.battery)


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"diemdanh_agent_{name}", what, value)
