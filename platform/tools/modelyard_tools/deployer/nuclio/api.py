"""The interface to Nuclio, whichever way it is reached."""

from collections.abc import Mapping
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from modelyard_contract.nuclio import DIGEST, LICENCE, ORIGIN, VARIANT

Config: TypeAlias = dict[str, Any]

PORT: Final = "port"
BUILDING: Final = frozenset(
    {
        "waitingForBuild",
        "building",
        "waitingForResourceConfiguration",
        "waitingForScaleResourceFromZero",
        "waitingForScaleResourceToZero",
        "configuringResources",
    }
)
# Digest of the content of the image that a function was deployed with.
IMAGE: Final = "modelyard.io/image"
# Marks a function that is deployed for debugging only and replaced by its release afterwards.
DEBUGGED: Final = "modelyard.io/debugged"
# Distinguishes deployments of the same release.
ATTEMPT: Final = "modelyard.io/attempt"


class Metadata(msgspec.Struct, frozen=True):
    """Name, labels and annotations; Nuclio writes null if there are none."""

    name: str
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class State(msgspec.Struct, frozen=True, rename="camel"):
    """A function's state as Nuclio believes it. `http_port` 0 means that it has none."""

    state: str = ""
    message: str = ""
    http_port: int = 0


class Function(msgspec.Struct, frozen=True):
    """A function as Nuclio has it. `spec` is kept as received."""

    metadata: Metadata
    spec: dict[str, Any]
    status: State = State()

    @property
    def annotations(self) -> dict[str, str]:
        """The annotations of CVAT and this deployer."""
        return self.metadata.annotations or {}

    @property
    def digest(self) -> str | None:
        """Digest of its release; None if it was not deployed by us."""
        return self.annotations.get(DIGEST)

    @property
    def variant(self) -> str:
        """Its variant, empty if it was not deployed by us."""
        return self.annotations.get(VARIANT, "")

    @property
    def licence(self) -> str:
        """The licence of its weights."""
        return self.annotations.get(LICENCE, "")

    @property
    def origin(self) -> str:
        """Where its weights come from."""
        return self.annotations.get(ORIGIN, "")

    @property
    def debugged(self) -> bool:
        """Whether it only replaces its release while it is being debugged."""
        return DEBUGGED in self.annotations

    @property
    def building(self) -> bool:
        """Whether Nuclio reports that it is being deployed."""
        return self.status.state in BUILDING

    @property
    def config(self) -> Config:
        """The configuration to deploy it again, without what would make Nuclio build an image."""
        spec = {key: value for key, value in self.spec.items() if key != "build"}
        metadata = {
            "name": self.metadata.name,
            "labels": self.metadata.labels or {},
            "annotations": self.annotations,
        }
        return {"metadata": metadata, "spec": spec}


def fixed_port(spec: Mapping[str, Any]) -> int | None:
    """Return the host port that a function's http trigger asks for; None for any."""
    for trigger in (spec.get("triggers") or {}).values():
        if trigger.get("kind") == "http":
            port = (trigger.get("attributes") or {}).get(PORT)
            return int(port) if port else None
    return None


def attempt_of(function: Function | Config) -> str | None:
    """Return the id of its deployment; None if it was not ours."""
    if isinstance(function, Function):
        return function.annotations.get(ATTEMPT)
    annotations: dict[str, str] = function["metadata"].get("annotations") or {}
    return annotations.get(ATTEMPT)


def same_deployment(function: Function, config: Config) -> bool:
    """Whether a function is the result of deploying `config`."""
    same_image = function.spec.get("image") == config["spec"].get("image")
    return same_image and attempt_of(function) == attempt_of(config)


class Api(Protocol):
    """Nuclio itself. All methods raise `DeployError` if it does not answer or refuses."""

    def check(self) -> str:
        """Return Nuclio's version; raise if something else answers, or nothing does."""

    def functions(self) -> dict[str, Function]:
        """Return all functions by name."""

    def ensure_project(self, name: str) -> None:
        """Create the project if it does not exist."""

    def deploy(self, config: Config, timeout: float) -> Function:
        """Deploy, wait until Nuclio has finished or given up, and return what it then reports.

        Returning does not mean success: check the state.
        """

    def delete(self, name: str, *, force: bool = False) -> None:
        """Remove the function and its container; `force` also while it is being deployed."""

    def is_deploying(self, name: str) -> bool | None:
        """Whether the deployment of a function that is `building` is still being worked on.

        None if only time can tell.
        """
