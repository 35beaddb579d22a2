"""A machine with Docker and Nuclio, made of the doubles, and the deployer on it."""

import hashlib
import http.client
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from modelyard_contract import variables
from modelyard_tools.deployer.nuclio.testing import container, docker, nuctl, platform
from modelyard_tools.deployer.nuclio.testing.dashboard import FakeDashboard
from modelyard_tools.deployer.nuclio.testing.engine import Engine
from modelyard_tools.deployer.nuclio.testing.faults import Faults
from modelyard_tools.deployer.testing.deployer import Build, Deployer
from modelyard_tools.embedded.testing.process import request
from modelyard_tools.testing.releases import FakeRelease, absolute_search_path

_PROGRAM: Final = """\
#!{python} -S
import sys
sys.path[:0] = {paths!r}
from {module} import main
sys.exit(main(sys.argv[1:]))
"""


class NuclioRelease(FakeRelease, frozen=True, kw_only=True):
    """A release whose image has the given `behaviour` (see `container`), including `version`."""

    version: str = "1"
    behaviour: dict[str, Any] = msgspec.field(default_factory=dict)
    readiness: int = 20
    restarts: str = "unless-stopped"

    @property
    def image(self) -> str:
        """The image's name, which is the same for every version."""
        return f"modelyard/{self.name}:cpu"

    def config(self) -> dict[str, Any]:
        """Return the configuration as the plugin renders it."""
        config = super().config()
        attributes = {"restartPolicy": {"name": self.restarts}}
        config["spec"] |= {
            "image": self.image,
            "readinessTimeoutSeconds": self.readiness,
            "platform": {"attributes": attributes},
        }
        return config


class World:
    """A folder with the whole state. Use it as the environment of a test."""

    def __init__(self, folder: Path) -> None:
        self.docker_root = folder / "docker"
        self.nuclio_root = folder / "nuclio"
        self.programs = folder / "bin"
        self.programs.mkdir()
        for module in (docker, nuctl):
            self._program(module.__name__.rpartition(".")[2], module.__name__)
        self.docker_faults = Faults(self.docker_root / "faults")
        self.dashboard = FakeDashboard(self.nuclio_root)
        self.nuclio = self.dashboard.nuclio
        self.deployer = Deployer(folder)

    def environment(self) -> dict[str, str]:
        """Return the variables that direct the deployer here."""
        return {
            "PATH": f"{self.programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            docker.VARIABLE: str(self.docker_root),
            platform.VARIABLE: str(self.nuclio_root),
            variables.NUCLIO_DASHBOARD: self.dashboard.url,
            variables.TARGET: "nuclio",
        }

    def close(self) -> None:
        """Stop the dashboard and every container."""
        self.dashboard.stop()
        engine = Engine(self.docker_root)
        with engine.held():
            engine.stop()

    def build(self, *releases: NuclioRelease) -> Build:
        """Make a build of `releases`, and load their images into the engine."""
        for each in releases:
            self.load_image(each)
        return self.deployer.build(*releases)

    def load_image(self, release: NuclioRelease, suffix: str = "", **changes: Any) -> None:
        """Load the image of a release into the engine; `changes` apply to the engine's record.

        `suffix` is appended to the image's name.
        """
        behaviour = {"version": release.version, **release.behaviour}
        content = hashlib.sha256(json.dumps([release.name, behaviour]).encode()).hexdigest()
        image = {
            "Id": f"sha256:{hashlib.sha256(content.encode()).hexdigest()}",
            "Labels": {"dev.modelyard.digest": content},
            "Healthcheck": True,
            "Command": [sys.executable, "-S", str(container.__file__)],
            "Env": {"MODELYARD_BEHAVIOUR": json.dumps(behaviour)},
            **changes,
        }
        engine = Engine(self.docker_root)
        with engine.held():
            engine.images[f"{release.image}{suffix}"] = image

    def docker(self, *arguments: str) -> None:
        """Run the docker double as a user would."""
        if docker.main(list(arguments)):
            raise AssertionError(arguments)

    def engine_is_up(self) -> bool:
        """Return whether the engine is up; one that is due to come back does so when asked."""
        return docker.main(["ps"]) == 0

    def containers(self) -> Mapping[str, Any]:
        """Return the engine's records of its containers, by name."""
        engine = Engine(self.docker_root)
        with engine.held():
            return {each["Name"]: each for each in engine.containers.values()}

    def images(self) -> set[str]:
        """Return the names of all images."""
        engine = Engine(self.docker_root)
        with engine.held():
            return set(engine.images)

    def state(self, name: str) -> str:
        """Return Nuclio's state of a function."""
        found: str = self.nuclio.function(name)["status"]["state"]
        return found

    def _program(self, name: str, module: str) -> None:
        path = self.programs / name
        text = _PROGRAM.format(python=sys.executable, paths=absolute_search_path(), module=module)
        path.write_text(text)
        path.chmod(0o755)


def answering(port: int) -> str:
    """Return the version that answers on a port."""
    version: str = request(port, "POST", "/", b"{}").json["version"]
    return version


def answers(port: int) -> str | None:
    """Return the version that currently answers on a port; None if none does."""
    try:
        return answering(port)
    except (OSError, http.client.HTTPException):
        return None


def pid_of(port: int) -> int:
    """Return the process that answers on a port."""
    pid: int = request(port, "POST", "/", b"{}").json["pid"]
    return pid
