"""Which fetches failed lately, so that not every build asks a server again that does not answer.

A process that fails is cached nowhere, and rightly: the next time it may succeed. But a repository
with ten files that cannot be had from where it is would wait for ten servers at every build.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Callable, Hashable


@dataclass
class Setbacks:
    """What failed, with its reason and when. As long-lived as the daemon that holds it."""

    clock: Callable[[], float] = time.monotonic
    _failed: dict[Hashable, tuple[float, str]] = field(default_factory=dict)

    def remember(self, what: Hashable, reason: str) -> None:
        self._failed[what] = (self.clock(), reason)

    def within(self, seconds: float, what: Hashable) -> str | None:
        """The reason why `what` failed in the last `seconds`; None if it did not."""
        when, reason = self._failed.get(what, (float("-inf"), ""))
        return reason if self.clock() - when < seconds else None
