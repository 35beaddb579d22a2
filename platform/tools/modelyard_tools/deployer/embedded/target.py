"""The embedded platform as a target: it is installed, started and replaced as needed."""

import contextlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from modelyard_contract.limits import CVAT_TIMEOUT
from modelyard_contract.nuclio import DIGEST, PROJECT_LABEL
from modelyard_tools.deployer.core.command import Session
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.history import Config, History, previous, require_rolled_back
from modelyard_tools.deployer.core.names import require
from modelyard_tools.deployer.core.nuclio_config import nuclio_config
from modelyard_tools.deployer.core.plan import Running
from modelyard_tools.deployer.core.releases import BuiltRelease
from modelyard_tools.deployer.core.target import Status
from modelyard_tools.deployer.embedded import daemon, install
from modelyard_tools.deployer.embedded.client import Dashboard, Function
from modelyard_tools.deployer.embedded.platform_code import CurrentCode, PexCode, PlatformCode
from modelyard_tools.deployer.embedded.status import described, settled, wait
from modelyard_tools.errors import ToolError
from modelyard_tools.files.logfile import Follower, tail
from modelyard_tools.home.running import HOST, RunningPlatform
from modelyard_tools.home.state import Store
from modelyard_tools.http.exchange import Reply
from modelyard_tools.releases.config import FunctionConfig

_FOLLOW_PAUSE: Final = 0.25
_NOT_RUNNING: Final = "the platform is not running; `./pants run ::deploy` starts it"


def chosen_code(platform_pex: Path | None) -> PlatformCode:
    """Return the platform's code: that of a PEX, else this process's own."""
    return PexCode(platform_pex) if platform_pex else CurrentCode()


