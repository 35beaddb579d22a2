"""What the functions of one platform share."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from embedded.home import Home
from embedded.state import Store
from serving.budget import ByteBudget
from serving.http import DEFAULT_BUDGET

# Loading models takes all cores there are; more at once would only make all of them late.
_STARTS_AT_ONCE: Final = 2


@dataclass(frozen=True)
class Host:
    """The home, the memory for request bodies, and the right to start workers."""

    home: Home
    store: Store
    bodies: ByteBudget = field(default_factory=lambda: ByteBudget(DEFAULT_BUDGET))
    starts: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_STARTS_AT_ONCE))
