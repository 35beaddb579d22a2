"""Where functions are deployed to: the interface of a target."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from modelyard_tools.deployer.core.history import Config
from modelyard_tools.deployer.core.plan import Running
from modelyard_tools.deployer.core.releases import BuiltRelease
from modelyard_tools.http.exchange import Reply


class Deployed(msgspec.Struct, frozen=True, kw_only=True):
    """A function as people and programs see it; None if the target does not know.

    `state` is Nuclio's term. `release` is the digest of what serves, None if it did not come from
    a deployer. `problem` is why it does not serve, or why its last deployment failed.
    """

    name: str
    type: str = ""
    variant: str = ""
    state: str
    workers: int | None = None
    busy: int | None = None
    restarts: int | None = None
    limits: str = ""
    licence: str = ""
    origin: str = ""
    release: str | None = None
    url: str = ""
    problem: str = ""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A target as a whole: `headline` for people, `platform` for programs (None: not running)."""

    headline: str
    platform: dict[str, Any] | None
    functions: dict[str, Deployed]

    def for_programs(self) -> dict[str, Any]:
        """Return the last part of every command's output for programs."""
        return {"functions": [msgspec.to_builtins(each) for each in self.functions.values()]}


class Target(Protocol):
    """A place that serves functions. All methods raise `DeployError` if it cannot be reached.

    `flags` are the options that select it on a command line: none, or ` --to nuclio`.
    """

    flags: str

    def prepare(self) -> None:
        """Prepare to deploy: start or reach the platform, clean up after an interrupted run."""

    def running(self, releases: Sequence[BuiltRelease]) -> Mapping[str, Running]:
        """Return what the plan compares with the built `releases`. Changes nothing."""

    def deploy(self, releases: Sequence[BuiltRelease]) -> dict[str, str]:
        """Deploy, after `prepare`; return why some releases are not serving, by function."""

    def clean(self, releases: Sequence[BuiltRelease]) -> None:
        """Remove what neither `releases` nor a deployed function needs."""

    def status(self) -> Status:
        """Return all functions and their states."""

    def next_steps(self) -> str:
        """Return how to use the functions from a CVAT server, to be shown after a deploy."""

    def delete(self, name: str) -> None:
        """Stop and remove the function. Raises `UsageError` for an unknown one."""

    def rollback(self, name: str) -> str:
        """Restore the version before the one that serves; return what to call it."""

    def export(self) -> dict[str, Config]:
        """Return the configurations of all functions by name, in the form that `restore` takes."""

    def restore(self, configs: Sequence[Config]) -> dict[str, str]:
        """Deploy configurations as they are; return why some do not serve, by function."""

    def reconcile(self) -> dict[str, str]:
        """Repair functions that are not as the platform believes; return what was done."""

    def logs(self, name: str, *, lines: int, follow: bool) -> None:
        """Print the last lines of a function's log; with `follow`, keep printing new ones."""

    def invoke(self, name: str, body: bytes) -> Reply:
        """Send `body`, JSON, to the function as CVAT does."""
