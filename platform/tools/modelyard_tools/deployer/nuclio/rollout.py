"""Deploying one function so that its users keep one that answers."""

import copy
import secrets
import time
from typing import Final

from modelyard_tools.deployer.core.diagnosis import explain
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.history import Config, History, Record
from modelyard_tools.deployer.nuclio.answering import require_answer
from modelyard_tools.deployer.nuclio.api import ATTEMPT, Api, Function, fixed_port, same_deployment
from modelyard_tools.deployer.nuclio.containers import container_name, live_port
from modelyard_tools.deployer.nuclio.trial import FunctionError, readiness_seconds, try_out
from modelyard_tools.engine.engine import Engine
from modelyard_tools.errors import ToolError

_HOST: Final = "127.0.0.1"
# Nuclio gives up first, and reports why.
_MARGIN: Final = 60.0
# How long to keep trying to restore the old version while the engine is down.
_PATIENCE: Final = 60.0
_PAUSE: Final = 1.0
_LOG_LINES: Final = 400


def longest_deployment(config: Config) -> float:
    """Return the seconds after which a deployment can no longer end."""
    return readiness_seconds(config) + _MARGIN


class Rollout:
    """Brings functions to new configurations, or leaves them as they were.

    Nuclio removes the old container before it starts the new one. So the new
    image is tested next to it first, and the old configuration is restored if
    the new one fails nevertheless.
    """

    def __init__(self, api: Api, engine: Engine, history: History) -> None:
        self._api = api
        self._engine = engine
        self._history = history

    def roll_out(self, config: Config, current: Function | None) -> None:
        """Deploy `config` in place of `current`, Nuclio's function of that name.

        Raises:
            DeployError: it does not serve; the text says why, and what serves now.
        """
        name = config["metadata"]["name"]
        record = self._known(name, current)
        self._history.write(name, record.served(self._replace(config, current, record)))

    def lend(self, config: Config, current: Function | None) -> None:
        """Deploy `config` until `give_back`; the current version still counts as the serving one.

        Raises:
            DeployError: see `roll_out`.
        """
        name = config["metadata"]["name"]
        record = self._known(name, current)
        self._replace(config, current, record)
        self._history.write(name, record.ended())

    def give_back(self, name: str) -> str:
        """Deploy again what served before `lend`; return what that was.

        Raises:
            DeployError: it cannot be deployed.
        """
        return self._until_back(name, self._history.read(name))

    def _known(self, name: str, current: Function | None) -> Record:
        """Return what is known of a function, even if it was not deployed by us."""
        record = self._history.read(name)
        serves = current is not None and current.status.state == "ready" and not current.debugged
        if current and serves and not _knows(record, current):
            return record.served(current.config)
        return record

    def _replace(self, config: Config, current: Function | None, record: Record) -> Config:
        """Test `config`, deploy it, and return what was deployed; else restore `record`."""
        name = config["metadata"]["name"]
        try_out(self._engine, config, kind_of(config))
        config = _stamped(config)
        self._history.write(name, record.started(config["metadata"]["annotations"][ATTEMPT]))
        try:
            self._deploy(config, stuck=current is not None and current.building)
        except ToolError as error:
            fate = self._put_back(name, record)
            log = error.log if isinstance(error, FunctionError) else ""
            raise FunctionError(f"{error}\n{fate}", log) from None
        return config

    def _deploy(self, config: Config, *, stuck: bool) -> None:
        """Have Nuclio deploy, and check that the function really answers."""
        name = config["metadata"]["name"]
        if stuck:
            # Nuclio refuses to change a function that it believes is being deployed.
            self._api.delete(name, force=True)
        found = self._api.deploy(config, longest_deployment(config))
        if found.status.state != "ready":
            log = f"{found.status.message}\n{self._log(name)}"
            raise FunctionError(
                f"Nuclio reports that it is {_state_of(found)}\n{explain(log)}", log
            )
        try:
            self._require_answer(config)
        except ToolError as error:
            log = self._log(name)
            raise FunctionError(f"{error}\n{explain(log)}", log) from None

    def _require_answer(self, config: Config) -> None:
        name = config["metadata"]["name"]
        port = fixed_port(config["spec"]) or live_port(name, self._engine.containers())
        if port is None:
            raise DeployError("Nuclio reports that it is ready, but it has no port")
        require_answer(_HOST, port, kind_of(config))

    def _answers(self, config: Config) -> bool:
        try:
            self._require_answer(config)
        except ToolError:
            return False
        return True

    def _put_back(self, name: str, record: Record) -> str:
        """Deploy again what served before; return how that went."""
        try:
            return self._until_back(name, record)
        except ToolError as error:
            problem = str(error).splitlines()[0]
            return f"the previous version could not be restored: {problem}; run apply again"

    def _until_back(self, name: str, record: Record) -> str:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._try_to_put_back(name, record)
            except ToolError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE)

    def _try_to_put_back(self, name: str, record: Record) -> str:
        current = self._api.functions().get(name)
        if record.serving is None:
            if current:
                self._api.delete(name, force=True)
            self._history.forget(name)
            return "there was no previous version"
        if current and same_deployment(current, record.serving) and self._answers(record.serving):
            return "the previous version still serves"
        config = _stamped(record.serving)
        self._history.write(name, record.started(config["metadata"]["annotations"][ATTEMPT]))
        self._deploy(config, stuck=current is not None and current.building)
        self._history.write(name, record.served(config))
        return "the previous version serves again"

    def _log(self, name: str) -> str:
        """Return the container's log, if there is a container and the engine is running."""
        try:
            return self._engine.log(container_name(name), _LOG_LINES)
        except ToolError:
            return ""


def kind_of(config: Config) -> str:
    """Return the type of a function, as CVAT reads it."""
    kind: str = (config["metadata"].get("annotations") or {}).get("type", "")
    return kind


def _stamped(config: Config) -> Config:
    """Return a copy with a unique deployment id."""
    stamped = copy.deepcopy(config)
    stamped["metadata"].setdefault("annotations", {})[ATTEMPT] = secrets.token_hex(8)
    return stamped


def _knows(record: Record, current: Function) -> bool:
    return record.serving is not None and same_deployment(current, record.serving)


def _state_of(found: Function) -> str:
    return found.status.state or "without a state"
