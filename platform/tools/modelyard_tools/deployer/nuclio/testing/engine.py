"""The engine of the docker double: its state is in files, held by one process at a time."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modelyard_tools.deployer.nuclio.testing.faults import Faults
from modelyard_tools.deployer.nuclio.testing.processes import is_free, kill, runs
from modelyard_tools.testing.ports import free_port

ANYWHERE = "0.0.0.0"  # noqa: S104 - what is written, not what is bound
DOWN = (
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. "
    "Is the docker daemon running?"
)
_EVENTS = "8080"


class RefusedError(Exception):
    """The engine's message when it refuses a request."""


class Engine:
    """Images and containers. Use it while it is `held`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults = Faults(root / "faults")
        self._file = root / "state.json"
        self.state: dict[str, Any] = {"images": {}, "containers": {}, "returns": None}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Read the state, and write it back at the end."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._file.exists():
                self.state = json.loads(self._file.read_text())
            try:
                yield
            finally:
                new = self._file.with_suffix(".new")
                new.write_text(json.dumps(self.state))
                new.replace(self._file)

    @property
    def images(self) -> dict[str, Any]:
        images: dict[str, Any] = self.state["images"]
        return images

    @property
    def containers(self) -> dict[str, Any]:
        containers: dict[str, Any] = self.state["containers"]
        return containers

    def image(self, reference: str) -> Any:
        found = self.images.get(reference) or next(
            (each for each in self.images.values() if each["Id"] == reference), None
        )
        if found is None:
            raise RefusedError(f"Error response from daemon: No such image: {reference}")
        return found

    def container(self, name: str) -> Any:
        for each in self.containers.values():
            if name in (each["Name"], each["Id"]):
                return each
        raise RefusedError(f"Error response from daemon: No such container: {name}")

    def stop(self, back_after: str = "") -> None:
        """Stop the engine, and with it every container."""
        for each in self.containers.values():
            kill(each)
        self.state["returns"] = time.time() + float(back_after or "inf")

    def start(self) -> None:
        """Start the engine, and the containers with a restart policy."""
        self.state["returns"] = None
        for each in self.containers.values():
            if each["Restart"] in ("always", "unless-stopped") and each["Started"]:
                try:
                    self.run(each)
                except RefusedError as refusal:
                    log = self.root / "containers" / each["Id"] / "log"
                    log.write_text(f"{log.read_text()}{refusal}\n")

    def require_up(self) -> None:
        returns = self.state["returns"]
        if returns is not None and time.time() < returns:
            raise RefusedError(DOWN)
        if returns is not None:
            self.start()

    def run(self, container: Any) -> None:
        """Start a container's process on its assigned ports."""
        import subprocess  # noqa: PLC0415 - most calls do without

        ports = {}
        for inner, (host, wanted) in container["Publish"].items():
            port = int(wanted) if wanted else free_port()
            if not is_free(port) or self._publishes(port, container["Id"]):
                raise RefusedError(
                    "Error response from daemon: driver failed programming external connectivity "
                    f"on endpoint {container['Name']}: Bind for {host or ANYWHERE}:{port} failed: "
                    "port is already allocated"
                )
            ports[inner] = port
        health = free_port()
        folder = self.root / "containers" / container["Id"]
        image = self.image(container["Image"])
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - the test's own image
                image["Command"],
                cwd=folder / "files",
                env={
                    **os.environ,
                    **_on_this_machine({**image["Env"], **container["Env"]}, folder / "files"),
                    "MODELYARD_HOST": "127.0.0.1",
                    "MODELYARD_PORT": str(ports.get(_EVENTS) or free_port()),
                    "MODELYARD_HEALTH_PORT": str(health),
                    "MODELYARD_CONFIG": str(
                        folder / "files/etc/nuclio/config/processor/processor.yaml"
                    ),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        container.update(Pid=process.pid, Health=health, Ports=ports, Started=True)

    def _publishes(self, port: int, but: str) -> bool:
        return any(
            port in each["Ports"].values() and runs(each)
            for each in self.containers.values()
            if each["Id"] != but
        )


def _on_this_machine(env: dict[str, str], files: Path) -> dict[str, str]:
    """Return `env` with the paths of a container's files as seen from outside."""

    def place(word: str) -> str:
        inside = files / word.lstrip("/")
        return str(inside) if word.startswith("/") and inside.exists() else word

    return {
        name: os.pathsep.join(map(place, value.split(os.pathsep))) for name, value in env.items()
    }
