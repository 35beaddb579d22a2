"""What the dashboard API works on."""

import asyncio
from dataclasses import dataclass, field

from modelyard_tools.embedded.access import Access
from modelyard_tools.embedded.functions import Functions
from modelyard_tools.embedded.projects import Projects
from modelyard_tools.home.folders import Home
from modelyard_tools.home.running import RunningPlatform


@dataclass(frozen=True)
class Dashboard:
    """The platform's parts. `closing` is set when it stops, to end everything that waits."""

    home: Home
    note: RunningPlatform
    functions: Functions
    projects: Projects
    access: Access
    closing: asyncio.Event = field(default_factory=asyncio.Event)