class EmbeddedTarget:
    """See `modelyard_tools.deployer.core.target.Target`. `verbose` adds the whole output of failed
    functions.
    """

    flags = ""

    def __init__(self, session: Session, code: PlatformCode, *, verbose: bool = False) -> None:
        self._home = session.home
        self._report = session.report
        self._code = code
        self._verbose = verbose
        self._history = History(session.home.root / "history" / "embedded")
        self._before: dict[str, Function] = {}

    def prepare(self) -> None:
        """Ensure that a platform with this code and port runs, and that no function is starting."""
        self._before = settled(Dashboard(self._ensure_platform().port), self._report)

    def running(self, releases: Sequence[BuiltRelease]) -> dict[str, Running]:
        """Return what runs, or what a stopped platform would start again."""
        platform = daemon.find(self._home)
        if platform:
            return {
                name: self._as_running(each.digest, each.status.state)
                for name, each in Dashboard(platform.port).functions().items()
            }
        self._report.error("the platform is not running; apply will start it")
        configs = (
            FunctionConfig.parse(record.serving)
            for record in Store(self._home).load()
            if record.serving
        )
        return {config.name: self._as_running(config.digest, "ready") for config in configs}

    def deploy(self, releases: Sequence[BuiltRelease]) -> dict[str, str]:
        """Install the releases, have the platform start them, and wait."""
        failures: dict[str, str] = {}
        configs: list[Config] = []
        for release in releases:
            try:
                self._install(release)
                configs.append(nuclio_config(release))
            except ToolError as error:
                failures[release.manifest.name] = str(error)
        return failures | self._start(configs)

    def clean(self, releases: Sequence[BuiltRelease]) -> None:
        """Remove old releases. Versions just replaced may still finish their requests."""
        functions = (*self._before.values(), *self._dashboard().functions().values())
        keep = {each.digest for each in functions if each.digest}
        keep |= {release.manifest.digest for release in releases}
        keep |= {_digest(config) for config in self._history.configs()}
        try:
            install.clean(self._home, keep, self._platform().digest)
        except OSError as error:
            self._report.error(f"cannot remove old releases from {self._home.root}: {error}")

    def status(self) -> Status:
        """Return all functions; none if the platform is not running."""
        platform = daemon.find(self._home)
        if platform is None:
            return Status(headline=_NOT_RUNNING, platform=None, functions={})
        place = f"process {platform.pid}, port {platform.port}, home {self._home.root}"
        functions = Dashboard(platform.port).functions()
        return Status(
            headline=f"platform: {place}",
            platform={"port": platform.port, "pid": platform.pid},
            functions={name: described(name, each) for name, each in functions.items()},
        )

    def next_steps(self) -> str:
        """Return the settings to start CVAT with."""
        port = self._platform().port
        return f"""\
Use it from a CVAT server on this machine:
  CVAT_SERVERLESS=1 CVAT_NUCLIO_HOST={HOST} CVAT_NUCLIO_PORT={port}"""

    def delete(self, name: str) -> None:
        """Stop and remove the function."""
        dashboard = self._dashboard()
        require(name, dashboard.functions())
        dashboard.delete(name)
        self._history.forget(name)

    def rollback(self, name: str) -> str:
        """Deploy the previous release again, which stays installed for this."""
        require(name, self._dashboard().functions())
        config = previous(self._history, name)
        require_rolled_back(name, self._start([config]))
        return _digest(config)

    def export(self) -> dict[str, Config]:
        """Return the configurations of all functions; their releases stay here."""
        return self._dashboard().configs()

    def restore(self, configs: Sequence[Config]) -> dict[str, str]:
        """Deploy configurations whose releases are installed here."""
        self.prepare()
        known = {folder.name for folder in self._home.releases.iterdir()}
        missing = {
            config["metadata"]["name"]: "its release is not installed here; deploy it from a build"
            for config in configs
            if _digest(config) not in known
        }
        return missing | self._start([c for c in configs if c["metadata"]["name"] not in missing])

    def reconcile(self) -> dict[str, str]:
        """Ensure that a platform runs; it restarts functions that exited."""
        self.prepare()
        return {}

    def logs(self, name: str, *, lines: int, follow: bool) -> None:
        """Write the log of a function, or of `platform`, whether the platform runs or not."""
        require(name, {path.stem for path in self._home.logs.glob("*.log")})
        path = self._home.logs / f"{name}.log"
        follower = Follower(path)
        _print_raw(tail(path, lines))
        # Ctrl-C is how to end this, not a failure.
        with contextlib.suppress(KeyboardInterrupt):
            while follow:
                content = follower.read()
                _print_raw(content)
                if not content:
                    time.sleep(_FOLLOW_PAUSE)

    def invoke(self, name: str, body: bytes) -> Reply:
        """Send `body` through the dashboard."""
        dashboard = self._dashboard()
        require(name, dashboard.functions())
        return dashboard.invoke(name, body, CVAT_TIMEOUT)

    def _ensure_platform(self) -> RunningPlatform:
        """Start the platform, or replace one with other code or another port, if necessary."""
        found = daemon.find(self._home)
        current = found is not None and found.digest == self._code.digest
        if found and current and daemon.wanted_port() in (None, found.port):
            return found
        if not self._code.is_installed(self._home):
            with self._report.step("installing the platform (once per version)"):
                self._code.install(self._home)
        with self._report.step("replacing the platform" if found else "starting the platform"):
            daemon.stop(self._home)
            return daemon.start(self._home, self._code)

    def _as_running(self, digest: str | None, state: str) -> Running:
        return Running(digest, state, install.parts_of(self._home, digest))

    def _install(self, release: BuiltRelease) -> None:
        if not install.has_dependencies(self._home, release):
            resolve = release.manifest.resolve
            with self._report.step(f"installing the dependencies `{resolve}` (once per lock)"):
                install.install_dependencies(self._home, release)
        with self._report.step(f"installing {release.manifest.name}"):
            install.install_release(self._home, release)

    def _start(self, configs: Sequence[Config]) -> dict[str, str]:
        """Have the platform start installed releases, and wait; return why some did not start."""
        dashboard = self._dashboard()
        failures: dict[str, str] = {}
        started: dict[str, Config] = {}
        for config in configs:
            name = config["metadata"]["name"]
            try:
                _begin(dashboard, config)
                started[name] = config
            except ToolError as error:
                failures[name] = str(error)
        digests = {name: _digest(config) for name, config in started.items()}
        if started:
            with self._report.step(f"starting {', '.join(started)}"):
                failures |= wait(dashboard, digests, verbose=self._verbose)
        for name in started.keys() - failures.keys():
            self._history.write(name, self._history.read(name).served(started[name]))
        return failures

    def _platform(self) -> RunningPlatform:
        platform = daemon.find(self._home)
        if platform is None:
            raise DeployError(_NOT_RUNNING)
        return platform

    def _dashboard(self) -> Dashboard:
        return Dashboard(self._platform().port)


def _begin(dashboard: Dashboard, config: Config) -> None:
    project = (config["metadata"].get("labels") or {}).get(PROJECT_LABEL)
    if project:
        dashboard.ensure_project(project)
    dashboard.put(config)


def _digest(config: Config) -> str:
    digest: str = (config["metadata"].get("annotations") or {}).get(DIGEST, "")
    return digest


def _print_raw(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
