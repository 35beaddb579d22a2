"""Nuclio's docker platform, shared by the doubles of the dashboard and of nuctl.

Deploys like Nuclio 1.13: it records `building`, removes the old container, creates the new one
and waits until it is healthy, with no way back if that fails. Its state is in files.
"""

import io
import json
import os
import re
import subprocess
import tarfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from modelyard_tools.deployer.nuclio.testing.faults import AbandonedError, FaultError, Faults

VARIABLE: Final = "MODELYARD_NUCLIO_DOUBLE"
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_CONFIG: Final = "/etc/nuclio/config/processor/processor.yaml"
_BUILD_KEYS: Final = ("functionSourceCode", "path", "image")
_POLL: Final = 0.2


class RefusedError(Exception):
    """A request that Nuclio refuses, with the HTTP status that its dashboard returns."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class FailedError(Exception):
    """A failed deployment; the text becomes the function's message."""


class Nuclio:
    """The platform. `root` contains its store, `faults` and settings; see `latency`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults = Faults(root / "faults")
        self._functions = root / "functions"
        self._projects = root / "projects"
        for folder in (self._functions, self._projects):
            folder.mkdir(parents=True, exist_ok=True)

    def latency(self, what: str) -> None:
        """Take as long as Nuclio does: seconds by kind of call in `latency.json`, else nothing."""
        path = self.root / "latency.json"
        if path.exists():
            time.sleep(json.loads(path.read_text()).get(what, 0))

    def functions(self) -> dict[str, Any]:
        """Return all functions by name."""
        self.latency("list")
        return {path.stem: json.loads(path.read_text()) for path in self._functions.glob("*.json")}

    def function(self, name: str) -> Any:
        """Return one function, or None."""
        path = self._functions / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else None

    def projects(self) -> dict[str, Any]:
        """Return all projects by name."""
        names = ("default", *(path.name for path in self._projects.iterdir()))
        return {name: {"metadata": {"name": name, "namespace": "nuclio"}} for name in names}

    def create_project(self, name: str) -> None:
        """Create a project; on Docker, an existing one is not an error."""
        (self._projects / name).touch()

    def accept(self, config: Mapping[str, Any]) -> Any:
        """Check a configuration and record the function as `building`; return the record.

        Raises:
            RefusedError: Nuclio would not start.
        """
        name = config["metadata"].get("name", "")
        if not _NAME.fullmatch(name):
            raise RefusedError(400, "Function name is not provided or invalid")
        project = (config["metadata"].get("labels") or {}).get("nuclio.io/project-name", "default")
        if project not in self.projects():
            raise RefusedError(412, "Project does not exist")
        spec = config["spec"]
        if spec.get("image") and not spec.get("runtime"):
            raise RefusedError(400, "If image is passed, runtime must be specified")
        triggers = [each for each in spec.get("triggers", {}).values() if each["kind"] == "http"]
        if len(triggers) > 1:
            raise RefusedError(400, "There's more than one http trigger (unsupported)")
        before = self.function(name)
        if before and before["status"]["state"] == "building":
            raise RefusedError(
                412, "Function cannot be updated when existing function is being provisioned"
            )
        noted = {"metadata": config["metadata"], "spec": spec, "status": {"state": "building"}}
        self.store(noted)
        return noted

    def carry_out(self, noted: Any, client: Callable[[], int]) -> Any:
        """Deploy what was accepted; return the resulting function."""
        name = noted["metadata"]["name"]
        self.latency("deploy")
        try:
            noted["status"] = {"state": "ready", "httpPort": self._deploy(name, noted, client)}
        except FailedError as error:
            noted["status"] = {"state": "error", "message": str(error)}
        except FaultError as error:
            message = f"Failed to run a Docker container: {error}"
            noted["status"] = {"state": "error", "message": message}
        except AbandonedError:
            return noted
        self.store(noted)
        return noted

    def delete(self, name: str, *, force: bool) -> None:
        """Remove a function and its container; a missing one is not an error."""
        function = self.function(name)
        if function is None:
            return
        if function["status"]["state"] == "building" and not force:
            raise RefusedError(412, "Function is being provisioned and cannot be deleted")
        _docker("rm", "--force", "--volumes", _container(name))
        (self._functions / f"{name}.json").unlink(missing_ok=True)

    def _deploy(self, name: str, noted: Any, client: Callable[[], int]) -> int:
        spec = noted["spec"]
        if any(spec.get("build", {}).get(key) for key in _BUILD_KEYS):
            raise FailedError("Failed to build: this double has no sources to build from")
        container = _container(name)
        self.faults.strike("nuclio accepted", client)
        previous = _port_of(container)
        _docker("rm", "--force", "--volumes", container)
        self.faults.strike("nuclio removed", client)
        port = next(
            (t.get("attributes", {}).get("port") for t in spec.get("triggers", {}).values()), None
        )
        host_port = port or previous or ""
        options = ["--publish", f"{host_port}:8080" if host_port else "8080"]
        options += ["--label", "nuclio.io/platform=local"]
        options += ["--label", f"nuclio.io/function-name={name}"]
        for variable in spec.get("env") or ():
            options += ["--env", f"{variable['name']}={variable.get('value', '')}"]
        policy = spec.get("platform", {}).get("attributes", {}).get("restartPolicy", {})
        options += ["--restart", policy.get("name", "no")]
        _docker("create", "--name", container, *options, spec["image"])
        _put_config(container, noted)
        _docker("start", container)
        self.faults.strike("nuclio started", client)
        self._wait(container, spec.get("readinessTimeoutSeconds") or 120)
        self.faults.strike("nuclio healthy", client)
        return _port_of(container) or 0

    def _wait(self, container: str, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            found = json.loads(_docker("container", "inspect", container))[0]
            if found["State"]["Status"] == "exited":
                raise FailedError(
                    f"Container exited with status: {found['State']['ExitCode']}\n"
                    f"{_docker('logs', '--tail', '100', container)}"
                )
            # Without a health check Nuclio itself would crash here.
            if found["State"]["Health"]["Status"] == "healthy":
                return
            time.sleep(_POLL)
        logs = _docker("logs", "--tail", "100", container)
        raise FailedError(f"Function wasn't ready in time. Logs:\n{logs}")

    def store(self, function: Any) -> None:
        """Write a function to the store."""
        name = function["metadata"]["name"]
        new = self._functions / f".{name}.{os.getpid()}.new"
        new.write_text(json.dumps(function))
        new.replace(self._functions / f"{name}.json")


def _container(name: str) -> str:
    return f"nuclio-nuclio-{name}"


def _docker(*arguments: str, content: bytes = b"") -> str:
    done = subprocess.run(  # noqa: S603 - what the test put on the PATH
        ["docker", *arguments],  # noqa: S607
        input=content,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise FailedError(f"Failed to run a Docker container: {done.stderr.decode().strip()}")
    return done.stdout.decode()


def _port_of(container: str) -> int | None:
    try:
        found = json.loads(_docker("container", "inspect", container))[0]
    except FailedError:
        return None
    hosts = found["NetworkSettings"]["Ports"].get("8080/tcp")
    return int(hosts[0]["HostPort"]) if hosts else None


def _put_config(container: str, noted: Any) -> None:
    content = json.dumps({"metadata": noted["metadata"], "spec": noted["spec"]}).encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(_CONFIG.lstrip("/"))
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    _docker("cp", "-", f"{container}:/", content=buffer.getvalue())
