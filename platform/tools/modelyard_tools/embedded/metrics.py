"""The platform's metrics in Prometheus' format, collected on request."""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from modelyard_tools.embedded.function import Function
from modelyard_tools.embedded.functions import Functions
from modelyard_tools.embedded.machine.memory import resident_bytes
from modelyard_tools.embedded.meter import Histogram

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_BY_FUNCTION: Final = ("function",)


def exposition(functions: Functions) -> bytes:
    """Return all metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Platform(functions))
    return generate_latest(registry)


class _Platform(Collector):
    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def describe(self) -> Iterable[Metric]:
        """Return nothing in advance, or the registry would collect everything twice."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield each metric with its value for each function."""
        functions = self._functions.everything()
        yield _requests(functions)
        for name, help_text, values in _COUNTERS:
            counter = CounterMetricFamily(f"modelyard_{name}", help_text, labels=_BY_FUNCTION)
            for function in functions:
                counter.add_metric([function.config.name], values(function))
            yield counter
        for name, help_text, values in _GAUGES:
            gauge = GaugeMetricFamily(f"modelyard_{name}", help_text, labels=_BY_FUNCTION)
            for function in functions:
                gauge.add_metric([function.config.name], values(function))
            yield gauge
        for name, help_text, of in _HISTOGRAMS:
            histogram = HistogramMetricFamily(f"modelyard_{name}", help_text, labels=_BY_FUNCTION)
            for function in functions:
                _add(histogram, function.config.name, of(function))
            yield histogram
        yield GaugeMetricFamily(
            "modelyard_platform_memory_bytes",
            "Resident memory of the platform process.",
            value=resident_bytes([os.getpid()]),
        )
        yield GaugeMetricFamily(
            "modelyard_waiting_for_gpu",
            "Functions waiting for GPU memory.",
            value=self._functions.waiting_for_gpu,
        )


_Figures = Sequence[tuple[str, str, Callable[[Function], float]]]

_COUNTERS: Final[_Figures] = (
    ("errors", "Requests answered with status 400 or higher.", lambda f: f.meter.errors),
    (
        "worker_restarts",
        "Workers that exited unexpectedly and were replaced.",
        lambda f: f.restarts,
    ),
    ("cold_starts", "Starts that a request had to wait for.", lambda f: f.meter.cold_starts),
)
_GAUGES: Final[_Figures] = (
    ("workers_ready", "Workers with a loaded model.", lambda f: f.pool.ready if f.pool else 0),
    (
        "workers_busy",
        "Workers that are handling a request.",
        lambda f: f.pool.busy if f.pool else 0,
    ),
    ("waiting_requests", "Requests in the queue.", lambda f: f.pool.waiting if f.pool else 0),
    (
        "memory_bytes",
        "Resident memory of the workers.",
        lambda f: resident_bytes(f.pool.pids) if f.pool else 0,
    ),
)
_HISTOGRAMS: Final[Sequence[tuple[str, str, Callable[[Function], Histogram]]]] = (
    ("request_seconds", "Time from a request's head to its reply.", lambda f: f.meter.latency),
    ("queue_seconds", "Time that requests waited for a worker.", lambda f: f.meter.queue),
    ("model_seconds", "Time that requests spent in the function.", lambda f: f.meter.model),
)


def _requests(functions: Iterable[Function]) -> Metric:
    counter = CounterMetricFamily(
        "modelyard_requests",
        "Answered requests; 499 means that the client disconnected.",
        labels=("function", "status"),
    )
    for function in functions:
        for status, count in sorted(function.meter.statuses.items()):
            counter.add_metric([function.config.name, str(status)], count)
    return counter


def _bound(bound: float) -> str:
    return "+Inf" if math.isinf(bound) else str(bound)


def _add(family: HistogramMetricFamily, name: str, histogram: Histogram) -> None:
    buckets = [(_bound(bound), count) for bound, count in histogram.cumulative()]
    family.add_metric([name], buckets, histogram.sum)
