"""What the dashboard API works on."""

import asyncio
from dataclasses import dataclass, field

from embedded.access import Access
from embedded.functions import Functions
from embedded.home import Home
from embedded.projects import Projects
from embedded.running import RunningPlatform


@dataclass(frozen=True)
class Dashboard:
    """The platform's parts. `closing` is set when it stops: whoever waits shall end."""

    home: Home
    note: RunningPlatform
    functions: Functions
    projects: Projects
    access: Access
    closing: asyncio.Event = field(default_factory=asyncio.Event)
