"""Nuclio on Docker as a target: prebuilt images, tested before they take over."""

import sys
from collections.abc import Callable, Sequence
from typing import Final

from modelyard_contract.nuclio import project_of
from modelyard_tools.deployer.core.command import Session
from modelyard_tools.deployer.core.diagnosis import explain
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.history import Config, History, previous, require_rolled_back
from modelyard_tools.deployer.core.names import require
from modelyard_tools.deployer.core.nuclio_config import function_config
from modelyard_tools.deployer.core.plan import Running
from modelyard_tools.deployer.core.releases import BuiltRelease
from modelyard_tools.deployer.core.target import Status
from modelyard_tools.deployer.nuclio import images
from modelyard_tools.deployer.nuclio.answering import ask
from modelyard_tools.deployer.nuclio.api import IMAGE, Api
from modelyard_tools.deployer.nuclio.containers import container_name, live_port, live_state
from modelyard_tools.deployer.nuclio.described import described
from modelyard_tools.deployer.nuclio.leftovers import Settled, note_ended, settle
from modelyard_tools.deployer.nuclio.ports import conflicts
from modelyard_tools.deployer.nuclio.reconcile import reconcile
from modelyard_tools.deployer.nuclio.rollout import Rollout
from modelyard_tools.deployer.nuclio.trial import FunctionError, remove_leftovers
from modelyard_tools.engine.client import EngineError
from modelyard_tools.engine.engine import Engine
from modelyard_tools.engine.inspected import Container
from modelyard_tools.errors import ToolError
from modelyard_tools.http.exchange import NO_ANSWER, Reply

_HOST: Final = "127.0.0.1"
_CHANGED_IMAGE: Final = "its image changed"


