"""`debug --to nuclio`: the function itself, on the port on which CVAT calls it."""

from modelyard_contract.nuclio import DIGEST
from modelyard_tools.deployer.core.alone import alone
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.history import Config
from modelyard_tools.deployer.debugger.contained import contained, debug_config, env_of, inside
from modelyard_tools.deployer.debugger.session import Debugging, can_be_reached, end_like_ctrl_c
from modelyard_tools.deployer.nuclio.api import DEBUGGED, IMAGE
from modelyard_tools.deployer.nuclio.containers import SIDE_LABEL
from modelyard_tools.deployer.nuclio.images import debug_name
from modelyard_tools.deployer.nuclio.target import NuclioTarget
from modelyard_tools.engine.client import EngineError
from modelyard_tools.engine.engine import Engine
from modelyard_tools.engine.inspected import Container


class NuclioDebugging:
    """A function that Nuclio runs with a debugger, and that is restored afterwards.

    Nuclio publishes only one port of a container, so an editor connects to the container's address.
    """

    def __init__(self, debugging: Debugging, target: NuclioTarget) -> None:
        self._debugging = debugging
        self._target = target
        self._engine = Engine()
        self._report = debugging.session.report
        self._image = ""

    def run(self) -> int:
        """Deploy, wait for Ctrl-C, and restore the ordinary release; return the exit code.

        Raises:
            DeployError: it cannot be deployed, or an editor could not reach it.
        """
        end_like_ctrl_c()
        try:
            container = self._begin()
        except KeyboardInterrupt:
            self._end()
            return 0
        try:
            self._announce(container)
            self._engine.watch(container.name)
            raise DeployError(f"the container {container.name} exited; see above")
        except KeyboardInterrupt:
            return 0
        finally:
            self._end()

    def _begin(self) -> Container:
        with alone(self._debugging.session):
            return self._target.lend(self._debugging.release, self._with_debugger)

    def _end(self) -> None:
        name = self._debugging.name
        with alone(self._debugging.session), self._report.step(f"stopping the debugger of {name}"):
            fate = self._target.give_back(name)
        self._report.line(f"{name}: {fate}")
        try:
            self._engine.untag([self._image] if self._image else [])
        except EngineError as error:
            # The next apply retries.
            self._report.error(str(error))

    def _with_debugger(self, config: Config) -> Config:
        """Return a release's configuration with an image that has the debugger in it."""
        pinned = config["spec"]["image"]
        self._image = debug_name(pinned)
        env = {**self._engine.images([pinned])[pinned].env, **env_of(config)}
        ours = contained(self._debugging.debugger, self._debugging.source_roots, env)
        label = f"{SIDE_LABEL}={self._debugging.name}"
        with self._report.step("building an image with the debugger and the sources"):
            self._engine.derive(pinned, self._image, ["--label", label], ours.files)
        changed = debug_config(config, ours.env)
        changed["spec"]["image"] = self._image
        noted = config["metadata"]["annotations"]
        kept = {key: value for key, value in noted.items() if key not in (DIGEST, IMAGE)}
        changed["metadata"] = {**config["metadata"], "annotations": {**kept, DEBUGGED: "yes"}}
        return changed

    def _announce(self, container: Container) -> None:
        debugging = self._debugging
        address = (container.address, debugging.debugger.port)
        if not container.address or not can_be_reached(container.address):
            raise DeployError(
                f"an editor here cannot reach the container {container.name}"
                f"{f' at {container.address}' if container.address else ''}: containers can be "
                "reached by address only on Linux, on the machine of Docker's engine; "
                f"`debug {debugging.name} --to container` publishes the port instead"
            )
        port = next(iter(container.ports.values()), "?")
        self._report.line(
            f"Nuclio serves {debugging.name} with the debugger, on its port {port}; "
            "Ctrl-C restores its release"
        )
        debugging.announce(address, inside(debugging.source_roots))
