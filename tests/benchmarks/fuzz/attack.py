"""Sends malformed requests to a platform and checks the outcome."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.fuzz.corpus import Malformed
from modelyard.serving.testing.tiny import description
from modelyard_contract.function_types import FUNCTION_TYPES
from modelyard_contract.limits import LEAST_BODY
from modelyard_contract.nuclio import DEFAULT_HANDLER
from modelyard_tools.embedded.testing.process import PlatformProcess
from modelyard_tools.embedded.testing.raw import exchange, statuses
from modelyard_tools.home.folders import Home
from modelyard_tools.testing.ports import free_port
from modelyard_tools.testing.releases import FakeRelease

_SENDERS: Final = 4
_SERVER_ERROR: Final = 500


@dataclass
class Outcome:
    """The outcome. `statuses` counts by level and status, 0 for no answer."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """The number of requests sent."""
        return self.statuses.total()


def attack(home: Path, requests: Iterable[Malformed]) -> Outcome:
    """Start a platform with a function of each type, send all requests, and check the workers."""
    outcome = Outcome()
    with ExitStack() as stack:
        platform = stack.enter_context(PlatformProcess(Home(home)))
        ports = {kind: _deploy(platform, kind) for kind in FUNCTION_TYPES} | {"": platform.port}
        before = _workers(platform)
        senders = stack.enter_context(ThreadPoolExecutor(_SENDERS))
        for malformed, status in senders.map(lambda each: _send(ports, each), requests):
            outcome.statuses[malformed.level, status] += 1
            if status >= _SERVER_ERROR or status < 0:
                what = "hung" if status < 0 else f"answered {status}"
                shown = malformed.content[:300]
                outcome.failures.append(f"{malformed.kind or 'dashboard'} {what}: {shown!r}")
        after = _workers(platform)
        if after != before:
            outcome.failures.append(f"workers died: {before} became {after}")
        if platform.process.poll() is not None:
            outcome.failures.append("the platform died")
        tracebacks = platform.log().count('"traceback"')
        if tracebacks:
            outcome.failures.append(f"{tracebacks} tracebacks in the platform's log")
    return outcome


def _deploy(platform: PlatformProcess, kind: str) -> int:
    release = FakeRelease(
        name=kind,
        type=kind,
        port=free_port(),
        source="",
        handler=DEFAULT_HANDLER,
        model=description(kind),
        # A photograph in base64 fits; a bomb of gigabytes need not be sent.
        max_body=LEAST_BODY,
    )
    status = platform.deploy(release)["status"]
    if status["state"] != "ready":
        raise AssertionError(status["message"])
    return release.port


def _send(ports: dict[str, int], malformed: Malformed) -> tuple[Malformed, int]:
    """Return the last status of the answer; 0 without an answer, -1 on a hang."""
    try:
        # A truncated request may wait for more, so signal its end.
        received = exchange(
            ports[malformed.kind], malformed.content, ends=malformed.level == "http"
        )
    except TimeoutError:
        return malformed, -1
    return malformed, max(statuses(received), default=0)


def _workers(platform: PlatformProcess) -> dict[str, list[int]]:
    functions = platform.api("GET", "/api/functions").json
    return {name: each["status"]["workers"]["pids"] for name, each in functions.items()}
