"""The cluster, through kubectl."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from modelyard_contract.nuclio import FUNCTION_LABEL, PREFIX
from modelyard_contract.ports import EVENTS
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.errors import ToolError

FUNCTIONS: Final = "nucliofunctions.nuclio.io"
_MANAGER: Final = "modelyard"
_UNTOLD: Final = "unknown"
_UNKNOWN: Final = "the server doesn't have a resource type"
_SECONDS: Final = 120.0


class Kubectl:
    """kubectl for one namespace of one context (empty: the current one)."""

    def __init__(self, namespace: str, context: str = "") -> None:
        """Find the program.

        Raises:
            DeployError: it is not found.
        """
        program = shutil.which("kubectl")
        if program is None:
            raise DeployError(
                "kubectl not found on the PATH; install it, or write the objects with `render`"
            )
        scope = ["--namespace", namespace, *(["--context", context] if context else [])]
        self._command = [program, *scope]
        self.namespace = namespace

    def functions(self) -> list[dict[str, Any]]:
        """Return all functions of the namespace.

        Raises:
            DeployError: the cluster cannot be reached, or Nuclio is not installed in it.
        """
        try:
            listed = json.loads(self._ask("get", FUNCTIONS, "--output", "json"))
        except ToolError as error:
            if _UNKNOWN not in str(error):
                raise
            raise DeployError(
                "Nuclio is not installed in the cluster that kubectl reaches; install it, or "
                "name another cluster with --context"
            ) from None
        items: list[dict[str, Any]] = listed["items"]
        return items

    def apply(self, folder: Path, *, dry_run: bool = False) -> None:
        """Apply the objects of a kustomize folder on the server.

        This takes over the status fields that Nuclio's controller has written.
        """
        options = ["--server-side", "--force-conflicts", f"--field-manager={_MANAGER}"]
        # Nuclio's schema is open, so the client has nothing to validate against.
        options += ["--validate=false", *(["--dry-run=server"] if dry_run else [])]
        self._ask("apply", "--kustomize", str(folder), *options)

    def delete(self, name: str) -> None:
        """Delete a function, with everything that Nuclio created for it."""
        self._ask("delete", FUNCTIONS, name, "--ignore-not-found")

    def invoke(self, name: str, body: bytes) -> bytes:
        """Post `body` (JSON) to a function through the API server; return the response's body."""
        service = (
            f"/api/v1/namespaces/{self.namespace}/services/http:{PREFIX}{name}:{EVENTS}/proxy/"
        )
        try:
            return self._ask("create", "--raw", service, "--filename", "-", given=body)
        except ToolError as error:
            if _UNTOLD not in str(error):
                raise
            # kubectl does not show the body of a function's error response.
            raise DeployError(f"{error}\n`logs {name} --to kubernetes` shows its log") from None

    def logs(self, name: str, *, lines: int, follow: bool) -> None:
        """Print the logs of the function's pods."""
        selector = f"--selector={FUNCTION_LABEL}={name}"
        options = ["--container=nuclio", f"--tail={lines}", *(["--follow"] if follow else [])]
        done = subprocess.run(  # noqa: S603 - kubectl
            [*self._command, "logs", selector, *options], check=False, stdout=sys.stdout
        )
        if done.returncode:
            raise DeployError(f"kubectl cannot show the log of {name}")

    def _ask(self, *arguments: str, given: bytes | None = None) -> bytes:
        try:
            done = subprocess.run(  # noqa: S603 - kubectl
                [*self._command, *arguments],
                input=given,
                stdin=subprocess.DEVNULL if given is None else None,
                capture_output=True,
                check=False,
                timeout=_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise DeployError(f"the cluster did not answer within {_SECONDS:g} s") from None
        if done.returncode:
            raise DeployError(f"kubectl {arguments[0]}: {_complaint(done.stderr)}")
        return done.stdout


def _complaint(output: bytes) -> str:
    """Return kubectl's error message, without its log lines and repetitions."""
    lines = output.decode(errors="replace").strip().splitlines()
    kept: Sequence[str] = [line for line in dict.fromkeys(lines) if not line[1:5].isdigit()]
    return "\n".join(kept) or "it printed nothing"