class NuclioTarget:
    """See `modelyard_tools.deployer.core.target.Target`. `verbose` adds the whole output of failed
    functions.
    """

    flags = " --to nuclio"

    def __init__(self, session: Session, api: Api, *, verbose: bool = False) -> None:
        self._report = session.report
        self._api = api
        self._engine = Engine()
        self._history = History(session.home.root / "history" / "nuclio")
        self._verbose = verbose
        self._settled: Settled | None = None
        self._containers: dict[str, Container] | None = None
        self._touched = False

    def prepare(self) -> None:
        """Reach Nuclio and the engine, and find what an interrupted deploy left."""
        self._api.check()
        self._containers = remove_leftovers(self._engine, self._report)
        self._settled = settle(self._api, self._history, self._report)
        note_ended(self._history, self._settled.functions)

    def running(self, releases: Sequence[BuiltRelease]) -> dict[str, Running]:
        """Return what runs; a dead function that Nuclio considers ready is `unhealthy`."""
        functions = self._settled.functions if self._settled else self._api.functions()
        containers = self._engine.containers() if self._containers is None else self._containers
        different = images.changed(self._engine, releases, functions.values())
        return {
            name: Running(
                each.digest,
                live_state(each, containers),
                stale=_CHANGED_IMAGE if name in different else "",
            )
            for name, each in functions.items()
        }

    def deploy(self, releases: Sequence[BuiltRelease]) -> dict[str, str]:
        """Deploy, one after another, those whose image and port are available."""
        failures: dict[str, str] = {}
        configs: list[Config] = []
        for release in releases:
            try:
                configs.append(self._config(release))
            except ToolError as error:
                failures[release.manifest.name] = self._explained(error)
        return failures | self._roll_out(configs)

    def restore(self, configs: Sequence[Config]) -> dict[str, str]:
        """Deploy configurations whose images are available under the names they have."""
        self.prepare()
        return self._roll_out(configs)

    def clean(self, releases: Sequence[BuiltRelease]) -> None:
        """Remove our names from images that neither a function nor a rollback needs."""
        if not self._touched:
            return
        try:
            functions = self._api.functions().values()
            images.remove_unused(self._engine, functions, self._history.configs())
        except ToolError as error:
            self._report.error(f"cannot remove old images: {error}")

    def status(self) -> Status:
        """Return all functions, each with the port on which it currently answers."""
        version = self._api.check()
        functions = self._api.functions()
        containers = self._engine.containers()
        return Status(
            headline=f"Nuclio {version}",
            platform={"version": version},
            functions={
                name: described(each, containers) for name, each in sorted(functions.items())
            },
        )

    def next_steps(self) -> str:
        """Return the settings to start CVAT with."""
        return "A CVAT that uses this Nuclio lists them at once: docs/nuclio.md"

    def delete(self, name: str) -> None:
        """Remove the function, its container, and its record."""
        functions = self._api.functions()
        require(name, functions)
        self._api.delete(name, force=functions[name].building)
        self._history.forget(name)
        self._touched = True

    def rollback(self, name: str) -> str:
        """Deploy the previous version again, whose image was kept for this."""
        require(name, self._api.functions())
        config = previous(self._history, name)
        require_rolled_back(name, self.restore([config]))
        return str(config["spec"]["image"])

    def export(self) -> dict[str, Config]:
        """Return the configurations of all functions; their images stay in the engine."""
        return {name: each.config for name, each in self._api.functions().items()}

    def reconcile(self) -> dict[str, str]:
        """Start dead functions, and deploy again those whose port is not what Nuclio reports."""
        self.prepare()
        done: dict[str, str] = {}
        failed: list[str] = []
        for name, function in self._api.functions().items():
            try:
                repaired = reconcile(self._engine, self._api, function)
            except ToolError as error:
                failed.append(name)
                self._report.error(f"{name}: {error}")
                continue
            if repaired:
                done[name] = repaired
                self._report.error(f"{name}: {repaired}")
        if failed:
            raise DeployError(f"not repaired: {', '.join(failed)}")
        return done

    def logs(self, name: str, *, lines: int, follow: bool) -> None:
        """Print the log of the function's container."""
        require(name, self._api.functions())
        if follow:
            self._engine.follow_log(container_name(name), lines)
        else:
            sys.stdout.write(self._engine.log(container_name(name), lines))

    def invoke(self, name: str, body: bytes) -> Reply:
        """Send `body` to the function's port, as CVAT does in its direct mode."""
        require(name, self._api.functions())
        port = live_port(name, self._engine.containers())
        if port is None:
            raise DeployError(f"{name} is not running; `status` shows why, `reconcile` repairs it")
        try:
            return ask(_HOST, port, body)
        except NO_ANSWER as error:
            raise DeployError(f"{name} does not answer on port {port}: {error}") from None

    def lend(self, release: BuiltRelease, changed: Callable[[Config], Config]) -> Container:
        """Deploy a release, modified by `changed`, until `give_back`; return its container.

        Raises:
            DeployError: it does not serve; the text says why, and what serves now.
        """
        self.prepare()
        name = release.manifest.name
        failures = self._roll_out([changed(self._config(release))], lend=True)
        if failures:
            raise DeployError(f"{name} cannot be debugged: {failures[name]}")
        container = self._engine.container(container_name(name))
        if container is None:
            raise DeployError(f"the container of {name} is gone")
        return container

    def give_back(self, name: str) -> str:
        """Deploy again what served before `lend`; return what that was.

        Raises:
            DeployError: it cannot be deployed; the next apply tries again.
        """
        return Rollout(self._api, self._engine, self._history).give_back(name)

    def _roll_out(self, configs: Sequence[Config], *, lend: bool = False) -> dict[str, str]:
        """Deploy, one after another, those whose port is available; return the failures."""
        if not configs:
            return {}
        self._touched = True
        functions = self._api.functions()
        failures = conflicts(configs, functions, self._engine.containers())
        failures |= {
            name: "another deploy of it started and has not finished; "
            f"if none is running any more, `delete {name}` and apply again"
            for name in (self._settled.others if self._settled else ())
        }
        wanted = [each for each in configs if each["metadata"]["name"] not in failures]
        for project in sorted({project_of(config["metadata"]) for config in wanted}):
            self._api.ensure_project(project)
        rollout = Rollout(self._api, self._engine, self._history)
        deploy = rollout.lend if lend else rollout.roll_out
        for config in wanted:
            name = config["metadata"]["name"]
            try:
                with self._report.step(f"testing, then deploying {name}"):
                    deploy(config, functions.get(name))
            except ToolError as error:
                failures[name] = self._explained(error)
        names = {config["metadata"]["name"] for config in configs}
        return {name: why for name, why in failures.items() if name in names}

    def _config(self, release: BuiltRelease) -> Config:
        """Return what to deploy, with its image in the engine."""
        config = function_config(release)
        with self._report.step(f"looking for the image of {release.manifest.name}"):
            pinned = images.pin(self._engine, release, config["spec"]["image"])
        config["spec"]["image"] = pinned.reference
        config["metadata"]["annotations"][IMAGE] = pinned.content
        return config

    def _explained(self, error: ToolError) -> str:
        if isinstance(error, EngineError):
            return explain(str(error))
        log = error.log if isinstance(error, FunctionError) else ""
        if not log:
            return str(error)
        return f"{error}\n{log}" if self._verbose else f"{error}\n(--verbose shows its whole log)"
