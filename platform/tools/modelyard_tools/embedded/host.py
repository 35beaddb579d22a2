"""Resources shared by the functions of one platform."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from modelyard.serving.server.budget import ByteBudget
from modelyard.serving.server.http import DEFAULT_BUDGET
from modelyard_tools.embedded.access import Access
from modelyard_tools.embedded.machine.gpus import Gpus
from modelyard_tools.embedded.machine.limits import Confiner
from modelyard_tools.home.folders import Home
from modelyard_tools.home.state import Store

# Loading a model uses all cores; loading more at once would only delay all of them.
_STARTS_AT_ONCE: Final = 2


@dataclass(frozen=True)
class Host:
    """The home, the access rules, and limited resources: memory for request bodies, permits to
    start workers, cores, GPUs.
    """

    home: Home
    store: Store
    access: Access
    access_log: bool = False
    bodies: ByteBudget = field(default_factory=lambda: ByteBudget(DEFAULT_BUDGET))
    confiner: Confiner = field(default_factory=Confiner)
    gpus: Gpus = field(default_factory=Gpus)
    starts: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_STARTS_AT_ONCE))
