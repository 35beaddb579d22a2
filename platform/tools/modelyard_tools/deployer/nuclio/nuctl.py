"""Nuclio through nuctl, which needs no dashboard."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import psutil

from modelyard_contract.nuclio import DEFAULT_NAMESPACE, project_of
from modelyard_contract.release import CONFIG
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.nuclio.api import Config, Function, attempt_of
from modelyard_tools.errors import ToolError

# nuctl uses Kubernetes whenever it finds a kubeconfig, unless told otherwise.
_WHERE: Final = ("--platform", "local", "--namespace", DEFAULT_NAMESPACE)
_TIMEOUT: Final = 120.0
_NONE: Final = "No functions found"


class NuctlApi:
    """See `modelyard_tools.deployer.nuclio.api.Api`. `command` is the path of nuctl."""

    def __init__(self, command: str) -> None:
        self._command = command

    def check(self) -> str:
        """Return nuctl's description of its own version."""
        return self._ask("version").strip().replace("Client version:", "").strip(' \n"')

    def functions(self) -> dict[str, Function]:
        """Return all functions by name."""
        output = self._ask("get", "functions", "--output", "json", *_WHERE)
        return {each.metadata.name: each for each in _functions(output)}

    def ensure_project(self, name: str) -> None:
        """Create the project; on Docker, nuctl accepts that it exists."""
        self._ask("create", "project", name, *_WHERE)

    def deploy(self, config: Config, timeout: float) -> Function:
        """Run `nuctl deploy` and check the result, whatever its exit code."""
        name = config["metadata"]["name"]
        project = project_of(config["metadata"])
        with tempfile.TemporaryDirectory(prefix="modelyard-") as folder:
            file = Path(folder) / CONFIG
            file.write_bytes(msgspec.json.encode(config))
            # Neither --path nor a name: the one makes it build, the other ignore the file.
            options = ("--file", str(file), "--project-name", project)
            complaint = ""
            try:
                self._ask("deploy", *options, *_WHERE, timeout=timeout)
            except ToolError as error:
                complaint = str(error)
        found = self.functions().get(name)
        if found is None or attempt_of(found) != attempt_of(config):
            raise DeployError(complaint or f"nuctl deployed {name}, but does not list it")
        if complaint and not found.status.message:
            status = msgspec.structs.replace(found.status, message=complaint)
            return msgspec.structs.replace(found, status=status)
        return found

    def delete(self, name: str, *, force: bool = False) -> None:
        """Remove the function; nuctl succeeds if it does not exist."""
        self._ask("delete", "functions", name, *(("--force",) if force else ()), *_WHERE)

    def is_deploying(self, name: str) -> bool | None:
        """Whether a deploying nuctl is running: the deployment ends with it."""
        return any(_deploys(process.info["cmdline"] or ()) for process in _processes())

    def _ask(self, *arguments: str, timeout: float = _TIMEOUT) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - our own arguments
                [self._command, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            what = " ".join(arguments[:2])
            raise DeployError(f"`nuctl {what}` did not end within {timeout:g} s") from None
        except OSError as error:
            raise DeployError(f"cannot run {self._command}: {error.strerror}") from None
        if done.returncode:
            raise DeployError(f"nuctl: {_complaint(done.stderr) or _complaint(done.stdout)}")
        return done.stdout


def find_nuctl() -> str | None:
    """Return the path of nuctl; None if not found."""
    return shutil.which("nuctl")


def _functions(output: str) -> list[Function]:
    """Parse `get functions`: an object for one, an array for several, a sentence for none."""
    # Its log is in the same output.
    lines = output.splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith(("{", "["))]
    if not starts:
        if _NONE in output or not output.strip():
            return []
        raise DeployError(f"nuctl did not return a list of functions: {output[:200]}")
    text = "\n".join(lines[starts[0] :])
    try:
        return msgspec.json.decode(
            text if text.startswith("[") else f"[{text}]", type=list[Function]
        )
    except msgspec.DecodeError as error:
        raise DeployError(f"nuctl did not return a list of functions: {error}") from None


def _complaint(output: str) -> str:
    """Return nuctl's error message: after `Error - `, without the call stack that follows."""
    lines = [line.strip() for line in output.strip().splitlines()]
    errors = [line.removeprefix("Error - ") for line in lines if line.startswith("Error - ")]
    return "\n".join(errors) or "\n".join(lines[-1:])


def _processes() -> Iterator[psutil.Process]:
    return psutil.process_iter(["cmdline"])


def _deploys(command: Sequence[str]) -> bool:
    # As itself, or as a script after the name of its interpreter.
    return "deploy" in command and any(Path(word).name == "nuctl" for word in command[:2])
