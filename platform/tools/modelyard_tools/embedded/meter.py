"""Counters and latencies of one function's requests."""

import bisect
import math
from collections import Counter, deque
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from modelyard.serving.server.http import Exchange

# Upper bounds in seconds, from a cached detector to a large model on a CPU.
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_REMEMBERED: Final = 512


class Histogram:
    """How many values fell into each of `BUCKETS`, and their sum."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Count `value`."""
        self._counts[bisect.bisect_left(BUCKETS, value)] += 1
        self.sum += value

    def cumulative(self) -> list[tuple[float, int]]:
        """Return, for each bound and finally infinity, how many values are not above it."""
        total = 0
        pairs = []
        for bound, count in zip((*BUCKETS, math.inf), self._counts, strict=True):
            total += count
            pairs.append((bound, total))
        return pairs


class Meter:
    """Counts a function's requests over all its versions, while the platform runs.

    `statuses` counts requests by status; `cold_starts` counts starts that a request
    had to wait for.
    """

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.latency = Histogram()
        self.queue = Histogram()
        self.model = Histogram()
        self.cold_starts = 0
        self._recent: deque[float] = deque(maxlen=_REMEMBERED)

    def observe(self, exchange: Exchange) -> None:
        """Count a request that has been answered."""
        self.statuses[exchange.status] += 1
        self.latency.add(exchange.seconds)
        self.queue.add(exchange.queue_seconds)
        self.model.add(exchange.model_seconds)
        self._recent.append(exchange.seconds)

    @property
    def requests(self) -> int:
        """How many requests were answered."""
        return self.statuses.total()

    @property
    def errors(self) -> int:
        """How many of them had status 400 or higher."""
        return sum(n for status, n in self.statuses.items() if status >= HTTPStatus.BAD_REQUEST)

    def quantile(self, share: float) -> float | None:
        """Return the latency in seconds that `share` of the last requests did not exceed.

        None before the first request. Considers the last 512.
        """
        return _quantile(sorted(self._recent), share)


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
