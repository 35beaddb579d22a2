"""Recently failed fetches, so that not every build tries again a server that does not answer.

Pants does not cache failed processes, since the next run may succeed. But a repository with ten
files that cannot be fetched from this machine would wait for ten servers at every build.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Callable, Hashable


@dataclass
class RecentFailures:
    """Failures with their reasons and times. They live as long as Pants' daemon."""

    clock: Callable[[], float] = time.monotonic
    _failed: dict[Hashable, tuple[float, str]] = field(default_factory=dict)

    def remember(self, what: Hashable, reason: str) -> None:
        self._failed[what] = (self.clock(), reason)

    def within(self, seconds: float, what: Hashable) -> str | None:
        """The reason why `what` failed in the last `seconds`; None if it did not."""
        when, reason = self._failed.get(what, (float("-inf"), ""))
        return reason if self.clock() - when < seconds else None
